import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang import Reranker
from xephang.calibration import Isotonic, Platt
from xephang.errors import InputError
from xephang.evaluation import calibrate
from xephang.evaluation.calibration import FOLDS, cross_fitted, fit, fit_isotonic, fit_platt, log_loss
from xephang.evaluation.reliability import reliability
from xephang.judgments import Judgment


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def drawn(slope, intercept, n=20_000, seed=0):
    """Logits, and documents that are relevant as often as the two numbers say."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, n)
    return logits, generator.random(n) < sigmoid(slope * logits + intercept)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -1.5), (2.5, 1.0)])
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


def test_platt_does_not_fall_where_the_logits_are_the_wrong_way_round():
    logits, relevant = drawn(-0.7, 0.2, n=500)
    found = fit_platt(logits, relevant)
    assert found.slope == 0
    assert found(logits) == pytest.approx(relevant.mean(), abs=0.01)


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


@pytest.mark.parametrize("seed", range(5))
def test_isotonic_is_that_of_scikit_learn(seed):
    from sklearn.isotonic import IsotonicRegression

    logits, relevant = drawn(1, 0, n=300, seed=seed)
    logits = np.round(logits, 1)  # so that some are equal
    theirs = IsotonicRegression(out_of_bounds="clip").fit(logits, relevant)
    at = np.linspace(-12, 12, 1000)
    assert fit_isotonic(logits, relevant)(at) == pytest.approx(theirs.predict(at), abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), [("platt", Platt), ("isotonic", Isotonic)])
def test_methods_by_name(name, kind):
    found = fit(name, *drawn(1, 0, n=50))
    assert isinstance(found, kind)
    assert found.method == name


def test_no_probability_is_surer_than_the_judgments_make_it():
    found = fit("isotonic", np.array([-9.0, -8.0, 8.0, 9.0]), np.array([False, False, True, True]))
    assert found(np.array([-100.0, 100.0])).tolist() == pytest.approx([1 / 6, 5 / 6])


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_the_error_falls_where_logits_overstate(method):
    logits, relevant = drawn(0.3, -1.0, n=4000)
    groups = [range(start, start + 20) for start in range(0, 4000, 20)]
    before = reliability(sigmoid(logits), relevant).error
    after = reliability(cross_fitted(method, logits, relevant, groups), relevant).error
    assert before > 0.2 and after < 0.03


@pytest.mark.parametrize("logit", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_logit_that_is_no_number_is_refused(method, logit):
    with pytest.raises(InputError, match="1 of 3 logits are no finite numbers"):
        fit(method, np.array([0.0, logit, 1.0]), np.array([True, False, True]))


def test_log_loss_by_hand_and_of_what_is_surer_than_it_may_be():
    assert log_loss(np.array([0.8, 0.4]), np.array([True, False])) == pytest.approx(-np.log([0.75, 0.6]).mean())
    assert log_loss(np.array([0.0, 1.0]), np.array([True, False])) == pytest.approx(np.log(4))


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
    with pytest.raises(InputError, match=f"{len(groups)} queries are too few to hold some out"):
        cross_fitted("platt", np.arange(float(len(labels))), np.array(labels), groups)


@pytest.fixture
def judgments(tiny_exported):
    """A model, and judgments whose grades go with its logits, whatever these are."""
    reranker = Reranker.load(tiny_exported, threads=1)
    pairs = [(f"giày {q}", f"dép chạy bộ {'nữ ' * d}{q}") for q in range(20) for d in range(8)]
    logits = reranker.score(pairs).logits.astype(np.float64)
    share = sigmoid(2 * (logits - logits.mean()) / logits.std() - 1)
    grades = np.where(np.random.default_rng(0).random(len(pairs)) < share, 2, 1).tolist()
    return reranker, [Judgment(query, text, grade) for (query, text), grade in zip(pairs, grades, strict=True)]


def test_what_a_calibration_says_of_itself(judgments):
    reranker, given = judgments
    found = calibrate(reranker, given, method="platt")
    relevant = np.array([one.grade == 2 for one in given])
    logits = reranker.score([(one.query, one.document) for one in given]).logits.astype(np.float64)
    assert found.map == fit_platt(logits, relevant)
    assert (found.queries, found.rows, found.relevant, found.sha256) == (20, 160, relevant.sum(), "")
    assert found.error_before == pytest.approx(reliability(sigmoid(logits), relevant).error)
    assert found.error_after < found.error_before


def test_the_error_after_is_not_of_queries_that_were_fitted_on(judgments):
    """Else isotonic's would be next to nothing."""
    reranker, given = judgments
    found = calibrate(reranker, given, method="isotonic")
    relevant = np.array([one.grade == 2 for one in given])
    logits = reranker.score([(one.query, one.document) for one in given]).logits
    assert found.error_after > 2 * reliability(found(logits), relevant).error


def test_auto_takes_the_one_of_less_log_loss(judgments):
    reranker, given = judgments
    relevant = np.array([one.grade == 2 for one in given])
    logits = reranker.score([(one.query, one.document) for one in given]).logits.astype(np.float64)
    groups = [range(start, start + 8) for start in range(0, 160, 8)]
    losses = {name: log_loss(cross_fitted(name, logits, relevant, groups), relevant) for name in ("platt", "isotonic")}
    found = calibrate(reranker, given)
    assert found.map.method == min(losses, key=losses.get)
    assert found == calibrate(reranker, given, method=found.map.method)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"method": "sigmoid"}, "calibration 'sigmoid' is not known; methods are auto, platt, isotonic"),
        ({"relevant_grade": 0}, "relevant grade is 0; it must be 1 to 3"),
        ({"relevant_grade": 3}, "all 160 are irrelevant"),
        ({"relevant_grade": 1}, "all 160 are relevant"),
    ],
)
def test_what_can_not_be_calibrated(judgments, arguments, says):
    reranker, given = judgments
    with pytest.raises(InputError, match=says):
        calibrate(reranker, given, **arguments)
