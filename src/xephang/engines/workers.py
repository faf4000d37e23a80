"""Threads that share out runs of a graph, each run on one of them."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from xephang.errors import ModelError
from xephang.machine import available_threads

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """As many threads as all callers together may use.

    :param threads: all that the process may use, without it.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or available_threads()
        self._pool, self._owner = self._new_pool(), os.getpid()

    def map(self, run: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield each task's result, in the order of the tasks."""
        if self._owner != os.getpid():  # a fork takes the pool along, but none of its threads
            self._pool, self._owner = self._new_pool(), os.getpid()
        return self._pool.map(run, tasks)

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="xephang-onnx")


def open_graph(graph: Path | bytes, path: Path) -> Any:
    """Open a graph whose runs stay on the thread that asks for them.

    :param graph: a file, or its content.
    :param path: named in errors.
    :raises ModelError: if ONNX Runtime can not.
    """
    import onnxruntime  # heavy, and whoever runs no graph does without

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    given = graph if isinstance(graph, bytes) else str(graph)
    try:
        return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises its own, undocumented classes
        raise ModelError(f"{path}: not a graph that ONNX Runtime {onnxruntime.__version__} runs ({error})") from error
