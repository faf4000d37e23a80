"""Which columns hold what."""

import pyarrow as pa
import pytest

from xephang.batch.columns import Columns, columns_of
from xephang.errors import InputError

TEXT, LIST = pa.string(), pa.list_(pa.string())


def found(columns, wanted=None, *, by_id=False):
    return columns_of(pa.schema(columns), "in.parquet", wanted or {}, by_id=by_id)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"query": TEXT, "document": TEXT}, Columns("text", "query", document="document")),
        ({"sentence_0": TEXT, "sentence_1": TEXT}, Columns("text", "sentence_0", document="sentence_1")),
        ({"query": TEXT, "text": TEXT, "id": TEXT}, Columns("text", "query", document="text", id="id")),
        (
            {"query_id": pa.int64(), "query": TEXT, "document": TEXT},
            Columns("text", "query", "query_id", "document", query_id_type="int64"),
        ),
        ({"query": TEXT, "document": pa.struct({"title": TEXT})}, Columns("text", "query", document="document")),
        ({"query": TEXT, "title": TEXT, "brand": TEXT}, Columns("product", "query")),
        ({"query": TEXT, "tên sản phẩm": TEXT}, Columns("product", "query")),
        ({"query": TEXT, "document": TEXT, "ids": LIST}, Columns("text", "query", document="document")),
    ],
    ids=["pairs", "sentences", "with ids", "query ids", "records", "a product", "a shop's names", "both"],
)
def test_columns_are_found_by_their_names(columns, expected):
    assert found(columns) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"query": TEXT, "ids": LIST}, Columns("ids", "query", ids="ids")),
        ({"query": TEXT, "ids": LIST, "id": TEXT}, Columns("ids", "query", ids="ids")),
        ({"query": TEXT, "id": TEXT}, Columns("id", "query", id="id")),
        ({"query": TEXT, "product_id": TEXT, "document": TEXT}, Columns("id", "query", id="product_id")),
        ({"query": TEXT, "ids": pa.large_list(pa.large_string())}, Columns("ids", "query", ids="ids")),
        (
            {"query": TEXT, "ids": LIST, "query_id": pa.dictionary(pa.int32(), pa.large_string())},
            Columns("ids", "query", "query_id", ids="ids", query_id_type="string"),
        ),
    ],
    ids=["lists", "lists first", "one each", "a text beside", "large", "dictionary"],
)
def test_with_a_catalogue_ids_are_looked_for(columns, expected):
    assert found(columns, by_id=True) == expected


def test_a_caller_names_columns():
    wanted = {"query": "q", "document": "d", "query_id": "n"}
    expected = Columns("text", "q", "n", "d", query_id_type="int32")
    assert found({"q": TEXT, "d": TEXT, "n": pa.int32(), "document": TEXT}, wanted) == expected
    columns = {"query": TEXT, "candidates": LIST, "ids": TEXT}
    assert found(columns, {"ids": "candidates"}, by_id=True).ids == "candidates"


def test_a_caller_names_a_products_columns():
    one = found({"query": TEXT, "tieu_de": TEXT, "hang": TEXT}, {"title": "tieu_de", "brand": "hang"})
    assert (one.kind, one.product, one.read) == ("product", {"tieu_de": "title", "hang": "brand"}, None)


def test_a_column_that_a_caller_named_is_not_taken_for_another():
    one = found({"query": TEXT, "text": TEXT, "document": TEXT}, {"query": "document"})
    assert (one.query, one.document) == ("document", "text")


@pytest.mark.parametrize(
    ("columns", "read"),
    [
        (Columns("ids", "q", "n", ids="ids"), ["n", "q", "ids"]),
        (Columns("id", "q", id="id"), ["q", "id"]),
        (Columns("text", "q", document="d", id="id"), ["q", "d", "id"]),
        (Columns("product", "q"), None),
    ],
    ids=lambda value: value.kind if isinstance(value, Columns) else "",
)
def test_only_what_is_needed_is_read(columns, read):
    assert columns.read == read


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"document": TEXT}, {}, r"has no column 'query', a column of queries; it has: 'document': map one"),
        ({"query": TEXT}, {}, "has no column 'document', a column of documents, or a product's columns"),
        ({"query": TEXT, "ids": LIST}, {}, "'ids' are of a compiled catalogue's products; name it: --catalogue FOLDER"),
        ({"query": TEXT, "title": TEXT}, {"by_id": True}, "has no column 'ids', a column of lists of ids, or 'id'"),
        ({"query": pa.int64(), "text": TEXT}, {}, "column 'query' holds int64, expected texts$"),
        ({"query": TEXT, "text": pa.float64()}, {}, "column 'text' holds double, expected texts or records"),
        ({"query": TEXT, "ids": TEXT}, {"by_id": True}, "column 'ids' holds string, expected lists of texts"),
        (
            {"query": TEXT, "ids": pa.list_(pa.int64())},
            {"by_id": True},
            r"column 'ids' holds list<.*int64>, expected lists of texts",
        ),
        ({"query": TEXT, "id": pa.int64()}, {"by_id": True}, "column 'id' holds int64, expected texts$"),
        ({"query": TEXT, "text": TEXT, "query_id": pa.float32()}, {}, "holds float, expected texts or whole numbers"),
        ({"query": TEXT}, {"wanted": {"query": "q"}}, "has no column 'q' to read 'query' from; it has: 'query'"),
        ({"query": TEXT}, {"wanted": {"label": "query"}}, "columns: 'label' is not one of query, query_id, document"),
    ],
)
def test_what_is_wrong_is_said(columns, options, said):
    with pytest.raises(InputError, match=said):
        found(columns, **options)


def test_two_columns_of_one_name_are_refused():
    schema = pa.schema([("query", TEXT), ("text", TEXT), ("text", TEXT)])
    with pytest.raises(InputError, match=r"in\.parquet: has two columns 'text'"):
        columns_of(schema, "in.parquet", {}, by_id=False)
