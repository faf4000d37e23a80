import json
import os
import signal
import time
from pathlib import Path

import pytest
from sentence_transformers import CrossEncoder

ROOT = Path(__file__).parents[2]
SEED = ROOT / "recipes" / "seed.toml"


@pytest.fixture
def train(xephang, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda recipe, *arguments: xephang("train", recipe, "--base", tiny, *arguments)


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe for the seed's pairs."""

    def write(extra="", *, name="thu", pairs="seed.jsonl", hyperparameters="num_train_epochs = 1"):
        (tmp_path / "seed.jsonl").write_bytes((ROOT / "recipes" / "seed.jsonl").read_bytes())
        text = f'name = "{name}"\n[data]\npairs = "{pairs}"\n[hyperparameters]\n{hyperparameters}\n{extra}'
        (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
        return tmp_path / "recipe.toml"

    return write


def test_it_says_where_the_model_is_and_what_comes_next(train, tmp_path):
    ran = train(SEED, "--output", "runs/mine")
    assert (ran.code, ran.out) == (0, "runs/mine\n")
    assert ran.err.splitlines()[-1] == ("its card is runs/mine/README.md; make it fast with: xephang export runs/mine")
    names = {path.name for path in (tmp_path / "runs" / "mine").iterdir()}
    assert {"model.safetensors", "config.json", "xephang.json", "record.json", "README.md", "recipe.toml"} <= names
    assert "checkpoints" not in names


def test_without_output_the_folder_is_named_after_the_recipe(train, recipe, tmp_path):
    ran = train(recipe(name="cua-hang"))
    assert (ran.code, ran.out) == (0, "runs/cua-hang\n")
    assert CrossEncoder(str(tmp_path / "runs" / "cua-hang"), device="cpu").predict([("giày", "dép")]).shape == (1,)


def test_the_printed_folder_can_be_exported_and_ranked_with(train, xephang, shop):
    folder = train(SEED).out.strip()
    assert xephang("export", folder, "--precision", "int8").code == 0
    ran = xephang("rank", "giày", shop({"title": "Giày", "brand": "Puma", "category": "Giày"}), "-m", folder, "--json")
    assert ran.json[0]["results"][0]["text"].startswith("Puma Giày")


def test_a_folder_that_holds_a_model_is_not_overwritten_unless_asked(train, tmp_path):
    assert train(SEED).code == 0
    before = (tmp_path / "runs" / "seed" / "model.safetensors").stat().st_mtime_ns
    ran = train(SEED)
    assert (ran.code, ran.out) == (2, "")
    assert "holds a model already" in ran.err and "--overwrite" in ran.err
    assert (tmp_path / "runs" / "seed" / "model.safetensors").stat().st_mtime_ns == before
    assert train(SEED, "--overwrite").code == 0


def test_nothing_to_resume(train):
    ran = train(SEED, "--resume")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing to resume" in ran.err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param(
            {"extra": "[losss]\nname = 'x'"}, "'losss' is not known; did you mean 'loss'?", id="unknown table"
        ),
        pytest.param({"pairs": "none.jsonl"}, "none.jsonl: there is no such file", id="no pairs"),
        pytest.param({"hyperparameters": "num_epochs = 1"}, "num_epochs", id="unknown hyperparameter"),
        pytest.param({"extra": "[loss]\nname = 'HingeLoss'"}, "HingeLoss", id="unknown loss"),
        pytest.param({"extra": "[template]\nname = 'lisitng'"}, "lisitng", id="unknown template"),
        pytest.param({"extra": "["}, "recipe.toml: not valid TOML", id="no TOML"),
    ],
)
def test_a_recipe_that_can_not_be_run_is_wrong_input(train, recipe, tmp_path, settings, says):
    ran = train(recipe(**settings))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert not (tmp_path / "runs").exists()


def test_a_pipe_in_the_place_of_the_folder_is_refused_first(xephang, recipe, tmp_path):
    os.mkfifo(tmp_path / "out")
    ran = xephang("train", recipe(pairs="none.jsonl"), "--output", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"xephang: {tmp_path / 'out'}: is a pipe; name a folder\n"


def test_a_base_that_is_no_model_exits_1(xephang, recipe, tmp_path):
    (tmp_path / "empty").mkdir()
    ran = xephang("train", recipe(), "--base", tmp_path / "empty", "--output", tmp_path / "out")
    assert (ran.code, ran.out) == (1, "")
    assert "can not be loaded as a base model" in ran.err


def test_what_has_no_effect_is_said_beforehand(train, recipe):
    ran = train(recipe(hyperparameters="num_train_epochs = 1\nwarmup_ratio = 0.1"))
    assert ran.code == 0
    assert ran.err.startswith("note: warmup_ratio is now warmup_steps")


def test_ctrl_c_saves_a_checkpoint_to_go_on_from(start, train, recipe, tiny, tmp_path):
    endless = recipe(hyperparameters="num_train_epochs = 100000\nper_device_train_batch_size = 1\nlogging_steps = 1")
    folder = tmp_path / "out"
    with start("train", endless, "--base", tiny, "--output", folder, cwd=tmp_path) as child:
        metrics = folder / "metrics.jsonl"
        while child.poll() is None and not (metrics.is_file() and metrics.stat().st_size):
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=300)
    assert (child.returncode, out) == (1, b"")
    assert b"Traceback" not in err
    assert "checkpoint saved; go on with: xephang train" in err.decode()
    assert list((folder / "checkpoints").glob("checkpoint-*"))
    assert train(endless, "--output", folder).code == 2
    steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)
