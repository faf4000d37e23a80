"""Grades apart from their texts: TREC qrels, and rows of ids, beside queries and documents or a catalogue."""

import gzip
import os

import pytest

from xephang import Product
from xephang.errors import InputError, RowError
from xephang.judgments.qrels import open_judgments, read_qrels


@pytest.fixture
def files(write):
    """Qrels, queries and documents that belong together; any of them can be replaced."""

    def make(qrels=("1 0 a 3", "1 0 b 0", "2\t0\tb\t2"), queries=None, documents=None):
        queries = queries or [{"query_id": "1", "query": "giày", "shape": "head"}, {"query_id": 2, "query": "dép"}]
        documents = documents or [{"document_id": "a", "text": "Giày  tây"}, {"id": "b", "text": "Dép lê"}]
        return write("qrels.txt", *qrels), write("queries.jsonl", *queries), write("documents.jsonl", *documents)

    return make


def test_qrels_with_their_texts(files):
    found = read_qrels(*files())
    assert [(c.query_id, c.document_id, c.query, c.document, c.grade) for c in found.candidates] == [
        ("1", "a", "giày", "Giày tây", 3),
        ("1", "b", "giày", "Dép lê", 0),
        ("2", "b", "dép", "Dép lê", 2),
    ]
    assert found.slices == {"shape": {"head": {"1"}}}
    assert found.name == "qrels.txt"


def test_documents_may_be_a_catalogue(files):
    products = [{"id": "a", "title": "Giày tây", "size": "41"}, {"id": "b", "title": "Dép lê"}]
    found = read_qrels(*files(documents=products))
    assert found.candidates[0].document == Product(id="a", title="Giày tây", size="41")


def test_a_catalogue_may_have_columns_of_its_own(files, write):
    qrels, queries, _ = files()
    catalogue = write("shop.csv", "sku,name", "a,Giày tây", "b,Dép lê")
    found = read_qrels(qrels, queries, catalogue, {"id": "sku", "title": "name"})
    assert [c.text for c in found.candidates] == ["Giày tây", "Dép lê", "Dép lê"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param(
            {"qrels": ["1 0 a 3", "9 0 a 1"]}, "qrels.txt, row 2, field 'query_id': '9' is not in", id="query"
        ),
        pytest.param({"qrels": ["1 0 z 3"]}, "row 1, field 'document_id': 'z' is not in", id="document"),
        pytest.param({"qrels": ["1 0 a 4"]}, "field 'grade': expected a grade 0, 1, 2 or 3, got '4'", id="grade"),
        pytest.param({"qrels": ["1 0 a -1"]}, "field 'grade'", id="negative"),
        pytest.param({"qrels": ["1 0 a 1.5"]}, "field 'grade'", id="fraction"),
        pytest.param({"qrels": ["1 a 3"]}, r"row 1: expected 4 columns \(query 0 document grade\)", id="columns"),
        pytest.param({"qrels": ["1 0 a 3", "", "1 0 a 2"]}, "row 3, field 'grade': it is 2 here and 3", id="twice"),
        pytest.param({"queries": [{"query": "giày"}]}, "queries.jsonl, row 1, field 'id': there is no id", id="no id"),
        pytest.param({"queries": [{"id": 1, "query": ""}]}, "queries.jsonl, row 1, field 'query'", id="no text"),
        pytest.param(
            {"queries": [{"id": 1, "query": "giày"}, {"id": 1, "query": "dép"}]},
            "queries.jsonl, row 2, field 'id': '1' is in row 1 already; one id, one query",
            id="query twice",
        ),
        pytest.param(
            {"documents": [{"id": "a", "text": "Giày"}, {"id": "b", "text": "Dép"}, {"id": "a", "text": "Ủng"}]},
            "documents.jsonl, row 3, field 'id': 'a' is in row 1 already; one id, one document",
            id="document twice",
        ),
        pytest.param({"documents": [{"id": "a", "text": 5}]}, "documents.jsonl, row 1, field 'text'", id="number"),
    ],
)
def test_what_is_wrong_is_named(files, changed, says):
    with pytest.raises(RowError, match=says):
        read_qrels(*files(**changed))


@pytest.fixture
def rows(files, write):
    """The same as `files`, the grades being rows under names of their own."""

    def make(*graded, name="grades.jsonl"):
        _, queries, documents = files(
            queries=[{"id": "q1", "query": "giay tay", "clean": "giày tây", "noise": "folded"}]
        )
        return write(name, *graded), queries, documents

    return make


def test_grades_may_be_rows(rows):
    graded = [{"query_id": "q1", "listing": i, "grade": grade} for i, grade in (("a", 3), ("b", 0))]
    found = read_qrels(*rows(*graded), {"document_id": "listing"})
    assert [(c.query_id, c.document_id, c.document, c.grade) for c in found.candidates] == [
        ("q1", "a", "Giày tây", 3),
        ("q1", "b", "Dép lê", 0),
    ]
    assert found.slices == {"noise": {"folded": {"q1"}}}


def test_a_queries_slice_that_is_none_is_named_in_its_own_file(files):
    with pytest.raises(RowError, match=r"queries\.jsonl, row 1, field 'facet': expected a text"):
        read_qrels(*files(queries=[{"id": 1, "query": "giày", "facet": {"a": 1}}, {"id": 2, "query": "dép"}]))


def test_what_is_read_twice_is_no_pipe_and_qrels_alone_have_no_texts(files, tmp_path):
    qrels, queries, _ = files()
    os.mkfifo(tmp_path / "pipe.jsonl")
    for given in ((tmp_path / "pipe.jsonl", None, None), (qrels, queries, tmp_path / "pipe.jsonl")):
        with pytest.raises(InputError, match="is read more than once here"):
            open_judgments(*given)
    with pytest.raises(InputError, match=r"qrels\.txt: TREC qrels have no texts; give --queries FILE and --documents"):
        open_judgments(qrels)


def test_gzipped_grades_are_rows_too(rows):
    plain, queries, documents = rows({"query_id": "q1", "listing": "a", "mark": 3})
    packed = plain.with_name("grades.jsonl.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    columns = {"document_id": "listing", "grade": "mark"}
    found = [read_qrels(path, queries, documents, columns).candidates for path in (plain, packed)]
    assert found[0] == found[1]


def test_grades_may_be_csv_beside_a_catalogue(rows, write):
    paths = rows("query_id,sku,grade", "q1,a,3", "q1,b,0", name="grades.csv")
    catalogue = write("shop.csv", "id,name", "a,Giày tây", "b,Dép lê")
    found = read_qrels(*paths[:2], catalogue, {"document_id": "sku", "title": "name"})
    assert [(c.document_id, c.text) for c in found.candidates] == [("a", "Giày tây"), ("b", "Dép lê")]


def test_another_column_of_the_queries_can_be_asked(rows):
    """So are the clean forms of the same queries measured."""
    paths = rows({"query_id": "q1", "document_id": "a", "grade": 3})
    assert read_qrels(*paths).queries == {"q1": "giay tay"}
    assert read_qrels(*paths, {"query": "clean"}).queries == {"q1": "giày tây"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param(
            {"query_id": "q1", "document_id": "a"}, "row 1, field 'grade': there is no such column", id="gone"
        ),
        pytest.param(
            {"query_id": "q1", "document_id": "a", "grade": "x"}, "field 'grade': expected a number", id="text"
        ),
        pytest.param({"query_id": "q1", "document_id": "a", "grade": 2.5}, "expected a grade 0, 1, 2 or 3", id="half"),
        pytest.param(
            {"query_id": "q9", "document_id": "a", "grade": 1}, "field 'query_id': 'q9' is not in", id="query"
        ),
        pytest.param({"query_id": "q1", "document_id": "a b", "grade": 1}, "expected an id without spaces", id="space"),
    ],
)
def test_a_bad_row_of_grades_is_named(rows, row, says):
    with pytest.raises(RowError, match=rf"grades\.jsonl, row 1.*{says.removeprefix('row 1, ')}"):
        read_qrels(*rows(row))


def test_a_spreadsheet_may_hold_the_queries_itself(write):
    grades = write("grades.csv", "query,sku,grade,shape", "giày  tây,a,3,head", "dép,a,0,tail", "giày tây,b,1,head")
    catalogue = write("shop.csv", "id,name", "a,Giày tây", "b,Dép lê")
    found = open_judgments(grades, None, catalogue, {"document_id": "sku", "title": "name"})
    assert [(c.query_id, c.query, c.document_id, c.grade) for c in found.candidates] == [
        ("q1", "giày tây", "a", 3),
        ("q2", "dép", "a", 0),
        ("q1", "giày tây", "b", 1),
    ]
    assert found.slices == {"shape": {"head": {"q1"}, "tail": {"q2"}}}


def test_a_spreadsheet_without_a_query_is_named(write):
    grades = write("grades.csv", "query,document_id,grade", "giày,a,3", ",a,1")
    catalogue = write("shop.csv", "id,name", "a,Giày tây")
    with pytest.raises(RowError, match=r"grades\.csv, row 2, field 'query': expected a text"):
        open_judgments(grades, None, catalogue)


def test_qrels_need_the_texts_of_their_queries(files):
    qrels, queries, documents = files()
    with pytest.raises(InputError, match=r"qrels\.txt: qrels have no texts"):
        open_judgments(qrels, None, documents)
    with pytest.raises(InputError, match="qrels need both"):
        open_judgments(qrels, queries)


def test_judgments_with_their_texts_need_nothing_else(write):
    path = write("j.jsonl", {"query": "giày", "document": "Giày tây", "grade": 2})
    assert open_judgments(path).candidates[0].grade == 2
