"""A run that is interrupted and goes on ends where one that was not would have ended, to the last bit."""

from dataclasses import replace

import pausing
import pytest

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import InputError, InterruptedTraining, ModelError, RecipeError
from xephang.training import Recipe, train

STEPS = {"max_steps": 9, "logging_steps": 1}
LOSSES = [
    pytest.param({"name": "FitMixinLoss"}, id="FitMixinLoss"),
    pytest.param({"name": "BinaryCrossEntropyLoss"}, id="BinaryCrossEntropyLoss"),
    pytest.param({"name": "FitMixinLoss", "loss_fct": "pausing.Scaled"}, id="a loss that learns"),
]


@pytest.fixture
def press():
    """Return a function that sets the forward pass in which a run gets its Ctrl-C; 0 for none."""

    def at(call):
        pausing.calls, pausing.stop_at = 0, call

    yield at
    at(0)


def with_ctrl_c(loss):
    """Have the loss run through the activation that presses Ctrl-C where `press` says."""
    return {**loss, "activation_fn": "pausing.interrupted"}


def interrupt(recipe, folder, press, at, **arguments):
    press(at)
    with pytest.raises(InterruptedTraining) as error:
        train(recipe, folder, **arguments)
    press(0)
    return str(error.value)


@pytest.mark.parametrize("at", [1, 4, 7], ids=["first step", "first epoch", "second epoch"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_resumed_run_ends_at_the_same_weights(bake, tiny, tmp_path, toy, press, loss, at):
    recipe = bake(loss=with_ctrl_c(loss), hyperparameters=STEPS)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    interrupt(recipe, tmp_path / "halves", press, at, base=str(tiny))
    halves = train(recipe, tmp_path / "halves", base=str(tiny), resume=True)
    assert toy.same_weights(whole, halves)


def test_a_run_with_a_vocabulary_of_its_own_is_resumed(bake, tiny, tmp_path, toy, press):
    model = {"vocabulary": 5000, "layers": [1]}
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS, model=model)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    interrupt(recipe, tmp_path / "halves", press, 4, base=str(tiny))
    with pytest.raises(RecipeError, match="made by another recipe or other data"):
        train(replace(recipe, layers=(0,)), tmp_path / "halves", base=str(tiny), resume=True)
    halves = train(recipe, tmp_path / "halves", base=str(tiny), resume=True)
    assert toy.same_weights(whole, halves)
    assert (whole / "tokenizer.json").read_bytes() == (halves / "tokenizer.json").read_bytes()


def test_a_run_interrupted_twice_ends_at_the_same_weights(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    assert "stopped at step 2 of 9" in interrupt(recipe, tmp_path / "thirds", press, 2, base=str(tiny))
    assert "stopped at step 5 of 9" in interrupt(recipe, tmp_path / "thirds", press, 3, base=str(tiny), resume=True)
    assert toy.same_weights(whole, train(recipe, tmp_path / "thirds", base=str(tiny), resume=True))


def test_the_best_checkpoint_is_found_across_an_interruption(bake, tiny, tmp_path, toy, press):
    each = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2}
    recipe = bake(
        dev=toy.toy_dev(),
        loss=with_ctrl_c({"name": "BinaryCrossEntropyLoss"}),
        hyperparameters={**STEPS, **each},
        selection={"patience": 4},
    )
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    # Measuring is no training step and passes the loss by, so the third pass is the third step.
    interrupt(recipe, tmp_path / "halves", press, 3, base=str(tiny))
    halves = train(recipe, tmp_path / "halves", base=str(tiny), resume=True)
    assert toy.same_weights(whole, halves)
    assert load_record(halves).metrics == load_record(whole).metrics
    figures = [
        [(line["step"], line["eval_dev_ndcg@10"]) for line in toy.metrics(folder) if "eval_dev_ndcg@10" in line]
        for folder in (whole, halves)
    ]
    assert figures[0] == figures[1]


def test_the_metrics_file_has_each_step_once(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    interrupt(recipe, tmp_path / "halves", press, 4, base=str(tiny))
    halves = train(recipe, tmp_path / "halves", base=str(tiny), resume=True)
    steps = [[line["step"] for line in toy.metrics(folder) if "loss" in line] for folder in (whole, halves)]
    assert steps == [list(range(1, 10))] * 2
    losses = [[line["loss"] for line in toy.metrics(folder) if "loss" in line] for folder in (whole, halves)]
    assert losses[0] == pytest.approx(losses[1])
    assert sum("train_runtime" in line for line in toy.metrics(halves)) == 1
    assert [log["step"] for log in load_record(halves).logs] == list(range(1, 10))


def test_lines_of_steps_after_the_checkpoint_are_written_anew(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    interrupt(recipe, tmp_path / "model", press, 4, base=str(tiny))
    with (tmp_path / "model" / "metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 6, "epoch": 1.0, "loss": 99.0}\n{"step": 7, "lo')
    folder = train(recipe, tmp_path / "model", base=str(tiny), resume=True)
    lines = [line for line in toy.metrics(folder) if "loss" in line]
    assert [line["step"] for line in lines] == list(range(1, 10))
    assert all(line["loss"] < 99 for line in lines)


def test_an_interrupted_folder_says_what_it_is(bake, tiny, tmp_path, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    message = interrupt(recipe, tmp_path / "model", press, 2, base=str(tiny))
    assert message.startswith("stopped at step 2 of 9, checkpoint saved; go on with: xephang train ")
    assert message.endswith(f"--output {tmp_path / 'model'} --resume")
    assert (tmp_path / "model" / "checkpoints" / "checkpoint-2").is_dir()
    assert not (tmp_path / "model" / "config.json").exists()
    with pytest.raises(ModelError, match="its training has not ended"):
        Reranker.load(tmp_path / "model")
    with pytest.raises(
        InputError, match="holds an unfinished run; go on with --resume, or start over with --overwrite"
    ):
        train(recipe, tmp_path / "model", base=str(tiny))


def test_nobody_claims_to_have_timed_a_resumed_run(bake, tiny, tmp_path, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    interrupt(recipe, tmp_path / "model", press, 2, base=str(tiny))
    assert load_record(train(recipe, tmp_path / "model", base=str(tiny), resume=True)).training_seconds is None
    assert load_record(train(recipe, tmp_path / "whole", base=str(tiny))).training_seconds > 0


def test_a_ctrl_c_in_the_last_step_lets_the_run_end(bake, tiny, tmp_path, press):
    press(9)
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    assert (folder / "config.json").is_file()
    assert not (folder / "checkpoints").exists()


def test_a_folder_without_checkpoints_can_not_be_resumed(bake, tiny, tmp_path):
    with pytest.raises(InputError, match="nothing to resume there; run without --resume"):
        train(bake(), tmp_path / "model", base=str(tiny), resume=True)
    folder = train(bake(), tmp_path / "model", base=str(tiny))
    with pytest.raises(InputError, match="nothing to resume there"):
        train(bake(), folder, base=str(tiny), resume=True)


def test_a_run_that_died_before_its_first_checkpoint_just_starts_again(bake, tiny, tmp_path):
    with pytest.raises(RecipeError):
        train(bake(hyperparameters={"learning_rate": -1.0}), tmp_path / "model", base=str(tiny))
    assert train(bake(), tmp_path / "model", base=str(tiny)).is_dir()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"hyperparameters": {**STEPS, "learning_rate": 2e-3}}, id="hyperparameter"),
        pytest.param({"loss": {"name": "BinaryCrossEntropyLoss"}, "hyperparameters": STEPS}, id="loss"),
        pytest.param({"pairs": "more", "hyperparameters": STEPS}, id="rows"),
        pytest.param({"model": {"max_length": 64}, "hyperparameters": STEPS}, id="max_length"),
        pytest.param({"card": {"license": "mit"}, "hyperparameters": STEPS}, id="card"),
    ],
)
def test_another_recipe_or_other_data_can_not_take_up_a_run(bake, tiny, tmp_path, toy, press, change):
    loss = with_ctrl_c({"name": "FitMixinLoss"})
    interrupt(bake(loss=loss, hyperparameters=STEPS), tmp_path / "model", press, 2, base=str(tiny))
    if "pairs" in change:
        change = {**change, "pairs": [*toy.toy_pairs(), {"sentence_0": "mới", "sentence_1": "mới", "label": 1}]}
    with pytest.raises(RecipeError, match="its checkpoints were made by another recipe or other data"):
        train(bake(**{"loss": loss, **change}), tmp_path / "model", base=str(tiny), resume=True)
    # The right one still can.
    recipe = bake(loss=loss, hyperparameters=STEPS)
    assert (train(recipe, tmp_path / "model", base=str(tiny), resume=True) / "config.json").is_file()


def test_another_base_can_not_take_up_a_run(bake, tiny, tmp_path, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    other = train(recipe, tmp_path / "other", base=str(tiny))
    interrupt(recipe, tmp_path / "model", press, 2, base=str(tiny))
    with pytest.raises(RecipeError, match="made by another recipe or other data"):
        train(recipe, tmp_path / "model", base=str(other), resume=True)


def test_starting_over_forgets_the_checkpoints(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    interrupt(recipe, tmp_path / "model", press, 2, base=str(tiny))
    folder = train(recipe, tmp_path / "model", base=str(tiny), overwrite=True)
    assert toy.same_weights(whole, folder)
    assert [line["step"] for line in toy.metrics(folder) if "loss" in line] == list(range(1, 10))


def test_a_half_written_checkpoint_is_passed_over(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    whole = train(recipe, tmp_path / "whole", base=str(tiny))
    interrupt(recipe, tmp_path / "halves", press, 4, base=str(tiny))
    half = tmp_path / "halves" / "checkpoints" / "checkpoint-8"
    half.mkdir()
    (half / "config.json").write_text("{}", encoding="utf-8")
    assert toy.same_weights(whole, train(recipe, tmp_path / "halves", base=str(tiny), resume=True))


def test_a_run_that_kept_no_optimiser_is_not_resumed(bake, tiny, tmp_path, press):
    settings = {**STEPS, "save_only_model": True}
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=settings)
    assert "start over with --overwrite" in interrupt(recipe, tmp_path / "model", press, 2, base=str(tiny))
    with pytest.raises(InputError, match=r"save_only_model = true left no optimiser .*; start over with --overwrite"):
        train(recipe, tmp_path / "model", base=str(tiny), resume=True)
    assert (train(recipe, tmp_path / "model", base=str(tiny), overwrite=True) / "config.json").is_file()


def test_a_run_is_not_resumed_on_rows_that_it_has_seen(bake, tiny, tmp_path, toy, press):
    loss = with_ctrl_c({"name": "FitMixinLoss"})
    skipping = bake(loss=loss, hyperparameters={**STEPS, "ignore_data_skip": True})
    interrupt(skipping, tmp_path / "halves", press, 4, base=str(tiny))
    with pytest.raises(InputError, match=r"ignore_data_skip = true would give .*; take it out of the recipe"):
        train(skipping, tmp_path / "halves", base=str(tiny), resume=True)
    exact = bake(loss=loss, hyperparameters=STEPS)
    halves = train(exact, tmp_path / "halves", base=str(tiny), resume=True)
    assert toy.same_weights(train(exact, tmp_path / "whole", base=str(tiny)), halves)


def test_the_recipe_that_a_stopped_run_left_takes_it_up_again(bake, tiny, tmp_path, toy, press):
    recipe = bake(loss=with_ctrl_c({"name": "FitMixinLoss"}), hyperparameters=STEPS)
    interrupt(recipe, tmp_path / "halves", press, 4, base=str(tiny))
    left = Recipe.load(tmp_path / "halves" / "recipe.toml")
    halves = train(left, tmp_path / "halves", resume=True)
    assert toy.same_weights(train(recipe, tmp_path / "whole", base=str(tiny)), halves)
