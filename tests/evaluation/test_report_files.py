import json

import numpy as np
import pytest

from xephang.errors import InputError
from xephang.evaluation import Run, evaluate, read_qrels, write_report
from xephang.evaluation.report import TREC
from xephang.judgments import Judgment


@pytest.fixture
def evaluation(shop, given):
    rows = (4.0, 1.0, 2.0, 3.0) * 4
    return evaluate([given("my/model", rows, tuple(x / 5 for x in rows))], shop, resamples=100)


def test_every_file_is_written_and_returned(evaluation, tmp_path):
    paths = write_report(evaluation, tmp_path / "a" / "b")
    assert sorted(path.relative_to(tmp_path / "a" / "b").as_posix() for path in paths) == [
        "report.html",
        "report.json",
        "report.md",
        "trec/BM25-accented.run",
        "trec/BM25-folded.run",
        "trec/documents.jsonl",
        "trec/my-model.run",
        "trec/qrels.txt",
        "trec/queries.jsonl",
    ]
    assert sorted(path for path in (tmp_path / "a" / "b").rglob("*") if path.is_file()) == sorted(paths)
    assert all(path.stat().st_size for path in paths)


def test_the_json_holds_what_the_evaluation_holds(evaluation, tmp_path):
    write_report(evaluation, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(evaluation.to_dict())
    )


def test_what_is_written_evaluates_to_the_same_figures(evaluation, tmp_path):
    """Qrels and runs are enough to measure again, here or with other tools."""
    write_report(evaluation, tmp_path)
    trec = tmp_path / TREC
    judged = read_qrels(trec / "qrels.txt", trec / "queries.jsonl", trec / "documents.jsonl")
    runs = [Run(trec / name) for name in ("my-model.run", "BM25-accented.run", "BM25-folded.run")]
    again = evaluate(runs, judged, bm25=False, resamples=100)
    for one, other in zip(again.results, evaluation.results, strict=True):
        np.testing.assert_allclose(one.values, other.values)
    assert [(one.kind, one.value, one.queries) for one in again.slices] == [
        (one.kind, one.value, one.queries) for one in evaluation.slices
    ]


@pytest.mark.parametrize("name", ["../../up", "..", "a b/c\\d", "\ud800 \x00", "…", "giày"], ids=ascii)
def test_a_systems_name_leads_nowhere_else(shop, given, tmp_path, name):
    paths = write_report(
        evaluate([given(name, tuple(range(16))), given(name, (0.0,) * 16)], shop, bm25=False), tmp_path
    )
    runs = [path for path in paths if path.suffix == ".run"]
    assert len({path.resolve() for path in runs}) == 2
    assert not [path for path in runs if path.name.startswith((".", "-"))]
    assert all(path.resolve().parent == (tmp_path / TREC).resolve() for path in runs)


def test_half_characters_fit_into_every_file(given, tmp_path):
    judged = [Judgment("giày \ud83d", f"\udc5f {i}", grade) for i, grade in enumerate((0, 3))]
    write_report(evaluate([given("a\udc00", (2, 1))], judged, resamples=10), tmp_path)
    table = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert table["queries"][0]["query"] == "giày \ud83d"
    assert json.loads((tmp_path / TREC / "queries.jsonl").read_text(encoding="utf-8"))["query"] == "giày \ud83d"
    assert "giày \ufffd" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_report_replaces_an_older_one_and_leaves_other_files(evaluation, tmp_path):
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    write_report(evaluation, tmp_path)
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# How well my/model ranks")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_file_is_no_folder(evaluation, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="out: is a file; name a folder"):
        write_report(evaluation, tmp_path / "out")
