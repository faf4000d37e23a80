"""Without the 'eval' extra the rest of the command line works, and evaluating says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("missing", ["ir_measures", "matplotlib"])
def test_what_to_install_is_said(missing, shop):
    arguments = ["evaluate", "giay", "--judgments", str(shop)]
    program = f"import sys; sys.modules[{missing!r}] = None; from xephang.cli import main; main({arguments!r})"
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert ran.returncode == 2
    assert ran.stderr == "xephang: evaluating needs the 'eval' extra: pip install 'xephang[eval]'\n"


def test_the_command_line_alone_loads_neither():
    program = "import sys, xephang.cli; print(*sorted({'ir_measures', 'matplotlib'} & set(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
