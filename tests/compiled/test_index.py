import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.compiled.index import entries, found, hashed, index_of, sorted_by_hash


@given(st.lists(st.lists(st.text(), max_size=9), max_size=4))
def test_each_id_is_found_where_it_stands(parts):
    index = index_of(parts)
    assert index.shape == (3, sum(map(len, parts)))
    for part, ids in enumerate(parts):
        for row, (id, places) in enumerate(zip(ids, found(index, ids), strict=True)):
            assert (part, row) in {(int(index[1, at]), int(index[2, at])) for at in places}, id


def test_what_is_not_there_has_no_places():
    assert [list(places) for places in found(index_of([["a", "b"]]), ["c", ""])] == [[], []]
    assert list(found(index_of([]), ["a"])[0]) == []
    assert found(index_of([["a"]]), []) == []


def test_ids_of_one_hash_are_all_found():
    index = entries(["a", "b", "c"], 0)
    index[0] = hashed(["b"])[0]
    assert list(found(sorted_by_hash([index]), ["b"])[0]) == [0, 1, 2]


@pytest.mark.parametrize("id", ["\ud800", "\udfff\ud800", "é", "e\u0301", "dài" * 100_000, "\0"])
def test_any_text_has_a_hash_of_its_own(id):
    first, second, third = hashed([id, id, id + "x"])
    assert first == second != third
    assert hashed([]).dtype == np.uint64


def test_a_hash_is_the_same_on_every_machine():
    assert [f"{number:016x}" for number in hashed(["p1", "giày"]).tolist()] == ["91ce9478c96516e8", "4465b5c4a17190a2"]
