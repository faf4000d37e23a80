"""Ranking metrics against their formulas, written out here in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError
from xephang.judgments import Judgment, measure
from xephang.judgments.measure import ALL_METRICS, METRICS, measure_each


def judged(**queries: list[int]) -> list[Judgment]:
    """Make one judgment for each grade, its document named by its place."""
    return [
        Judgment(query, f"{query} {i}", grade) for query, grades in queries.items() for i, grade in enumerate(grades)
    ]


def dcg(grades: list[int], k: int) -> float:
    """Sum (2^grade - 1) / log2(rank + 1) over the first k ranks."""
    gains = 2.0 ** np.array(grades[:k], float) - 1
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def expected(grades: list[int], scores: list[float]) -> dict[str, float]:
    """Compute every metric for one query by its definition; among equal scores the lower grade comes first."""
    order = [g for _, g in sorted(zip(scores, grades, strict=True), key=lambda pair: (-pair[0], pair[1]))]
    best = sorted(grades, reverse=True)
    out = {f"ndcg@{k}": dcg(order, k) / dcg(best, k) if dcg(best, k) else 0.0 for k in (1, 5, 10)}
    places = [rank for rank, grade in enumerate(order, start=1) if grade >= 2]
    out["mrr@10"] = 1 / places[0] if places and places[0] <= 10 else 0.0
    out |= {f"p@{k}": sum(place <= k for place in places) / k for k in (1, 5, 10)}
    out["map"] = float(np.mean([found / rank for found, rank in enumerate(places, start=1)])) if places else 0.0
    return out


def test_ndcg_by_hand():
    found = measure(judged(q=[0, 3, 1]), [0.9, 0.5, 0.1], ["ndcg@10"])
    by_hand = (0 + 7 / np.log2(3) + 1 / np.log2(4)) / (7 + 1 / np.log2(3))
    assert found["ndcg@10"] == pytest.approx(by_hand)


def test_ndcg_cuts_where_it_says():
    judgments, scores = judged(q=[0, 3, 2]), [3.0, 2.0, 1.0]
    assert measure(judgments, scores, ["ndcg@1"])["ndcg@1"] == 0
    assert 0 < measure(judgments, scores, ["ndcg@5"])["ndcg@5"] < 1


def test_mrr_takes_grades_from_two_on_as_relevant():
    assert measure(judged(q=[1, 1, 2, 3]), [4, 3, 2, 1], ["mrr@10"])["mrr@10"] == pytest.approx(1 / 3)


def test_mrr_looks_at_ten_places():
    grades = [0] * 10 + [3]
    assert measure(judged(q=grades), list(range(11, 0, -1)), ["mrr@10"])["mrr@10"] == 0
    assert measure(judged(q=grades[1:]), list(range(10, 0, -1)), ["mrr@10"])["mrr@10"] == pytest.approx(0.1)


def test_map_by_hand():
    assert measure(judged(q=[2, 0, 3, 1, 2]), [5, 4, 3, 2, 1], ["map"])["map"] == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_the_perfect_order_has_one_everywhere_and_the_worst_is_worse():
    judgments = judged(a=[3, 2, 1, 0], b=[3, 0])
    best, worst = measure(judgments, [4, 3, 2, 1, 2, 1]), measure(judgments, [1, 2, 3, 4, 1, 2])
    assert best == dict.fromkeys(METRICS, pytest.approx(1.0))
    assert all(worst[name] < 1 for name in METRICS)
    assert worst["ndcg@1"] == 0


def test_equal_scores_are_ordered_against_the_model_whatever_their_order_in_the_file():
    forwards = measure(judged(q=[3, 0, 1]), [0.5, 0.5, 0.5])
    backwards = measure(judged(q=[0, 1, 3]), [0.5, 0.5, 0.5])
    assert forwards == backwards == {name: pytest.approx(expected([0, 1, 3], [3, 2, 1])[name]) for name in METRICS}


def test_a_score_that_is_no_number_is_the_worst():
    nan = float("nan")
    assert measure(judged(q=[3, 0, 0]), [nan, 0.1, -5.0], ["mrr@10"])["mrr@10"] == pytest.approx(1 / 3)
    assert measure(judged(q=[3, 0, 0]), [nan, nan, nan], ["mrr@10"])["mrr@10"] == pytest.approx(1 / 3)


def test_a_query_without_anything_relevant_counts_with_zero():
    assert measure(judged(a=[3, 0], b=[0, 0]), [2, 1, 2, 1]) == dict.fromkeys(METRICS, pytest.approx(0.5))
    assert measure(judged(b=[0, 0]), [2, 1]) == dict.fromkeys(METRICS, 0.0)


def test_queries_count_alike_however_many_documents_they_have():
    judgments = judged(a=[3] + [0] * 9, b=[0, 3])
    scores = [*range(10, 0, -1), 2, 1]
    assert measure(judgments, scores, ["mrr@10"])["mrr@10"] == pytest.approx((1 + 1 / 2) / 2)


def test_rows_of_a_query_need_not_stand_together():
    apart = [Judgment("a", "1", 0), Judgment("b", "1", 0), Judgment("a", "2", 3), Judgment("b", "2", 3)]
    assert measure(apart, [4, 3, 2, 1], ["mrr@10"])["mrr@10"] == pytest.approx(0.5)


def test_only_the_metrics_asked_for_in_that_order():
    assert list(measure(judged(q=[3, 0]), [1, 2], ["map", "ndcg@5"])) == ["map", "ndcg@5"]


def test_what_can_not_be_measured():
    with pytest.raises(InputError, match=r"metric 'ndcg@3' is not known; metrics are ndcg@1, ndcg@5"):
        measure(judged(q=[3]), [1.0], ["ndcg@3"])
    with pytest.raises(InputError, match="no judgments"):
        measure([], [])


@pytest.mark.parametrize("scores", [[1.0], [1.0, 2.0, 3.0]], ids=["too few", "too many"])
def test_a_score_for_each_judgment(scores):
    with pytest.raises(InputError, match=f"2 judgments and {len(scores)} scores"):
        measure(judged(q=[3, 0]), scores)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3)), min_size=1, max_size=14), min_size=1, max_size=4
    )
)
def test_every_metric_is_the_mean_of_its_definition(queries):
    judgments = [Judgment(f"q{n}", str(i), g) for n, rows in enumerate(queries) for i, (g, _) in enumerate(rows)]
    scores = [float(score) for rows in queries for _, score in rows]
    each = [expected([g for g, _ in rows], [float(s) for _, s in rows]) for rows in queries]
    by_definition = {name: pytest.approx(float(np.mean([one[name] for one in each]))) for name in ALL_METRICS}
    assert measure(judgments, scores, ALL_METRICS) == by_definition
    found = measure_each(judgments, scores, ALL_METRICS)
    for name in ALL_METRICS:
        assert found[name] == {f"q{n}": pytest.approx(one[name]) for n, one in enumerate(each)}
