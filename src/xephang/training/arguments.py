"""Hyperparameters under the names that model cards list, past ones included."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from sentence_transformers.cross_encoder import CrossEncoderTrainingArguments

from xephang.errors import RecipeError
from xephang.training.losses import SHAPES
from xephang.training.recipe import Recipe, check_choice

OURS = {
    "output_dir": "give the folder with --output",
    "do_train": "`xephang train` trains",
    "do_eval": "name judgments as [data] dev",
    "resume_from_checkpoint": "use --resume",
}
"""Names that xephang sets itself, and what to do instead."""

_FIELDS = {f.name: f for f in fields(CrossEncoderTrainingArguments) if f.init}
_CHECKPOINTING = {
    f"gradient_checkpointing{end}": f"activation_checkpointing{end}"
    for end in ("", "_kwargs")
    if f"activation_checkpointing{end}" in _FIELDS
}
EFFECTIVE = (
    "num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps",
    "average_tokens_across_devices", "learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps",
    "optim", "optim_args", "optim_target_modules", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon",
    "max_grad_norm", "label_smoothing_factor", "neftune_noise_alpha", "bf16", "fp16", "tf32", "seed", "data_seed",
    "batch_sampler", "train_sampling_strategy", "dataloader_drop_last", "eval_strategy", "eval_steps", "eval_delay",
    "save_strategy", "save_steps", "save_total_limit", "logging_steps",
)  # fmt: skip
"""What a resolved recipe says even where the recipe was silent: it decides what comes out, on whatever machine."""
Rename = Callable[[Any], dict[str, Any]]


def _to(name: str) -> Rename:
    return lambda value: {name: value}


RENAMED: Mapping[str, tuple[str, Rename]] = {
    **{old: (new, _to(new)) for old, new in _CHECKPOINTING.items()},
    "warmup_ratio": ("warmup_steps, below 1 a share of all", lambda value: {"warmup_steps": value} if value else {}),
    "no_cuda": ("use_cpu", _to("use_cpu")),
    "per_gpu_train_batch_size": ("per_device_train_batch_size", _to("per_device_train_batch_size")),
    "per_gpu_eval_batch_size": ("per_device_eval_batch_size", _to("per_device_eval_batch_size")),
    "adafactor": ("optim = 'adafactor'", lambda value: {"optim": "adafactor"} if value else {}),
    "include_inputs_for_metrics": (
        "include_for_metrics = ['inputs']",
        lambda value: {"include_for_metrics": ["inputs"]} if value else {},
    ),
    "torchdynamo": (
        "torch_compile_backend",
        lambda value: {"torch_compile": True, "torch_compile_backend": value} if value else {},
    ),
    "fsdp_min_num_params": ("fsdp_config", lambda value: {"fsdp_config": {"min_num_params": value}} if value else {}),
    "fsdp_transformer_layer_cls_to_wrap": (
        "fsdp_config",
        lambda value: {"fsdp_config": {"transformer_layer_cls_to_wrap": [value]}} if value else {},
    ),
    "push_to_hub_model_id": ("hub_model_id", lambda value: {"hub_model_id": value} if value else {}),
}
"""Names that transformers dropped and that still mean something: what it is called now, and the value there."""

GONE: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "save_safetensors": ((True,), "weights are always saved as safetensors"),
    "use_mps_device": ((False, True), "Apple's GPU is used by itself where there is one"),
    "fp16_backend": (("auto",), "mixed precision is torch's own; say fp16 = true"),
    "half_precision_backend": (("auto",), "mixed precision is torch's own; say fp16 = true"),
    "fp16_opt_level": (("O1",), "it belonged to NVIDIA apex; say fp16 = true"),
    "jit_mode_eval": ((False,), "scoring with TorchScript is gone; export to ONNX instead"),
    "tpu_num_cores": ((None,), "start one process a core with accelerate launch"),
    "tpu_metrics_debug": ((False,), "say debug = ['tpu_metrics_debug']"),
    "past_index": ((-1,), "a cross-encoder has no past states"),
    "group_by_length": ((False,), "sentence-transformers draws batches by batch_sampler and would ignore it"),
    "use_legacy_prediction_loop": ((False,), "there is only one prediction loop now"),
    "push_to_hub_organization": ((None, ""), "write it before the '/' of hub_model_id"),
    "mp_parameters": (("",), "SageMaker's model parallelism is gone"),
    "ray_scope": (("last",), "hyperparameter search is not part of a recipe"),
    "include_tokens_per_second": ((False,), "say include_num_input_tokens_seen = 'all'"),
    "overwrite_output_dir": ((False, True), "true lets the run replace a finished model, as --overwrite does"),
    "local_rank": ((-1, 0), "torchrun and accelerate launch set it"),
}
"""Names that transformers dropped for good: the values that are still accepted, and why no other is."""


def known_names() -> tuple[str, ...]:
    """Return every hyperparameter name that a recipe may hold, present and past."""
    return tuple(sorted((set(_FIELDS) - set(OURS)) | set(RENAMED) | set(GONE)))


def translate(hyperparameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the hyperparameters under today's names, and a sentence for each that was renamed or dropped.

    A card lists `use_cpu = false` beside `no_cuda = true`: what departs from the library's default is what is meant.

    :raises RecipeError: if a name is unknown (the nearest is offered), a value has the wrong type, a name is gone
        and its value asks for what no longer exists, or an old and a new name ask for different things.
    """
    now = {k: v for k, v in hyperparameters.items() if k in _FIELDS and k not in RENAMED and k not in GONE}
    notes: list[str] = []
    for name, value in hyperparameters.items():
        if name in OURS:
            raise RecipeError(f"[hyperparameters] '{name}' is not for recipes: {OURS[name]}")
        check_choice("[hyperparameters]", name, known_names())
        if name in RENAMED:
            new_name, change = RENAMED[name]
            if value is not None:
                now = _merged(now, name, change(value))
                notes.append(f"{name} is now {new_name}")
        elif name in GONE:
            accepted, reason = GONE[name]
            if value not in accepted:
                raise RecipeError(f"[hyperparameters] '{name} = {value}' can not be had any more: {reason}")
            notes.append(f"{name} = {value} changes nothing: {reason}")
    for name, value in now.items():
        _check_type(name, value)
    return now, notes


def _merged(now: Mapping[str, Any], old_name: str, renamed: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in renamed.items():
        if now.get(name, value) not in (value, _FIELDS[name].default) and value != _FIELDS[name].default:
            raise RecipeError(f"[hyperparameters] '{old_name}' is now '{name}', and both are given: keep '{name}'")
    return {**now, **{k: v for k, v in renamed.items() if k not in now or v != _FIELDS[k].default}}


def training_arguments(recipe: Recipe, output: Path, *, resume: bool) -> CrossEncoderTrainingArguments:
    """Return the trainer's arguments for a recipe.

    Where the recipe is silent: it checks the dev judgments each epoch and keeps the best checkpoint by the
    recipe's metric, saves each epoch, and reports nowhere but to the run's own folder.

    :raises RecipeError: if the trainer refuses a value.
    """
    given, _ = translate(recipe.hyperparameters)
    asked = [given.get(name) for name in ("eval_strategy", "save_strategy")]
    when = next((strategy for strategy in asked if strategy not in (None, "no")), "epoch")
    measured = recipe.dev is not None and asked[0] != "no"
    settings: dict[str, Any] = {
        "report_to": "none",
        "save_strategy": when,
        "save_total_limit": 2,
        "logging_steps": 10,
        "logging_first_step": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": True,
        "use_cpu": not (torch.cuda.is_available() or torch.backends.mps.is_available()),
    }
    if SHAPES.get(recipe.loss.name) == "triplets":
        settings["batch_sampler"] = "no_duplicates"  # a query's other positives would count as its negatives
    if measured:
        settings |= {
            "eval_strategy": when,
            "load_best_model_at_end": True,
            "metric_for_best_model": f"dev_{recipe.metric}",
            "greater_is_better": True,
        }
    if recipe.patience:
        if not recipe.dev:
            raise RecipeError("[selection] patience needs dev judgments: name them as [data] dev")
        if not measured:
            raise RecipeError("[selection] patience needs measurements: take eval_strategy = 'no' away")
        settings["restore_callback_states_from_checkpoint"] = resume
    try:
        return CrossEncoderTrainingArguments(output_dir=str(output), **(settings | given))
    except (TypeError, ValueError, ImportError) as error:
        raise RecipeError(f"[hyperparameters]: {error}") from error


def effective(recipe: Recipe, arguments: CrossEncoderTrainingArguments) -> dict[str, Any]:
    """Return the hyperparameters of a resolved recipe: the recipe's, under today's names, and `EFFECTIVE` as they run.

    `ignore_data_skip` is left out: it only ever mattered to resuming.
    """
    given, _ = translate(recipe.hyperparameters)
    given.pop("ignore_data_skip", None)
    ran = arguments.to_dict()
    return {name: ran[name] for name in EFFECTIVE} | {name: given[name] for name in given if name not in EFFECTIVE}


def check_resumable(recipe: Recipe, output: Path) -> None:
    """Check that a resumed run can end at the weights of an uninterrupted one.

    :raises RecipeError: if the recipe keeps it from that.
    """
    given, _ = translate(recipe.hyperparameters)
    if given.get("save_only_model"):
        raise RecipeError(
            f"{output}: [hyperparameters] save_only_model = true left no optimiser in the checkpoints to resume from; "
            "start over with --overwrite, without it if the run is to be resumed"
        )
    if given.get("ignore_data_skip"):
        raise RecipeError(
            f"{output}: [hyperparameters] ignore_data_skip = true would give the resumed run rows that it has seen "
            "already; take it out of the recipe"
        )


def _check_type(name: str, value: Any) -> None:
    """Refuse a text for a number and the like, as far as the default's type tells."""
    default, declared = _FIELDS[name].default, _FIELDS[name].type
    if value is None or not isinstance(default, bool | int | float):
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, bool):
        good, kind = isinstance(value, bool), "true or false"
    elif declared in (int, "int"):
        good, kind = number and not isinstance(value, float), "a whole number"
    else:
        good, kind = number and math.isfinite(value), "a number"
    if not good:
        raise RecipeError(f"[hyperparameters] '{name}' must be {kind}, got {value!r}")


def changed_and_all(arguments: CrossEncoderTrainingArguments) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the hyperparameters that differ from the library's defaults, and all, as they ran.

    Paths, tokens and what decides only where logs go are left out.
    """
    hidden = {
        "output_dir", "logging_dir", "logging_strategy", "logging_first_step", "logging_steps", "run_name",
        "report_to", "do_train", "do_eval", "do_predict", "hub_token", "push_to_hub_token", "disable_tqdm",
        "resume_from_checkpoint",
    }  # fmt: skip
    # A second set of arguments would end the process group of the first, unless told to leave it as it is.
    default = CrossEncoderTrainingArguments(
        output_dir="unused",
        report_to="none",
        use_cpu=arguments.use_cpu,
        accelerator_config={"use_configured_state": True},
    ).to_dict() | {"use_cpu": False}
    every = {name: value for name, value in arguments.to_dict().items() if name not in hidden}
    return {name: value for name, value in every.items() if default.get(name) != value}, every
