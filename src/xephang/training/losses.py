"""The losses that a recipe can name, and the shape of the rows that each wants."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import losses as upstream
from torch import nn

from xephang.errors import RecipeError
from xephang.reranker import Reranker
from xephang.training.fit_mixin import FitMixinLoss
from xephang.training.graded_list import GradedListLoss
from xephang.training.recipe import LossSettings, check_choice

Shape = Literal["pairs", "chances", "classes", "triplets", "margins", "lists", "graded lists"]
SHAPES: Mapping[str, Shape] = {
    "FitMixinLoss": "pairs",
    "BinaryCrossEntropyLoss": "chances",
    "MSELoss": "pairs",
    "CrossEntropyLoss": "classes",
    "MultipleNegativesRankingLoss": "triplets",
    "CachedMultipleNegativesRankingLoss": "triplets",
    "MarginMSELoss": "margins",
    "LambdaLoss": "lists",
    "ListNetLoss": "lists",
    "ListMLELoss": "lists",
    "PListMLELoss": "lists",
    "RankNetLoss": "lists",
    "GradedListLoss": "graded lists",
}
_OURS = {"FitMixinLoss": FitMixinLoss, "GradedListLoss": GradedListLoss}


def shape_of(settings: LossSettings, num_labels: int = 1) -> Shape:
    """Return the shape of the rows that a loss wants; what `FitMixinLoss` wants depends on what it wraps.

    :raises RecipeError: if there is no loss of that name, or it needs more output labels.
    """
    check_choice("[loss] name", settings.name, tuple(SHAPES))
    if settings.name == "CrossEntropyLoss" and num_labels == 1:
        raise RecipeError("[loss] CrossEntropyLoss tells classes apart: give [model] num_labels of 2 or more")
    if settings.name == "FitMixinLoss" and num_labels > 1:
        return "classes"
    wrapped = str(settings.parameters.get("loss_fct", "BCEWithLogitsLoss"))
    if settings.name == "FitMixinLoss" and wrapped.endswith("BCEWithLogitsLoss"):
        return "chances"
    return SHAPES[settings.name]


def make_loss(settings: LossSettings, model: CrossEncoder, teacher: Reranker | None = None) -> nn.Module:
    """Build the loss that a recipe names, its parameters turned into what the class takes.

    :param teacher: what the loss learns from beside the labels, where it can.
    :raises RecipeError: if a parameter is unknown or the class refuses it.
    """
    loss_class = _OURS.get(settings.name) or getattr(upstream, settings.name)
    known = [name for name in inspect.signature(loss_class).parameters if name not in ("model", "teacher", "kwargs")]
    known += ["loss_fct_args"] if "loss_fct" in known else []
    parameters: dict[str, Any] = dict(settings.parameters)
    for name in parameters:
        check_choice(f"[loss] {settings.name}:", name, tuple(known))
    if "teacher_weight" in parameters and not teacher:
        raise RecipeError(
            "[loss] 'teacher_weight' counts with a teacher only: name one, [model] teacher, or take it out"
        )
    arguments = parameters.pop("loss_fct_args", {})
    for name, value in parameters.items():
        if name == "loss_fct":
            parameters[name] = _instance(value, "torch.nn", arguments)
        elif name == "activation_fn":
            parameters[name] = _instance(value, "torch.nn", {})
        elif name == "weighting_scheme":
            parameters[name] = _instance(value, "sentence_transformers.cross_encoder.losses", {})
        elif name == "pos_weight":
            parameters[name] = _tensor(name, value).float()
    if teacher:
        parameters["teacher"] = teacher
    try:
        loss: nn.Module = loss_class(model, **parameters)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"[loss] {settings.name}: {error}") from error
    return loss


def _instance(name: object, home: str, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    """Find a class or function by its dotted name, or by its short name in `home`; classes are instantiated."""
    path, _, short = str(name).rpartition(".")
    try:
        found: Any = getattr(importlib.import_module(path or home), short)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise RecipeError(
            f"[loss]: '{name}' can not be imported ({error}); give it as 'package.module.Name'"
        ) from error
    if not isinstance(arguments, Mapping):
        raise RecipeError(f"[loss]: 'loss_fct_args' must be a table, got {arguments!r}")
    if inspect.isclass(found):
        weights = {name: _tensor(name, arguments[name]) for name in ("weight", "pos_weight") if name in arguments}
        try:
            found = found(**{**arguments, **weights})
        except (TypeError, ValueError) as error:
            raise RecipeError(f"[loss]: {name}: {error}") from error
    elif arguments:
        raise RecipeError(
            f"[loss]: '{name}' is a function and takes no 'loss_fct_args'; name a class, or leave them out"
        )
    if not callable(found):
        raise RecipeError(f"[loss]: '{name}' can not be called")
    return cast("Callable[..., Any]", found)


def _tensor(name: str, value: object) -> torch.Tensor:
    try:
        return torch.tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"[loss]: '{name}' must be a number or a list of numbers, got {value!r}") from error
