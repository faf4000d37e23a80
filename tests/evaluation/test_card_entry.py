import shutil

import pytest

from xephang import Reranker
from xephang.card import MetricsRecord, RunRecord, load_record, save_record
from xephang.card.record import DatasetRecord, LossRecord
from xephang.errors import InputError, ModelError
from xephang.evaluation import add_to_card, evaluate, metrics_record
from xephang.product import LISTING


@pytest.fixture
def folder(tiny_exported, tmp_path):
    """A model with a record, as training leaves it."""
    path = tmp_path / "model"
    shutil.copytree(tiny_exported, path)
    dev = MetricsRecord("Dev judgments", "dev.jsonl", {"nDCG@10": 0.5})
    record = RunRecord(
        name="Mine",
        base_model="tiny",
        max_length=512,
        template=LISTING.to_dict(),
        dataset=DatasetRecord("", 0, ()),
        loss=LossRecord("BinaryCrossEntropyLoss"),
        training_activation="identity",
        inference_activation="sigmoid",
        metrics=(dev,),
    )
    save_record(path, record)
    return path


def test_figures_come_onto_the_card_beside_those_of_training(folder, shop):
    found = evaluate([Reranker.load(folder)], shop, resamples=100)
    assert add_to_card(found, folder) == folder / "README.md"
    assert [one.title for one in load_record(folder).metrics] == ["Dev judgments", "Judged queries"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "#### Judged queries" in card and "* Dataset: shop.jsonl" in card
    assert f"{found.mean('ndcg@10'):.4f} (95% interval" in card
    assert "onnx/model_int8.onnx" in card


def test_measuring_again_replaces_the_figures(folder, shop):
    for _ in range(2):
        add_to_card(evaluate([folder], shop, bm25=False, resamples=10), folder)
    assert [one.title for one in load_record(folder).metrics] == ["Dev judgments", "Judged queries"]


def test_what_the_record_says(grades, given):
    judged = grades([3, 0], [3, 0])
    found = evaluate([given("a", (2, 1) * 2, (0.9, 0.1) * 2), given("b|<i>", (1, 2) * 2)], judged, bm25=False)
    record = metrics_record(found)
    assert record.values["nDCG@10"] == "1.0000 (95% interval 1.000 – 1.000)"
    assert record.values["Expected calibration error"] == "0.1000"
    assert "Expected calibration error of its scores (as it comes), relevant from grade 2. Measured" in record.note
    assert "2 queries, 4 graded candidates" in record.note
    assert r"b\|&lt;i&gt; 0.631 (p = " in record.note
    assert "<i>" not in record.note


def test_alone_it_is_compared_with_nothing(grades, given):
    record = metrics_record(evaluate([given("a", (2, 1))], grades([3, 0]), bm25=False))
    assert "other systems" not in record.note
    assert "Expected calibration error" not in record.values and "calibration" not in record.note


def test_another_models_figures_are_refused(folder, grades, given):
    before = load_record(folder)
    with pytest.raises(InputError, match="holds 'model', and 'other' was evaluated first"):
        add_to_card(evaluate([given("other", (2, 1))], grades([3, 0]), bm25=False), folder)
    assert load_record(folder) == before


def test_a_model_without_a_record(tiny_exported, tmp_path, grades, given):
    folder = tmp_path / "model"
    shutil.copytree(tiny_exported, folder)
    with pytest.raises(ModelError, match=r"record\.json: missing"):
        add_to_card(evaluate([given("model", (2, 1))], grades([3, 0]), bm25=False), folder)
    assert not (folder / "README.md").exists()
