"""The tests and intervals against exact enumeration, and against what theory says of them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.evaluation.significance import bootstrap_interval, holm, randomisation_test

SEVEN = np.array([[0.5], [0.25], [0.4], [-0.1], [0.3], [0.2], [0.05]])


def exact(differences):
    """Enumerate every assignment of signs."""
    seen = abs(differences.mean()) - 1e-12
    signs = np.array(list(product((-1, 1), repeat=len(differences))))
    return (abs((signs * differences).mean(axis=1)) >= seen).mean()


def test_p_is_close_to_that_of_all_signs():
    assert randomisation_test(SEVEN)[0] == pytest.approx(exact(SEVEN[:, 0]), abs=0.01)


def test_p_does_not_depend_on_which_is_first():
    assert randomisation_test(SEVEN)[0] == randomisation_test(-SEVEN)[0]


def test_no_difference_at_all_is_no_evidence():
    assert randomisation_test(np.zeros((10, 2))).tolist() == [1.0, 1.0]


def test_one_query_is_no_evidence():
    assert randomisation_test(np.array([[0.9]])) == [1.0]


def test_the_smallest_p_is_one_in_ten_thousand_and_one():
    assert randomisation_test(np.ones((60, 1)))[0] == pytest.approx(1 / 10_001)


def test_metrics_are_tested_each_by_itself():
    both = np.concatenate([SEVEN, -SEVEN / 3 + 0.1], axis=1)
    found = randomisation_test(both)
    assert found[0] == randomisation_test(both[:, :1])[0]
    assert found[1] == randomisation_test(both[:, 1:])[0]


def test_the_same_seed_gives_the_same_figures_and_another_gives_others():
    assert randomisation_test(SEVEN, seed=3) == randomisation_test(SEVEN, seed=3)
    assert len({float(randomisation_test(SEVEN, seed=seed)[0]) for seed in range(5)}) > 1
    assert (bootstrap_interval(SEVEN, seed=3) == bootstrap_interval(SEVEN, seed=3)).all()
    assert len({tuple(bootstrap_interval(SEVEN[:5] ** 3, seed=seed)[0]) for seed in range(5)}) > 1


@pytest.mark.parametrize("resamples", [1, 499, 500, 501, 1234])
def test_exactly_as_many_resamples_as_asked_for(resamples):
    assert randomisation_test(np.ones((60, 1)), resamples=resamples)[0] == pytest.approx(1 / (resamples + 1))


def test_under_the_null_hypothesis_p_is_uniform():
    generator = np.random.default_rng(1)
    found = [randomisation_test(generator.normal(size=(30, 1)), resamples=400)[0] for _ in range(300)]
    for level in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(np.array(found) <= level) == pytest.approx(level, abs=0.09)


def test_the_interval_is_that_of_the_normal_distribution_where_there_are_many_queries():
    values = np.random.default_rng(2).normal(0.7, 0.2, size=(400, 1))
    error = values.std() / 20
    wanted = [values.mean() - 1.96 * error, values.mean() + 1.96 * error]
    assert bootstrap_interval(values)[0] == pytest.approx(wanted, abs=0.003)


def test_values_that_are_all_the_same_have_no_spread():
    assert bootstrap_interval(np.full((9, 1), 0.25))[0] == pytest.approx([0.25, 0.25])
    assert bootstrap_interval(np.array([[0.5]]))[0] == pytest.approx([0.5, 0.5])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_interval_lies_within_the_values(values):
    low, high = bootstrap_interval(np.array(values)[:, None], resamples=200)[0]
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_holm_by_hand():
    # sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .04, never falling: .04 .06 .06 .06
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize(("given_p", "wanted"), [([], []), ([0.3], [0.3]), ([0.7, 0.9], [1.0, 1.0])])
def test_holm_at_its_ends(given_p, wanted):
    assert holm(given_p) == wanted


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(values):
    found = holm(values)
    assert all(value <= adjusted <= 1 for value, adjusted in zip(values, found, strict=True))
    assert sorted(found) == [found[i] for i in sorted(range(len(values)), key=lambda i: (values[i], found[i]))]
