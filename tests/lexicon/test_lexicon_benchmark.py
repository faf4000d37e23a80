"""The labels of real titles, and the script that measures with them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xephang.lexicon import Lexicon

ROOM = Path(__file__).parents[2] / "benchmarks" / "lexicon"
LABELS = [json.loads(line) for line in (ROOM / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
RESULTS = json.loads((ROOM / "results.json").read_text(encoding="utf-8"))
FACETS = {"category", "brand", "color", "size", "gender", "material", "heel", "feature"}


def test_labels_are_ids_and_values_and_no_titles():
    assert len(LABELS) >= 300
    assert len({label["id"] for label in LABELS}) == len(LABELS)
    for label in LABELS:
        assert set(label) == FACETS | {"id"}
        assert label["id"].isdigit()
        assert all(" " not in value for facet in FACETS for value in label[facet])


def test_label_values_are_the_lexicons_unless_it_lacks_them():
    footwear = Lexicon.load("footwear")
    for facet in ("category", "color", "gender", "material"):
        used = {value for label in LABELS for value in label[facet]}
        assert used <= set(footwear.facets[facet].values)


def test_the_result_is_of_these_labels():
    assert RESULTS["labels"]["titles"] == len(LABELS)
    assert set(RESULTS["facets"]) == FACETS
    for facet, row in RESULTS["facets"].items():
        assert 0 < row["labelled"] <= sum(len(label[facet]) for label in LABELS)


def run(*arguments):
    command = [sys.executable, str(ROOM / "measure.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def catalogue(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("id,title\n1,Giày da nam đen\n2,Dép nữ đỏ\n", encoding="utf-8")
    return path


def labelled(tmp_path, *rows):
    path = tmp_path / "labels.jsonl"
    empty = {facet: [] for facet in FACETS}
    path.write_text("".join(json.dumps({**empty, **row}) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_perfect_and_a_wrong_label_are_counted(tmp_path, catalogue):
    first = {"id": "1", "category": ["giay"], "gender": ["nam"], "color": ["den"], "material": ["da"]}
    second = {"id": "2", "category": ["dep"], "gender": ["nu"], "color": ["xanh", "hong"]}
    result = tmp_path / "results.json"
    labels = labelled(tmp_path, first, second)
    done = run("--catalogue", catalogue, "--labels", labels, "--result", result)
    assert done.returncode == 0, done.stderr
    measured = json.loads(result.read_text(encoding="utf-8"))
    assert measured["facets"]["category"]["f1"] == 1.0
    color = measured["facets"]["color"]
    assert (color["right"], color["found"], color["labelled"]) == (1, 2, 3)
    assert (color["precision"], color["recall"]) == (0.5, 0.3333)
    assert measured["errors"] == [{"id": "2", "facet": "color", "missed": ["hong", "xanh"], "extra": ["do"]}]
    assert "Giày" not in result.read_text(encoding="utf-8")


def test_labels_of_another_catalogue_are_refused(tmp_path, catalogue):
    done = run("--catalogue", catalogue, "--labels", labelled(tmp_path, {"id": "9"}), "--result", tmp_path / "r.json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "has no listing 9 (1 missing in all)" in done.stderr
    assert not (tmp_path / "r.json").exists()
