"""A bar on stderr for work that takes a while; nothing where stderr is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]
"""Called with how much more is done."""


@contextmanager
def progress_bar(what: str, total: int, *, show: bool = True) -> Iterator[Advance | None]:
    """Draw a bar while the block runs.

    :param show: draw nothing, and yield None, if false.
    """
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
