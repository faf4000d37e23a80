"""What training does not ask of judgments.measure: values query by query, and precision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError
from xephang.judgments import Judgment, measure
from xephang.judgments.measure import ALL_METRICS, METRICS, measure_each


def judged(**queries):
    return [Judgment(query, f"{query} {i}", g) for query, grades in queries.items() for i, g in enumerate(grades)]


def test_each_query_has_its_own_value_in_the_order_of_the_file():
    found = measure_each(judged(b=[3, 0], a=[0, 3]), [2, 1, 2, 1], ["mrr@10", "ndcg@1"])
    assert found == {"mrr@10": {"b": 1.0, "a": 0.5}, "ndcg@1": {"b": 1.0, "a": 0.0}}
    assert list(found["mrr@10"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        pytest.param("p@1", 0.0, id="the first is of grade 1, which is not relevant"),
        pytest.param("p@5", 2 / 5, id="two of the first five"),
        pytest.param("p@10", 3 / 10, id="divided by ten, though there are only six"),
    ],
)
def test_precision(metric, wanted):
    grades = [1, 2, 0, 3, 1, 2]
    assert measure(judged(q=grades), [6, 5, 4, 3, 2, 1], [metric])[metric] == pytest.approx(wanted)


def test_what_is_measured_without_asking_is_what_recipes_may_name():
    assert list(measure(judged(q=[3]), [1.0])) == list(METRICS)
    assert set(METRICS) < set(ALL_METRICS)


def test_a_query_that_is_never_relevant_has_a_zero_and_is_not_missing():
    found = measure_each(judged(a=[3], none=[0, 0]), [1, 2, 1], ALL_METRICS)
    assert all(values == {"a": pytest.approx(values["a"]), "none": 0.0} for values in found.values())
    assert found["map"]["a"] == 1.0


def test_unknown_metrics_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'p@3' is not known; metrics are .*p@1, p@5, p@10"):
        measure_each(judged(q=[3]), [1.0], ["p@3"])


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), min_size=1), min_size=1, max_size=4))
def test_the_mean_is_the_mean_of_the_queries(queries):
    judgments = judged(**{f"q{i}": [grade for grade, _ in one] for i, one in enumerate(queries)})
    scores = [score for one in queries for _, score in one]
    each, means = measure_each(judgments, scores, ALL_METRICS), measure(judgments, scores, ALL_METRICS)
    for metric, values in each.items():
        assert len(values) == len(queries)
        assert means[metric] == pytest.approx(sum(values.values()) / len(queries))
        assert all(0 <= value <= 1 + 1e-12 for value in values.values())
