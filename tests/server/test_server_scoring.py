"""The thread that owns the model: what comes of requests that share it, leave it, fail, or are too many."""

from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import pytest
from serving import PATIENCE

from xephang.errors import InputError
from xephang.product import Rendered
from xephang.server import Settings
from xephang.server.asking import Refused
from xephang.server.scoring import Scorer
from xephang.server.work import of_texts

QUERIES = ["giày chạy bộ nữ", "dep", "", "sandal trẻ em màu đỏ size 30"]
TEXTS = ["Giày chạy bộ nữ đế êm", "dép", "", "guốc " * 40, "sandal đế êm màu đỏ", "giày đá bóng nam Nike", "dép"]
CACHES = [{}, {"score_cache": 0}, {"cache_mb": 0.0}, {"score_cache": 0, "cache_mb": 0.0}]


def work_of(held, query, texts=TEXTS):
    return of_texts(held, [query] * len(texts), [held.reranker.render(text) for text in texts])


def scored(scorer, work):
    scorer.submit(work)
    return work.done.result(PATIENCE).logits


def expected(reranker, query, texts=TEXTS):
    return reranker.predict([(query, text) for text in texts], activation="identity")


@pytest.mark.parametrize("model", ["tiny_exported", "tiny_apart"])
@pytest.mark.parametrize("caches", CACHES, ids=str)
@pytest.mark.parametrize("batch_tokens", [1, 100, 2048])
def test_logits_are_the_rerankers_whoever_shares_the_batch(
    request, make_held, make_scorer, model, caches, batch_tokens
):
    held = make_held(model=request.getfixturevalue(model), batch_tokens=batch_tokens, **caches)
    scorer = make_scorer(held.settings)
    works = [work_of(held, query, TEXTS[at:]) for at in range(3) for query in QUERIES]
    for work in works:
        scorer.submit(work)
    for work, (at, query) in zip(works, [(at, query) for at in range(3) for query in QUERIES], strict=True):
        found = work.done.result(PATIENCE)
        assert found is work
        np.testing.assert_allclose(work.logits, expected(held.reranker, query, TEXTS[at:]), atol=1e-6)
        pairs = held.reranker.tokenizer.encode(query, [held.reranker.render(text) for text in TEXTS[at:]])
        assert work.tokens.tolist() == [len(pair.ids) for pair in pairs]


@pytest.mark.parametrize("model", ["tiny_exported", "tiny_apart"])
def test_many_threads_ask_at_once(request, make_held, make_scorer, model):
    held = make_held(model=request.getfixturevalue(model), batch_tokens=300)
    scorer = make_scorer(held.settings)
    random = np.random.default_rng(7)
    asked = [(QUERIES[i % 4], [TEXTS[j] for j in random.integers(0, len(TEXTS), 1 + i % 9)]) for i in range(48)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: scored(scorer, work_of(held, *one)), asked))
    for (query, texts), logits in zip(asked, found, strict=True):
        np.testing.assert_allclose(logits, expected(held.reranker, query, texts), atol=1e-6)
    assert scorer.waiting == 0


def test_requests_of_two_models_are_each_scored_by_its_own(make_held, make_scorer, tiny_apart):
    old, new = make_held(), make_held(model=tiny_apart, generation=1)
    scorer = make_scorer(old.settings)
    works = [work_of(held, QUERIES[0]) for held in (old, new, old, new)]
    for work in works:
        scorer.submit(work)
    for work in works:
        found = work.done.result(PATIENCE).logits
        np.testing.assert_allclose(found, expected(work.held.reranker, QUERIES[0]), atol=1e-6)


def test_what_is_cut_is_counted(make_held, make_scorer):
    held = make_held()
    work = work_of(held, "giày", ["dép", "dép " * 600])
    scored(make_scorer(held.settings), work)
    most = held.reranker.tokenizer.max_length
    assert work.cut.tolist() == [0, 600 - (most - 4)]
    assert work.tokens.tolist() == [5, most]


def test_what_is_given_up_in_the_queue_is_never_scored(make_held, make_scorer, gate):
    held = make_held()
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    first, second, third = (work_of(held, query, TEXTS[:3]) for query in QUERIES[:3])
    scorer.submit(first)
    gate.wait()
    scorer.submit(second)
    scorer.submit(third)
    assert scorer.waiting == 2
    scorer.drop(second)
    assert scorer.waiting == 1
    gate.open()
    for work in (first, third):
        np.testing.assert_allclose(
            work.done.result(PATIENCE).logits, expected(held.reranker, work.pairs[0].query, TEXTS[:3]), atol=1e-6
        )
    assert sum(gate.calls[:2]) == 6, "and the two that stayed were"
    with pytest.raises(CancelledError):
        second.done.result(0)
    assert np.isnan(second.logits).all()


def test_what_is_given_up_while_it_is_scored_hurts_nobody(make_held, make_scorer, gate):
    held = make_held()
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    work = work_of(held, "giày")
    scorer.submit(work)
    gate.wait()
    scorer.drop(work)
    scorer.drop(work)
    gate.open()
    np.testing.assert_allclose(scored(scorer, work_of(held, "dép")), expected(held.reranker, "dép"), atol=1e-6)
    assert scorer.alive
    assert work.done.cancelled()


def test_what_is_given_up_halfway_leaves_the_rest_unscored(make_held, make_scorer, gate):
    held = make_held(batch_tokens=1)
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    work = work_of(held, "giày", [str(number) for number in range(9)])
    scorer.submit(work)
    gate.wait()
    scorer.drop(work)
    gate.open()
    scored(scorer, work_of(held, "dép", ["guốc"]))
    assert gate.calls == [1, 1]


def test_a_batch_that_fails_fails_its_own_requests_alone(make_held, make_scorer, gate, caplog):
    held = make_held(batch_tokens=40)
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    gate.error = RuntimeError("out of memory")
    bad = [work_of(held, query) for query in QUERIES[:2]]
    scorer.submit(bad[0])
    gate.wait()
    scorer.submit(bad[1])
    gate.open()
    for work in bad:
        with pytest.raises(Refused, match="the model failed: out of memory") as caught:
            work.done.result(PATIENCE)
        assert caught.value.kind == "backend"
    assert scorer.waiting == 0, "what was left of them has gone"
    assert "a batch failed" in caplog.text
    gate.error = None
    found = scored(scorer, work_of(held, QUERIES[0]))
    np.testing.assert_allclose(found, expected(held.reranker, QUERIES[0]), atol=1e-6)


def test_a_query_that_is_too_long_fails_its_own_request_alone(make_held, make_scorer, gate):
    held = make_held()
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    first = work_of(held, "giày", ["dép"])
    scorer.submit(first)
    gate.wait()
    works = [work_of(held, query) for query in (QUERIES[0], "giày " * 600, QUERIES[1])]
    for work in works:
        scorer.submit(work)
    gate.open()
    for work, query in ((works[0], QUERIES[0]), (works[2], QUERIES[1])):
        np.testing.assert_allclose(work.done.result(PATIENCE).logits, expected(held.reranker, query), atol=1e-6)
    with pytest.raises(InputError, match="the query has 600 tokens and the model reads 512 in all"):
        works[1].done.result(PATIENCE)
    assert (scorer.alive, scorer.waiting) == (True, 0)


def test_one_query_of_many_that_is_too_long_fails_the_request(make_held, make_scorer):
    held = make_held(batch_tokens=1)
    work = of_texts(held, ["giày", "giày " * 600, "dép"], [Rendered("dép")] * 3)
    scorer = make_scorer(held.settings)
    with pytest.raises(InputError, match="the query has 600 tokens"):
        scored(scorer, work)
    assert scorer.waiting == 0


def test_more_than_may_wait_are_refused(make_held, make_scorer, gate):
    held = make_held(max_waiting=2)
    scorer = make_scorer(held.settings)
    gate.before(held.reranker)
    works = [work_of(held, "giày", [str(number)]) for number in range(3)]
    scorer.submit(works[0])
    gate.wait()
    scorer.submit(works[1])
    scorer.submit(works[2])
    with pytest.raises(Refused, match="too many requests wait; try again later") as caught:
        scorer.submit(work_of(held, "giày"))
    assert caught.value.kind == "overloaded"
    assert caught.value.retry_after is not None
    scorer.drop(works[1])
    scorer.submit(late := work_of(held, "giày"))
    gate.open()
    for work in (works[0], works[2], late):
        work.done.result(PATIENCE)


def test_a_wait_that_would_be_too_long_is_refused_with_when_to_come_again(make_held, make_scorer, gate):
    held = make_held(max_wait=0.0)
    scorer = make_scorer(held.settings)
    scored(scorer, work_of(held, "giày"))
    gate.before(held.reranker)
    scorer.submit(running := work_of(held, "dép"))
    gate.wait()
    scorer.submit(waiting := work_of(held, "guốc"))
    with pytest.raises(Refused) as caught:
        scorer.submit(work_of(held, "sandal"))
    assert (caught.value.kind, caught.value.retry_after > 0) == ("overloaded", True)
    gate.open()
    assert running.done.result(PATIENCE)
    assert waiting.done.result(PATIENCE)


def test_batches_are_measured(make_held, make_scorer):
    held, seen = make_held(batch_tokens=100), []
    scorer = make_scorer(held.settings, seen.append)
    work = work_of(held, "giày")
    scored(scorer, work)
    scored(scorer, work_of(held, "giày"))
    scorer.close()
    assert sum(batch.tokens for batch in seen) == 2 * sum(work.costs)
    assert all(batch.fill == batch.tokens / 100 for batch in seen)
    assert all(batch.tokenising > 0 and batch.inference > 0 for batch in seen)
    assert sum(batch.misses["scores"] for batch in seen) == 6
    assert sum(batch.hits["scores"] for batch in seen) >= 6
    assert 0 < work.entered < work.started
    assert work.tokenising > 0 and work.inference > 0


def test_what_measures_may_fail(make_held, make_scorer):
    def fail(batch):
        raise OSError("no space left")

    held = make_held()
    scorer = make_scorer(held.settings, fail)
    for query in QUERIES[:2]:
        np.testing.assert_allclose(scored(scorer, work_of(held, query)), expected(held.reranker, query), atol=1e-6)


def test_it_ends_when_told_and_takes_nothing_more(make_held):
    scorer = Scorer(Settings())
    assert scorer.alive
    scorer.close()
    assert not scorer.alive
    with pytest.raises(Refused):
        scorer.submit(work_of(make_held(), "giày"))
