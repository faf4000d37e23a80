import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.evaluation.reliability import BINS, Bin, reliability


def test_by_hand():
    found = reliability(np.array([0.1, 0.2, 0.9]), np.array([False, True, True]), bins=2)
    assert found.bins == (
        Bin(0.0, 0.5, 2, pytest.approx(0.15), 0.5),
        Bin(0.5, 1.0, 1, pytest.approx(0.9), 1.0),
    )
    assert found.error == pytest.approx((2 * 0.35 + 1 * 0.1) / 3)


def test_a_model_that_knows_has_no_error():
    assert reliability(np.array([0.0, 1.0, 1.0]), np.array([False, True, True])).error == 0


def test_a_model_that_is_sure_and_wrong_has_all_of_it():
    assert reliability(np.array([0.0, 1.0]), np.array([True, False])).error == 1


def test_probabilities_that_are_meant_have_little():
    generator = np.random.default_rng(0)
    claimed = generator.random(50_000)
    assert reliability(claimed, generator.random(50_000) < claimed).error < 0.01


def test_the_ends_belong_to_the_outer_bins():
    found = reliability(np.array([0.0, 1.0]), np.array([False, True]))
    assert [(one.low, one.high) for one in found.bins] == [(0.0, 1 / BINS), (1 - 1 / BINS, 1.0)]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_bins_hold_every_document_once(rows):
    claimed, relevant = np.array([p for p, _ in rows]), np.array([y for _, y in rows])
    found = reliability(claimed, relevant)
    assert sum(one.documents for one in found.bins) == len(rows)
    assert all(one.low - 1e-9 <= one.claimed <= one.high + 1e-9 for one in found.bins)
    assert sum(one.documents * one.relevant for one in found.bins) == pytest.approx(relevant.sum())
    assert abs(claimed.mean() - relevant.mean()) - 1e-9 <= found.error <= 1
