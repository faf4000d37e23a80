import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError, RowError
from xephang.evaluation.trec import ranked, read_run, write_qrels, write_run
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.qrels import read_qrels


@pytest.fixture
def files(write):
    """Qrels, queries and documents that belong together; any of them can be replaced."""

    def make(qrels=("1 0 a 3", "1 0 b 0", "2\t0\tb\t2"), queries=None, documents=None):
        queries = queries or [{"query_id": "1", "query": "giày", "shape": "head"}, {"query_id": 2, "query": "dép"}]
        documents = documents or [{"document_id": "a", "text": "Giày  tây"}, {"id": "b", "text": "Dép lê"}]
        return write("qrels.txt", *qrels), write("queries.jsonl", *queries), write("documents.jsonl", *documents)

    return make


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
