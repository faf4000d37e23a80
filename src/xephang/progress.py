"""Bars on stderr for work that takes a while; nothing where stderr is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress

Advance = Callable[[int], None]
"""Called with how much more is done."""
Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is in all."""


@contextmanager
def progress_bar(what: str, total: int, *, show: bool = True) -> Iterator[Advance | None]:
    """Draw a bar while the block runs.

    :param show: draw nothing, and yield None, if false.
    """
    if not show:
        yield None
        return
    with _bars() as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def step_bars(*steps: str) -> Iterator[list[Progress]]:
    """Draw a bar for each step of some work while the block runs, each from when its step begins."""
    with _bars() as bars:
        yield [partial(_step, bars, bars.add_task(what, total=None, visible=False)) for what in steps]


def _step(bars: "rich.progress.Progress", task: "rich.progress.TaskID", done: int, count: int) -> None:
    bars.update(task, completed=done, total=count, visible=True)


def _bars() -> "rich.progress.Progress":
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty())
