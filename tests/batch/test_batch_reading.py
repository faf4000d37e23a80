"""From a partition's rows to what is asked, or what is wrong."""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import QUERIES, pair_rows
from hypothesis import given
from hypothesis import strategies as st

from xephang import Product
from xephang.batch import reading
from xephang.batch.columns import Columns
from xephang.batch.plan import Partition
from xephang.batch.reading import Asked, read_partition, rows_of
from xephang.errors import InputError, RowError

TEXTS = Columns("text", "query", "query_id", "document", query_id_type="string")
LISTS = Columns("ids", "query", ids="ids")


def rows(table, columns, first=0):
    table = table if isinstance(table, pa.Table) else pa.Table.from_pylist(table)
    return list(rows_of(table, columns, "in.parquet", first))


def wrong(table, columns, **options):
    (error,) = rows(table, columns, **options)
    assert isinstance(error, RowError)
    return str(error)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """A hundred rows in groups of seven."""
    path = tmp_path_factory.mktemp("grouped") / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(pair_rows(100)), path, row_group_size=7)
    return path


@given(st.integers(0, 99), st.integers(1, 100), st.integers(1, 40))
def test_a_partition_is_read_wherever_it_lies(grouped, first, count, at_once):
    count = min(count, 100 - first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_AT_ONCE", at_once)
        table = read_partition(grouped, Partition(3, "pairs.parquet", first, count), TEXTS)
        assert table.column_names == ["query_id", "query", "document"]
        assert table.to_pylist() == pair_rows(count, first)
        read = rows(table, TEXTS, first=first)
    assert [one.row for one in read] == list(range(first + 1, first + count + 1))


def test_only_the_row_groups_that_matter_are_read(grouped, monkeypatch):
    asked = []
    iterate = pq.ParquetFile.iter_batches

    def iter_batches(self, size, row_groups, **options):
        asked.append(list(row_groups))
        return iterate(self, size, row_groups=row_groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    read_partition(grouped, Partition(0, "x", 20, 9), TEXTS)
    (groups,) = asked
    assert groups[0] == 2


def test_a_file_that_is_damaged_is_said(grouped, tmp_path):
    content = bytearray(grouped.read_bytes())
    content[4:400] = b"\xff" * 396
    path = tmp_path / "pairs.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"pairs\.parquet: can not be read as Parquet"):
        read_partition(path, Partition(0, "pairs.parquet", 0, 5), TEXTS)


def test_pairs_are_asked_with_what_is_copied():
    (one,) = rows([{"query_id": "a", "query": "giày", "document": "Giày nữ"}], TEXTS, first=41)
    assert one == Asked(42, "giày", (None,), ("Giày nữ",), "a")


@pytest.mark.parametrize("query", QUERIES[:-2])
def test_queries_come_as_they_are(query):
    (one,) = rows([{"query_id": None, "query": query, "document": "Giày nữ"}], TEXTS)
    assert (one.query, one.query_id) == (query, None)


def test_lists_of_ids():
    assert [
        one.ids for one in rows([{"query": "giày", "ids": ["a", "b", "a"]}, {"query": "dép", "ids": []}], LISTS)
    ] == [
        ("a", "b", "a"),
        (),
    ]


def test_one_id_a_row():
    (one,) = rows([{"query": "giày", "sku": "a"}], Columns("id", "query", id="sku"))
    assert (one.ids, one.documents) == (("a",), None)


@pytest.mark.parametrize("id", ["a", 7, None])
def test_a_texts_id_is_kept_as_text(id):
    (one,) = rows([{"query": "giày", "text": "dép", "id": id}], Columns("text", "query", document="text", id="id"))
    assert one.ids == (None if id is None else str(id),)


def test_a_record_is_a_product():
    document = {"id": "a", "title": "Giày nữ", "attributes": ["Êm"], "price": 268000}
    (one,) = rows([{"query": "giày", "document": document}], Columns("text", "query", document="document"))
    assert one.documents == (Product(id="a", title="Giày nữ", attributes=("Êm",), price=268000.0),)
    assert one.ids == ("a",)


def test_a_rows_own_columns_are_a_product():
    row = {
        "query": "giày",
        "query_id": 3,
        "id": "a",
        "tên": "Giày nữ",
        "hang": "Nike",
        "ngay": datetime.date(2026, 1, 2),
    }
    columns = Columns("product", "query", "query_id", id="id", product={"hang": "brand"})
    (one,) = rows([row], columns)
    assert one.documents == (Product(id="a", title="Giày nữ", brand="Nike", extra={"ngay": "2026-01-02"}),)
    assert (one.ids, one.query_id) == (("a",), 3)


def test_a_column_that_a_caller_named_goes_before_one_of_that_name():
    row = {"query": "giày", "title": "sai", "name2": "Giày nữ"}
    (one,) = rows([row], Columns("product", "query", product={"name2": "title"}))
    assert one.documents[0].title == "Giày nữ"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"query": None, "document": "dép"}, "row 1, field 'query': is null; give a query, or leave the row out"),
        ({"query": "", "document": "dép"}, "field 'query': is empty; give a query"),
        ({"query": " \u200b\t", "document": "dép"}, "field 'query': is empty"),
        ({"query": "giày", "document": None}, "field 'document': is null; give a document, or leave the row out"),
        ({"query": "giày", "document": "\n"}, "field 'document': is empty; give a document"),
    ],
)
def test_a_text_that_is_missing_is_said(row, said):
    assert said in wrong([{"query_id": "a", **row}], TEXTS)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (None, "field 'ids': is null; give a list of ids, an empty one where there are no candidates"),
        (["a", None], "field 'ids': holds an id that is null or empty"),
        (["", "a"], "field 'ids': holds an id that is null or empty"),
    ],
)
def test_a_list_that_can_not_be_used_is_said(ids, said):
    schema = pa.schema([("query", pa.string()), ("ids", pa.list_(pa.string()))])
    assert said in wrong(pa.Table.from_pylist([{"query": "giày", "ids": ids}], schema), LISTS)


def test_a_product_that_can_not_be_read_is_said():
    columns = Columns("text", "query", document="document")
    row = {"query": "giày", "document": {"title": "Giày", "price": "đắt lắm"}}
    assert "in.parquet, row 8, field 'document': field 'price'" in wrong([row], columns, first=7)


def test_bytes_that_are_no_text_cost_their_row_alone():
    broken = pa.Array.from_buffers(
        pa.string(),
        3,
        [None, pa.py_buffer(b"\0\0\0\0\x04\0\0\0\x06\0\0\0\x0a\0\0\0"), pa.py_buffer(b"giay\xff\xfedep!")],
    )
    table = pa.table({"query_id": ["a", "b", "c"], "query": broken, "document": ["x", "y", "z"]})
    first, second, third = rows(table, TEXTS)
    assert (first.query, third.query) == ("giay", "dep!")
    assert "row 2: holds a value that can not be read ('utf-8' codec" in str(second)
