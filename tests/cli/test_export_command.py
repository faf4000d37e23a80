import json
import re

import pytest


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_both_files_and_shows_nothing_but_how_close_they_are(export_of_trained):
    folder, ran = export_of_trained
    assert (ran.code, ran.err) == (0, "")
    title, heading, _, fp32, int8, *end = ran.out.split("\n")
    assert end == ["", ""]
    assert title == "difference of 0..1 scores from torch, and the largest of logits"
    assert heading.split() == ["precision", "MB", "pairs", "largest", "mean", "logits", "file"]
    assert re.match(r"fp32 +0\.\d +8( +\d\.\de-\d\d){3} +onnx/model\.onnx$", fp32)
    assert re.match(r"int8 +0\.\d +8( +\d\.\de-\d\d){3} +onnx/model_int8\.onnx$", int8)
    assert sorted(path.name for path in (folder / "onnx").iterdir()) == ["model.onnx", "model_int8.onnx"]


def test_the_manifest_keeps_the_models_own_template(trained, export_of_trained):
    folders = (trained, export_of_trained[0])
    before, after = (json.loads((folder / "xephang.json").read_text(encoding="utf-8")) for folder in folders)
    assert before["template"]["name"] == after["template"]["name"] == "seed"
    assert {name for name in after if after[name] != before[name]} == {"artefacts", "golden_pairs"}


def test_json_and_own_pairs_of_products(xephang, tiny, copy_of, shop):
    folder = copy_of(tiny)
    pairs = shop({"query": "giày", "document": {"title": "Giày chạy bộ", "brand": "Adidas"}})
    ran = xephang("export", folder, "--pairs", pairs, "--json")
    assert ran.code == 0, ran.err
    for line, (precision, name) in zip(ran.json, [("fp32", "model.onnx"), ("int8", "model_int8.onnx")], strict=True):
        file = folder / "onnx" / name
        scores = {"largest_difference", "mean_difference"}
        assert set(line) == {"precision", "path", "bytes", "pairs", "largest_logit_difference", *scores}
        assert (line["precision"], line["path"]) == (precision, str(file))
        assert (line["bytes"], line["pairs"]) == (file.stat().st_size, 8 + 1)
        assert 0 <= line["mean_difference"] <= line["largest_difference"] <= 0.1
        assert line["largest_difference"] <= line["largest_logit_difference"], "a sigmoid only ever flattens"


def test_one_precision_and_own_pairs_of_texts(xephang, tiny, copy_of, shop, seed_pairs):
    folder = copy_of(tiny)
    ran = xephang("export", folder, "--precision", "int8", "--pairs", seed_pairs, "--json")
    assert [(line["precision"], line["pairs"]) for line in ran.json] == [("int8", 8 + 8)]
    assert [path.name for path in (folder / "onnx").iterdir()] == ["model_int8.onnx"]
    assert xephang("rank", "giày", shop({"title": "Giày"}), "--model", folder).code == 0


def test_an_unknown_precision_is_wrong_usage(xephang, tiny, copy_of):
    folder = copy_of(tiny)
    ran = xephang("export", folder, "--precision", "fp16")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "xephang: precision 'fp16' is not known; precisions are fp32, int8\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param({"query": "giày"}, "row 1, field 'document'", id="no document"),
        pytest.param({"query": "giày " * 600, "document": "x"}, "shorten the query", id="query too long"),
        pytest.param({"query": "giày", "document": {"price": 1}}, "has none of them", id="nothing to read"),
    ],
)
def test_bad_pairs_leave_the_folder_as_it_was(xephang, tiny, copy_of, shop, row, says):
    folder = copy_of(tiny)
    ran = xephang("export", folder, "--pairs", shop(row))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert snapshot(folder) == snapshot(tiny)


def test_missing_pairs_are_wrong_input(xephang, tiny, tmp_path):
    ran = xephang("export", tiny, "--pairs", tmp_path / "none.csv")
    assert ran.code == 2 and "there is no such file" in ran.err


def test_a_file_that_scores_otherwise_is_not_published(xephang, tiny, copy_of):
    folder = copy_of(tiny)
    ran = xephang("export", folder, "--tolerance", "0")
    assert (ran.code, ran.out) == (1, "")
    assert re.search(r"model\.onnx: scores differ from the model's by up to \S+ \(allowed: 0\) over 8 pairs", ran.err)
    assert snapshot(folder) == snapshot(tiny)
