"""One reranker, many threads: the scores that one thread gets, for every length and both engines."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import xephang
from xephang.documents import Document
from xephang.engines.onnx import OnnxEngine
from xephang.errors import InputError
from xephang.product import Product
from xephang.reranker import Reranker

THREADS, CALLS = 8, 10
ENGINES: dict[str, dict[str, Any]] = {
    "torch": {"engine": "torch"},
    "fp32": {"precision": "fp32", "threads": 2},
    "int8": {"precision": "int8", "threads": 2},
}
WORDS = ["giày", "dép", "sandal", "chạy bộ", "đá bóng", "nam", "nữ", "đế êm", "chống trượt", "adidas", "37", "₫"]


@pytest.fixture(scope="module", params=ENGINES)
def reranker(request: pytest.FixtureRequest, tiny_exported: Path) -> Reranker:
    return Reranker.load(tiny_exported, **ENGINES[request.param])


def call(seed: int) -> list[tuple[str, Document]]:
    """Return pairs of very different lengths, some of which are cut."""
    random = np.random.default_rng(seed)
    query = " ".join(random.choice(WORDS, random.integers(1, 9)))
    texts = [" ".join(random.choice(WORDS, size)) for size in random.integers(0, 90, random.integers(1, 5))]
    product = Product(title=" ".join(random.choice(WORDS, 5)), description="đệm êm " * int(random.integers(0, 400)))
    return [(query, text) for text in texts] + [(query, product)]


def in_threads(work: Any) -> list[Any]:
    """Run work(number) in threads that start together and are switched between as often as can be."""
    start, interval = threading.Barrier(THREADS), sys.getswitchinterval()

    def begin(number: int) -> Any:
        start.wait()
        return work(number)

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(begin, range(THREADS)))
    finally:
        sys.setswitchinterval(interval)


def test_scores_and_cuts_are_those_of_one_thread(reranker: Reranker) -> None:
    seeds = [[thread * CALLS + i for i in range(CALLS)] for thread in range(THREADS)]
    alone = [[reranker.score(call(seed)) for seed in own] for own in seeds]
    together = in_threads(lambda thread: [reranker.score(call(seed)) for seed in seeds[thread]])
    assert sum(int(scores.cut.sum()) for own in alone for scores in own) > 0, "some are too long"
    for expected, found in zip((s for own in alone for s in own), (s for own in together for s in own), strict=True):
        assert found.cut.tolist() == expected.cut.tolist()
        if isinstance(reranker.engine, OnnxEngine):
            assert np.array_equal(found.logits, expected.logits)
        else:
            assert found.logits == pytest.approx(expected.logits, abs=1e-5)


def test_rankings_of_the_same_query_do_not_mix(reranker: Reranker) -> None:
    lists = [[str(document) for _, document in call(100 + thread)] for thread in range(THREADS)]
    alone = [reranker.rank("giày nữ", documents, return_documents=True) for documents in lists]
    together = in_threads(lambda thread: reranker.rank("giày nữ", lists[thread], return_documents=True))
    for expected, found in zip(alone, together, strict=True):
        assert [entry["text"] for entry in found] == [entry["text"] for entry in expected]
        assert [entry["score"] for entry in found] == pytest.approx([e["score"] for e in expected], abs=1e-5)


def test_the_tokenizer_gives_each_thread_its_own_tokens(reranker: Reranker) -> None:
    pairs = [(query, reranker.render(document)) for seed in range(30) for query, document in call(seed)]

    def encode(number: int) -> list[list[int]]:
        order = np.random.default_rng(number).permutation(len(pairs))
        found = {i: reranker.tokenizer.encode(pairs[i][0], [pairs[i][1]])[0].ids.tolist() for i in order.tolist()}
        return [found[i] for i in range(len(pairs))]

    expected = encode(0)
    assert all(found == expected for found in in_threads(encode))


def test_a_call_that_fails_does_not_disturb_the_others(reranker: Reranker) -> None:
    expected = [reranker.predict(call(thread)) for thread in range(THREADS)]

    def work(thread: int) -> Any:
        if thread % 2:
            with pytest.raises(InputError, match="leaves no room"):
                reranker.predict([("giày " * 600, "dép")])
        return reranker.predict(call(thread))

    for found, wanted in zip(in_threads(work), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_is_kept_to(tiny_exported: Path, threads: int) -> None:
    before = set(threading.enumerate())
    reranker = Reranker.load(tiny_exported, precision="fp32", threads=threads)
    assert isinstance(reranker.engine, OnnxEngine)
    in_threads(lambda number: reranker.predict(call(number)))
    workers = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("xephang-onnx")]
    assert reranker.engine.threads == threads
    assert len(workers) <= threads, "callers share the threads, they do not bring more"
    assert reranker.engine._session.get_session_options().intra_op_num_threads == 1


@pytest.mark.parametrize("threads", [0, -1])
@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_no_threads_at_all_is_refused(tiny_exported: Path, engine: Any, threads: int) -> None:
    with pytest.raises(InputError, match=rf"threads is {threads}; it must be at least 1"):
        Reranker.load(tiny_exported, engine=engine, threads=threads)


def test_a_forked_process_goes_on_scoring(tiny_exported):
    """A fork inherits the pool and none of its threads; without care the child waits for ever."""
    script = (
        "import os, sys\n"
        "from xephang import Reranker\n"
        f"reranker = Reranker.load({str(tiny_exported)!r}, threads=2)\n"
        "pairs = [('giày', 'dép'), ('giày', 'giày chạy bộ')]\n"
        "before = reranker.predict(pairs)\n"
        "child = os.fork()\n"
        "same = (reranker.predict(pairs) == before).all()\n"
        "if child == 0:\n"
        "    os._exit(0 if same else 1)\n"
        "sys.exit(0 if same and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 else 1)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(xephang.__file__).parents[1])}
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=120, env=environment)
    assert (Reranker.load(tiny_exported, threads=2).predict([("giày", "dép")]) > 0).all()
