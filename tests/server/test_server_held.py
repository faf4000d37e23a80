import shutil

import pytest
from serving import compiled_of, settings_of, shoe

from xephang import Reranker
from xephang.calibration import Calibration, Platt
from xephang.compiled import CompiledCatalogue
from xephang.errors import InputError, ModelError
from xephang.fingerprint import fingerprint
from xephang.folder import ModelFolder
from xephang.server.held import Held

PLATT = Calibration(Platt(0.5, -1.0), 2, "dev.jsonl", "", 10, 300, 90, 0.2, 0.05)


@pytest.fixture
def folder(tiny_exported, tmp_path):
    return shutil.copytree(tiny_exported, tmp_path / "model")


def of(folder, **options):
    return fingerprint(Reranker.load(folder, threads=1, **options))


def test_a_fingerprint_tells_models_apart_wherever_they_lie(folder, tiny_exported, tiny_apart, tmp_path):
    assert of(folder) == of(tiny_exported)
    assert of(tiny_apart) != of(tiny_exported)
    assert of(folder, engine="torch") != of(folder)
    assert len(of(folder)) == 64


@pytest.mark.parametrize("file", ["tokenizer.json", "config.json"])
def test_a_file_that_scores_depend_on_changes_it(folder, file):
    before = of(folder)
    (folder / file).write_text((folder / file).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert of(folder) != before


def test_a_calibration_changes_it(folder):
    before = of(folder)
    ModelFolder.open(folder).with_calibration(PLATT)
    assert of(folder) != before


@pytest.mark.parametrize(("engine", "file"), [("torch", "model.safetensors"), ("onnx", "onnx/model_int8.onnx")])
def test_the_weights_that_are_read_change_it_and_others_not(folder, engine, file):
    reranker, other = (Reranker.load(folder, engine=one, threads=1) for one in ("torch", "onnx"))
    reranker, other = (reranker, other) if engine == "torch" else (other, reranker)
    before = fingerprint(reranker), fingerprint(other)
    (folder / file).write_bytes((folder / file).read_bytes() + b"1")
    assert fingerprint(reranker) != before[0]
    assert fingerprint(other) == before[1]


def test_what_nobody_reads_changes_nothing(folder):
    before = of(folder)
    (folder / "README.md").write_text("# another card", encoding="utf-8")
    (folder / "model.safetensors").unlink()
    assert of(folder) == before


def test_a_catalogue_of_another_model_is_not_opened(tiny_apart, make_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "shop")
    assert len(Held.open(settings_of(tiny_apart, catalogue=str(tmp_path / "shop"))).catalogue) == 30
    with pytest.raises(ModelError, match="compile it again, or load the model that did"):
        Held.open(settings_of(tiny_apart, catalogue=str(tmp_path / "shop"), precision="fp32"))
    with pytest.raises(InputError):
        Held.open(settings_of(tiny_apart, catalogue=str(tmp_path / "none")))


def test_a_catalogue_needs_a_model_that_reads_products_apart(tiny_apart, tiny_exported, tmp_path):
    compiled_of(tiny_apart, tmp_path / "shop")
    with pytest.raises(ModelError, match="its products can not be computed ahead"):
        Held.open(settings_of(tiny_exported, catalogue=str(tmp_path / "shop")))


def test_a_snapshot_stays_as_it_is(tiny_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "shop")
    held = Held.open(settings_of(tiny_apart, catalogue=str(tmp_path / "shop")))
    snapshot = held.snapshot()
    CompiledCatalogue.open(tmp_path / "shop", model=held.reranker).update([shoe(1, version=1)])
    held.catalogue.refresh()
    assert snapshot.products(["p1"]) == [shoe(1)]
    assert held.catalogue.products(["p1"]) == [shoe(1, version=1)]


def test_without_a_catalogue_there_is_no_snapshot(make_held):
    assert make_held().snapshot() is None
