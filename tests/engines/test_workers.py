"""Threads that share out runs: results in order, errors handed on, and a pool that outlives a fork."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import xephang
from xephang.engines.workers import Workers, open_graph
from xephang.errors import ModelError
from xephang.machine import available_threads


@pytest.fixture(scope="module")
def doubling() -> bytes:
    """A graph that doubles its input."""
    given, taken = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "double", [given], [taken])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_tasks_whichever_ends_first(threads: int) -> None:
    last_done = threading.Event()

    def run(task: int) -> int:
        if task == 0 and threads > 1:
            assert last_done.wait(60), "the first task waits for the last"
        if task == 9:
            last_done.set()
        return task * task

    assert list(Workers(threads).map(run, range(10))) == [task * task for task in range(10)]


def test_no_more_threads_run_than_were_given() -> None:
    workers, seen = Workers(2), set()
    list(workers.map(lambda task: seen.add(threading.current_thread().name), range(50)))
    assert workers.threads == 2
    assert 1 <= len(seen) <= 2
    assert threading.current_thread().name not in seen


def test_without_a_number_it_takes_what_the_process_may_use() -> None:
    assert Workers().threads == available_threads()


def test_an_error_reaches_the_caller_and_the_pool_goes_on() -> None:
    workers = Workers(2)
    with pytest.raises(ZeroDivisionError):
        list(workers.map(lambda task: 1 // task, [1, 0, 2]))
    assert list(workers.map(lambda task: 1 // task, [1, 2])) == [1, 0]


FORK = """
import os, sys
from xephang.engines.workers import Workers
workers = Workers(2)
assert list(workers.map(abs, [-1, 2])) == [1, 2]
child = os.fork()
found = list(workers.map(abs, [-3, 4, -5]))
if child == 0:
    os._exit(0 if found == [3, 4, 5] else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert list(workers.map(abs, [-6])) == [6] == [abs(-6)] and found == [3, 4, 5]
"""


def test_parent_and_child_of_a_fork_both_go_on() -> None:
    """A child inherits the pool and none of its threads; without care it would wait for ever."""
    environment = {**os.environ, "PYTHONPATH": str(Path(xephang.__file__).parents[1])}
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=120, env=environment)
    assert ran.returncode == 0


def test_a_graph_opens_from_a_file_and_from_its_content(doubling: bytes, tmp_path: Path) -> None:
    path = tmp_path / "double.onnx"
    path.write_bytes(doubling)
    onnx.checker.check_model(onnx.load(path))
    for graph in (path, doubling):
        session = open_graph(graph, path)
        assert session.run(None, {"x": np.array([1, 2.5], np.float32)})[0].tolist() == [2, 5]
        options = session.get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_what_is_no_graph_is_named_by_its_path(doubling: bytes, tmp_path: Path) -> None:
    for graph in (b"giay", doubling[: len(doubling) // 2], tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match=r"kept\.npz: not a graph that ONNX Runtime \d"):
            open_graph(graph, tmp_path / "kept.npz")
