import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from xephang.engines import batches_by_length, pad
from xephang.engines.tokens import PairTokens


def pair(*ids: int) -> PairTokens:
    return PairTokens(np.array(ids, np.int64), np.ones(len(ids), np.int64))


lengths = st.lists(st.integers(1, 40), max_size=30)
token_rows = st.lists(st.lists(st.integers(0, 30_000), min_size=1, max_size=12), min_size=1, max_size=8)


@given(lengths=lengths, batch_size=st.integers(1, 40))
@example(lengths=[], batch_size=1)
@example(lengths=[7, 7, 7], batch_size=2)
def test_batches_hold_every_pair_once_and_no_more_than_they_may(lengths: list[int], batch_size: int) -> None:
    batches = batches_by_length([pair(*range(length)) for length in lengths], batch_size)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == batch_size for batch in batches[:-1]), "only the last may be short"
    assert all(batches), "no batch is empty"


@given(lengths=lengths, batch_size=st.integers(1, 40))
def test_batches_go_from_long_to_short_so_that_neighbours_are_alike(lengths: list[int], batch_size: int) -> None:
    batches = batches_by_length([pair(*range(length)) for length in lengths], batch_size)
    assert [lengths[i] for batch in batches for i in batch] == sorted(lengths, reverse=True)


def test_pairs_of_one_length_keep_their_order() -> None:
    assert batches_by_length([pair(1), pair(1, 2), pair(3), pair(3, 4)], 2) == [[1, 3], [0, 2]]


@given(rows=token_rows, padding_id=st.integers(0, 5))
def test_what_is_padded_can_be_told_from_what_was_there(rows: list[list[int]], padding_id: int) -> None:
    arrays = pad([pair(*row) for row in rows], padding_id)
    width = max(map(len, rows))
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        assert arrays[name].dtype == np.int64
        assert arrays[name].shape == (len(rows), width)
    for row, ids, mask, types in zip(rows, *arrays.values(), strict=True):
        assert ids.tolist() == row + [padding_id] * (width - len(row))
        assert mask.tolist() == types.tolist() == [1] * len(row) + [0] * (width - len(row))


def test_the_sides_of_a_pair_are_kept() -> None:
    tokens = PairTokens(np.array([2, 9, 3, 8, 3]), np.array([0, 0, 0, 1, 1]))
    assert pad([tokens, pair(4)], 0)["token_type_ids"].tolist() == [[0, 0, 0, 1, 1], [1, 0, 0, 0, 0]]
