"""What a person sees: results on stdout, all else on stderr."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from xephang.errors import InputError
from xephang.text import without_surrogates

_WIDTH_WHEN_PIPED = 120
# What a shop's texts could command a terminal with, or tear a line of output apart by.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_NOT_FOR_STDOUT = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Items:
    """Short texts side by side, as many to a line as a table's cell has room for; none is cut."""

    texts: Sequence[Text]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        line = self._line()
        for text in self.texts:
            if line and line.cell_len + 2 + text.cell_len > options.max_width:
                yield line
                line = self._line()
            line.append("  " if line else "").append_text(text)
        yield line

    @staticmethod
    def _line() -> Text:
        return Text(no_wrap=False, overflow="fold")


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    note(f"xephang: {message}")


def note(message: str) -> None:
    """Say on stderr something worth knowing."""
    console = Console(file=sys.stderr, highlight=False)
    console.print(Text(plain(message)), soft_wrap=not console.is_terminal)


@contextmanager
def interruptible(command: str, output: Path, *, built: bool) -> Iterator[None]:
    """Have Ctrl-C end work on a folder by saying what it left.

    :param built: the folder is made, which can be gone on with, and not changed.
    """
    try:
        yield
    except KeyboardInterrupt:
        further = f"go on with: xephang {command} … -o {output} --resume" if built else "nothing has changed"
        complain(f"interrupted; {further}")
        raise typer.Exit(1) from None


def print_json(value: object) -> None:
    """Write one JSON value as a line on stdout; what a terminal could take for a command is escaped."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    print_text(_NOT_FOR_STDOUT.sub(lambda match: f"\\u{ord(match[0]):04x}", line))


def print_text(text: str) -> None:
    """Write a text on stdout as it is."""
    # Flushed here, a pipe that its reader has closed is noticed while there is still someone to handle it.
    print(text, flush=True)  # noqa: T201


def print_cells(*cells: str) -> None:
    """Write a line of cells on stdout, a tab between each two."""
    print_text("\t".join(map(plain, cells)))


def print_table(title: str, columns: Mapping[str, str], rows: Iterable[Sequence[RenderableType]]) -> None:
    """Draw a table on stdout, its title above and an empty line below.

    :param rows: texts, or what else rich draws in a cell.
    :param columns: heading to "left", "right" or "wide" (left, takes the room that is left, cut with …).
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=True)
    for heading, kind in columns.items():
        wide = kind == "wide"
        table.add_column(
            heading,
            justify="right" if kind == "right" else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if wide else None,
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) if isinstance(cell, str) else cell for cell in row))
    with console.capture() as drawn:
        console.print(Text(plain(title), style="bold"), soft_wrap=True)
        console.print(table)
    print_text("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def plain(text: str) -> str:
    """Return a text with a space for each run of control characters, line ends and direction marks."""
    return without_surrogates(_CONTROL.sub(" ", text))


def column_map(options: Sequence[str] | None) -> dict[str, str]:
    """Read `--column ours=theirs` options.

    :raises InputError: if one has no '='.
    """
    pairs = [option.split("=", 1) for option in options or ()]
    for pair in pairs:
        if len(pair) != 2 or not all(pair):
            raise InputError(f"--column '{'='.join(pair)}': write OURS=THEIRS, such as title=name")
    found: dict[str, str] = {}
    for ours, theirs in ((a.strip(), b.strip()) for a, b in pairs):
        if found.setdefault(ours, theirs) != theirs:
            raise InputError(f"--column {ours}: is given twice, '{found[ours]}' and '{theirs}'; keep one")
    return found


def price(value: Any) -> str:
    """Write a price as Vietnamese shops do: 268.000đ."""
    return f"{value:,.0f}đ".replace(",", ".") if value is not None else ""
