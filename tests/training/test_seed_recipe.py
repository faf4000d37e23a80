"""The run that the project started from: eight pairs, one epoch, one step, and the card that tells of it."""

import json
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sentence_transformers import CrossEncoder

from xephang import Reranker
from xephang.card import load_record
from xephang.files import sha256
from xephang.judgments import read_pairs
from xephang.training import Recipe, train

ROOT = Path(__file__).parents[2]
RUNNER = "giày chạy bộ cho nữ đế êm nhẹ"
ADIDAS = (
    "Adidas Giày đá bóng Vàng Size 42 | Đôi giày giày đá bóng màu Vàng từ thương hiệu Adidas, sở hữu tính năng "
    "chống trượt, phù hợp luyện tập hằng ngày. | brand: Adidas | category: Giày đá bóng | color: Vàng | size: 42 | "
    "attribute: Chống trượt"
)
NEW_BALANCE = (
    "New Balance Giày đá bóng Trắng Size 37 | Đôi giày giày đá bóng màu Trắng từ thương hiệu New Balance, sở hữu "
    "tính năng đệm êm, phù hợp luyện tập hằng ngày. | brand: New Balance | category: Giày đá bóng | color: Trắng | "
    "size: 37 | attribute: Đệm êm"
)
PUMA_RED = (
    "Puma Giày đá bóng Đỏ Size 42 | Đôi giày giày đá bóng màu Đỏ từ thương hiệu Puma, sở hữu tính năng đệm êm, phù "
    "hợp luyện tập hằng ngày. | brand: Puma | category: Giày đá bóng | color: Đỏ | size: 42 | attribute: Đệm êm"
)
PUMA_GREY = (
    "Puma Giày đá bóng Xám Size 38 | Đôi giày giày đá bóng màu Xám từ thương hiệu Puma, sở hữu tính năng chống "
    "trượt, phù hợp luyện tập hằng ngày. | brand: Puma | category: Giày đá bóng | color: Xám | size: 38 | "
    "attribute: Chống trượt"
)
NEW_BALANCE_RED = (
    "New Balance Giày chạy bộ Đỏ Size 36 | Đôi giày giày chạy bộ màu Đỏ từ thương hiệu New Balance, sở hữu tính năng "
    "chống trượt, phù hợp luyện tập hằng ngày. | brand: New Balance | category: Giày chạy bộ | color: Đỏ | size: 36 "
    "| attribute: Chống trượt"
)
FASHION = "giày thể thao thời trang nam phối màu đẹp"
USAGE_PAIRS = [
    (RUNNER, ADIDAS),
    (RUNNER, NEW_BALANCE),
    (FASHION, PUMA_RED),
    ("giày đá bóng sân cỏ nhân tạo đế TF", PUMA_GREY),
    ("giày sneaker màu trắng đi học", NEW_BALANCE_RED),
]
SAMPLES = [(RUNNER, ADIDAS, 1), (RUNNER, NEW_BALANCE, 0), (FASHION, PUMA_RED, 0)]


@pytest.fixture(scope="module")
def recipe():
    return Recipe.load(ROOT / "recipes" / "seed.toml")


@pytest.fixture(scope="module")
def run(recipe, tiny, tmp_path_factory):
    return train(recipe, tmp_path_factory.mktemp("seed") / "model", base=str(tiny))


@pytest.fixture(scope="module")
def card(run):
    return (run / "README.md").read_text(encoding="utf-8")


def test_each_query_stands_twice_once_with_each_label(recipe):
    pairs = list(read_pairs(recipe.pairs))
    assert len(pairs) == 8
    assert set(Counter((pair.query, pair.label) for pair in pairs).values()) == {1}
    assert Counter(pair.query for pair in pairs) == dict.fromkeys({query for query, _ in USAGE_PAIRS}, 2)


def test_the_five_pairs_and_three_labels_of_the_card_come_first(recipe):
    pairs = list(read_pairs(recipe.pairs))
    assert [(pair.query, pair.document) for pair in pairs[:5]] == USAGE_PAIRS
    assert [(pair.query, pair.document, pair.label) for pair in pairs[:3]] == SAMPLES


def test_the_statistics_are_those_of_the_card(run):
    dataset = load_record(run).dataset
    assert (dataset.size, dataset.measured) == (8, 8)
    assert dataset.columns == ("sentence_0", "sentence_1", "label")
    query, document, label = dataset.statistics
    assert (query.type, query.minimum, query.mean, query.maximum) == ("string", 29, 33.25, 41)
    assert (document.type, document.minimum, document.mean, document.maximum) == ("string", 216, 236.25, 247)
    assert (label.type, dict(label.shares)) == ("int", {"0": 0.5, "1": 0.5})
    assert [tuple(sample.values()) for sample in dataset.samples] == SAMPLES


@pytest.mark.parametrize(
    "line",
    [
        "* Size: 8 training samples",
        "* Columns: <code>sentence_0</code>, <code>sentence_1</code>, and <code>label</code>",
        "* Approximate statistics based on the first 8 samples:",
        "<ul><li>min: 29 characters</li><li>mean: 33.25 characters</li><li>max: 41 characters</li></ul>",
        "<ul><li>min: 216 characters</li><li>mean: 236.25 characters</li><li>max: 247 characters</li></ul>",
        "<ul><li>0: ~50.00%</li><li>1: ~50.00%</li></ul>",
        "* Loss: <code>FitMixinLoss</code> with these parameters:",
        '"loss_fct": "torch.nn.modules.loss.BCEWithLogitsLoss"',
        "- **Maximum Sequence Length:** 512 tokens",
        "- **Number of Output Labels:** 1 label",
        "- dataset_size:8",
        "- loss:FitMixinLoss",
        "pipeline_tag: text-ranking",
        "library_name: sentence-transformers",
        "1 process on",
    ],
)
def test_the_card_says(card, line):
    assert line in card


@pytest.mark.parametrize("pair", USAGE_PAIRS, ids=range(5))
def test_the_card_shows_each_usage_pair(card, pair):
    assert f"    [{pair[0]!r}, {pair[1]!r}],\n" in card


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 5e-5),
        ("lr_scheduler_type", "linear"),
        ("seed", 42),
        ("per_device_train_batch_size", 8),
        ("per_device_eval_batch_size", 8),
        ("num_train_epochs", 1),
        ("max_steps", -1),
        ("gradient_accumulation_steps", 1),
        ("weight_decay", 0.0),
        ("warmup_steps", 0),
        ("max_grad_norm", 1.0),
        ("optim", "adamw_torch_fused"),
        ("batch_sampler", "batch_sampler"),
    ],
)
def test_the_hyperparameters_that_ran_are_recorded_and_shown(run, card, name, value):
    assert load_record(run).hyperparameters_all[name] == value
    assert f"- `{name}`: {value}\n" in card


def test_one_epoch_is_one_step_at_the_full_learning_rate(run, toy):
    (step,) = [line for line in toy.metrics(run) if "loss" in line]
    assert (step["step"], step["epoch"], step["learning_rate"]) == (1, 1.0, 5e-5)
    assert load_record(run).logs[0]["loss"] == step["loss"] > 0


def test_training_changed_the_weights_by_one_step(run, tiny, toy):
    before, after = toy.weights(tiny), toy.weights(run)
    assert before.keys() == after.keys()
    moved = {name: float((after[name] - before[name]).abs().max()) for name in before}
    assert moved["classifier.weight"] > 0
    # One step of AdamW moves no weight further than the learning rate.
    assert max(moved.values()) <= 5e-5 * 1.01


def test_the_manifest_holds_the_seed_template(run):
    manifest = json.loads((run / "xephang.json").read_text(encoding="utf-8"))
    assert (manifest["name"], manifest["template"]["name"]) == ("seed", "seed")
    assert Reranker.load(run).template.name == "seed"


def test_plain_sentence_transformers_opens_the_folder_and_scores_alike(run):
    theirs = CrossEncoder(str(run), device="cpu").predict(USAGE_PAIRS)
    assert theirs.shape == (5,)
    assert Reranker.load(run).predict(USAGE_PAIRS) == pytest.approx(theirs, abs=1e-5)


def test_the_resolved_recipe_runs_again_to_the_same_weights(run, tmp_path, toy):
    again = Recipe.load(run / "recipe.toml")
    assert again.pairs.samefile(ROOT / "recipes" / "seed.jsonl")
    assert again.base_sha256
    assert toy.same_weights(train(again, tmp_path / "again"), run)
    tables = [tomllib.loads((path / "recipe.toml").read_text("utf-8")) for path in (run, tmp_path / "again")]
    assert tables[0]["hyperparameters"] == tables[1]["hyperparameters"]


def test_the_resolved_recipe_fills_in_every_default(run):
    table = tomllib.loads((run / "recipe.toml").read_text(encoding="utf-8"))
    assert table["model"]["max_length"] == 512
    assert table["selection"]["metric"] == "ndcg@10"
    assert len(table["data"]["pairs_sha256"]) == 64
    assert table["template"]["parts"]["size"] == "size: {size}"
    for name in ("weight_decay", "optim", "max_grad_norm", "gradient_accumulation_steps", "warmup_steps", "bf16"):
        assert table["hyperparameters"][name] == load_record(run).hyperparameters_all[name]


def test_nothing_else_is_left_in_the_folder(run):
    assert not (run / "checkpoints").exists()
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


def test_another_seed_gives_other_weights(recipe, run, tiny, tmp_path, toy):
    other = replace(recipe, hyperparameters={**recipe.hyperparameters, "seed": 43})
    assert not toy.same_weights(train(other, tmp_path / "other", base=str(tiny)), run)


def test_the_base_is_left_alone(run, tiny):
    assert load_record(run).base_sha256 == sha256(tiny / "model.safetensors")
    assert not {"record.json", "xephang.json", "recipe.toml"} & {path.name for path in tiny.iterdir()}
