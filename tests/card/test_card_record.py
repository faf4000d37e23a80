import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.card import ColumnStatistics, DatasetRecord, LossRecord, MetricsRecord, RunRecord
from xephang.errors import InputError, ModelError
from xephang.product import LISTING, ProductTemplate


@pytest.fixture(scope="session")
def full(record: RunRecord) -> RunRecord:
    return replace(
        record,
        base_revision="c0ffee",
        base_sha256="ab" * 32,
        base_note="Weights from a local copy.",
        license="apache-2.0",
        num_labels=4,
        hyperparameters_changed={"num_train_epochs": 3},
        hyperparameters_all={"learning_rate": 5e-05, "lr_scheduler_kwargs": {}, "debug": [], "tf32": None},
        logs=({"step": 10, "epoch": 0.5, "loss": 0.61}, {"step": 20, "epoch": 1.0, "dev nDCG@10": 0.7}),
        metrics=(MetricsRecord("Held-out", "giày thử", {"nDCG@10": 0.71, "P@5": "0.40 ± 0.05"}, "Note."),),
        training_seconds=12.5,
        hardware="CPU",
        versions={"Python": "3.11.9"},
        authors="An",
        examples=(("giày", "Giày | size 37"),),
        loss=LossRecord("LambdaLoss", "https://example.com/loss", {"k": 10, "sigma": 1.0}),
    )


def test_a_record_with_the_empty_keys_of_older_ones_opens(record):
    older = altered(record, lambda table: table.update(base_license="", tags=[], citations={}))
    assert RunRecord.from_json(older) == record


def test_a_key_that_older_records_had_empty_is_not_lost_in_silence(record):
    with pytest.raises(ModelError, match="key 'tags'"):
        RunRecord.from_json(altered(record, lambda table: table.update(tags=["giày"])))


def altered(record, change):
    table = json.loads(record.to_json())
    change(table)
    return json.dumps(table)


def test_a_record_comes_back_from_its_json(full, record):
    assert RunRecord.from_json(full.to_json()) == full
    assert RunRecord.from_json(record.to_json()) == record


def test_json_is_stable_readable_and_names_its_format(full):
    text = full.to_json()
    assert text == RunRecord.from_json(text).to_json()
    assert '"giày thử"' in text
    assert json.loads(text)["format"] == 1
    assert text.endswith("}\n")


def test_the_order_of_template_parts_survives(full):
    record = replace(full, template=LISTING.to_dict())
    assert ProductTemplate.from_dict(RunRecord.from_json(record.to_json()).template) == LISTING


@given(st.lists(st.dictionaries(st.text(), st.floats(allow_nan=False) | st.integers() | st.none()), max_size=4))
def test_any_log_survives(record, logs):
    with_logs = replace(record, logs=tuple(logs))
    again = RunRecord.from_json(with_logs.to_json())
    assert again.to_json() == with_logs.to_json()
    assert len(again.logs) == len(logs)


@pytest.mark.parametrize("name", [f.name for f in fields(RunRecord)])
def test_each_missing_key_is_named_with_its_file(full, name):
    with pytest.raises(ModelError, match=rf"^m/record\.json, key '{name}': missing key; restore the file"):
        RunRecord.from_json(altered(full, lambda table: table.pop(name)), "m/record.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda t: t.update(colour=1), "key 'colour': unknown key; keys are name,", id="unknown"),
        pytest.param(
            lambda t: t["dataset"]["statistics"][0].update(mean="x"),
            "key 'dataset.statistics[0].mean': expected a number or null, got text",
            id="wrong type, nested",
        ),
        pytest.param(lambda t: t["metrics"][0].pop("note"), "key 'metrics[0].note': missing key", id="nested"),
        pytest.param(lambda t: t.update(format=2), "key 'format': it is 2 and this xephang reads 1", id="newer"),
        pytest.param(lambda t: t.pop("format"), "key 'format': it is None", id="no format"),
        pytest.param(lambda t: t.update(template={"name": "x"}), "no template is called 'x'", id="template"),
        pytest.param(lambda t: t["template"].update(parts=3), "'parts' must be a table", id="template parts"),
        pytest.param(lambda t: t.update(name=" "), "needs a name", id="empty name"),
        pytest.param(
            lambda t: t["dataset"]["samples"][1].pop("label"),
            "dataset 'giày thử', sample 2: no value for column 'label'",
            id="sample without a column",
        ),
        pytest.param(lambda t: t.update(examples=[["q"]]), "key 'examples[0]': expected a list of 2", id="pair"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_key(full, change, message):
    with pytest.raises(ModelError) as caught:
        RunRecord.from_json(altered(full, change), "m/record.json")
    assert str(caught.value).startswith("m/record.json, ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "can not be read as JSON", id="empty"),
        pytest.param('{"format": 1,', "can not be read as JSON", id="cut short"),
        pytest.param("[]", "expected a JSON object", id="a list"),
    ],
)
def test_what_is_no_record_is_refused(text, message):
    with pytest.raises(ModelError, match=f"^m/record.json: {message}.*train again"):
        RunRecord.from_json(text, "m/record.json")


def test_a_measurement_is_added_and_then_replaced(record):
    first = MetricsRecord("Held-out", "dev", {"nDCG@10": 0.5})
    other = MetricsRecord("Held-out", "test", {"nDCG@10": 0.4})
    better = MetricsRecord("Held-out", "dev", {"nDCG@10": 0.6})
    measured = record.with_metrics(first).with_metrics(other).with_metrics(better)
    assert measured.metrics == (other, better)
    assert record.metrics == ()


def test_a_dataset_refuses_statistics_of_no_column():
    with pytest.raises(InputError, match="dataset 'd': statistics of 'x', which is no column"):
        DatasetRecord("d", 1, ("query",), 1, (ColumnStatistics("x", "int"),))


def test_a_record_without_a_name_or_a_template_is_refused(record):
    with pytest.raises(InputError, match="needs a name"):
        replace(record, name="")
    with pytest.raises(InputError, match="no template is called"):
        replace(record, template={})
