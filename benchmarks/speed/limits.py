"""What the machine itself can do: arithmetic in the largest products of the hot loop, and reading memory."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from xephang.compiling.onnx_graph import FLOAT, GraphWriter, Range

ROWS, INNER, COLUMNS = 4096, 384, 1536
BYTES = 256 * 2**20


def measure(threads: int, rounds: int = 15) -> dict[str, float]:
    """Return billions of operations a second in fp32 and in int8, and of bytes read from memory."""
    return {
        "fp32_gflops": _products({}, threads, rounds),
        "int8_gflops": _products({"product": Range(-4, 4)}, threads, rounds),
        "memory_gbytes": _memory(threads, rounds),
    }


def _products(ranges: dict[str, Range], threads: int, rounds: int) -> float:
    """Multiply in ONNX Runtime, a copy on each thread; an addition counts as an operation of its own."""
    g = GraphWriter(ranges)
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(INNER, COLUMNS)).astype(np.float32)
    y = g.linear("product", "x", weight, np.zeros(COLUMNS, np.float32))
    graph = g.write({"x": (FLOAT, ["rows", INNER])}, {"y": y})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    x = rng.normal(size=(ROWS, INNER)).astype(np.float32)
    seconds = _on_all(lambda: session.run(None, {"x": x}), threads, rounds)
    return threads * 2 * ROWS * INNER * COLUMNS / seconds / 1e9


def _memory(threads: int, rounds: int) -> float:
    arrays = [np.ones(BYTES, np.int8).view(np.int64) for _ in range(threads)]
    remaining = iter(arrays * (rounds + 1))
    seconds = _on_all(lambda: next(remaining).sum(), threads, rounds)
    return threads * BYTES / seconds / 1e9


def _on_all(run: Callable[[], object], threads: int, rounds: int) -> float:
    """Return the median seconds of doing something on each thread at once."""
    with ThreadPoolExecutor(threads) as pool:
        taken = []
        for _ in range(rounds):
            started = time.perf_counter()
            for one in [pool.submit(run) for _ in range(threads)]:
                one.result()
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)
