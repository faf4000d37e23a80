"""How the first stage's and the reranker's opinions become one order."""

from itertools import permutations

import pytest

from xephang.search.fusing import FIRST, fused


def ids(ranked, first):
    return [id for id, _ in fused(ranked, first)]


def test_the_reranker_s_order_stands_where_the_first_stage_has_no_opinion():
    ranked = [("a", 0.9), ("b", 0.5), ("c", 0.1)]
    assert fused(ranked, {}) == ranked
    assert fused(ranked, dict.fromkeys("abc", 17.0)) == ranked


def test_of_equals_the_first_stage_s_best_comes_first():
    assert ids([("a", 0.65), ("b", 0.65), ("c", 0.65)], {"a": 1.0, "b": 30.0, "c": 12.0}) == ["b", "c", "a"]


def test_of_equals_to_both_the_order_given_stays():
    for order in permutations("abcd"):
        assert ids([(id, 0.4) for id in order], dict.fromkeys("abcd", 3.0)) == list(order)


def test_a_facet_more_outweighs_a_small_difference_and_no_large_one():
    met = 8.0
    assert ids([("missed", 0.7), ("met", 0.6)], {"missed": 0.0, "met": met}) == ["met", "missed"]
    assert ids([("missed", 0.9), ("met", 0.2)], {"missed": 0.0, "met": met}) == ["missed", "met"]


def test_a_candidate_that_the_first_stage_did_not_score_counts_as_nothing():
    assert ids([("a", 0.5), ("new", 0.5)], {"a": 5.0}) == ["a", "new"]
    assert ids([("a", 0.5), ("new", 0.5)], {"a": -5.0}) == ["new", "a"]


@pytest.mark.parametrize("certain", [(1.0, 0.0), (1.0, 0.998), (0.002, 0.0)])
def test_scores_of_0_and_1_are_no_trap(certain):
    high, low = certain
    assert ids([("a", high), ("b", low)], {}) == ["a", "b"]
    assert ids([("a", high), ("b", high)], {"b": 1.0}) == ["b", "a"]


def test_logits_are_taken_as_they_are():
    ranked = [("a", 4.0), ("b", 3.0), ("c", -2.0)]
    assert ids(ranked, {}) == ["a", "b", "c"]
    assert ids(ranked, {"b": 1.5 / FIRST}) == ["b", "a", "c"]
    assert ids(ranked, {"c": 5.5 / FIRST}) == ["a", "c", "b"]


def test_scores_are_told_as_the_reranker_gave_them():
    ranked = [("a", 0.9), ("b", 0.5)]
    assert sorted(fused(ranked, {"b": 100.0})) == sorted(ranked)


def test_nothing_comes_of_nothing():
    assert fused([], {"a": 1.0}) == []
