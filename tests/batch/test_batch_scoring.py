"""A table of what is asked becomes a table of scores."""

import numpy as np
import pyarrow as pa
import pytest
from batch_rows import PRODUCTS, QUERIES, ids_rows, pair_rows

from xephang import CompiledCatalogue, Product
from xephang.batch import scoring
from xephang.batch.columns import Columns
from xephang.batch.scoring import schema_of, score_partition
from xephang.errors import ModelError, RowError

TEXTS = Columns("text", "query", "query_id", "document", query_id_type="string")
LISTS = Columns("ids", "query", "query_id", ids="ids", query_id_type="int64")
ONE = Columns("id", "query", id="id")
PRODUCT = Columns("product", "query")
LONG = "giày " * 3000


def scored(rows, columns, opened, **options):
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows)
    return score_partition(table, columns, opened, file="in.parquet", **options)


def test_pairs_get_the_scores_that_predict_gives(opened, reranker):
    rows = pair_rows(90)
    found = scored(rows, TEXTS, opened).table.to_pylist()
    pairs = [(row["query"], row["document"]) for row in rows]
    assert [row["score"] for row in found] == reranker.predict(pairs).tolist()
    assert [row["logit"] for row in found] == reranker.score(pairs).logits.tolist()
    assert [(row["query_id"], row["query"], row["row"]) for row in found] == [
        (row["query_id"], row["query"], at) for at, row in enumerate(rows, 1)
    ]
    assert {row["file"] for row in found} == {"in.parquet"}


@pytest.mark.parametrize("query", QUERIES[:10])
def test_candidates_get_the_scores_that_rank_gives(opened_shop, reranker, shop, query):
    ids = [product["id"] for product in PRODUCTS]
    found = scored([{"query_id": 1, "query": query, "ids": ids}], LISTS, opened_shop).table.to_pylist()
    ranked = reranker.rank(query, ids=ids, catalogue=CompiledCatalogue.open(shop))
    assert {row["id"]: row["score"] for row in found} == {one["id"]: np.float32(one["score"]) for one in ranked}
    assert [row["id"] for row in found] == ids


def test_one_id_a_row_is_a_list_of_one(opened_shop):
    lists = scored(ids_rows(12), LISTS, opened_shop).table
    single = [{"query": row["query"], "id": id} for row in ids_rows(12) for id in row["ids"]]
    assert scored(single, ONE, opened_shop).table["logit"] == lists["logit"]


def test_a_products_columns_are_rendered_by_the_models_template(opened, reranker):
    rows = [{"query": "giày chạy bộ", **product} for product in PRODUCTS]
    found = scored(rows, PRODUCT, opened).table.to_pylist()
    expected = reranker.predict([("giày chạy bộ", Product(**product)) for product in PRODUCTS])
    assert [row["score"] for row in found] == expected.tolist()
    assert [row["id"] for row in found] == [product["id"] for product in PRODUCTS]


def test_compiled_products_score_as_their_texts(opened, opened_shop):
    by_text = scored([{"query": "giày đỏ", **product} for product in PRODUCTS], PRODUCT, opened)
    by_id = scored([{"query": "giày đỏ", "id": product["id"]} for product in PRODUCTS], ONE, opened_shop)
    assert by_text.table["logit"] == by_id.table["logit"]


@pytest.mark.parametrize("at_once", [1, 2, 7, 10_000])
def test_scores_do_not_depend_on_what_is_scored_together(opened, opened_shop, monkeypatch, at_once):
    before = scored(pair_rows(40), TEXTS, opened).table, scored(ids_rows(20), LISTS, opened_shop).table
    monkeypatch.setattr(scoring, "_AT_ONCE", at_once)
    assert (scored(pair_rows(40), TEXTS, opened).table, scored(ids_rows(20), LISTS, opened_shop).table) == before


def test_partitions_put_together_are_the_whole(opened_shop):
    rows = ids_rows(15)
    whole = scored(rows, LISTS, opened_shop).table
    parts = [scored(rows[at : at + 4], LISTS, opened_shop, first=at).table for at in range(0, 15, 4)]
    assert pa.concat_tables(parts) == whole


def test_queries_without_candidates_have_no_scores(opened_shop):
    schema = pa.schema([("query_id", pa.int64()), ("query", pa.string()), ("ids", pa.list_(pa.string()))])
    table = pa.Table.from_pylist([{"query_id": 1, "query": "giày", "ids": []}] * 3, schema)
    found = scored(table, LISTS, opened_shop).table
    assert (found.num_rows, found.schema) == (0, schema_of(LISTS))


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (TEXTS, "query_id query id score logit file row"),
        (PRODUCT, "query id score logit file row"),
    ],
    ids=["with a query's id", "without"],
)
def test_what_a_file_holds(columns, names):
    schema = schema_of(columns)
    assert schema.names == names.split()
    assert [schema.field(name).type for name in ("score", "logit")] == [pa.float32()] * 2


def test_ids_of_queries_keep_their_type(opened_shop):
    assert scored(ids_rows(3), LISTS, opened_shop).table.schema.field("query_id").type == pa.int64()


BAD = [
    pytest.param({"query": None}, "query", "is null", id="no query"),
    pytest.param({"query": "  "}, "query", "is empty", id="an empty query"),
    pytest.param({"query": LONG}, "query", "leaves no room", id="a query that is too long"),
]


@pytest.mark.parametrize(("change", "field", "said"), BAD)
@pytest.mark.parametrize("by_id", [False, True], ids=["texts", "ids"])
def test_a_bad_query_ends_it(opened, opened_shop, change, field, said, by_id):
    rows = ids_rows(9) if by_id else pair_rows(9)
    rows[5] |= change
    columns, which = (LISTS, opened_shop) if by_id else (TEXTS, opened)
    with pytest.raises(RowError, match=said) as raised:
        scored(rows, columns, which, first=100)
    assert (raised.value.path, raised.value.row, raised.value.field) == ("in.parquet", 106, field)


@pytest.mark.parametrize(("change", "field", "said"), BAD)
@pytest.mark.parametrize("by_id", [False, True], ids=["texts", "ids"])
def test_a_bad_query_is_left_out_when_asked(opened, opened_shop, change, field, said, by_id):
    rows = ids_rows(9) if by_id else pair_rows(9)
    columns, which = (LISTS, opened_shop) if by_id else (TEXTS, opened)
    whole = scored(rows, columns, which).table
    rows[5] |= change
    found = scored(rows, columns, which, keep_going=True)
    (error,) = found.rejects
    assert (error.row, error.field) == (6, field) and said in error.problem
    kept = np.array(whole["row"]) != 6
    assert found.table == whole.filter(pa.array(kept))


def test_an_unknown_id_ends_it(opened_shop, shop):
    rows = ids_rows(9)
    rows[7]["ids"][2] = "SP-không-có"
    said = r"in\.parquet, row 8, field 'ids': there is no product 'SP-không-có' in .*hàng; leave it out, or compile it"
    with pytest.raises(RowError, match=said):
        scored(rows, LISTS, opened_shop)


def test_an_unknown_id_alone_is_left_out_when_asked(opened_shop):
    """The query's other candidates keep their scores."""
    rows = ids_rows(9)
    whole = scored(rows, LISTS, opened_shop).table
    rows[7]["ids"] = ["x", *rows[7]["ids"], "y"]
    found = scored(rows, LISTS, opened_shop, keep_going=True)
    assert found.table == whole
    assert [(error.row, error.problem.split("'")[1]) for error in found.rejects] == [(8, "x"), (8, "y")]


def test_a_product_with_nothing_to_read_is_left_out_when_asked(opened):
    rows = [{"query": "giày", "id": "a", "title": "Giày nữ"}, {"query": "giày", "id": "b", "title": ""}]
    found = scored(rows, PRODUCT, opened, keep_going=True)
    assert found.table["id"].to_pylist() == ["a"]
    assert [error.row for error in found.rejects] == [2]
    with pytest.raises(RowError, match=r"in\.parquet, row 2"):
        scored(rows, PRODUCT, opened)


def test_rejects_stand_in_the_order_of_rows(opened_shop):
    rows = ids_rows(9)
    rows[2]["ids"] = ["x"]
    rows[4]["query"] = None
    rows[6]["query"] = LONG
    found = scored(rows, LISTS, opened_shop, keep_going=True)
    assert [(error.row, error.field) for error in found.rejects] == [(3, "ids"), (5, "query"), (7, "query")]


def test_nothing_good_is_an_empty_table(opened):
    no_queries = pa.array([None] * 3, pa.string())
    table = pa.table({"query_id": ["a"] * 3, "query": no_queries, "document": ["x"] * 3})
    found = scored(table, TEXTS, opened, keep_going=True)
    assert (found.table.num_rows, len(found.rejects)) == (0, 3)


def test_a_score_that_is_no_number_is_never_written(opened, monkeypatch):
    monkeypatch.setattr(opened.reranker, "activate", lambda logits: np.full(len(logits), np.nan, np.float32))
    with pytest.raises(ModelError, match=r"gave a score that is no number, for in\.parquet"):
        scored(pair_rows(3), TEXTS, opened)


def test_ten_thousand_characters_are_cut_as_anywhere(opened, reranker):
    document = "Giày chạy bộ nữ đế êm " * 455
    (found,) = scored([{"query_id": "a", "query": "giày", "document": document}], TEXTS, opened).table.to_pylist()
    assert found["score"] == reranker.predict([("giày", document)])[0]
