from dataclasses import replace
from math import nan

import pytest
from huggingface_hub import ModelCard, ModelCardData, metadata_load

from xephang.card import MetricsRecord, render, save_card
from xephang.card.metadata import metadata

HELD_OUT = MetricsRecord("Held-out queries", "Giày thử", {"nDCG@10": 0.71, "P(rel=2)@10": "0.40 ± 0.05"})


def test_the_hub_reads_what_the_card_of_the_form_has(record):
    data = ModelCard(render(replace(record, license="Apache-2.0"))).data
    assert data.base_model == "some-org/base-model"
    assert data.pipeline_tag == "text-ranking"
    assert data.library_name == "sentence-transformers"
    assert data.language == "vi"
    assert data.license == "apache-2.0"
    assert data.tags == [
        "sentence-transformers",
        "cross-encoder",
        "reranker",
        "generated_from_trainer",
        "dataset_size:12345",
        "loss:FitMixinLoss",
        "xephang",
    ]


def test_a_folder_is_not_given_to_the_hub_as_base_model(record):
    card = render(replace(record, base_model="my-weights", base_is_hub_id=False))
    assert "base_model" not in ModelCard(card).data.to_dict()
    assert "huggingface.co/my-weights" not in card
    assert "`my-weights`" in card


@pytest.mark.parametrize("field", ["license", "language"])
def test_what_nobody_stated_is_left_out_and_said_so_in_the_text(record, field):
    card = render(replace(record, **{field: ""}))
    assert field not in ModelCard(card).data.to_dict()
    assert f"- **{field.title()}:** not stated" in card


def test_metadata_survives_the_round_trip_through_yaml(record, tmp_path):
    measured = record.with_metrics(HELD_OUT)
    loaded = metadata_load(save_card(tmp_path, measured))
    assert loaded == metadata(measured).to_dict()
    assert ModelCardData(**loaded).to_dict() == loaded


def test_figures_become_results_of_the_hub(record):
    data = ModelCard(render(record.with_metrics(HELD_OUT))).data
    assert data.model_name == "Giày reranker"
    assert data.metrics == ["ndcg_at_10", "p_rel_2_at_10"]
    found = [(r.task_type, r.dataset_name, r.metric_name, r.metric_type, r.metric_value) for r in data.eval_results]
    assert found == [
        ("text-ranking", "Giày thử", "nDCG@10", "ndcg_at_10", 0.71),
        ("text-ranking", "Giày thử", "P(rel=2)@10", "p_rel_2_at_10", 0.4),
    ]


def test_two_measurements_of_one_dataset_stay_two(record):
    measured = record.with_metrics(HELD_OUT).with_metrics(replace(HELD_OUT, title="int8", values={"nDCG@10": 0.7}))
    (index,) = ModelCard(render(measured)).data.to_dict()["model-index"]
    assert [[m["value"] for m in result["metrics"]] for result in index["results"]] == [
        [0.71, 0.4],
        [0.7],
    ]


def test_a_record_without_figures_has_no_results(record):
    assert "model-index" not in metadata(record).to_dict()


def test_a_figure_that_is_no_number_stays_out_of_the_metadata_and_in_the_text(record):
    card = render(record.with_metrics(MetricsRecord("Broken", "d", {"nDCG@10": nan})))
    assert "model-index" not in ModelCard(card).data.to_dict()
    assert "| nDCG@10 | nan " in card


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: b # c", id="colon and hash"),
        pytest.param("no", id="a YAML boolean"),
        pytest.param("- [x] {y}", id="YAML brackets"),
        pytest.param("a\n---\nb", id="a document's end"),
        pytest.param("giày \"đẹp\" 'rẻ' \\", id="quotes"),
        pytest.param("🔥 \u2028 \u202e", id="unseen characters"),
    ],
)
def test_hostile_names_come_through_yaml_as_they_are(record, text):
    measured = replace(record, name=text).with_metrics(replace(HELD_OUT, dataset=text, title=text))
    data = ModelCard(render(measured)).data
    assert data.model_name == text
    assert {result.dataset_name for result in data.eval_results} == {text}
