import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.calibration import Calibration, Isotonic, Platt, sigmoid
from xephang.errors import InputError

PLATT = Calibration(Platt(0.8, -1.25), 2, "giày.jsonl", "0" * 64, 84, 2520, 310, 0.1297, 0.0212)
ISOTONIC = replace(PLATT, map=Isotonic((-2.0, -0.5, 3.0), (0.0, 0.25, 1.0)), relevant_grade=3)
LOGITS = np.array([-200.0, -3.0, -2.0, -1.25, 0.0, 0.7, 3.0, 200.0], np.float32)


@pytest.fixture(params=[PLATT, ISOTONIC], ids=["platt", "isotonic"])
def calibration(request):
    return request.param


def test_platt_is_a_sigmoid_of_a_line():
    assert PLATT.map(LOGITS.astype(np.float64)) == pytest.approx(
        1 / (1 + np.exp(-(0.8 * LOGITS.astype(np.float64) - 1.25))), rel=1e-9
    )


def test_isotonic_is_read_off_between_points_and_held_beyond_them():
    expected = [0, 0, 0, 0.125, 0.25 + 0.75 / 7, 0.25 + 0.75 * 1.2 / 3.5, 1, 1]
    assert ISOTONIC.map(LOGITS) == pytest.approx(expected, abs=1e-7)


def test_probabilities_are_those_of_the_map_and_rise_where_it_is_flat(calibration):
    logits = np.arange(-6, 6, 0.05)
    found = calibration(logits)
    assert found == pytest.approx(calibration.map(logits), abs=1e-3)
    assert (np.diff(found.astype(np.float32)) > 0).all()


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=50))
def test_probabilities_are_0_to_1_and_do_not_fall(logits):
    for calibration in (PLATT, ISOTONIC):
        found = calibration(np.array(sorted(logits), np.float32))
        assert (found.dtype, found.shape) == (np.float64, (len(logits),))
        assert ((found >= 0) & (found <= 1)).all()
        assert (np.diff(found) >= -1e-15).all()


def test_a_logit_that_is_no_number_has_no_probability(calibration):
    assert np.isnan(calibration(np.array([np.nan, 0.0]))).tolist() == [True, False]


def test_the_sigmoid_of_far_logits_is_no_rounded_0():
    assert sigmoid(np.array([-700.0, 0.0, 700.0])) == pytest.approx([np.exp(-700.0), 0.5, 1.0], rel=1e-12)


def test_it_comes_back_as_it_was_written(calibration):
    table = json.loads(json.dumps(calibration.to_dict()))
    assert Calibration.from_dict(table) == calibration


def test_what_is_written_can_be_read():
    assert PLATT.to_dict() == {
        "method": "platt",
        "slope": 0.8,
        "intercept": -1.25,
        "relevant_grade": 2,
        "judgments": "giày.jsonl",
        "sha256": "0" * 64,
        "queries": 84,
        "rows": 2520,
        "relevant": 310,
        "error_before": 0.1297,
        "error_after": 0.0212,
    }
    assert ISOTONIC.to_dict()["logits"] == (-2.0, -0.5, 3.0)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("of", "changes", "says"),
    [
        pytest.param(PLATT, {"method": "beta"}, "'method' must be platt or isotonic, got 'beta'", id="method"),
        pytest.param(PLATT, {"method": ["platt"]}, "'method' must be platt or isotonic", id="method is a list"),
        pytest.param(PLATT, {"method": "isotonic"}, "'logits' is missing", id="another method's numbers"),
        pytest.param(
            PLATT, {"temperature": 2}, "'temperature' is missing or not known; keys are method", id="a new key"
        ),
        pytest.param(PLATT, {"slope": -0.1}, "'slope' must be a number of at least 0, got -0.1", id="falling"),
        pytest.param(PLATT, {"slope": NAN}, "'slope' must be a number of at least 0, got nan", id="nan"),
        pytest.param(PLATT, {"slope": INF}, "'slope' must be a number", id="infinite"),
        pytest.param(PLATT, {"intercept": -INF}, "'intercept' must be a number, got -inf", id="infinite below"),
        pytest.param(PLATT, {"intercept": 10**400}, "'intercept' must be a number, got 1000", id="no float holds it"),
        pytest.param(PLATT, {"intercept": "0"}, "'intercept' must be a number, got '0'", id="text"),
        pytest.param(PLATT, {"slope": True}, "'slope' must be a number of at least 0, got True", id="truth"),
        pytest.param(PLATT, {"intercept": None}, "'intercept' must be a number, got None", id="none"),
        pytest.param(PLATT, {"rows": 2.5}, "'rows' must be a whole number of at least 1, got 2.5", id="half a row"),
        pytest.param(PLATT, {"relevant_grade": 0}, "'relevant_grade' must be a whole number", id="grade"),
        pytest.param(PLATT, {"queries": True}, "'queries' must be a whole number", id="queries are a truth"),
        pytest.param(PLATT, {"judgments": 5}, "'judgments' must be a text, got 5", id="name"),
        pytest.param(PLATT, {"error_after": 1.5}, "'error_after' must be a number from 0 to 1", id="error"),
        pytest.param(ISOTONIC, {"logits": 3}, "'logits' must be a list of numbers, got 3", id="no list"),
        pytest.param(ISOTONIC, {"logits": "abc"}, "'logits' must be a list of numbers", id="a text"),
        pytest.param(ISOTONIC, {"logits": [0, 1]}, "2 'logits' and 3 'probabilities'", id="lengths"),
        pytest.param(ISOTONIC, {"logits": [], "probabilities": []}, "0 'logits' and 0", id="nothing"),
        pytest.param(ISOTONIC, {"logits": [0, NAN, 1]}, "'logits' must be a number, got nan", id="nan point"),
        pytest.param(ISOTONIC, {"logits": [0, 0, 1]}, "'logits' must rise", id="twice the same point"),
        pytest.param(ISOTONIC, {"probabilities": [0, 0.5, 0.4]}, "'probabilities' must not fall", id="falling points"),
        pytest.param(
            ISOTONIC, {"probabilities": [0, 0.5, 1.1]}, "'probabilities' must be a number from 0", id="above 1"
        ),
    ],
)
def test_what_no_fit_could_have_made_is_refused(of, changes, says):
    with pytest.raises(InputError) as error:
        Calibration.from_dict(of.to_dict() | changes)
    assert str(error.value).startswith("calibration: ") and says in str(error.value)


@pytest.mark.parametrize("key", PLATT.to_dict())
def test_a_key_that_is_missing_is_named(key):
    with pytest.raises(InputError, match=f"'{key}'"):
        Calibration.from_dict({name: value for name, value in PLATT.to_dict().items() if name != key})


@pytest.mark.parametrize("table", [None, [], "platt", 5], ids=repr)
def test_what_is_no_table_is_refused(table):
    with pytest.raises(InputError, match="calibration: expected a table"):
        Calibration.from_dict(table)
