"""Ctrl-C and SIGTERM in a real process: one sentence, exit code 1, a checkpoint, and a run that can go on."""

import json
import signal
import time

import pytest
import tomli_w

from xephang import Reranker
from xephang.cli import main
from xephang.errors import ModelError

pytestmark = pytest.mark.slow
PATIENCE = 120
"""Seconds that a busy machine may take to import, load and reach the third step."""


def until(there, process):
    end = time.monotonic() + PATIENCE
    while not there.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, f"{there.name} did not appear"
        time.sleep(0.05)


def in_a_process(toy, gate, *command):
    process = toy.start("-m", "xephang", *command, XEPHANG_TEST_GATE=str(gate))
    printed, said = process.communicate(timeout=PATIENCE)
    return process.returncode, printed, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_stops_well_and_resume_ends_the_run(tiny, tmp_path, toy, number, monkeypatch, capsys):
    toy.write_rows(tmp_path / "pairs.jsonl", toy.toy_pairs())
    recipe = {
        "name": "gated",
        "data": {"pairs": "pairs.jsonl"},
        "loss": {"name": "FitMixinLoss", "loss_fct": "pausing.waiting"},
        "hyperparameters": {"max_steps": 6, "per_device_train_batch_size": 4, "logging_steps": 1},
    }
    (tmp_path / "recipe.toml").write_text(tomli_w.dumps(recipe), encoding="utf-8")
    folder = tmp_path / "model"
    command = ["train", tmp_path / "recipe.toml", "--base", tiny, "-o", folder]
    # The loss itself waits in its third step, so that the signal always comes in the middle of the run.
    process = toy.start("-m", "xephang", *command, XEPHANG_TEST_GATE=str(tmp_path))
    until(tmp_path / "waiting", process)
    assert [line["step"] for line in toy.metrics(folder)] == [1, 2]
    process.send_signal(number)
    (tmp_path / "go").touch()
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    assert printed == ""
    assert "xephang: stopped at step 3 of 6, checkpoint saved; go on with: xephang train" in said
    assert "Traceback" not in said
    assert (folder / "checkpoints" / "checkpoint-3" / "model.safetensors").is_file()
    assert not (folder / "config.json").exists()
    with pytest.raises(ModelError, match="its training has not ended"):
        Reranker.load(folder)

    # What both leave is the same: one goes on in a process of its own again, the other here.
    if number == signal.SIGINT:
        code, printed, said = in_a_process(toy, tmp_path, *command, "--resume")
    else:
        monkeypatch.setenv("XEPHANG_TEST_GATE", str(tmp_path))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, command), "--resume"])
        code, (printed, said) = int(ended.value.code or 0), capsys.readouterr()
    assert code == 0, said
    assert printed == f"{folder}\n"
    assert [line["step"] for line in toy.metrics(folder) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert json.loads((folder / "record.json").read_text(encoding="utf-8"))["training_seconds"] is None
    assert Reranker.load(folder).predict([("giày", "giày")]).shape == (1,)
