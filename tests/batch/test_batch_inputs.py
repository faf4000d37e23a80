"""Which files are read, and how one is known again."""

import os
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import ids_rows, pair_rows

from xephang.batch import inputs
from xephang.errors import InputError


def test_a_file_is_read_by_its_name(pairs):
    assert inputs.paths(pairs) == {"pairs.parquet": pairs}


def test_a_folder_is_read_sorted_and_all_below_it(parquet, tmp_path):
    for name in ("b/2.parquet", "a.parquet", "b/10.parquet"):
        parquet(pair_rows(2), f"in/{name}")
    assert list(inputs.paths(tmp_path / "in")) == ["a.parquet", "b/10.parquet", "b/2.parquet"]


@pytest.mark.parametrize("name", ["_old.parquet", ".part-1.parquet", "_score/x.parquet", ".git/x.parquet", "notes.txt"])
def test_what_is_no_data_is_passed_over(parquet, tmp_path, name):
    parquet(pair_rows(2), "in/a.parquet")
    parquet(pair_rows(2), f"in/{name}")
    assert list(inputs.paths(tmp_path / "in")) == ["a.parquet"]


def test_a_folder_in_a_hidden_one_is_read(parquet, tmp_path):
    """Only what is below the source is looked at, not where it lies."""
    parquet(pair_rows(2), "_all/.mine/a.parquet")
    assert list(inputs.paths(tmp_path / "_all" / ".mine")) == ["a.parquet"]


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(InputError, match=r"none\.parquet: there is no such file or folder"):
        inputs.paths(tmp_path / "none.parquet")
    with pytest.raises(InputError, match=r"holds no \*\.parquet; name a Parquet file, or a folder of them"):
        inputs.paths(tmp_path)


def test_a_file_is_described(pairs):
    found = inputs.describe("pairs.parquet", pairs)
    assert (found.rows, found.bytes) == (90, pairs.stat().st_size)
    assert inputs.describe("pairs.parquet", pairs) == found


@pytest.mark.parametrize("keep_time", [True, False])
def test_another_content_is_another_input(parquet, keep_time):
    """Even where size and time are the same, statistics in the footer are not."""
    path = parquet(pair_rows(9))
    before, status = inputs.describe("x", path), path.stat()
    parquet(pair_rows(9, first=1))
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert inputs.describe("x", path) != before


def test_a_copy_with_its_time_is_the_same_input(pairs, tmp_path):
    copy = shutil.copy2(pairs, tmp_path / "copy.parquet")
    assert inputs.describe("x", copy) == inputs.describe("x", pairs)


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"query,document\n", b"PAR1" + b"\0" * 100, "giày".encode() * 50],
    ids=["empty", "a head alone", "CSV", "zeros", "text"],
)
def test_what_is_no_parquet_is_said(tmp_path, content):
    path = tmp_path / "pairs.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"pairs\.parquet: can not be read as Parquet \(.+\); write it again"):
        inputs.describe("pairs.parquet", path)


def test_a_file_that_is_cut_is_said(pairs):
    pairs.write_bytes(pairs.read_bytes()[:-20])
    with pytest.raises(InputError, match="can not be read as Parquet"):
        inputs.describe("pairs.parquet", pairs)


def test_candidates_are_counted_without_reading_rows(candidates):
    with inputs.opened(candidates) as file:
        # an empty list takes a place of its own in the column
        lists = [row["ids"] for row in ids_rows(12)]
        assert inputs.values_of(file, "ids") == sum(max(1, len(ids)) for ids in lists)


def test_other_columns_of_like_names_are_not_counted(tmp_path):
    table = pa.table({"ids": [["a", "b"]], "ids.more": [["c"]], "ids2": [["d", "e", "f"]]})
    pq.write_table(table, tmp_path / "x.parquet")
    with inputs.opened(tmp_path / "x.parquet") as file:
        assert inputs.values_of(file, "ids2") == 3


@pytest.mark.parametrize(
    ("column", "count"), [("ids", 2), ("ids.more", 1), ("a.b", 3), ("a", 2), ("a.b.c", 4), ("ids.", 0), ("none", 0)]
)
def test_a_column_s_name_may_have_dots(tmp_path, column, count):
    table = pa.table(
        {
            "ids": [["a", "b"]],
            "ids.more": [["c"]],
            "a.b": [["d", "e", "f"]],
            "a": [["g", "h"]],
            "a.b.c": [["i", "j", "k", "l"]],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    with inputs.opened(tmp_path / "x.parquet") as file:
        assert inputs.values_of(file, column) == count
