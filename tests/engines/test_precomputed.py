"""Queries past stored products: the model's scores, whatever else is scored, and whatever number of threads does it."""

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import DOCUMENTS as TEXTS

from xephang.compiling import export
from xephang.engines.precomputed import PrecomputedEngine, Stored
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.engines.torch import TorchEngine
from xephang.errors import ModelError
from xephang.folder import ModelFolder
from xephang.product import Rendered

QUERIES = ["giày nữ", "dép sandal nam size 42 màu đen đế êm", ""]
DOCUMENTS = [*TEXTS, "giày nam"]
STORED_IN_INT8 = 0.03
"""How far logits of an fp32 file may lie from the model's: products are stored in whole numbers of -127 to 127."""
ALL_IN_INT8 = 0.2
OF_ANY_TEXT = 0.2
"""The same for texts unlike those that the scales were watched on: what is larger than these reached is clipped."""


@pytest.fixture(scope="module")
def fp32(tiny_apart: Path) -> PrecomputedEngine:
    return PrecomputedEngine(tiny_apart / "precomputed" / "fp32.npz", threads=2)


@pytest.fixture(scope="module")
def int8(tiny_apart: Path) -> PrecomputedEngine:
    return PrecomputedEngine(tiny_apart / "precomputed" / "int8.npz", threads=2)


@pytest.fixture(scope="module")
def torch(tiny_apart: Path) -> TorchEngine:
    return TorchEngine(tiny_apart)


@pytest.fixture(scope="module")
def tokenizer(tiny_apart: Path) -> PairTokenizer:
    return PairTokenizer.of(ModelFolder.open(tiny_apart))


@pytest.fixture(scope="module")
def pairs(tokenizer: PairTokenizer) -> list[PairTokens]:
    """Each query with each document, products of one query not side by side."""
    by_query = [tokenizer.encode(query, list(map(Rendered, DOCUMENTS))) for query in QUERIES]
    return [found[at] for at in range(len(DOCUMENTS)) for found in by_query]


@pytest.fixture(scope="module")
def stored(int8: PrecomputedEngine, pairs: list[PairTokens]) -> list[Stored]:
    return int8.compute([pair.product for pair in pairs])


# --- the model's scores ---


def test_logits_are_near_the_models(
    fp32: PrecomputedEngine, int8: PrecomputedEngine, torch: TorchEngine, pairs: list[PairTokens]
) -> None:
    expected = torch.logits(pairs)
    assert expected.std() > ALL_IN_INT8 / 2, "else anything would be near"
    assert fp32.logits(pairs) == pytest.approx(expected, abs=STORED_IN_INT8)
    assert int8.logits(pairs) == pytest.approx(expected, abs=ALL_IN_INT8)
    assert int8.logits(pairs).dtype == np.float32


@pytest.mark.parametrize(
    ("query", "document"),
    [
        pytest.param("", "", id="nothing at all"),
        pytest.param("giày", "", id="no product"),
        pytest.param("giày", "dép", id="one token each"),
        pytest.param("giày " * 40, "dép", id="a query that reaches into the products' positions"),
        pytest.param("giày " * 500, "dép nữ " * 100, id="as long a query as the model reads"),
        pytest.param("giày", "dép nữ " * 1000, id="a product longer than the model reads"),
        pytest.param("giày " * 500, "dép nữ " * 1000, id="both"),
    ],
)
def test_pairs_at_the_edges_of_what_the_model_reads(
    fp32: PrecomputedEngine, torch: TorchEngine, tokenizer: PairTokenizer, query: str, document: str
) -> None:
    found = tokenizer.encode(query, [Rendered(document)])
    assert fp32.logits(found) == pytest.approx(torch.logits(found), abs=STORED_IN_INT8)


@settings(deadline=None, max_examples=10)
@given(
    texts=st.lists(
        st.tuples(*[st.text(st.sampled_from("giày dép nữ chạy 42|,.ĐÔ🔥\n"), max_size=60)] * 2), min_size=1, max_size=5
    )
)
def test_any_text_scores_as_in_torch(
    fp32: PrecomputedEngine, torch: TorchEngine, tokenizer: PairTokenizer, texts: list[tuple[str, str]]
) -> None:
    found = [tokenizer.encode(query, [Rendered(document)])[0] for query, document in texts]
    assert fp32.logits(found) == pytest.approx(torch.logits(found), abs=OF_ANY_TEXT)


def test_three_labels_give_three_logits(make_apart: Callable[..., Path], pairs: list[PairTokens]) -> None:
    folder = make_apart(labels=3)
    export(folder)
    for precision, allowed in (("fp32", STORED_IN_INT8), ("int8", ALL_IN_INT8)):
        engine = PrecomputedEngine(folder / "precomputed" / f"{precision}.npz", threads=1)
        assert engine.logits(pairs) == pytest.approx(TorchEngine(folder).logits(pairs), abs=allowed)
        assert engine.logits([]).shape == (0, 3)


# --- independence ---


@pytest.mark.parametrize("name", ["fp32", "int8"])
@pytest.mark.parametrize("threads", [1, 3])
def test_logits_do_not_depend_on_what_shares_the_batch_nor_on_threads_by_a_bit(
    request: pytest.FixtureRequest, tiny_apart: Path, pairs: list[PairTokens], name: str, threads: int
) -> None:
    expected = request.getfixturevalue(name).logits(pairs)
    engine = PrecomputedEngine(tiny_apart / "precomputed" / f"{name}.npz", threads=threads)
    assert np.array_equal(np.concatenate([engine.logits([pair]) for pair in pairs]), expected)
    for batch_size in (None, 1, 2, 7, 100):
        assert np.array_equal(engine.logits(pairs, batch_size=batch_size), expected)
    order = np.random.default_rng(threads).permutation(len(pairs))
    assert np.array_equal(engine.logits([pairs[i] for i in order]), expected[order])
    assert np.array_equal(engine.logits(pairs * 5), np.concatenate([expected] * 5))


def test_what_is_stored_does_not_depend_on_queries_nor_on_other_products(
    int8: PrecomputedEngine, tokenizer: PairTokenizer
) -> None:
    by_query = [
        int8.compute([pair.product for pair in tokenizer.encode(query, list(map(Rendered, DOCUMENTS)))])
        for query in (*QUERIES, "giày " * 400)
    ]
    for at in range(len(DOCUMENTS)):
        alone = int8.compute([tokenizer.encode("", [Rendered(DOCUMENTS[at])])[0].product])[0]
        assert all(np.array_equal(found[at], alone) for found in by_query)
    assert by_query[0][0].dtype == np.int8


def test_each_token_of_a_product_takes_the_same_room(int8: PrecomputedEngine, stored: list[Stored]) -> None:
    assert int8.width == (2 * 3 - 1) * 32, "keys and values of all layers but the last, and the state before that"
    assert all(len(one) % int8.width == 0 for one in stored)
    assert min(len(one) for one in stored) == int8.width, "of no product, the closing [SEP] is left"


def test_scoring_what_is_stored_is_scoring_the_pairs(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored]
) -> None:
    one = pairs[0].query
    asked = [i for i, pair in enumerate(pairs) if np.array_equal(pair.query, one)]
    found = int8.score(one, [stored[i] for i in asked])
    assert np.array_equal(found, int8.logits(pairs)[asked])


def test_nothing_to_score_gives_no_logits(int8: PrecomputedEngine, pairs: list[PairTokens]) -> None:
    for found in (int8.logits([]), int8.score(pairs[0].query, [])):
        assert (found.shape, found.dtype) == ((0, 1), np.float32)
    assert int8.compute([]) == []


@pytest.mark.parametrize("batch_size", [None, 1, 2, 7])
def test_progress_counts_every_pair(int8: PrecomputedEngine, pairs: list[PairTokens], batch_size: int | None) -> None:
    seen: list[int] = []
    int8.logits(pairs, batch_size=batch_size, progress=seen.append)
    assert sum(seen) == len(pairs)
    assert max(seen) <= (batch_size or len(pairs))


@pytest.mark.parametrize("threads", [1, 3])
def test_it_uses_the_threads_it_was_given(tiny_apart: Path, pairs: list[PairTokens], threads: int) -> None:
    before = set(threading.enumerate())
    engine = PrecomputedEngine(tiny_apart / "precomputed" / "int8.npz", threads=threads)
    engine.logits(pairs * 4)
    workers = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("xephang-onnx")]
    assert engine.threads == threads
    assert 1 <= len(workers) <= threads


# --- several queries at once ---


def by_query(pairs: list[PairTokens], stored: list[Stored]) -> list[tuple[np.ndarray, list[Stored]]]:
    found: dict[bytes, list[Stored]] = {}
    for pair, one in zip(pairs, stored, strict=True):
        found.setdefault(pair.query.tobytes(), []).append(one)
    return [(np.frombuffer(ids, np.int64), products) for ids, products in found.items()]


@pytest.mark.parametrize("batch_size", [None, 1, 2, 7])
def test_queries_scored_together_have_the_scores_that_each_has_alone(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored], batch_size: int | None
) -> None:
    asked = by_query(pairs, stored)
    asked = [*asked, (asked[0][0], []), (asked[1][0], asked[0][1][:2])]
    seen: list[int] = []
    found = int8.score_each(asked, batch_size=batch_size, progress=seen.append)
    assert [len(logits) for logits in found] == [len(products) for _, products in asked]
    assert sum(seen) == sum(map(len, found))
    for (query, products), logits in zip(asked, found, strict=True):
        assert (logits.shape, logits.dtype) == ((len(products), 1), np.float32)
        assert np.array_equal(logits, int8.score(query, products))


def test_queries_scored_together_share_a_basis(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored]
) -> None:
    codes = [int8.rows(one).reshape(-1) for one in stored]
    basis = np.eye(int8.width, dtype=np.float32)
    found = int8.score_each(by_query(pairs, codes), basis=basis)
    expected = int8.score_each(by_query(pairs, stored))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_no_queries_have_no_scores(int8: PrecomputedEngine) -> None:
    assert int8.score_each([]) == []


def test_several_queries_share_out_the_threads(
    tiny_apart: Path, pairs: list[PairTokens], stored: list[Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs wait for each other: they only both go on if two threads have one each."""
    engine = PrecomputedEngine(tiny_apart / "precomputed" / "int8.npz", threads=2)
    meeting, stacked = threading.Barrier(2, timeout=60), engine._stacked

    def meet(some: list[Stored]) -> dict[str, np.ndarray]:
        meeting.wait()
        return stacked(some)

    monkeypatch.setattr(engine, "_stacked", meet)
    asked = [(pairs[0].query, stored[:1]), (pairs[1].query, stored[:1])]
    found = engine.score_each(asked)
    monkeypatch.undo()
    assert all(np.array_equal(one, engine.score(*pair)) for one, pair in zip(found, asked, strict=True))


# --- codes and a basis ---


def orthonormal(width: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(3).standard_normal((width, width)))[0].astype(np.float32)


def test_rows_are_codes_of_the_basis_that_changes_nothing(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored]
) -> None:
    codes = [int8.rows(one).reshape(-1) for one in stored]
    found = int8.score(pairs[0].query, codes, basis=np.eye(int8.width, dtype=np.float32))
    assert np.array_equal(found, int8.score(pairs[0].query, stored))


def test_a_basis_of_full_rank_gives_nearly_the_same_scores(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored]
) -> None:
    basis = orthonormal(int8.width)
    exact = [int8.rows(one).astype(np.float32) @ basis.T for one in stored]
    step = max(float(np.abs(one).max()) for one in exact) / 127
    codes = [np.rint(one / step).astype(np.int8).reshape(-1) for one in exact]
    found = int8.score(pairs[0].query, codes, basis=basis * np.float32(step))
    assert found == pytest.approx(int8.score(pairs[0].query, stored), abs=STORED_IN_INT8 * 2)


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_scores_of_codes_do_not_depend_on_what_shares_the_batch(
    int8: PrecomputedEngine, pairs: list[PairTokens], stored: list[Stored], batch_size: int
) -> None:
    basis = orthonormal(int8.width)[:24] * np.float32(3)
    codes = [np.rint(int8.rows(one) @ basis.T / 9).clip(-127, 127).astype(np.int8).reshape(-1) for one in stored]
    expected = int8.score(pairs[0].query, codes, basis=basis)
    assert np.array_equal(int8.score(pairs[0].query, codes, basis=basis, batch_size=batch_size), expected)
    alone = [int8.score(pairs[0].query, [one], basis=basis) for one in codes]
    assert np.array_equal(np.concatenate(alone), expected)


# --- files that are none ---


def saved(**arrays: object) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)  # type: ignore[arg-type]
    return held.getvalue()


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def as_npy(content: bytes) -> bytes:
    held = io.BytesIO()
    np.save(held, np.frombuffer(content, np.uint8))
    return held.getvalue()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "text": lambda content: "giày".encode(),
    "its first bytes": lambda content: content[:10],
    "half of it": lambda content: content[: len(content) // 2],
    "its last byte gone": lambda content: content[:-1],
    "a byte of a header": lambda content: flipped(content, 150),
    "a byte of a graph": lambda content: flipped(content, len(content) // 2),
    "a byte of the directory": lambda content: flipped(content, len(content) - 300),
    "one array": as_npy,
    "arrays of something else": lambda content: saved(weights=np.ones(3)),
    "objects": lambda content: saved(product=np.array([{}], object)),
}


@pytest.fixture(scope="module")
def content(tiny_apart: Path) -> bytes:
    return (tiny_apart / "precomputed" / "int8.npz").read_bytes()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes, damage: str) -> None:
    path = tmp_path / "int8.npz"
    path.write_bytes(DAMAGE[damage](content))
    with pytest.raises(ModelError, match=r"int8\.npz: not a file of a precomputed model .*run: xephang export"):
        PrecomputedEngine(path)


@pytest.mark.parametrize("name", ["product", "query", "unpack", "words", "steps", "positions", "sides", "start"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    arrays = dict(np.load(io.BytesIO(content)))
    del arrays[name]
    (tmp_path / "int8.npz").write_bytes(saved(**arrays))
    with pytest.raises(ModelError, match=rf"int8\.npz: not a file of a precomputed model \('{name}'\)"):
        PrecomputedEngine(tmp_path / "int8.npz")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"start": np.array([1, 2])}, "not a file of a precomputed model"),
        ({"product": np.frombuffer(b"giay", np.uint8)}, "not a graph that ONNX Runtime"),
        ({"query": "product"}, "its query graph takes embedded, so it is none"),
        ({"query": "unpack"}, "its query graph takes codes, basis, so it is none"),
    ],
    ids=str,
)
def test_a_part_of_another_kind_is_named(
    tmp_path: Path, content: bytes, parts: dict[str, object], message: str
) -> None:
    arrays = dict(np.load(io.BytesIO(content)))
    taken = {name: arrays[part] if isinstance(part, str) else part for name, part in parts.items()}
    (tmp_path / "int8.npz").write_bytes(saved(**{**arrays, **taken}))
    with pytest.raises(ModelError, match=rf"int8\.npz: {message}"):
        PrecomputedEngine(tmp_path / "int8.npz")


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(ModelError, match=f"{path}: not a file of a precomputed model"):
            PrecomputedEngine(path)


def test_products_are_computed_some_at_a_time(
    int8: PrecomputedEngine, pairs: list[PairTokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = int8.logits(pairs)
    monkeypatch.setattr("xephang.engines.precomputed._HELD", 3)
    np.testing.assert_array_equal(int8.logits(pairs), at_once)
