"""Write docs/cli.md: what every command says of itself on --help, 80 columns wide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from xephang.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
COLUMNS = 80
HEAD = """# The command line

This page is what `xephang --help` and each command's `--help` print; `make docs` writes it.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed (an unknown model, a check that did
not hold, training interrupted), 2 wrong usage or input, 130 stopped with Ctrl-C.
"""


def reference() -> str:
    """Return the page, the same on any machine that has the same typer."""
    sections = [_section(" ".join(("xephang", *names)), _help(*names)) for names in _commands(get_command(app))]
    return "\n".join([HEAD, *sections])


def _commands(command: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the names that call a command, and those of the commands in it."""
    yield names
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*names, name))


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n```text\n{text}\n```\n"


def _help(*command: str) -> str:
    runner = CliRunner(env={"COLUMNS": str(COLUMNS), "NO_COLOR": "1"})
    shown = runner.invoke(
        app,
        [*command, "--help"],
        prog_name="xephang",
        catch_exceptions=False,
        terminal_width=COLUMNS,
        max_content_width=COLUMNS,
    )
    return "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
