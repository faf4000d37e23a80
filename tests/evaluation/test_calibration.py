import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError
from xephang.evaluation.calibration import (
    FOLDS,
    Isotonic,
    Platt,
    cross_fitted,
    fit,
    fit_isotonic,
    fit_platt,
    method,
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def drawn(slope, intercept, n=20_000, seed=0):
    """Logits, and documents that are relevant as often as the two numbers say."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, n)
    return logits, generator.random(n) < sigmoid(slope * logits + intercept)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -1.5), (2.5, 1.0), (-0.7, 0.2)])
def test_platt_finds_the_sigmoid_that_the_labels_were_drawn_from(slope, intercept):
    found = fit_platt(*drawn(slope, intercept))
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept), abs=0.1)


def test_platt_is_where_the_log_loss_is_least():
    logits, relevant = drawn(0.8, -0.5, n=200)
    found = fit_platt(logits, relevant)
    yes, no = relevant.sum(), (~relevant).sum()
    targets = np.where(relevant, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(slope, intercept):
        p = sigmoid(slope * logits + intercept)
        return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum()

    best = loss(found.slope, found.intercept)
    for slope, intercept in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert loss(found.slope + slope, found.intercept + intercept) > best


def test_platt_stays_finite_where_logits_separate_the_documents():
    found = fit_platt(np.array([-3.0, -1.0, 1.0, 3.0]), np.array([False, False, True, True]))
    assert 0 < found.slope < 100 and abs(found.intercept) < 100


def test_platt_of_one_logit_is_the_share():
    relevant = np.array([True] * 30 + [False] * 10)
    assert fit_platt(np.full(40, 1.5), relevant)(np.array([1.5]))[0] == pytest.approx(0.75, abs=0.03)


def test_platt_knows_no_scale():
    logits, relevant = drawn(1.0, 0.5, n=500)
    small, large = fit_platt(logits, relevant), fit_platt(logits * 1e4 + 7e5, relevant)
    np.testing.assert_allclose(large(logits * 1e4 + 7e5), small(logits), atol=1e-6)


def test_isotonic_by_hand():
    # 0 1 0 1: the middle two contradict the order and are pooled to a half
    found = fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    assert found == Isotonic((1.0, 2.0, 3.0, 4.0), (0.0, 0.5, 0.5, 1.0))


def test_isotonic_pools_back_as_far_as_it_has_to():
    # 1 0 0 1: the first three pool to a third
    found = fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, False, True]))
    assert found.logits == (1.0, 3.0, 4.0)
    assert found.probabilities == pytest.approx((1 / 3, 1 / 3, 1.0))


def test_isotonic_takes_equal_logits_together():
    found = fit_isotonic(np.array([1.0, 1.0, 1.0, 2.0]), np.array([True, False, False, True]))
    assert found.probabilities == pytest.approx((1 / 3, 1.0))


def test_isotonic_between_and_beyond_its_points():
    found = Isotonic((0.0, 2.0), (0.2, 0.6))
    assert found(np.array([-9.0, 0.0, 1.0, 2.0, 9.0])) == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=40))
def test_isotonic_never_falls_and_keeps_the_mean(rows):
    logits, relevant = np.array([float(x) for x, _ in rows]), np.array([y for _, y in rows])
    found = fit_isotonic(logits, relevant)
    assert list(found.logits) == sorted(set(found.logits))
    assert list(found.probabilities) == sorted(found.probabilities)
    assert found(logits).mean() == pytest.approx(relevant.mean())


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=6))
def test_no_rising_function_of_small_data_fits_better(rows):
    """Against every rising function with values on a grid."""
    from itertools import combinations_with_replacement

    logits, relevant = np.array([float(x) for x, _ in rows]), np.array([float(y) for _, y in rows])
    places = np.unique(logits, return_inverse=True)[1]
    best = ((fit_isotonic(logits, relevant > 0)(logits) - relevant) ** 2).sum()
    for values in combinations_with_replacement(np.linspace(0, 1, 7), places.max() + 1):
        assert ((np.array(values)[places] - relevant) ** 2).sum() >= best - 1e-9


@pytest.mark.parametrize(("name", "kind"), [("platt", Platt), ("isotonic", Isotonic)])
def test_methods_by_name(name, kind):
    found = fit(method(name), *drawn(1, 0, n=50))
    assert isinstance(found, kind)
    assert found.to_dict()["method"] == name


def test_an_unknown_method_is_named():
    with pytest.raises(InputError, match="calibration 'sigmoid' is not known; methods are platt, isotonic"):
        method("sigmoid")


@pytest.mark.parametrize(
    ("labels", "says"), [([True] * 3, "all 3 are relevant"), ([False] * 3, "all 3 are irrelevant")]
)
def test_one_kind_of_document_is_not_enough(labels, says):
    with pytest.raises(InputError, match=says):
        fit("platt", np.arange(3.0), np.array(labels))


def test_held_out_probabilities_come_from_the_other_queries():
    logits, relevant = drawn(1, 0, n=100)
    groups = [range(start, start + 10) for start in range(0, 100, 10)]
    found = cross_fitted("platt", logits, relevant, groups)
    held = [place for group in groups[1::FOLDS] for place in group]
    others = [place for place in range(100) if place not in held]
    np.testing.assert_allclose(found[held], fit_platt(logits[others], relevant[others])(logits[held]))
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("labels", "groups"),
    [
        pytest.param([True, False], [[0, 1]], id="one query"),
        pytest.param([True, False, False], [[0], [1], [2]], id="one query has all that is relevant"),
    ],
)
def test_too_few_queries_can_not_be_held_out(labels, groups):
    assert cross_fitted("platt", np.arange(float(len(labels))), np.array(labels), groups) is None
