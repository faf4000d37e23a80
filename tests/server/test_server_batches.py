"""What the engine is asked for: each distinct pair and product once, and nothing that is still known."""

import numpy as np
import pytest
from serving import PATIENCE

from xephang.engines.tokens import WHOLE, Cutting
from xephang.product import Rendered
from xephang.server.batches import tokenised
from xephang.server.fair import Piece
from xephang.server.work import of_texts

TEXTS = ["giày", "dép nam", "guốc", "sandal"]


@pytest.fixture
def asked(make_held, make_scorer, tiny_exported, tiny_apart, monkeypatch):
    """Return a function that opens a model and returns how to score with it, and what its engine was asked for."""

    def make(apart, **settings):
        held = make_held(model=tiny_apart if apart else tiny_exported, **settings)
        scorer, engine, seen = make_scorer(held.settings), held.reranker.engine, {"scored": [], "computed": []}

        def counting(name, count):
            through = getattr(engine, name)

            def call(given, **options):
                seen[count].append(sum(len(stored) for _, stored in given) if name == "score_each" else len(given))
                return through(given, **options)

            monkeypatch.setattr(engine, name, call)

        for name, count in (("score_each", "scored"), ("compute", "computed")) if apart else (("logits", "scored"),):
            counting(name, count)

        def score(query, texts, cutting=WHOLE):
            queries = [query] * len(texts) if isinstance(query, str) else query
            work = of_texts(held, queries, [Rendered(text) for text in texts], cutting)
            scorer.submit(work)
            return work.done.result(PATIENCE).logits

        return score, seen

    return make


@pytest.mark.parametrize("apart", [False, True])
def test_pairs_that_are_alike_are_scored_once(asked, apart):
    score, seen = asked(apart, score_cache=0, cache_mb=0.0)
    found = score("giày", [*TEXTS, *TEXTS, "dép  nam".replace("  ", " ")])
    assert seen["scored"] == [4]
    assert seen["computed"] == ([4] if apart else [])
    assert found[:4].tolist() == found[4:8].tolist()
    assert found[8] == found[1]


@pytest.mark.parametrize("apart", [False, True])
def test_a_score_that_is_kept_is_not_computed_again(asked, apart):
    score, seen = asked(apart)
    first = score("giày", TEXTS)
    again = score("giày", ["chưa thấy", *TEXTS[::-1]])
    assert again[1:].tolist() == first[::-1].tolist()
    assert seen["scored"] == [4, 1]
    assert score("giày", TEXTS).tolist() == first.tolist()
    assert sum(seen["scored"]) == 5


@pytest.mark.parametrize("apart", [False, True])
def test_a_query_of_another_form_is_the_same_query(asked, apart):
    score, seen = asked(apart)
    score(["giày nữ", " giày  nữ ", "gia\u0300y nu\u031b\u0303"], ["dép"] * 3)
    assert seen["scored"] == [1]


def test_the_oldest_scores_are_forgotten(asked):
    score, seen = asked(False, score_cache=2)
    score("giày", TEXTS[:2])
    score("giày", TEXTS[1:3])
    score("giày", TEXTS[1:3])
    score("giày", TEXTS[:1])
    assert seen["scored"] == [2, 1, 1]


def test_products_are_kept_for_other_queries(asked):
    score, seen = asked(True)
    first = score("giày", TEXTS)
    score("dép", TEXTS)
    score("guốc", [*TEXTS, "mới"])
    assert (seen["computed"], seen["scored"]) == ([4, 0, 1], [4, 4, 5])
    assert score("giày", TEXTS).tolist() == first.tolist()


def test_products_that_are_not_kept_are_computed_again(asked):
    score, seen = asked(True, cache_mb=0.0)
    for query in ("giày", "dép"):
        score(query, TEXTS)
    assert seen["computed"] == [4, 4]


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_cut_otherwise_is_scored_otherwise(asked, apart):
    score, seen = asked(apart)
    whole, cut, left = (
        score("giày", ["dép nam đỏ"], cutting) for cutting in (WHOLE, Cutting(most=2), Cutting(most=2, left=True))
    )
    assert seen["scored"] == [1, 1, 1]
    assert len({whole[0], cut[0], left[0]}) == 3
    assert cut[0] == score("giày", ["dép nam"])[0]
    assert left[0] == score("giày", ["nam đỏ"])[0]


def test_each_query_is_tokenised_with_its_own_products(make_held):
    held = make_held()
    queries = ["giày", "dép", "giày"]
    work = of_texts(held, queries, [Rendered(text) for text in TEXTS[:3]])
    found = sorted(tokenised(Piece(work, 1, 3)), key=lambda one: one.place)
    assert [one.place for one in found] == [1, 2]
    for one in found:
        pair = held.reranker.tokenizer.encode(queries[one.place], [Rendered(TEXTS[one.place])])[0]
        assert np.array_equal(one.pair.ids, pair.ids)
        assert one.tokens == len(pair.ids)
