"""Fewer neurons in each layer's feed-forward part: those that do nothing go first, and what is left is a model."""

import json
from dataclasses import replace

import pytest
import torch
from sentence_transformers import CrossEncoder
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import RecipeError
from xephang.judgments import Pair
from xephang.training import Recipe, train
from xephang.training.narrowing import narrow

PAIRS = [
    Pair("giày nam", "giày nam đen", 1),
    Pair("giày nam", "dép nữ | size 36 đế êm", 0),
    Pair("dép", "sandal đế êm", 1),
    Pair("guốc gỗ", "guốc", 1),
]
NEURONS = 64  # of the tiny model


def layers(model):
    return model[0].model.base_model.encoder.layer


def scores(model):
    return model.predict([(pair.query, pair.document) for pair in PAIRS], activation_fn=torch.nn.Identity())


@pytest.fixture
def model(tiny):
    return CrossEncoder(str(tiny), device="cpu")


def unheard(layer, neurons):
    """Take away what neurons add."""
    layer.output.dense.weight.data[:, neurons] = 0


def silent(layer, neurons):
    """Keep neurons from ever being active."""
    layer.intermediate.dense.weight.data[neurons] = 0
    layer.intermediate.dense.bias.data[neurons] = -50


@pytest.mark.parametrize("idle", [unheard, silent])
def test_neurons_that_do_nothing_go_first_and_scores_stay(model, idle):
    chosen = [torch.randperm(NEURONS, generator=torch.Generator().manual_seed(at))[:40] for at in range(2)]
    for layer, neurons in zip(layers(model), chosen, strict=True):
        idle(layer, neurons)
    before = scores(model)
    kept = [
        layer.intermediate.dense.weight[[i for i in range(NEURONS) if i not in neurons]]
        for layer, neurons in zip(layers(model), chosen, strict=True)
    ]
    narrow(model, NEURONS - 40, PAIRS)
    assert scores(model) == pytest.approx(before, abs=1e-5)
    for layer, rows in zip(layers(model), kept, strict=True):
        assert torch.equal(layer.intermediate.dense.weight, rows), "in their old order"


def test_what_moves_the_output_counts_and_not_the_activation_alone(model):
    """A neuron that is always loud and adds next to nothing goes before one that is quieter and is heard."""
    for layer in layers(model):
        layer.intermediate.dense.bias.data[7] = 100
        layer.output.dense.weight.data[:, 7] = 1e-9
    narrow(model, NEURONS - 1, PAIRS)
    for layer in layers(model):
        assert layer.intermediate.dense.bias.max() < 100


def test_as_many_as_there_are_changes_nothing(model):
    before = scores(model)
    narrow(model, NEURONS, PAIRS)
    assert (scores(model) == before).all()


def test_each_size_is_a_model_that_learns(model):
    for size in (33, 1):
        narrow(model, size, PAIRS)
        assert model[0].model.config.intermediate_size == size
        for layer in layers(model):
            assert layer.intermediate.dense.weight.shape == (size, 32)
            assert layer.output.dense.weight.shape == (32, size)
            assert all(parameter.requires_grad for parameter in layer.parameters())
        assert scores(model).shape == (len(PAIRS),)


def test_more_than_there_are_is_refused(model):
    with pytest.raises(RecipeError, match=r"\[model\] intermediate_size is 65, and the base has 64 only"):
        narrow(model, NEURONS + 1, PAIRS)


def test_only_bert_models_are_narrowed(model):
    config = DistilBertConfig(vocab_size=8, dim=8, hidden_dim=8, n_heads=2, n_layers=1)
    model[0].model = DistilBertForSequenceClassification(config)
    with pytest.raises(RecipeError, match="intermediate_size is for BERT models, and the base is distilbert"):
        narrow(model, 4, PAIRS)


def test_a_run_narrows_the_base_and_says_so(bake, tiny, tmp_path, toy):
    folder = train(bake(model={"intermediate_size": 24}), tmp_path / "model", base=str(tiny))
    assert json.loads((folder / "config.json").read_text("utf-8"))["intermediate_size"] == 24
    assert "with 24 neurons of each layer's feed-forward part" in (folder / "README.md").read_text(encoding="utf-8")
    assert Reranker.load(folder).predict([("giày đá bóng", "giày đá bóng nam")]).shape == (1,)
    again = Recipe.load(folder / "recipe.toml")
    assert again.intermediate_size == 24
    assert toy.same_weights(train(again, tmp_path / "again", base=str(tiny)), folder), "the same neurons are chosen"
    wide = train(replace(again, intermediate_size=None), tmp_path / "wide", base=str(tiny))
    assert "neurons" not in load_record(wide).base_note
