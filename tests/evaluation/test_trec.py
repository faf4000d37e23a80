import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang import Product
from xephang.errors import InputError, RowError
from xephang.evaluation.judged import JudgmentSet
from xephang.evaluation.trec import ranked, read_qrels, read_run, write_qrels, write_run
from xephang.judgments import Judgment


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


def test_what_was_written_reads_as_the_same(files, tmp_path):
    first = read_qrels(*files())
    again = read_qrels(*write_qrels(tmp_path / "out", first))
    assert (again.candidates, again.slices) == (first.candidates, first.slices)


def test_judgments_without_ids_can_be_written_as_trec(tmp_path):
    judged = JudgmentSet.of([Judgment("giày", "x", 3), Judgment("dép", "x", 0)])
    qrels, queries, documents = write_qrels(tmp_path, judged)
    assert qrels.read_text() == "q1 0 d1 3\nq2 0 d1 0\n"
    assert [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()] == [
        {"query_id": "q1", "query": "giày"},
        {"query_id": "q2", "query": "dép"},
    ]
    assert documents.read_text() == '{"document_id": "d1", "text": "x"}\n'


def test_a_run_is_read(write):
    assert read_run(write("r.run", "1 Q0 a 1 2.5 me", "", "1\tQ0\tb\t2\t-1e-3\tme")) == {
        ("1", "a"): 2.5,
        ("1", "b"): -0.001,
    }


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param(["1 Q0 a 1 2.5"], r"row 1: expected 6 columns \(query Q0 document", id="short"),
        pytest.param(["1 Q0 a 1 high me"], "row 1, field 'score': expected a number, got 'high'", id="no number"),
        pytest.param(["1 Q0 a 1 nan me"], "row 1, field 'score'", id="nan"),
        pytest.param(["1 Q0 a 1 2 me", "1 Q0 a 2 1 me"], "row 2, field 'document': 'a' has a score", id="twice"),
    ],
)
def test_a_bad_line_of_a_run_is_named(write, lines, says):
    with pytest.raises(RowError, match=says):
        read_run(write("r.run", *lines))


def test_a_run_that_is_no_file_of_text(tmp_path):
    with pytest.raises(InputError, match=r"none\.run: there is no such file"):
        read_run(tmp_path / "none.run")
    (tmp_path / "b.run").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"b\.run: can not be read as a UTF-8 text"):
        read_run(tmp_path / "b.run")
    (tmp_path / "e.run").write_text("\n\n")
    with pytest.raises(InputError, match=r"e\.run: is empty"):
        read_run(tmp_path / "e.run")


def test_a_run_is_written_best_first_and_ties_against_the_system(tmp_path, grades):
    judged = grades([3, 0, 1], [2, 2])
    write_run(tmp_path / "r.run", judged, [1.0, 1.0, 5.0, float("nan"), 0.25], "my model")
    assert (tmp_path / "r.run").read_text().splitlines() == [
        "q1 Q0 d3 1 5 my_model",
        "q1 Q0 d2 2 1 my_model",
        "q1 Q0 d1 3 1 my_model",
        "q2 Q0 d5 1 0.25 my_model",
        "q2 Q0 d4 2 -inf my_model",
    ]


@given(st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=20))
def test_scores_survive_a_run_file(tmp_path_factory, scores):
    judged = JudgmentSet.of([Judgment("q", f"d {i}", 0) for i in range(len(scores))])
    path = tmp_path_factory.mktemp("runs") / "r.run"
    write_run(path, judged, scores, "x")
    found = read_run(path)
    assert [found["q1", f"d{i + 1}"] for i in range(len(scores))] == pytest.approx(scores, rel=1e-6)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 1.0, float("nan")])), min_size=1, max_size=12))
def test_ranking_is_by_score_and_then_against_the_system(rows):
    judged = JudgmentSet.of([Judgment("q", f"d {i}", grade) for i, (grade, _) in enumerate(rows)])
    scores = [score for _, score in rows]
    order = ranked(judged, scores, range(len(rows)))
    assert sorted(order) == list(range(len(rows)))
    shown = [(float("-inf") if scores[i] != scores[i] else scores[i], -rows[i][0]) for i in order]
    assert shown == sorted(shown, reverse=True)
