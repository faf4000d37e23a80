import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.compiled.packing import Packing


def rows(seed, tokens, width, rank):
    """Return whole numbers that lie near a space of few dimensions, as a model's do."""
    random = np.random.default_rng(seed)
    mixed = random.normal(0, 20, (tokens, rank)) @ random.normal(0, 1, (rank, width))
    return np.clip(np.rint(mixed / max(1, rank) ** 0.5), -127, 127).astype(np.int8)


def back(packing, codes):
    return codes.reshape(-1, len(packing.basis)).astype(np.float32) @ packing.basis


@settings(deadline=None)
@given(seed=st.integers(0, 99), tokens=st.integers(1, 40), rank=st.integers(1, 8), size=st.integers(8, 60))
def test_what_lies_in_few_dimensions_comes_back_nearly(seed, tokens, rank, size):
    whole = rows(seed, 2 * tokens, 48, rank)
    packing = Packing.fit([whole[:tokens], whole[tokens:]], size)
    codes = packing.encode([whole])[0]
    assert codes.shape == (2 * tokens * min(size, 48),)
    assert packing.basis.shape == (min(size, 48), 48)
    assert packing.basis.dtype == np.float32
    assert np.abs(back(packing, codes) - whole).max() < 4


def test_the_components_that_hold_most_are_kept():
    whole = rows(0, 200, 32, 32)
    errors = [np.abs(back(packing := Packing.fit([whole], size), packing.encode([whole])[0]) - whole).mean()
              for size in (1, 8, 16, 32)]  # fmt: skip
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1


def test_a_sample_is_fitted_alike_however_it_is_split():
    whole = rows(1, 500, 32, 6)
    codes = [
        back(packing, packing.encode([whole])[0])
        for packing in (Packing.fit([whole], 6), Packing.fit(list(whole[:, None]), 6))
    ]
    assert np.abs(codes[0] - codes[1]).max() < 1


def test_what_goes_beyond_the_sample_is_clipped_and_does_not_wrap_round():
    direction = np.array([[10, -10] * 8], np.int8)
    packing = Packing.fit([10 * direction], 1)
    (code,) = packing.encode([12 * direction])[0]
    assert abs(code) == 127
    assert np.allclose(back(packing, packing.encode([12 * direction])[0]), 10 * direction, atol=0.1)


def test_what_the_sample_has_not_seen_comes_back_where_all_components_are_kept():
    packing = Packing.fit([np.array([[9, 0, 0, 0]], np.int8)], 4)
    row = np.array([[-70, 3, 50, 90]], np.int8)
    assert np.abs(back(packing, packing.encode([row])[0]) - row).max() < 1


def test_a_sample_of_zeros_has_codes_too():
    packing = Packing.fit([np.zeros((3, 8), np.int8)], 4)
    assert packing.encode([np.zeros((2, 8), np.int8)])[0].tolist() == [0] * 8
    assert np.isfinite(packing.encode([np.full((2, 8), 100, np.int8)])[0]).all()


def test_products_are_coded_together_as_each_alone():
    rng = np.random.default_rng(3)
    products = [rng.integers(-100, 100, (tokens, 16), np.int8) for tokens in (1, 7, 3, 0, 12)]
    packing = Packing.fit(products, 8)
    together = packing.encode(products)
    assert [len(codes) for codes in together] == [8, 56, 24, 0, 96]
    assert packing.encode([]) == []
    for codes, rows in zip(together, products, strict=True):
        assert np.abs(codes.astype(int) - packing.encode([rows])[0]).max(initial=0) <= 1  # sums may be in another order
