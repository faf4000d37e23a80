"""A run from recipe to folder: the checkpoint that is kept, the base that is meant, the folders that are refused."""

import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from sentence_transformers import CrossEncoder
from torch import nn

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import InputError, ModelError, RecipeError, RowError
from xephang.files import sha256
from xephang.judgments import measure, read_judgments
from xephang.training import Recipe, train

EACH_STEP = {"eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1, "logging_steps": 1}


def learned_backwards(tiny, toy):
    """Return pairs and dev judgments such that the more is learnt of the first, the worse the second come out.

    Black and white shoes: dev holds for right whatever the untrained model prefers, and training teaches the other.
    """
    texts = {colour: [f"giày màu {colour} | size {size}" for size in range(30, 42)] for colour in ("đen", "trắng")}
    model = CrossEncoder(str(tiny), device="cpu")
    first = {c: np.mean(model.predict([("giày nam", text) for text in texts[c][:4]])) for c in texts}
    liked, other = sorted(texts, key=lambda colour: -first[colour])
    dev = [
        {"query": f"giày nam {i}", "document": texts[colour][i], "grade": grade}
        for i in range(4)
        for colour, grade in ((liked, 3), (other, 0))
    ]
    pairs = [
        {"sentence_0": f"giày nữ {i}", "sentence_1": texts[colour][i], "label": label}
        for i in range(4, 12)
        for colour, label in ((other, 1), (liked, 0))
    ]
    return pairs, dev


def dev_figures(folder, toy, metric="ndcg@10"):
    return [line[f"eval_dev_{metric}"] for line in toy.metrics(folder) if f"eval_dev_{metric}" in line]


def measured(folder, judgments):
    pairs = [(judgment.query, judgment.document) for judgment in judgments]
    scores = CrossEncoder(str(folder), device="cpu").predict(pairs, activation_fn=nn.Identity())
    return measure(judgments, scores.tolist())


@pytest.fixture(scope="module")
def unlearned(tiny, toy, tmp_path_factory):
    """A run that forgets what its dev judgments ask for, as (folder, recipe)."""
    folder = tmp_path_factory.mktemp("unlearned")
    pairs, dev = learned_backwards(tiny, toy)
    toy.write_rows(folder / "pairs.jsonl", pairs)
    toy.write_rows(folder / "dev.jsonl", dev)
    settings = {
        "max_steps": 12,
        "per_device_train_batch_size": 16,
        "learning_rate": 2e-3,
        "warmup_steps": 2,
        **EACH_STEP,
    }
    table = {
        "name": "unlearned",
        "data": {"pairs": "pairs.jsonl", "dev": "dev.jsonl"},
        "hyperparameters": settings,
        "selection": {"metric": "ndcg@1"},
    }
    recipe = Recipe.from_dict(table, folder)
    return train(recipe, folder / "model", base=str(tiny)), recipe


def test_the_best_checkpoint_is_kept_and_not_the_last(unlearned, toy):
    folder, recipe = unlearned
    figures = dev_figures(folder, toy, "ndcg@1")
    assert len(figures) == 12
    assert max(figures) > figures[-1]
    assert measured(folder, list(read_judgments(recipe.dev)))["ndcg@1"] == pytest.approx(max(figures))


def test_the_metrics_of_the_saved_model_are_on_its_card(unlearned):
    folder, recipe = unlearned
    (on_card,) = load_record(folder).metrics
    found = measured(folder, list(read_judgments(recipe.dev)))
    names = {"ndcg@1": "nDCG@1", "ndcg@5": "nDCG@5", "ndcg@10": "nDCG@10", "mrr@10": "MRR@10", "map": "MAP"}
    assert dict(on_card.values) == {names[name]: pytest.approx(value) for name, value in found.items()}
    assert on_card.dataset == "dev.jsonl"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "#### Dev judgments" in card
    assert f"| nDCG@10 | {found['ndcg@10']:.4f}" in card
    assert "upper estimate" in card


def test_every_measurement_is_in_the_cards_log(unlearned, toy):
    folder, _ = unlearned
    logged = [log["dev_ndcg@10"] for log in load_record(folder).logs if "dev_ndcg@10" in log]
    assert logged == dev_figures(folder, toy)


def test_patience_stops_a_run_that_gets_no_better(unlearned, tiny, tmp_path, toy):
    _, recipe = unlearned
    settings = {**recipe.hyperparameters, "max_steps": 40}
    folder = train(replace(recipe, patience=3, hyperparameters=settings), tmp_path / "model", base=str(tiny))
    figures = dev_figures(folder, toy, "ndcg@1")
    assert len(figures) < 40
    assert len(figures) - 1 - figures.index(max(figures)) == 3
    assert measured(folder, list(read_judgments(recipe.dev)))["ndcg@1"] == pytest.approx(max(figures))


def test_several_labels_are_measured_by_the_expected_grade(bake, tiny_classes, tmp_path, toy):
    recipe = bake(
        pairs=toy.toy_pairs((0, 1, 2)), dev=toy.toy_dev(), model={"num_labels": 3}, loss={"name": "CrossEntropyLoss"}
    )
    folder = train(recipe, tmp_path / "model", base=str(tiny_classes))
    judgments = list(read_judgments(recipe.dev))
    scores = Reranker.load(folder).predict([(j.query, j.document) for j in judgments], activation="identity")
    values = load_record(folder).metrics[0].values
    assert values["nDCG@10"] == pytest.approx(measure(judgments, scores.tolist())["ndcg@10"])


@pytest.mark.parametrize(
    ("dev", "what"),
    [
        ({"query": "Giày CHẠY bộ màu trắng", "document": "không đâu có", "grade": 1}, "the query 'Giày CHẠY bộ"),
        ({"query": "câu khác", "document": "giày chạy bộ | size 36 |  nam", "grade": 1}, "the document 'giày chạy bộ"),
    ],
    ids=["query", "document"],
)
def test_dev_judgments_that_were_trained_on_are_refused(bake, tiny, tmp_path, toy, dev, what):
    with pytest.raises(InputError, match=rf"dev\.jsonl: {what}.* is in .*pairs\.jsonl too; .*take it out"):
        train(bake(dev=[*toy.toy_dev(), dev]), tmp_path / "model", base=str(tiny))
    assert not (tmp_path / "model").exists()


def test_a_bad_row_stops_the_run_before_it_begins(bake, tiny, tmp_path, toy):
    with pytest.raises(RowError, match=r"pairs\.jsonl, row 2, field 'label'"):
        train(bake(pairs=[toy.toy_pairs()[0], {**toy.toy_pairs()[1], "label": "?"}]), tmp_path / "m", base=str(tiny))
    with pytest.raises(RowError, match=r"dev\.jsonl, row 1, field 'grade'"):
        train(bake(dev=[{**toy.toy_dev()[0], "grade": 7}]), tmp_path / "m", base=str(tiny))
    assert not (tmp_path / "m").exists()


def test_a_file_of_rows_that_is_not_there(bake, tiny, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.jsonl: there is no such file"):
        train(replace(bake(), pairs=tmp_path / "nowhere.jsonl"), tmp_path / "model", base=str(tiny))


@pytest.mark.parametrize("which", ["pairs", "dev"])
def test_data_other_than_the_recipe_means_are_refused(bake, tiny, tmp_path, toy, which):
    recipe = replace(bake(dev=toy.toy_dev()), **{f"{which}_sha256": "0" * 64})
    with pytest.raises(RecipeError, match=rf"{which}\.jsonl: SHA-256 is .* the data have changed"):
        train(recipe, tmp_path / "model", base=str(tiny))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": -1.0}, "learning rate"),
        ({"per_device_train_batch_size": 0}, "can not run this recipe"),
        ({"eval_strategy": "steps"}, "eval"),
        ({"load_best_model_at_end": True}, "load_best_model_at_end"),
        ({"report_to": "nobody"}, "nobody"),
        ({"data_seed": "seven"}, "can not run this recipe"),
    ],
    ids=str,
)
def test_values_that_the_trainer_can_not_run_end_in_a_recipe_error(bake, tiny, tmp_path, settings, message):
    with pytest.raises(RecipeError, match=message):
        train(bake(hyperparameters=settings), tmp_path / "model", base=str(tiny))


def test_a_metric_that_the_dev_judgments_do_not_give(bake, tiny, tmp_path, toy):
    recipe = bake(dev=toy.toy_dev(), hyperparameters={**EACH_STEP, "metric_for_best_model": "dev_ndcg@7"})
    with pytest.raises(RecipeError, match="dev_ndcg@7"):
        train(recipe, tmp_path / "model", base=str(tiny))


def test_patience_without_evaluation(bake, tiny, tmp_path, toy):
    recipe = bake(dev=toy.toy_dev(), selection={"patience": 1}, hyperparameters={"eval_strategy": "no"})
    with pytest.raises(RecipeError):
        train(recipe, tmp_path / "model", base=str(tiny))


def test_a_base_with_other_weights_than_the_recipe_means_is_refused(bake, tiny, tmp_path):
    found = sha256(tiny / "model.safetensors")
    with pytest.raises(ModelError, match=rf"model\.safetensors: SHA-256 is {found}, the recipe means {'0' * 64}"):
        train(bake(model={"base": str(tiny), "base_sha256": "0" * 64}), tmp_path / "model")
    train(bake(model={"base": str(tiny), "base_sha256": found}), tmp_path / "model")


def test_a_base_given_by_hand_that_is_the_recipes_has_the_recipes_name_on_the_card(bake, tiny, tmp_path):
    recipe = bake(model={"base": "someone/some-base", "base_sha256": sha256(tiny / "model.safetensors")})
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    record, card = load_record(folder), (folder / "README.md").read_text(encoding="utf-8")
    assert (record.base_model, record.base_is_hub_id) == ("someone/some-base", True)
    assert "# CrossEncoder based on someone/some-base" in card
    assert "base_model: someone/some-base" in card
    assert "read from a local folder" in card


@pytest.mark.parametrize("digest", ["", "0" * 64], ids=["no fingerprint", "another fingerprint"])
def test_a_base_given_by_hand_that_proves_nothing_has_its_folders_name(bake, tiny, tmp_path, digest):
    shutil.copytree(tiny, tmp_path / "my-base")
    recipe = bake(model={"base": "someone/some-base", "base_sha256": digest})
    folder = train(recipe, tmp_path / "model", base=str(tmp_path / "my-base"))
    record, card = load_record(folder), (folder / "README.md").read_text(encoding="utf-8")
    assert (record.base_model, record.base_is_hub_id) == ("my-base", False)
    assert "someone/some-base" not in card
    assert f"`{sha256(tiny / 'model.safetensors')}`" in card


def test_no_path_of_this_machine_is_in_card_or_record(bake, tiny, tmp_path, toy):
    for base in (None, str(tiny)):
        recipe = bake(dev=toy.toy_dev(), model={"base": str(tiny)})
        folder = train(recipe, tmp_path / "model", base=base, overwrite=True)
        for name in ("README.md", "record.json", "xephang.json"):
            text = (folder / name).read_text(encoding="utf-8")
            assert str(tmp_path) not in text
            assert str(tiny.parent) not in text


@pytest.mark.parametrize("base", ["no-such-folder", "a/b/c"])
def test_a_base_that_is_nowhere(bake, tmp_path, base):
    with pytest.raises(ModelError, match=f"'{base}': no such folder"):
        train(bake(), tmp_path / "model", base=base)


def test_a_base_that_is_no_model(bake, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty: can not be loaded as a base model"):
        train(bake(), tmp_path / "model", base=str(tmp_path / "empty"))


def test_a_base_with_another_number_of_labels(bake, tiny, tmp_path, toy):
    recipe = bake(pairs=toy.toy_pairs((0, 1)), model={"num_labels": 3}, loss={"name": "CrossEntropyLoss"})
    with pytest.raises(ModelError, match="can not be loaded as a base model"):
        train(recipe, tmp_path / "model", base=str(tiny))


def test_a_finished_folder_is_refused_and_overwriting_it_works(bake, tiny, tmp_path, toy):
    folder = train(bake(), tmp_path / "model", base=str(tiny))
    before = toy.weights(folder)
    for name in ("onnx", "precomputed"):
        (folder / name).mkdir()
    other = bake(hyperparameters={"seed": 8})
    with pytest.raises(InputError, match="holds a model already; choose another folder, or --overwrite"):
        train(other, folder, base=str(tiny))
    assert toy.weights(folder).keys() == before.keys()
    train(other, folder, base=str(tiny), overwrite=True)
    assert any(not value.equal(before[name]) for name, value in toy.weights(folder).items())
    assert not (folder / "onnx").exists()
    assert not (folder / "precomputed").exists()
    assert next(line["step"] for line in toy.metrics(folder) if "loss" in line) == 1


def test_the_cards_own_name_for_overwriting_works_too(bake, tiny, tmp_path, toy):
    folder = train(bake(), tmp_path / "model", base=str(tiny))
    kept = bake(hyperparameters={"overwrite_output_dir": False})
    with pytest.raises(InputError, match="--overwrite"):
        train(kept, folder, base=str(tiny))
    train(bake(hyperparameters={"overwrite_output_dir": True, "max_steps": 3}), folder, base=str(tiny))
    assert toy.metrics(folder)[-1]["step"] == 3


@pytest.mark.parametrize(
    "mistake",
    [{"loss": {"name": "FitMixinLoss", "loss_fct": "nowhere.Loss"}}, {"loss": {"name": "LambdaLoss", "k": 1, "kk": 2}}],
    ids=["loss_fct", "parameter"],
)
def test_a_mistake_found_in_time_leaves_the_model_that_was_to_be_overwritten(bake, tiny, tmp_path, mistake):
    folder = train(bake(), tmp_path / "model", base=str(tiny))
    with pytest.raises(RecipeError):
        train(bake(**mistake), folder, base=str(tiny), overwrite=True)
    assert Reranker.load(folder).predict([("giày", "giày")]).shape == (1,)


def test_a_model_is_never_trained_over_its_own_base(bake, tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "model")
    with pytest.raises(InputError, match="is the base model's own folder; choose another for --output"):
        train(bake(), tmp_path / "model", base=str(tmp_path / "model"), overwrite=True)
    assert Reranker.load(tmp_path / "model").predict([("giày", "giày")]).shape == (1,)


def test_a_model_can_be_trained_further(bake, tiny, tmp_path, toy):
    first = train(bake(), tmp_path / "first", base=str(tiny))
    second = train(bake(), tmp_path / "second", base=str(first))
    assert not toy.same_weights(first, second)
    record = load_record(second)
    assert (record.base_model, record.base_sha256) == (
        load_record(first).base_model,
        sha256(tiny / "model.safetensors"),
    )
    assert f"it became first (SHA-256 {sha256(first / 'model.safetensors')})" in record.base_note


def test_a_run_can_be_repeated_bit_by_bit(bake, tiny, tmp_path, toy):
    runs = [train(bake(), tmp_path / name, base=str(tiny)) for name in ("one", "two")]
    assert toy.same_weights(*runs)


def test_training_works_in_a_thread_that_can_take_no_signals(bake, tiny, tmp_path):
    done = []
    recipe = bake()
    thread = threading.Thread(target=lambda: done.append(train(recipe, tmp_path / "model", base=str(tiny))))
    thread.start()
    thread.join()
    assert done == [tmp_path / "model"]


def test_the_recipes_length_and_template_are_the_models(bake, tiny, tmp_path):
    recipe = bake(model={"max_length": 64}, template={"name": "seed", "separator": " ; "})
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    reranker = Reranker.load(folder)
    assert reranker.folder.max_length == 64
    assert reranker.template.separator == " ; "
    assert "Query, product and special tokens together have 64 tokens" in (folder / "README.md").read_text("utf-8")


def test_the_recipes_sentences_are_on_the_card(bake, tiny, tmp_path):
    said = {"title": "Giày của chúng tôi", "license": "mit", "data_statement": "Tự ghi nhãn.", "contact": "a@b.vn"}
    card = (train(bake(card=said), tmp_path / "model", base=str(tiny)) / "README.md").read_text(encoding="utf-8")
    assert card.count("# Giày của chúng tôi\n") == 1
    for sentence in ("license: mit", "Tự ghi nhãn.", "a@b.vn"):
        assert sentence in card


def test_the_card_and_the_folder_say_sigmoid_whatever_the_base_had(bake, tiny, tmp_path):
    base = tmp_path / "identity"
    CrossEncoder(str(tiny), activation_fn=nn.Identity(), device="cpu").save_pretrained(str(base))
    assert Reranker.load(base).folder.activation == "identity"
    folder = train(bake(), tmp_path / "model", base=str(base))
    assert load_record(folder).inference_activation == Reranker.load(folder).folder.activation == "sigmoid"
    assert isinstance(CrossEncoder(str(folder), device="cpu").activation_fn, nn.Sigmoid)


def test_dev_figures_of_a_run_that_chose_nothing_do_not_claim_a_choice(bake, tiny, tmp_path, toy):
    recipe = bake(dev=toy.toy_dev(), hyperparameters={"eval_strategy": "no"})
    (metrics,) = load_record(train(recipe, tmp_path / "model", base=str(tiny))).metrics
    assert "No choice was made" in metrics.note
    chosen = bake(dev=toy.toy_dev(), hyperparameters={**EACH_STEP})
    (metrics,) = load_record(train(chosen, tmp_path / "chosen", base=str(tiny))).metrics
    assert "chosen on these judgments" in metrics.note
