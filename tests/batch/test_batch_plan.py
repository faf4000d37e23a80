"""How inputs are cut into partitions, and by what a scoring is known again."""

import os
from dataclasses import replace

import pyarrow as pa
import pytest
from batch_rows import pair_rows
from hypothesis import given
from hypothesis import strategies as st

from xephang.batch import plan as plans
from xephang.batch.columns import Columns
from xephang.batch.inputs import Input
from xephang.batch.plan import Partition, Plan, plan
from xephang.errors import InputError


def planned(source, **given):
    usual = {"wanted": {}, "partition_rows": None, "keep_going": False, "model": "m", "catalogue": ""}
    return plan(source, **usual | given)


def of_sizes(sizes, partition_rows):
    inputs = tuple(Input(f"{at}.parquet", rows, 1, 1, "f") for at, rows in enumerate(sizes))
    return Plan(inputs, Columns("text", "query", document="d"), partition_rows, False, "m", "")


def test_partitions_are_cut_file_by_file():
    assert list(of_sizes([5, 0, 2], 3).partitions()) == [
        Partition(0, "0.parquet", 0, 3),
        Partition(1, "0.parquet", 3, 2),
        Partition(2, "2.parquet", 0, 2),
    ]


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(1, 70))
def test_partitions_cover_every_row_once(sizes, rows):
    one = of_sizes(sizes, rows)
    found = list(one.partitions())
    covered = [(part.input, row) for part in found for row in range(part.first, part.first + part.rows)]
    assert covered == [(f"{at}.parquet", row) for at, size in enumerate(sizes) for row in range(size)]
    assert [part.number for part in found] == list(range(len(found)))
    assert all(0 < part.rows <= rows for part in found)


@pytest.mark.parametrize(("number", "name"), [(0, "part-00000"), (17, "part-00017"), (123456, "part-123456")])
def test_partitions_are_named_by_their_number(number, name):
    assert Partition(number, "x", 0, 1).name == name


def test_a_partition_has_about_so_many_pairs(candidates, pairs, monkeypatch):
    monkeypatch.setattr(plans, "PAIRS", 20)
    # 12 rows of 34 candidates; the two empty lists count as one each
    assert planned(candidates, catalogue="c").partition_rows == 20 * 12 // 36
    assert planned(pairs).partition_rows == 20
    assert planned(pairs, partition_rows=7).partition_rows == 7


def test_huge_lists_are_a_partition_each(parquet, monkeypatch):
    monkeypatch.setattr(plans, "PAIRS", 3)
    path = parquet([{"query": "giày", "ids": ["a"] * 40}] * 3)
    assert planned(path, catalogue="c").partition_rows == 1


def test_the_same_arguments_make_the_same_plan(pairs):
    one, other = planned(pairs), planned(pairs)
    assert (one, one.id) == (other, other.id)
    assert planned(pairs, model="n").id != one.id


def test_a_plan_is_read_as_it_was_written(candidates, tmp_path):
    one = planned(candidates, catalogue="c", partition_rows=5)
    one.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == one
    assert Plan.read(tmp_path / "plan.json").id == one.id


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', '{"format": 1, "inputs": 3}', "[" * 9999]
)
def test_what_is_no_plan_is_said(tmp_path, text):
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"plan\.json: is no plan that xephang wrote .*score anew with --overwrite"):
        Plan.read(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "n"}, "as the model changed"),
        ({"partition_rows": 9}, r"as the rows of a partition \(--partition-rows\) changed"),
        ({"keep_going": True}, r"as what is done with bad rows \(--keep-going\) changed"),
        ({"wanted": {"query": "document", "document": "query"}}, "as the columns that are read changed"),
    ],
)
def test_what_changed_is_said(pairs, tmp_path, changed, said):
    before = planned(pairs, partition_rows=10)
    with pytest.raises(InputError, match=f"can not be gone on with, {said} since it was begun; put that back"):
        before.check_same(planned(pairs, **{"partition_rows": 10} | changed), tmp_path)


def test_a_catalogue_that_changed_is_said(candidates, tmp_path):
    before = planned(candidates, catalogue="c", partition_rows=10)
    with pytest.raises(InputError, match="as the catalogue changed since it was begun"):
        before.check_same(planned(candidates, catalogue="d", partition_rows=10), tmp_path)


def test_another_version_is_said(pairs, tmp_path):
    before = replace(planned(pairs), xephang="0.0.9")
    with pytest.raises(InputError, match="as the version of xephang changed since it was begun"):
        before.check_same(planned(pairs), tmp_path)


def test_which_input_changed_is_said(parquet, tmp_path):
    source = tmp_path / "in"
    for name in ("a", "b"):
        parquet(pair_rows(3), f"in/{name}.parquet")
    before = planned(source)
    os.utime(source / "b.parquet", ns=(1, 1))
    with pytest.raises(InputError, match=r"as the inputs changed since it was begun: b\.parquet; put"):
        before.check_same(planned(source), tmp_path)
    parquet(pair_rows(3), "in/c.parquet")
    with pytest.raises(InputError, match=r"b\.parquet and 1 more; put"):
        before.check_same(planned(source), tmp_path)


def test_the_same_plan_passes(pairs, tmp_path):
    assert planned(pairs) == planned(pairs)
    planned(pairs).check_same(planned(pairs), tmp_path)


def test_where_files_lie_does_not_matter(parquet, tmp_path):
    """A folder may be moved, with its times, between two runs."""
    parquet(pair_rows(3), "in/a.parquet")
    before = planned(tmp_path / "in")
    (tmp_path / "in").rename(tmp_path / "moved")
    assert planned(tmp_path / "moved") == before
    before.check_same(planned(tmp_path / "moved"), tmp_path)


def test_files_have_to_have_the_same_columns(parquet, tmp_path):
    parquet(pair_rows(3), "in/a.parquet")
    parquet([{"query": "giày", "text": "dép"}], "in/b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: has other columns than .*a\.parquet \(query_id is '', not"):
        planned(tmp_path / "in")


def test_other_columns_beside_them_may_differ(parquet, tmp_path):
    parquet(pair_rows(3), "in/a.parquet")
    parquet([{**row, "kho": 3} for row in pair_rows(3)], "in/b.parquet")
    assert planned(tmp_path / "in").rows == 6


def test_no_rows_at_all_are_said(parquet):
    path = parquet(pa.table({"query": pa.array([], pa.string()), "text": pa.array([], pa.string())}))
    with pytest.raises(InputError, match=r"pairs\.parquet: holds no rows"):
        planned(path)


def test_a_plan_says_how_many_rows_there_are():
    one = of_sizes([5, 0, 2], 3)
    assert one.rows == 7
    assert replace(one, inputs=()).rows == 0
