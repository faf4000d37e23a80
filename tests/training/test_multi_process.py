"""One run on two processes, as torchrun and accelerate start them."""

import pytest
import tomli_w

from xephang import Reranker
from xephang.card import load_record

pytestmark = pytest.mark.slow
LAUNCHERS = {
    "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"],
    "accelerate": [
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
    ],
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_make_one_model(tiny, tmp_path, toy, launcher):
    toy.write_rows(tmp_path / "pairs.jsonl", toy.toy_pairs())
    toy.write_rows(tmp_path / "dev.jsonl", toy.toy_dev())
    recipe = {
        "name": "twofold",
        "data": {"pairs": "pairs.jsonl", "dev": "dev.jsonl"},
        "loss": {"name": "FitMixinLoss"},
        "hyperparameters": {"num_train_epochs": 2, "per_device_train_batch_size": 4, "logging_steps": 1},
    }
    (tmp_path / "recipe.toml").write_text(tomli_w.dumps(recipe), encoding="utf-8")
    folder = tmp_path / "model"
    process = toy.start(
        *LAUNCHERS[launcher], "-m", "xephang", "train", tmp_path / "recipe.toml", "--base", tiny, "-o", folder
    )
    printed, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert printed.splitlines().count(str(folder)) == 1
    assert not toy.same_weights(folder, tiny)
    # 24 rows in batches of four on each of two processes: three steps an epoch, each logged by one process only.
    lines = toy.metrics(folder)
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines if "eval_dev_ndcg@10" in line] == [3, 6]
    assert "2 processes on cpu" in load_record(folder).hardware
    assert "2 processes on cpu" in (folder / "README.md").read_text(encoding="utf-8")
    assert not (folder / "checkpoints").exists()
    assert Reranker.load(folder).predict([("giày", "giày")]).shape == (1,)
