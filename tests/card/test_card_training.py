import json
import re
from dataclasses import replace
from math import nan

import pytest

from xephang.card import LossRecord, RunRecord, describe_dataset, render


def section(card, heading):
    return card.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]


def test_hyperparameters_stand_as_they_ran(record):
    card = render(
        replace(
            record,
            hyperparameters_changed={"num_train_epochs": 3},
            hyperparameters_all={
                "learning_rate": 5e-05,
                "lr_scheduler_kwargs": {},
                "debug": [],
                "tf32": None,
                "bf16": False,
                "optim": "adamw_torch_fused",
                "fsdp_config": {"xla": False},
            },
        )
    )
    assert section(card, "#### Non-Default Hyperparameters").strip() == "- `num_train_epochs`: 3"
    listed = re.findall(r"^- .*$", section(card, "#### All Hyperparameters"), re.MULTILINE)
    assert listed == [
        "- `learning_rate`: 5e-05",
        "- `lr_scheduler_kwargs`: {}",
        "- `debug`: []",
        "- `tf32`: None",
        "- `bf16`: False",
        "- `optim`: adamw_torch_fused",
        "- `fsdp_config`: {'xla': False}",
    ]


def test_a_run_with_defaults_alone_says_so(record):
    card = render(record)
    assert "None: every hyperparameter" in section(card, "#### Non-Default Hyperparameters")
    assert "Not recorded." in section(card, "#### All Hyperparameters")


def test_a_loss_is_named_linked_and_its_parameters_are_json(record):
    parameters = {"loss_fct": "torch.nn.BCEWithLogitsLoss", "pos_weight": 2.0, "k": None}
    loss = LossRecord("FitMixinLoss", "https://sbert.net/losses.html#fitmixinloss", parameters)
    text = section(render(replace(record, loss=loss)), "#### giày thử")
    assert "* Loss: [<code>FitMixinLoss</code>](https://sbert.net/losses.html#fitmixinloss) with these" in text
    assert json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1]) == parameters


def test_a_loss_without_link_or_parameters_is_its_name(record):
    assert section(render(record), "#### giày thử").rstrip().endswith("* Loss: <code>FitMixinLoss</code>")


def test_a_link_can_not_end_early(record):
    card = render(replace(record, loss=LossRecord("L", "https://example.com/a b)(c\n# x")))
    assert "(https://example.com/a%20b%29%28c%0A#%20x)" in card


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param(None, "not recorded", id="unknown"),
        pytest.param(0.25, "0.2 seconds", id="an instant"),
        pytest.param(75.4, "1 min 15 s", id="minutes"),
        pytest.param(59.99, "60.0 seconds", id="just under a minute"),
        pytest.param(3 * 3600 + 125, "3 h 2 min", id="hours"),
        pytest.param(nan, "nan seconds", id="no number"),
    ],
)
def test_training_time_is_said_in_words(record, seconds, shown):
    card = render(replace(record, training_seconds=seconds, hardware="CPU, 2 cores"))
    assert section(card, "### Training Time").strip() == f"- **Training:** {shown}\n- **Hardware:** CPU, 2 cores"


def test_logs_are_a_table_of_everything_that_was_logged(record):
    logs = (
        {"loss": 0.61, "step": 10, "epoch": 0.5},
        {"step": 20, "epoch": 1.0, "dev nDCG@10": 0.7, "loss": None},
    )
    assert section(render(replace(record, logs=logs)), "### Training Logs").strip().splitlines() == [
        "| Epoch  | Step | Training Loss | dev nDCG@10 |",
        "|:-------|:-----|:--------------|:------------|",
        "| 0.5000 | 10   | 0.6100        | -           |",
        "| 1.0000 | 20   | -             | 0.7000      |",
    ]


def test_a_run_without_logs_says_so(record):
    assert section(render(record), "### Training Logs").strip() == "No step was logged in this run."


def test_many_log_rows_are_folded_away(record):
    logs = [{"step": i, "loss": 0.5} for i in range(21)]
    assert "<details>" in section(render(replace(record, logs=tuple(logs))), "### Training Logs")
    assert "<details>" not in section(render(replace(record, logs=tuple(logs[:20]))), "### Training Logs")


def test_very_many_log_rows_are_thinned_but_no_measurement_is_lost(record):
    logs = [{"step": i, "loss": 0.5} for i in range(1_001)]
    logs[777]["dev nDCG@10"] = 0.7777
    text = section(render(replace(record, logs=tuple(logs))), "### Training Logs")
    assert "93 of 1001 logged rows:" in text
    steps = [int(step) for step in re.findall(r"^\| (\d+) ", text, re.MULTILINE)]
    assert len(steps) == 93
    assert {0, 777, 1_000} <= set(steps)
    assert "0.7777" in text


def test_versions_follow_the_form_and_missing_ones_are_owned_up_to(record):
    versions = {"xephang": "0.1.0", "Python": "3.11.9", "ONNX Runtime": "1.23"}
    assert section(render(replace(record, versions=versions)), "### Framework Versions").strip().splitlines() == [
        "- Python: 3.11.9",
        "- Sentence Transformers: not recorded",
        "- Transformers: not recorded",
        "- PyTorch: not recorded",
        "- Accelerate: not recorded",
        "- Datasets: not recorded",
        "- Tokenizers: not recorded",
        "- xephang: 0.1.0",
        "- ONNX Runtime: 1.23",
    ]


def test_a_dataset_without_a_name_is_unnamed_as_in_the_form(record):
    card = render(replace(record, dataset=replace(record.dataset, name="")))
    assert "\n#### Unnamed Dataset\n" in card
    assert "- **Training Dataset:** Unnamed\n" in card


def test_size_has_thousands_and_samples_show_their_labels(record):
    text = section(render(record), "#### giày thử")
    assert "* Size: 12,345 training samples" in text
    assert "| <code>giày chạy bộ nữ</code> | <code>Giày tây nam da bò \\| size 41</code> " in text
    assert "| <code>0</code> |" in text


def test_lists_of_documents_are_measured_and_shown(record):
    rows = [{"query": "q", "docs": ["a | b", "c"], "labels": [3.0, 0.0]}]
    dataset = describe_dataset("d", rows, size=1, columns=["query", "docs", "labels"])
    text = section(render(replace(record, dataset=dataset)), "#### d")
    assert "<li>mean: 2.00 elements</li>" in text
    assert "<code>['a \\| b', 'c']</code>" in text
    assert "<code>[3.0, 0.0]</code>" in text


def test_float_labels_show_their_range(record):
    rows = [{"label": 0.25}, {"label": 0.5}]
    dataset = describe_dataset("d", rows, size=2, columns=["label"])
    text = section(render(replace(record, dataset=dataset)), "#### d")
    assert "<ul><li>min: 0.25</li><li>mean: 0.375</li><li>max: 0.5</li></ul>" in text
    assert "* Columns: <code>label</code>\n" in text


def test_rows_that_were_never_measured_claim_nothing(record):
    dataset = describe_dataset("d", [], size=7, columns=["query", "label"])
    text = section(render(replace(record, dataset=dataset)), "#### d")
    assert "* Columns: <code>query</code> and <code>label</code>" in text
    assert "statistics" not in text
    assert "Samples" not in text


def test_the_data_statement_is_the_authors_or_admits_that_there_is_none(record):
    assert "says nothing about who collected the rows" in section(render(record), "### Data Statement")
    own = render(replace(record, data_statement="Tự viết, không lấy của ai."))
    assert section(own, "### Data Statement").strip() == "Tự viết, không lấy của ai."


def test_a_saved_record_renders_as_the_one_that_ran(record):
    """Values that JSON has no form for look the same before and after."""
    ran = replace(
        record,
        hyperparameters_all={"betas": (0.9, 0.999), "nan": nan, "map": {1: (2,)}},
        logs=({"step": 1, "loss": nan},),
    )
    assert render(RunRecord.from_json(ran.to_json())) == render(ran)
