"""Judgments that others made, as one file with its texts."""

import json

import pytest

from xephang.errors import InputError, RowError
from xephang.judgments import JudgmentSet, import_judgments, open_judgments
from xephang.product import TEMPLATES


@pytest.fixture
def trec(write):
    return {
        "path": write("qrels.txt", "1 0 a 3", "1 0 b 0", "2 0 a 1", "2 0 a 1"),
        "queries": write("q.jsonl", {"id": 1, "query": "giày", "shape": "head"}, {"id": 2, "query": "dép"}),
        "documents": write("shop.csv", "id,title,brand", "a,Giày tây,Bitis", "b,Dép lê,"),
    }


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_qrels_and_a_catalogue_become_one_file(trec, tmp_path, suffix):
    out = tmp_path / f"judged{suffix}"
    counts = import_judgments(output=out, **trec)
    assert counts == {"rows": 3, "queries": 2, "products": 2, "grade 3": 1, "grade 1": 1, "grade 0": 1}
    found = JudgmentSet.read(out)
    assert [(c.query_id, c.query, c.document_id, c.document, c.grade) for c in found.candidates] == [
        ("1", "giày", "a", "Giày tây | Bitis", 3),
        ("1", "giày", "b", "Dép lê", 0),
        ("2", "dép", "a", "Giày tây | Bitis", 1),
    ]
    assert found.slices == open_judgments(**trec).slices == {"shape": {"head": {"1"}}}
    card = (tmp_path / f"judged{suffix}.md").read_text(encoding="utf-8")
    for part in ("qrels.txt, sha256 ", "q.jsonl, sha256 ", "shop.csv, sha256 ", "repeat an earlier one | 1 "):
        assert part in card


def test_another_template_makes_other_texts(trec, tmp_path):
    import_judgments(output=tmp_path / "x.jsonl", template=TEMPLATES["listing"], **trec)
    first = json.loads((tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["document"] == "Giày tây | Bitis"
    with pytest.raises(InputError, match="template 'seed'"):
        import_judgments(output=tmp_path / "x.jsonl", template=TEMPLATES["seed"], **trec)
    assert len(JudgmentSet.read(tmp_path / "x.jsonl").candidates) == 3


def test_a_spreadsheet_with_its_texts_needs_nothing_else(write, tmp_path):
    path = write("grades.csv", "Từ khoá;document;grade", "giày nữ;Giày cao gót;2", "giày nữ;Dép;0")
    assert import_judgments(path, tmp_path / "x.jsonl", columns={"query": "Từ khoá"})["rows"] == 2
    assert list(JudgmentSet.read(tmp_path / "x.jsonl").queries.values()) == ["giày nữ"]


@pytest.mark.parametrize(
    ("lines", "error", "says"),
    [
        pytest.param(["1 0 a 3", "1 0 a 2"], RowError, "row 2, field 'grade': it is 2 here and 3", id="contradiction"),
        pytest.param(["9 0 a 3"], RowError, "'9' is not in", id="unknown query"),
        pytest.param(["1 0 z 3"], RowError, "'z' is not in", id="unknown product"),
        pytest.param(["1 0 a 7"], RowError, "expected a grade 0, 1, 2 or 3", id="grade"),
        pytest.param([], InputError, "is empty", id="nothing"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_written(trec, write, tmp_path, lines, error, says):
    with pytest.raises(error, match=says):
        import_judgments(output=tmp_path / "x.jsonl", **trec | {"path": write("bad.txt", *lines)})
    assert not list(tmp_path.glob("x.jsonl*"))


def test_the_source_is_never_overwritten(write):
    path = write("j.jsonl", {"query": "giày", "document": "Giày tây", "grade": 2})
    before = path.read_bytes()
    with pytest.raises(InputError, match="is read or written for something else"):
        import_judgments(path, path)
    assert path.read_bytes() == before
