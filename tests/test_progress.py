import subprocess
import sys

from xephang.progress import progress_bar, step_bars

ON_A_TERMINAL = """
import io, os, sys
class Terminal(io.StringIO):
    isatty = lambda self: True
out, sys.stderr = sys.stderr, Terminal()
from xephang.progress import progress_bar, step_bars
{work}
sys.stdout.write(sys.stderr.getvalue())
"""


def drawn(work):
    """What some work draws where stderr is a terminal; in a process of its own, as pytest has another idea of it."""
    code = ON_A_TERMINAL.format(work=work)
    env = {"TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env).stdout.decode()


def test_a_bar_is_drawn_on_a_terminal():
    shown = drawn("with progress_bar('scoring', 10) as advance:\n    advance(4)")
    assert "scoring" in shown and "40%" in shown


def test_a_step_is_shown_once_it_has_begun():
    shown = drawn("with step_bars('compiling', 'indexing') as (compiling, _):\n    compiling(5, 10)")
    assert "compiling" in shown and "50%" in shown and "indexing" not in shown


def test_nothing_is_drawn_anywhere_else(capsys):
    with progress_bar("scoring", 10) as advance:
        advance(10)
    with step_bars("compiling", "indexing") as (compiling, indexing):
        compiling(5, 10)
        indexing(1, 2)
    assert capsys.readouterr() == ("", "")


def test_where_none_is_to_be_shown_there_is_nothing_to_call():
    with progress_bar("scoring", 10, show=False) as advance:
        assert advance is None
