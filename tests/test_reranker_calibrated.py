"""A calibration travels with the model and makes its scores, wherever they are asked for."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from xephang.calibration import Calibration, Isotonic, Platt
from xephang.compiling import export
from xephang.errors import InputError, ModelError
from xephang.folder import Manifest, ModelFolder
from xephang.reranker import Reranker

QUERY = "giày chạy bộ nữ"
DOCUMENTS = ["Giày chạy bộ nữ Adidas", "Dép tổ ong", "", "Sandal nữ quai mảnh " * 6, "Giày đá bóng", "Balo 🎒"]
PAIRS = [(QUERY, document) for document in DOCUMENTS]
PLATT = Calibration(Platt(0.5, -1.0), 2, "dev.jsonl", "", 10, 300, 90, 0.2, 0.05)
STEP = replace(PLATT, map=Isotonic((-30.0, 30.0), (0.4, 0.4)))


def calibrated(model, tmp_path, calibration=PLATT):
    folder = shutil.copytree(model, tmp_path / "calibrated")
    return ModelFolder.open(folder).with_calibration(calibration).path


@pytest.fixture(params=["fp32", "int8", "torch"])
def options(request):
    return {"engine": "torch"} if request.param == "torch" else {"precision": request.param}


@pytest.fixture
def folder(tiny_exported, tmp_path):
    return calibrated(tiny_exported, tmp_path)


def test_the_default_score_is_the_calibrated_probability(folder, options):
    reranker = Reranker.load(folder, **options)
    logits = reranker.score(PAIRS).logits
    scores = reranker.predict(PAIRS)
    assert (reranker.activation, scores.dtype) == ("calibrated", np.float32)
    assert scores == pytest.approx(1 / (1 + np.exp(1.0 - 0.5 * logits.astype(np.float64))), abs=1e-3)
    assert scores == pytest.approx(reranker.predict(PAIRS, activation="calibrated"), abs=1e-5)
    assert {entry["corpus_id"]: entry["score"] for entry in reranker.rank(QUERY, DOCUMENTS)} == pytest.approx(
        dict(enumerate(scores.tolist())), abs=1e-5
    )
    assert reranker.activate(logits) == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_other_scores_are_those_of_the_model_without_it(folder, tiny_exported, options, activation):
    plain = Reranker.load(tiny_exported, **options).predict(PAIRS, activation=activation)
    assert Reranker.load(folder, **options).predict(PAIRS, activation=activation) == pytest.approx(plain, abs=1e-5)


def test_sigmoid_is_what_sentence_transformers_gives(folder):
    from sentence_transformers import CrossEncoder

    theirs = CrossEncoder(str(folder), device="cpu").predict(PAIRS, show_progress_bar=False)
    assert Reranker.load(folder, precision="fp32").predict(PAIRS, activation="sigmoid") == pytest.approx(
        theirs, abs=1e-4
    )


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_batch_sizes_change_nothing(folder, options, batch_size):
    reranker = Reranker.load(folder, **options)
    assert reranker.predict(PAIRS, batch_size=batch_size) == pytest.approx(reranker.predict(PAIRS), abs=1e-5)


def test_whoever_sorts_by_score_has_the_order_of_the_logits_even_where_the_map_is_flat(tiny_exported, tmp_path):
    ranked = Reranker.load(calibrated(tiny_exported, tmp_path, STEP)).rank(QUERY, DOCUMENTS)
    by_logit = Reranker.load(tiny_exported).rank(QUERY, DOCUMENTS, activation="identity")
    assert [entry["corpus_id"] for entry in ranked] == [entry["corpus_id"] for entry in by_logit]
    assert sorted((entry["score"] for entry in ranked), reverse=True) == [entry["score"] for entry in ranked]
    assert len({entry["score"] for entry in ranked}) == len(ranked)
    assert all(entry["score"] == pytest.approx(0.4, abs=1e-3) for entry in ranked)


def test_a_calibration_goes_before_an_activation_that_was_saved(tiny_exported, tmp_path):
    folder = calibrated(tiny_exported, tmp_path)
    settings = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    settings["activation_fn"] = "torch.nn.modules.linear.Identity"
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
    assert Reranker.load(folder).activation == "calibrated"


def test_asked_of_a_model_without_one_it_says_how_to_make_one(tiny_exported):
    reranker = Reranker.load(tiny_exported)
    assert reranker.activation == "sigmoid"
    for call in (
        lambda: reranker.predict(PAIRS, activation="calibrated"),
        lambda: reranker.rank(QUERY, DOCUMENTS, activation="calibrated"),
    ):
        with pytest.raises(InputError, match=r"carries none; make one with: xephang calibrate FOLDER --judgments FILE"):
            call()


def test_a_model_of_several_labels_takes_none(tiny_classes, tmp_path):
    reranker = Reranker.load(calibrated(tiny_classes, tmp_path))
    assert reranker.activation == "identity"
    assert np.array_equal(reranker.predict(PAIRS), reranker.score(PAIRS).logits)
    with pytest.raises(InputError, match="'calibrated' is for models of one label, this one has 3"):
        reranker.predict(PAIRS, activation="calibrated")


def test_it_is_saved_beside_all_else_that_the_manifest_says(folder, tiny_exported):
    before, after = (Manifest.from_json(path / "xephang.json") for path in (tiny_exported, folder))
    assert after == replace(before, calibration=PLATT)
    assert before.calibration is None and "calibration" not in before.to_json()
    assert not [path for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_a_plain_folder_gets_a_manifest(tiny, tmp_path):
    folder = calibrated(tiny, tmp_path)
    assert Manifest.from_json(folder / "xephang.json") == Manifest(calibration=PLATT)
    assert Reranker.load(folder).activation == "calibrated"


def test_export_keeps_it(make_apart, tmp_path):
    folder = calibrated(make_apart(), tmp_path)
    export(folder, ["fp32"])
    manifest = ModelFolder.open(folder).manifest
    assert (manifest.calibration, len(manifest.artefacts)) == (PLATT, 1)


def test_a_new_one_replaces_it(folder):
    assert ModelFolder.open(folder).with_calibration(STEP).manifest.calibration == STEP
    assert ModelFolder.open(folder).manifest.calibration == STEP


def test_a_calibration_of_files_that_an_export_has_replaced_is_not_written(tiny_exported, tmp_path):
    folder = shutil.copytree(tiny_exported, tmp_path / "exported")
    opened = ModelFolder.open(folder)
    manifest = json.loads((folder / "xephang.json").read_text(encoding="utf-8"))
    manifest["artefacts"][0]["sha256"] = "0" * 64
    (folder / "xephang.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="was exported anew in the meantime; calibrate it again"):
        opened.with_calibration(PLATT)
    assert json.loads((folder / "xephang.json").read_text(encoding="utf-8")) == manifest


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param("null", "expected a table, got None", id="null"),
        pytest.param('{"method": "platt"}', "'slope' is missing", id="half"),
        pytest.param(json.dumps(PLATT.to_dict() | {"slope": float("nan")}), "'slope' must be a number", id="nan"),
        pytest.param(json.dumps(PLATT.to_dict() | {"slope": -1}), "'slope' must be a number", id="falling"),
    ],
)
def test_a_calibration_that_is_none_is_found_when_the_model_opens(folder, value, says):
    text = json.loads((folder / "xephang.json").read_text(encoding="utf-8")) | {"calibration": 0}
    text = json.dumps(text).replace('"calibration": 0', f'"calibration": {value}')
    (folder / "xephang.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=rf"xephang\.json: not a manifest that xephang wrote \(calibration: .*{says}"):
        Reranker.load(folder)
