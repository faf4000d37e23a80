import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from texts import DOCUMENTS

from xephang.engines.onnx import OnnxEngine
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.errors import ModelError
from xephang.machine import available_threads
from xephang.product import Rendered


def write_graph(path: Path, inputs: list[str], *, output: tuple[int | str, ...] = ("n", 1), sums: bool = True) -> Path:
    """Write a graph whose logit is the sum of the token ids that the mask shows: known without a model."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in inputs]
    masked = helper.make_node("Mul", [inputs[0], inputs[1 if len(inputs) > 1 else 0]], ["masked"])
    as_float = helper.make_node("Cast", ["masked"], ["floats"], to=TensorProto.FLOAT)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    total = helper.make_node("ReduceSum", ["floats", "axes"], ["logits"], keepdims=1)
    nodes = [masked, as_float, total] if sums else [masked, helper.make_node("Cast", ["masked"], ["logits"], to=1)]
    shown = helper.make_tensor_value_info("logits", TensorProto.FLOAT, output)
    graph = helper.make_graph(nodes, "sum", tensors, [shown], [axes] if sums else [])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return path


def tokens(*ids: int) -> PairTokens:
    return PairTokens(np.array(ids, np.int64), np.zeros(len(ids), np.int64))


@pytest.fixture(scope="module")
def summing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_graph(tmp_path_factory.mktemp("sum") / "sum.onnx", ["input_ids", "attention_mask"])


@pytest.fixture(scope="module")
def pairs(tiny_exported: Path) -> list[PairTokens]:
    return PairTokenizer(tiny_exported / "tokenizer.json", 64).encode("giày nữ", list(map(Rendered, DOCUMENTS)))


@pytest.fixture(scope="module")
def fp32(tiny_exported: Path) -> OnnxEngine:
    return OnnxEngine(tiny_exported / "onnx" / "model.onnx", threads=2)


@pytest.fixture(scope="module")
def int8(tiny_exported: Path) -> OnnxEngine:
    return OnnxEngine(tiny_exported / "onnx" / "model_int8.onnx", threads=2, one_at_a_time=True)


@pytest.mark.parametrize("batch_size", [None, 1, 2, 3, 100])
@given(rows=st.lists(st.lists(st.integers(1, 9999), min_size=1, max_size=9), max_size=12))
@settings(max_examples=15)
def test_each_pair_gets_its_own_logit_whatever_it_is_padded_with(
    summing: Path, batch_size: int | None, rows: list[list[int]]
) -> None:
    found = OnnxEngine(summing, padding_id=7, threads=2).logits([tokens(*row) for row in rows], batch_size=batch_size)
    assert found.dtype == np.float32
    assert found.tolist() == [[float(sum(row))] for row in rows]


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_fp32_logits_do_not_depend_on_the_batch_size(
    fp32: OnnxEngine, pairs: list[PairTokens], batch_size: int
) -> None:
    assert fp32.logits(pairs, batch_size=batch_size) == pytest.approx(fp32.logits(pairs), abs=1e-5)


@pytest.mark.parametrize("name", ["fp32", "int8"])
@pytest.mark.parametrize("seed", range(3))
def test_logits_follow_their_pairs_wherever_these_stand(
    request: pytest.FixtureRequest, pairs: list[PairTokens], name: str, seed: int
) -> None:
    engine = request.getfixturevalue(name)
    order = np.random.default_rng(seed).permutation(len(pairs))
    assert np.array_equal(engine.logits([pairs[i] for i in order]), engine.logits(pairs)[order])


def test_int8_logits_do_not_depend_on_what_shares_the_call_at_all(int8: OnnxEngine, pairs: list[PairTokens]) -> None:
    alone = np.concatenate([int8.logits([pair]) for pair in pairs])
    for batch_size in (None, 1, 3, 32):
        assert np.array_equal(int8.logits(pairs, batch_size=batch_size), alone)


def test_int8_logits_would_depend_on_it_if_pairs_shared_a_run(tiny_exported: Path, pairs: list[PairTokens]) -> None:
    engine = OnnxEngine(tiny_exported / "onnx" / "model_int8.onnx", threads=1)
    assert not np.array_equal(engine.logits(pairs, batch_size=8), engine.logits(pairs)), "the last test can fail"


def test_int8_is_near_fp32(fp32: OnnxEngine, int8: OnnxEngine, pairs: list[PairTokens]) -> None:
    assert int8.logits(pairs) == pytest.approx(fp32.logits(pairs), abs=0.5)


def test_no_pairs_give_no_logits(fp32: OnnxEngine) -> None:
    found = fp32.logits([])
    assert (found.shape, found.dtype) == ((0, 1), np.float32)


def test_a_model_of_three_labels_gives_three_logits(tiny_classes_exported: Path) -> None:
    engine = OnnxEngine(tiny_classes_exported / "onnx" / "model.onnx", threads=1)
    assert engine.logits([tokens(2, 9, 3, 8, 3)]).shape == (1, 3)
    assert engine.logits([]).shape == (0, 3)


@pytest.mark.parametrize(("batch_size", "calls"), [(None, [1] * 8), (3, [3, 3, 2]), (100, [8])])
def test_progress_counts_every_pair(
    fp32: OnnxEngine, pairs: list[PairTokens], batch_size: int | None, calls: list[int]
) -> None:
    seen: list[int] = []
    fp32.logits(pairs, batch_size=batch_size, progress=seen.append)
    assert seen == calls


@pytest.mark.parametrize("threads", [1, 3])
def test_it_uses_the_threads_it_was_given_and_onnx_runtime_no_more(
    summing: Path, pairs: list[PairTokens], threads: int
) -> None:
    before = set(threading.enumerate())
    engine = OnnxEngine(summing, threads=threads)
    engine.logits(pairs * 20)
    workers = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("xephang-onnx")]
    assert engine.threads == threads
    assert 1 <= len(workers) <= threads
    options = engine._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_it_takes_all_threads_that_the_process_may_use(summing: Path) -> None:
    assert OnnxEngine(summing).threads == available_threads()


@pytest.mark.parametrize("content", [b"", b"giay", b"\x08\x07" * 100], ids=["empty", "text", "noise"])
def test_a_file_that_is_no_graph_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx: not a graph that ONNX Runtime \d"):
        OnnxEngine(tmp_path / "model.onnx")


def test_half_a_graph_is_named(tmp_path: Path, tiny_exported: Path) -> None:
    content = (tiny_exported / "onnx" / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"model\.onnx: not a graph that"):
        OnnxEngine(tmp_path / "model.onnx")


def test_a_graph_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: not a graph that"):
        OnnxEngine(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("inputs", "output", "sums"),
    [
        pytest.param(["pixels", "attention_mask"], ("n", 1), True, id="reads something else"),
        pytest.param(["input_ids", "attention_mask"], ("n", "t"), False, id="gives a number for each token"),
    ],
)
def test_a_graph_of_another_kind_is_told_from_a_rerankers(
    tmp_path: Path, inputs: list[str], output: tuple[int | str, ...], sums: bool
) -> None:
    path = write_graph(tmp_path / "other.onnx", inputs, output=output, sums=sums)
    with pytest.raises(
        ModelError, match=rf"other\.onnx: takes .*{inputs[0]}.* a reranker's graph takes attention_mask"
    ):
        OnnxEngine(path)
