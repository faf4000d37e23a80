"""`FitMixinLoss`: any `loss_fct(logits, labels)` as a loss of the trainer."""

import pausing
import pytest
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.fit_mixin import FitMixinLoss as UpstreamFitMixinLoss
from torch import nn

from xephang.errors import InputError
from xephang.training import train
from xephang.training.fit_mixin import FitMixinLoss

INPUTS = [["giày nữ", "dép trẻ em"], ["Giày nữ trắng | size 37", "Giày tây nam đen | size 42"]]
LABELS = torch.tensor([1, 0])


@pytest.fixture
def model(tiny):
    """The tiny model, its dropout off, so that two passes give the same logits."""
    return CrossEncoder(str(tiny), device="cpu").eval()


@pytest.fixture
def classes(tiny_classes):
    return CrossEncoder(str(tiny_classes), device="cpu").eval()


def logits_of(model):
    return model.predict(list(zip(*INPUTS, strict=True)), activation_fn=nn.Identity(), convert_to_tensor=True)


def test_upstreams_own_class_still_can_not_train(model):
    with pytest.raises(TypeError):
        UpstreamFitMixinLoss(model, nn.BCEWithLogitsLoss())(INPUTS, LABELS)


@pytest.mark.parametrize(
    "loss_fct",
    [
        pytest.param(nn.BCEWithLogitsLoss(), id="the seed's"),
        pytest.param(nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)), id="weighted"),
        pytest.param(nn.MSELoss(), id="mean squared error"),
        pytest.param(nn.MSELoss(reduction="sum"), id="summed"),
        pytest.param(nn.HuberLoss(delta=0.5), id="Huber"),
        pytest.param(nn.functional.l1_loss, id="a function"),
        pytest.param(lambda logits, labels: (logits * (1 - labels)).mean(), id="a lambda"),
    ],
)
def test_it_is_the_loss_function_on_the_models_own_logits(model, loss_fct):
    expected = loss_fct(logits_of(model), LABELS.float())
    assert torch.allclose(FitMixinLoss(model, loss_fct)(INPUTS, LABELS), expected, atol=1e-6)


def test_it_is_binary_cross_entropy_where_nothing_is_said(model):
    chances = torch.sigmoid(logits_of(model))
    by_hand = -(chances[0].log() + (1 - chances[1]).log()) / 2
    assert torch.allclose(FitMixinLoss(model)(INPUTS, LABELS), by_hand, atol=1e-6)


def test_the_activation_comes_before_the_loss(model):
    expected = nn.functional.mse_loss(torch.sigmoid(logits_of(model)), LABELS.float())
    assert torch.allclose(FitMixinLoss(model, nn.MSELoss(), nn.Sigmoid())(INPUTS, LABELS), expected, atol=1e-6)


def test_several_labels_take_cross_entropy(classes):
    logits = logits_of(classes)
    assert logits.shape == (2, 3)
    labels = torch.tensor([2.0, 0.0])
    expected = nn.functional.cross_entropy(logits, labels.long())
    for loss in (FitMixinLoss(classes), FitMixinLoss(classes, nn.CrossEntropyLoss())):
        assert torch.allclose(loss(INPUTS, labels), expected, atol=1e-6)


def test_gradients_reach_the_model(model):
    FitMixinLoss(model)(INPUTS, LABELS).backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert all(gradient is not None for gradient in gradients.values())
    assert any("embeddings" in name and gradient.abs().sum() > 0 for name, gradient in gradients.items())


def test_gradients_reach_a_loss_that_learns(model):
    loss = FitMixinLoss(model, pausing.Scaled(2.0))
    loss(INPUTS, LABELS).backward()
    assert loss.loss_fct.factor.grad != 0
    assert "loss_fct.factor" in dict(loss.named_parameters())


@pytest.mark.parametrize("columns", [1, 3])
def test_rows_of_other_than_two_texts_are_refused(model, columns):
    with pytest.raises(InputError, match=f"rows of {columns} texts"):
        FitMixinLoss(model)([["x"]] * columns, LABELS[:1])


@pytest.mark.parametrize(
    ("loss_fct", "activation", "expected"),
    [
        (None, None, {"loss_fct": "BCEWithLogitsLoss", "loss_fct.reduction": "mean", "activation_fn": "Identity"}),
        (nn.MSELoss(reduction="sum"), nn.Sigmoid(), {"loss_fct.reduction": "sum", "activation_fn": "Sigmoid"}),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)), None, {"loss_fct.pos_weight": 3.0}),
        (nn.CrossEntropyLoss(label_smoothing=0.25), None, {"loss_fct.label_smoothing": 0.25}),
        (nn.functional.l1_loss, None, {"loss_fct": "l1_loss"}),
    ],
    ids=["default", "MSE", "pos_weight", "smoothing", "function"],
)
def test_it_names_what_it_wraps(model, loss_fct, activation, expected):
    said = FitMixinLoss(model, loss_fct, activation).get_config_dict()
    for name, value in expected.items():
        assert said[name] == value or str(said[name]).endswith(f".{value}")


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ({"loss_fct": "BCEWithLogitsLoss"}, "torch.nn.modules.loss.BCEWithLogitsLoss"),
        (
            {"loss_fct": "torch.nn.MSELoss", "activation_fn": "Sigmoid"},
            '"activation_fn": "torch.nn.modules.activation.S',
        ),
        ({"loss_fct": "torch.nn.functional.l1_loss"}, '"loss_fct": "l1_loss"'),
        ({"loss_fct": "pausing.graded"}, '"loss_fct": "graded"'),
        ({"loss_fct": "BCEWithLogitsLoss", "loss_fct_args": {"pos_weight": 2.5}}, '"loss_fct.pos_weight": 2.5'),
        ({}, "torch.nn.modules.loss.BCEWithLogitsLoss"),
    ],
    ids=str,
)
def test_a_recipe_names_it_and_it_trains(bake, tiny, tmp_path, toy, loss, said):
    folder = train(bake(loss={"name": "FitMixinLoss", **loss}), tmp_path / "model", base=str(tiny))
    assert not toy.same_weights(folder, tiny)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "loss:FitMixinLoss" in card
    assert said in card


def test_a_recipe_for_several_labels_trains_classes(bake, tiny_classes, tmp_path, toy):
    recipe = bake(pairs=toy.toy_pairs((0, 1, 2)), model={"num_labels": 3}, loss={"name": "FitMixinLoss"})
    folder = train(recipe, tmp_path / "model", base=str(tiny_classes))
    assert not toy.same_weights(folder, tiny_classes)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "CrossEntropyLoss" in card
    assert "**Number of Output Labels:** 3 labels" in card


def test_a_loss_that_learns_is_trained_by_the_trainer(bake, tiny, tmp_path):
    pausing.Scaled.made.clear()
    train(bake(loss={"name": "FitMixinLoss", "loss_fct": "pausing.Scaled"}), tmp_path / "model", base=str(tiny))
    (loss,) = pausing.Scaled.made
    assert loss.factor.item() != 1.0
