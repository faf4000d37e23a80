"""Every loss that a recipe can name trains, and every mistake in naming one is explained."""

from typing import get_args

import pytest
import torch
from sentence_transformers import CrossEncoder

from xephang.card import load_record
from xephang.errors import InputError, RecipeError
from xephang.training import train
from xephang.training.losses import SHAPES, Shape, make_loss, shape_of
from xephang.training.recipe import LossSettings

PAIRWISE = [name for name, shape in SHAPES.items() if shape != "classes"]


@pytest.fixture(scope="module")
def model(tiny):
    return CrossEncoder(str(tiny), device="cpu")


@pytest.mark.parametrize("name", PAIRWISE)
def test_a_loss_trains_two_steps_and_is_named_on_the_card(bake, tiny, tmp_path, toy, name):
    folder = train(bake(loss={"name": name}), tmp_path / "model", base=str(tiny))
    assert not toy.same_weights(folder, tiny)
    assert toy.metrics(folder)[-1]["step"] == 2
    record, card = load_record(folder), (folder / "README.md").read_text(encoding="utf-8")
    assert record.loss.name == name
    assert f"- loss:{name}" in card
    assert f"<code>{name}</code>" in card
    assert record.loss.parameters
    assert "with these parameters:" in card


def test_cross_entropy_trains_a_model_of_several_labels(bake, tiny_classes, tmp_path, toy):
    recipe = bake(pairs=toy.toy_pairs((0, 1, 2)), model={"num_labels": 3}, loss={"name": "CrossEntropyLoss"})
    folder = train(recipe, tmp_path / "model", base=str(tiny_classes))
    assert not toy.same_weights(folder, tiny_classes)
    assert load_record(folder).loss.name == "CrossEntropyLoss"
    assert load_record(folder).inference_activation == "softmax, then the expected label"


def test_upstreams_losses_are_linked_and_ours_is_not(bake, tiny, tmp_path):
    theirs = train(bake(loss={"name": "LambdaLoss"}), tmp_path / "theirs", base=str(tiny))
    assert (
        load_record(theirs).loss.url == "https://sbert.net/docs/package_reference/cross_encoder/losses.html#lambdaloss"
    )
    ours = train(bake(loss={"name": "FitMixinLoss"}), tmp_path / "ours", base=str(tiny))
    assert load_record(ours).loss.url is None


@pytest.mark.parametrize(
    ("loss", "name", "value"),
    [
        ({"name": "BinaryCrossEntropyLoss", "pos_weight": 4}, "pos_weight", 4.0),
        ({"name": "LambdaLoss", "k": 5, "weighting_scheme": "LambdaRankScheme"}, "k", 5),
        ({"name": "MultipleNegativesRankingLoss", "scale": 5.0, "num_negatives": 1}, "scale", 5.0),
        ({"name": "CachedMultipleNegativesRankingLoss", "mini_batch_size": 2}, "mini_batch_size", 2),
        ({"name": "ListNetLoss", "mini_batch_size": 2}, "mini_batch_size", 2),
        ({"name": "MSELoss", "activation_fn": "Sigmoid"}, "activation_fn", "torch.nn.modules.activation.Sigmoid"),
        ({"name": "RankNetLoss", "sigma": 0.5}, "sigma", 0.5),
    ],
    ids=str,
)
def test_a_losss_own_parameters_arrive_and_are_recorded(bake, tiny, tmp_path, loss, name, value):
    folder = train(bake(loss=loss), tmp_path / "model", base=str(tiny))
    assert load_record(folder).loss.parameters[name] == value


def test_a_weighting_scheme_is_found_by_its_name(model):
    loss = make_loss(LossSettings("LambdaLoss", {"weighting_scheme": "NDCGLoss1Scheme"}), model)
    assert type(loss.weighting_scheme).__name__ == "NDCGLoss1Scheme"


def test_a_weight_counts(model):
    plain = make_loss(LossSettings("BinaryCrossEntropyLoss"), model.eval())
    heavy = make_loss(LossSettings("BinaryCrossEntropyLoss", {"pos_weight": 10}), model.eval())
    inputs, labels = [["giày"], ["dép"]], torch.tensor([1.0])
    assert heavy(inputs, labels).item() == pytest.approx(10 * plain(inputs, labels).item(), rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ({"name": "FitMixingLoss"}, r"\[loss\] name 'FitMixingLoss' is not known; did you mean 'FitMixinLoss'"),
        ({"name": "BinaryCrossEntropy"}, "did you mean 'BinaryCrossEntropyLoss'"),
        ({"name": "zzz"}, "known are FitMixinLoss, BinaryCrossEntropyLoss"),
        ({"name": "LambdaLoss", "sigmas": 2}, "LambdaLoss: 'sigmas' is not known; did you mean 'sigma'"),
        ({"name": "FitMixinLoss", "loss_fn": "x"}, "did you mean 'loss_fct'"),
        ({"name": "BinaryCrossEntropyLoss", "model": "x"}, "'model' is not known"),
        ({"name": "BinaryCrossEntropyLoss", "loss_fct_args": {"reduction": "sum"}}, "loss_fct_args"),
        ({"name": "FitMixinLoss", "loss_fct": "BCEWithLogitLoss"}, r"can not be imported .* 'package\.module\.Name'"),
        ({"name": "FitMixinLoss", "loss_fct": "torch.nm.BCEWithLogitsLoss"}, "can not be imported"),
        ({"name": "FitMixinLoss", "loss_fct": ""}, "can not be imported"),
        ({"name": "FitMixinLoss", "loss_fct": 5}, "can not be imported"),
        ({"name": "FitMixinLoss", "loss_fct": "..x"}, "can not be imported"),
        ({"name": "FitMixinLoss", "loss_fct": "math.pi"}, "'math.pi' can not be called"),
        ({"name": "FitMixinLoss", "loss_fct": "MSELoss", "loss_fct_args": {"reductions": "x"}}, "reductions"),
        ({"name": "FitMixinLoss", "loss_fct": "MSELoss", "loss_fct_args": "sum"}, "'loss_fct_args' must be a table"),
        ({"name": "BinaryCrossEntropyLoss", "pos_weight": "heavy"}, "'pos_weight' must be a number"),
        ({"name": "LambdaLoss", "weighting_scheme": "NDCGScheme"}, "can not be imported"),
        ({"name": "CrossEntropyLoss"}, r"CrossEntropyLoss tells classes apart: give \[model\] num_labels of 2 or more"),
        ({"name": "FitMixinLoss", "loss_fct": "torch.nn.functional.mse_loss", "loss_fct_args": {"a": 1}}, "a function"),
        (
            {"name": "FitMixinLoss", "loss_fct": "MSELoss", "loss_fct_args": {"weight": "x"}},
            "'weight' must be a number",
        ),
    ],
    ids=str,
)
def test_a_mistake_in_the_loss_is_explained_before_anything_is_written(bake, tiny, tmp_path, loss, message):
    with pytest.raises(RecipeError, match=message):
        train(bake(loss=loss), tmp_path / "model", base=str(tiny))
    assert not (tmp_path / "model" / "recipe.toml").exists()


@pytest.mark.parametrize(
    ("loss", "grades", "labels", "message"),
    [
        (
            {"name": "BinaryCrossEntropyLoss"},
            (1, 0, 3),
            1,
            "training row 3: label 3, where this loss takes numbers from 0",
        ),
        ({"name": "BinaryCrossEntropyLoss"}, (1, -0.5), 1, "training row 2: label -0.5"),
        ({"name": "FitMixinLoss"}, (2, 0), 1, "training row 1: label 2"),
        ({"name": "FitMixinLoss", "loss_fct": "torch.nn.BCEWithLogitsLoss"}, (2, 0), 1, "training row 1: label 2"),
        ({"name": "CrossEntropyLoss"}, (0, 1, 3), 3, r"row 3: label 3, .*whole numbers from 0 to 2 \(num_labels = 3\)"),
        ({"name": "CrossEntropyLoss"}, (0, 0.5), 3, "training row 2: label 0.5"),
        ({"name": "FitMixinLoss"}, (0, 1.5), 3, "training row 2: label 1.5"),
        ({"name": "MultipleNegativesRankingLoss"}, (1, 1), 1, "a label above 0 and one with label 0"),
        ({"name": "MarginMSELoss"}, (1, 1), 1, "two documents with different labels"),
        ({"name": "LambdaLoss"}, (0, 0), 1, "two documents with different labels"),
    ],
    ids=str,
)
def test_labels_unfit_for_the_loss_are_input_errors(
    bake, tiny, tiny_classes, tmp_path, toy, loss, grades, labels, message
):
    recipe = bake(pairs=toy.toy_pairs(grades), model={"num_labels": labels}, loss=loss)
    with pytest.raises(InputError, match=message):
        train(recipe, tmp_path / "model", base=str(tiny if labels == 1 else tiny_classes))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_loss_has_a_shape(name):
    assert shape_of(LossSettings(name), 2) in get_args(Shape)


@pytest.mark.parametrize(
    ("parameters", "labels", "shape"),
    [
        ({}, 1, "chances"),
        ({"loss_fct": "BCEWithLogitsLoss"}, 1, "chances"),
        ({"loss_fct": "torch.nn.MSELoss"}, 1, "pairs"),
        ({}, 4, "classes"),
    ],
)
def test_what_fit_mixin_loss_wants_depends_on_what_it_wraps(parameters, labels, shape):
    assert shape_of(LossSettings("FitMixinLoss", parameters), labels) == shape


def test_grades_are_fine_for_a_loss_that_takes_any_number(bake, tiny, tmp_path, toy):
    loss = {"name": "FitMixinLoss", "loss_fct": "torch.nn.MSELoss"}
    folder = train(bake(pairs=toy.toy_pairs((0, 1, 2, 3)), loss=loss), tmp_path / "model", base=str(tiny))
    assert load_record(folder).dataset.statistics[2].shares == {"0": 0.25, "1": 0.25, "2": 0.25, "3": 0.25}
