"""Hyperparameters: every name that the seed's card lists, the renamed and the gone, and the misspelt."""

from pathlib import Path

import pytest
import torch

from xephang.card import load_record
from xephang.errors import RecipeError
from xephang.training import Recipe, train
from xephang.training.arguments import (
    EFFECTIVE,
    GONE,
    OURS,
    RENAMED,
    changed_and_all,
    effective,
    known_names,
    training_arguments,
    translate,
)
from xephang.training.train import notes

CHANGED = {"num_train_epochs": 1}
"""The card's list of hyperparameters that are not the library's default."""

EVERY = {
    "overwrite_output_dir": False,
    "do_predict": False,
    "eval_strategy": "no",
    "prediction_loss_only": True,
    "per_device_train_batch_size": 8,
    "per_device_eval_batch_size": 8,
    "per_gpu_train_batch_size": None,
    "per_gpu_eval_batch_size": None,
    "gradient_accumulation_steps": 1,
    "eval_accumulation_steps": None,
    "torch_empty_cache_steps": None,
    "learning_rate": 5e-05,
    "weight_decay": 0.0,
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-08,
    "max_grad_norm": 1,
    "num_train_epochs": 1,
    "max_steps": -1,
    "lr_scheduler_type": "linear",
    "lr_scheduler_kwargs": {},
    "warmup_ratio": 0.0,
    "warmup_steps": 0,
    "log_level": "passive",
    "log_level_replica": "warning",
    "log_on_each_node": True,
    "logging_nan_inf_filter": True,
    "save_safetensors": True,
    "save_on_each_node": False,
    "save_only_model": False,
    "restore_callback_states_from_checkpoint": False,
    "no_cuda": False,
    "use_cpu": False,
    "use_mps_device": False,
    "seed": 42,
    "data_seed": None,
    "jit_mode_eval": False,
    "bf16": False,
    "fp16": False,
    "fp16_opt_level": "O1",
    "half_precision_backend": "auto",
    "bf16_full_eval": False,
    "fp16_full_eval": False,
    "tf32": None,
    "local_rank": 0,
    "ddp_backend": None,
    "tpu_num_cores": None,
    "tpu_metrics_debug": False,
    "debug": [],
    "dataloader_drop_last": False,
    "dataloader_num_workers": 0,
    "dataloader_prefetch_factor": None,
    "past_index": -1,
    "disable_tqdm": False,
    "remove_unused_columns": True,
    "label_names": None,
    "load_best_model_at_end": False,
    "ignore_data_skip": False,
    "fsdp": [],
    "fsdp_min_num_params": 0,
    "fsdp_config": {"min_num_params": 0, "xla": False, "xla_fsdp_v2": False, "xla_fsdp_grad_ckpt": False},
    "fsdp_transformer_layer_cls_to_wrap": None,
    "accelerator_config": {
        "split_batches": False,
        "dispatch_batches": None,
        "even_batches": True,
        "use_seedable_sampler": True,
        "non_blocking": False,
        "gradient_accumulation_kwargs": None,
    },
    "parallelism_config": None,
    "deepspeed": None,
    "label_smoothing_factor": 0.0,
    "optim": "adamw_torch_fused",
    "optim_args": None,
    "adafactor": False,
    "group_by_length": False,
    "length_column_name": "length",
    "project": "huggingface",
    "trackio_space_id": "trackio",
    "ddp_find_unused_parameters": None,
    "ddp_bucket_cap_mb": None,
    "ddp_broadcast_buffers": False,
    "dataloader_pin_memory": True,
    "dataloader_persistent_workers": False,
    "skip_memory_metrics": True,
    "use_legacy_prediction_loop": False,
    "push_to_hub": False,
    "resume_from_checkpoint": None,
    "hub_model_id": None,
    "hub_strategy": "every_save",
    "hub_private_repo": None,
    "hub_always_push": False,
    "hub_revision": None,
    "gradient_checkpointing": False,
    "gradient_checkpointing_kwargs": None,
    "include_inputs_for_metrics": False,
    "include_for_metrics": [],
    "eval_do_concat_batches": True,
    "fp16_backend": "auto",
    "push_to_hub_model_id": None,
    "push_to_hub_organization": None,
    "mp_parameters": "",
    "auto_find_batch_size": False,
    "full_determinism": False,
    "torchdynamo": None,
    "ray_scope": "last",
    "ddp_timeout": 1800,
    "torch_compile": False,
    "torch_compile_backend": None,
    "torch_compile_mode": None,
    "include_tokens_per_second": False,
    "include_num_input_tokens_seen": "no",
    "neftune_noise_alpha": None,
    "optim_target_modules": None,
    "batch_eval_metrics": False,
    "eval_on_start": False,
    "use_liger_kernel": False,
    "liger_kernel_config": None,
    "eval_use_gather_object": False,
    "average_tokens_across_devices": True,
    "prompts": None,
    "batch_sampler": "batch_sampler",
    "multi_dataset_batch_sampler": "proportional",
    "router_mapping": {},
    "learning_rate_mapping": {},
}
"""The card's list of all hyperparameters, with the values that stand there."""

WRITTEN = {name: value for name, value in EVERY.items() if value is not None}


def recipe(**hyperparameters: object) -> Recipe:
    return Recipe.from_dict({"name": "x", "data": {"pairs": "p.jsonl"}, "hyperparameters": hyperparameters})


def arguments(**hyperparameters: object):
    return training_arguments(recipe(**hyperparameters), Path("never-written"), resume=False)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_name_of_the_card_is_known(name):
    assert name in known_names() or name == "resume_from_checkpoint"


@pytest.mark.parametrize(("name", "value"), WRITTEN.items(), ids=list(WRITTEN))
def test_every_value_of_the_card_is_accepted_under_its_name(name, value):
    made = arguments(**{name: value})
    # Pinning is for memory that a GPU reads: the trainer turns it off where there is none.
    if name not in {*RENAMED, *GONE, "accelerator_config", "dataloader_pin_memory"}:
        assert getattr(made, name) == value


def test_the_whole_card_at_once_runs_as_it_says():
    _, every = changed_and_all(arguments(**WRITTEN))
    for name in ("learning_rate", "lr_scheduler_type", "seed", "optim", "num_train_epochs", "batch_sampler"):
        assert every[name] == EVERY[name]
    assert every["warmup_steps"] == 0
    assert every["accelerator_config"]["use_seedable_sampler"] is True


def test_names_with_none_may_stand_in_a_recipe_made_in_python():
    without = {name: value for name, value in EVERY.items() if name != "resume_from_checkpoint"}
    assert arguments(**without).seed == 42


def test_only_what_was_asked_for_is_told_as_changed():
    changed, every = changed_and_all(arguments(num_train_epochs=1, learning_rate=5e-5, seed=42))
    assert changed["num_train_epochs"] == CHANGED["num_train_epochs"]
    assert "learning_rate" not in changed
    assert every["learning_rate"] == 5e-5
    assert not {"output_dir", "report_to", "hub_token", "run_name"} & every.keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"no_cuda": True}, {"use_cpu": True}),
        ({"per_gpu_train_batch_size": 4}, {"per_device_train_batch_size": 4}),
        ({"per_gpu_eval_batch_size": 4}, {"per_device_eval_batch_size": 4}),
        ({"adafactor": True}, {"optim": "adafactor"}),
        ({"adafactor": False}, {}),
        ({"include_inputs_for_metrics": True}, {"include_for_metrics": ["inputs"]}),
        ({"torchdynamo": "inductor"}, {"torch_compile": True, "torch_compile_backend": "inductor"}),
        ({"fsdp_min_num_params": 100}, {"fsdp_config": {"min_num_params": 100}}),
        ({"fsdp_transformer_layer_cls_to_wrap": "L"}, {"fsdp_config": {"transformer_layer_cls_to_wrap": ["L"]}}),
        ({"push_to_hub_model_id": "a/b"}, {"hub_model_id": "a/b"}),
        ({"warmup_ratio": 0.1}, {"warmup_steps": 0.1}),
        ({"warmup_ratio": 0.0}, {}),
    ],
    ids=str,
)
def test_a_renamed_one_is_mapped_and_a_note_says_so(old, new):
    now, said = translate(old)
    assert now == new
    assert len(said) == 1
    assert said[0].startswith(f"{next(iter(old))} is now ")
    assert notes(recipe(**old)) == said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"no_cuda": True}, {"use_cpu": False}),
        ({"warmup_ratio": 0.1}, {"warmup_steps": 0}),
        ({"adafactor": True}, {"optim": "adamw_torch_fused"}),
        ({"per_gpu_train_batch_size": 4}, {"per_device_train_batch_size": 8}),
    ],
    ids=str,
)
def test_a_renamed_one_counts_beside_the_new_name_with_its_default(old, new):
    (name,) = new
    alone, _ = translate(old)
    assert translate({**old, **new})[0][name] == translate({**new, **old})[0][name] == alone[name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"no_cuda": False}, {"use_cpu": True}),
        ({"warmup_ratio": 0.0}, {"warmup_steps": 10}),
        ({"per_gpu_train_batch_size": 8}, {"per_device_train_batch_size": 16}),
    ],
    ids=str,
)
def test_an_old_name_that_asks_for_nothing_changes_nothing(old, new):
    assert translate({**new, **old})[0] == new


def test_an_old_and_a_new_name_that_disagree_are_refused():
    with pytest.raises(RecipeError, match="'per_gpu_train_batch_size' is now 'per_device_train_batch_size', and both"):
        translate({"per_gpu_train_batch_size": 4, "per_device_train_batch_size": 16})


def test_a_warmup_ratio_warms_up_that_share_of_the_steps():
    assert arguments(warmup_ratio=0.25).get_warmup_steps(100) == 25


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("save_safetensors", False, "always saved as safetensors"),
        ("fp16_backend", "apex", "say fp16 = true"),
        ("half_precision_backend", "apex", "say fp16 = true"),
        ("fp16_opt_level", "O2", "say fp16 = true"),
        ("jit_mode_eval", True, "export to ONNX instead"),
        ("tpu_num_cores", 8, "accelerate launch"),
        ("tpu_metrics_debug", True, r"say debug = \['tpu_metrics_debug'\]"),
        ("past_index", 0, "no past states"),
        ("group_by_length", True, "batch_sampler"),
        ("use_legacy_prediction_loop", True, "only one prediction loop"),
        ("push_to_hub_organization", "shop", "hub_model_id"),
        ("mp_parameters", "x", "SageMaker"),
        ("ray_scope", "all", "hyperparameter search"),
        ("include_tokens_per_second", True, "include_num_input_tokens_seen"),
        ("local_rank", 1, "torchrun"),
    ],
)
def test_a_gone_one_that_asks_for_something_says_what_to_do(name, value, advice):
    with pytest.raises(RecipeError, match=rf"'{name} = .*' can not be had any more: .*{advice}"):
        arguments(**{name: value})


@pytest.mark.parametrize("name", sorted(GONE))
def test_a_gone_one_with_its_old_default_is_told_and_left_out(name):
    now, (said,) = translate({name: GONE[name][0][0]})
    assert now == {}
    assert "changes nothing" in said


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("learning_rat", "learning_rate"),
        ("num_epochs", "num_train_epochs"),
        ("evaluation_strategy", "eval_strategy"),
        ("warmup_step", "warmup_steps"),
        ("batch_samplers", "batch_sampler"),
        ("Seed", "seed"),
    ],
)
def test_a_wrong_name_offers_the_nearest(wrong, right):
    with pytest.raises(RecipeError, match=rf"'{wrong}' is not known; did you mean '{right}'\?"):
        arguments(**{wrong: 1})


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("learning_rate", "5e-5", "a number"),
        ("learning_rate", True, "a number"),
        ("learning_rate", [5e-5], "a number"),
        ("learning_rate", float("nan"), "a number"),
        ("weight_decay", float("inf"), "a number"),
        ("max_steps", 1.5, "a whole number"),
        ("per_device_train_batch_size", "8", "a whole number"),
        ("per_gpu_train_batch_size", "8", "a whole number"),
        ("seed", False, "a whole number"),
        ("bf16", 1, "true or false"),
        ("bf16", "true", "true or false"),
        ("no_cuda", "yes", "true or false"),
    ],
)
def test_a_wrong_type_is_refused_by_name(name, value, kind):
    with pytest.raises(RecipeError, match=f"must be {kind}, got") as error:
        arguments(**{name: value})
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr_scheduler_type", "linaer"), ("optim", "adamm"), ("eval_strategy", "always"), ("batch_sampler", "shuffled")],
)
def test_a_value_that_the_trainer_refuses_is_a_recipe_error(name, value):
    with pytest.raises(RecipeError, match=rf"\[hyperparameters\].*{value}"):
        arguments(**{name: value})


@pytest.mark.parametrize(("name", "advice"), OURS.items(), ids=list(OURS))
def test_what_is_not_for_recipes_names_the_option(name, advice):
    with pytest.raises(RecipeError, match=f"'{name}' is not for recipes: ") as error:
        arguments(**{name: "x"})
    assert advice in str(error.value)


def test_what_a_silent_recipe_does():
    made = arguments()
    assert (made.save_strategy, made.eval_strategy, made.report_to, made.save_total_limit) == ("epoch", "no", [], 2)


def test_parts_of_the_model_may_have_a_learning_rate_of_their_own(bake, tiny, tmp_path, toy):
    settings = {"learning_rate_mapping": {r"word_embeddings\.": 0.0}}
    folder = train(bake(hyperparameters=settings), tmp_path / "model", base=str(tiny))
    before, after = toy.weights(tiny), toy.weights(folder)
    held = [name for name in before if "word_embeddings" in name]
    assert held
    assert all(torch.equal(before[name], after[name]) for name in held)
    assert not torch.equal(before["classifier.weight"], after["classifier.weight"])
    assert load_record(folder).hyperparameters_changed["learning_rate_mapping"] == settings["learning_rate_mapping"]
    assert toy.same_weights(train(Recipe.load(folder / "recipe.toml"), tmp_path / "again", base=str(tiny)), folder)


@pytest.mark.parametrize("given", [{"no_such_part": 1e-3}, "high"], ids=str)
def test_a_learning_rate_for_nothing_is_refused(bake, tiny, tmp_path, given):
    with pytest.raises(RecipeError, match=r"learning_rate_mapping|no_such_part"):
        train(bake(hyperparameters={"learning_rate_mapping": given}), tmp_path / "model", base=str(tiny))


def test_dev_judgments_are_measured_when_checkpoints_are_saved():
    table = {"name": "x", "data": {"pairs": "p", "dev": "d"}, "selection": {"metric": "map"}}
    every_step = {"save_strategy": "steps", "save_steps": 5, "eval_steps": 5}
    made = training_arguments(Recipe.from_dict({**table, "hyperparameters": every_step}), Path("x"), resume=False)
    assert (made.eval_strategy, made.save_strategy, made.eval_steps) == ("steps", "steps", 5)
    assert (made.load_best_model_at_end, made.metric_for_best_model, made.greater_is_better) == (True, "dev_map", True)


def test_patience_needs_dev_judgments():
    table = {"name": "x", "data": {"pairs": "p"}, "selection": {"patience": 2}}
    with pytest.raises(RecipeError, match=r"patience needs dev judgments: name them as \[data\] dev"):
        training_arguments(Recipe.from_dict(table), Path("x"), resume=False)


WITH_DEV = {"name": "x", "data": {"pairs": "p", "dev": "d"}, "selection": {"patience": 2}}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"max_steps": 5, "learning_rate": 1e-4, "bf16": True, "seed": 7, "data_seed": 8},
        {"warmup_ratio": 0.1, "adafactor": True, "per_gpu_train_batch_size": 4, "overwrite_output_dir": True},
        {"eval_strategy": "no", "save_strategy": "steps", "save_steps": 10},
        {"save_strategy": "steps", "lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {"num_cycles": 1}},
    ],
    ids=str,
)
@pytest.mark.parametrize("loss", ["BinaryCrossEntropyLoss", "MultipleNegativesRankingLoss"])
def test_a_resolved_recipe_says_what_runs_and_runs_the_same(given, loss):
    tables = {**WITH_DEV, "loss": {"name": loss}}
    if given.get("eval_strategy") == "no":
        del tables["selection"]
    first = Recipe.from_dict({**tables, "hyperparameters": given})
    ran = training_arguments(first, Path("x"), resume=False)
    written = effective(first, ran)
    second = Recipe.from_dict({**tables, "hyperparameters": written})
    again = training_arguments(second, Path("x"), resume=False)
    assert again.to_dict() == ran.to_dict()
    assert effective(second, again) == written
    assert list(effective(second, again)) == list(written)


def test_a_resolved_recipe_says_the_defaults_that_count_and_none_of_the_machines():
    written = effective(recipe(), arguments())
    for name, value in {
        "per_device_train_batch_size": 8,
        "learning_rate": 5e-5,
        "num_train_epochs": 3,
        "warmup_steps": 0,
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "optim": "adamw_torch_fused",
        "seed": 42,
        "bf16": False,
        "gradient_accumulation_steps": 1,
        "max_grad_norm": 1.0,
        "label_smoothing_factor": 0.0,
        "save_strategy": "epoch",
        "batch_sampler": "batch_sampler",
    }.items():
        assert written[name] == value
    machines = ("use_cpu", "dataloader_pin_memory", "dataloader_num_workers", "report_to", "disable_tqdm", "output_dir")
    assert not {*machines, "restore_callback_states_from_checkpoint", "local_rank", "ddp_backend"} & written.keys()
    assert set(EFFECTIVE) <= set(known_names())


def test_a_resolved_recipe_keeps_what_the_recipe_itself_says_of_the_machine():
    assert effective(recipe(use_cpu=True), arguments(use_cpu=True))["use_cpu"] is True
