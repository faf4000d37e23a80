import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from xephang.cli import app

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "make_cli_reference.py"
MADE = runpy.run_path(str(SCRIPT))
PAGE, reference = MADE["PAGE"], MADE["reference"]


def test_the_page_is_what_the_commands_say_now():
    assert PAGE.read_text(encoding="utf-8") == reference(), "docs/cli.md is stale: run scripts/make_cli_reference.py"


def test_every_command_has_a_section():
    sections = re.findall("^## (.*)$", reference(), re.M)
    assert sections[:4] == ["xephang", "xephang rank", "xephang predict", "xephang score"]
    assert len([title for title in sections if title.count(" ") == 1]) == len(
        app.registered_commands + app.registered_groups
    )
    listed = ["xephang"]
    for text in reference().split("\n## ")[1:]:
        title, _, inner = text.partition("\n")
        names = re.findall(r"^  (\w+)", inner.partition("Commands:\n")[2], re.M)
        listed += [f"{title} {name}" for name in names]
    assert sorted(sections) == sorted(listed)


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"COLUMNS": "200", "FORCE_COLOR": "1", "TERM": "xterm-256color"}, id="wide and colourful"),
        pytest.param({"COLUMNS": "40", "TERM": "dumb", "SHELL": "/bin/zsh", "LC_ALL": "C"}, id="narrow, another shell"),
    ],
)
def test_the_page_does_not_depend_on_who_makes_it(tmp_path, environment):
    program = "import sys; from make_cli_reference import reference; sys.stdout.buffer.write(reference().encode())"
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "scripts")])
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": path, **environment}, capture_output=True
    )
    assert ran.stdout.decode() == reference()


def test_the_page_is_plain_markdown_80_columns_wide():
    text = reference()
    assert "\x1b" not in text
    assert max(len(line) for block in re.findall("```text\n(.*?)```", text, re.S) for line in block.split("\n")) <= 80
    assert all(line == line.rstrip() for line in text.split("\n"))
    assert not text.endswith("\n\n")


def test_run_as_a_script_it_writes_the_page(tmp_path):
    """In a copy of the project's layout, so that the page under test stays as it is."""
    script = tmp_path / "scripts" / "make_cli_reference.py"
    script.parent.mkdir()
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout == f"wrote {tmp_path / 'docs' / 'cli.md'}\n"
    assert (tmp_path / "docs" / "cli.md").read_text(encoding="utf-8") == reference()
