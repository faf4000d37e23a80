import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, DistilBertConfig

from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.engines.torch import TorchEngine
from xephang.errors import ModelError
from xephang.product import Rendered

DOCUMENTS = ["Giày chạy bộ nữ Adidas màu đen size 37", "Dép", "", "Sandal đế êm " * 20, "Giày Nike", "Dép"]


@pytest.fixture(scope="module")
def engine(tiny: Path) -> TorchEngine:
    return TorchEngine(tiny)


@pytest.fixture(scope="module")
def pairs(tiny: Path) -> list[PairTokens]:
    return PairTokenizer(tiny / "tokenizer.json", 64).encode("giày nữ", list(map(Rendered, DOCUMENTS)))


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "model"))


def test_logits_are_those_of_transformers(tiny: Path, engine: TorchEngine, pairs: list[PairTokens]) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(tiny).eval()
    with torch.no_grad():
        expected = [
            model(torch.from_numpy(pair.ids)[None], token_type_ids=torch.from_numpy(pair.types)[None]).logits.item()
            for pair in pairs
        ]
    found = engine.logits(pairs)
    assert (found.shape, found.dtype) == ((len(pairs), 1), np.float32)
    assert found[:, 0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_logits_do_not_depend_on_the_batch_size(engine: TorchEngine, pairs: list[PairTokens], batch_size: int) -> None:
    assert engine.logits(pairs, batch_size=batch_size) == pytest.approx(engine.logits(pairs), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_logits_follow_their_pairs_wherever_these_stand(
    engine: TorchEngine, pairs: list[PairTokens], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(pairs))
    found = engine.logits([pairs[i] for i in order], batch_size=2)
    assert found == pytest.approx(engine.logits(pairs)[order], abs=1e-5)


def test_no_pairs_give_no_logits(engine: TorchEngine, tiny_classes: Path) -> None:
    assert engine.logits([]).shape == (0, 1)
    assert TorchEngine(tiny_classes).logits([]).shape == (0, 3)


def test_progress_counts_every_pair(engine: TorchEngine, pairs: list[PairTokens]) -> None:
    seen: list[int] = []
    engine.logits(pairs, batch_size=4, progress=seen.append)
    assert seen == [4, 2]


def test_threads_are_torchs_own_setting_and_left_alone_without_one(tiny: Path) -> None:
    before = torch.get_num_threads()
    try:
        TorchEngine(tiny, threads=before + 1)
        assert torch.get_num_threads() == before + 1
        TorchEngine(tiny)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_dropout_is_off_and_no_gradient_is_kept(engine: TorchEngine, pairs: list[PairTokens]) -> None:
    assert np.array_equal(engine.logits(pairs), engine.logits(pairs))
    assert all(parameter.grad is None for parameter in engine._model.parameters())


def test_a_model_that_knows_no_sides_is_not_given_any(tmp_path: Path) -> None:
    config = DistilBertConfig(vocab_size=60, dim=16, n_layers=1, n_heads=2, hidden_dim=16, num_labels=1)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    sided = [PairTokens(np.array([2, 9, 3, 8]), np.array([0, 0, 1, 1])), PairTokens(np.array([2]), np.array([1]))]
    assert np.isfinite(TorchEngine(tmp_path).logits(sided)).all()


def test_loading_leaves_the_terminal_alone(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    TorchEngine(tiny)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content", [None, b"", b"not weights at all", b"\x10" + b"\0" * 40], ids=["none", "empty", "text", "noise"]
)
def test_weights_that_can_not_be_loaded_are_named_with_their_folder(copy: Path, content: bytes | None) -> None:
    weights = copy / "model.safetensors"
    weights.unlink()
    if content is not None:
        weights.write_bytes(content)
    with pytest.raises(ModelError, match="its weights can not be loaded") as caught:
        TorchEngine(copy)
    assert str(copy) in str(caught.value)


def test_half_the_weights_are_not_taken_for_the_whole(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(ModelError, match="its weights can not be loaded"):
        TorchEngine(copy)


def test_weights_of_another_size_than_the_config_says_are_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"hidden_size": 64}), encoding="utf-8")
    with pytest.raises(ModelError, match="its weights can not be loaded"):
        TorchEngine(copy)


def test_a_model_without_a_head_would_score_at_random_and_is_refused(
    copy: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    AutoModel.from_pretrained(copy).save_pretrained(copy)
    capfd.readouterr()
    with pytest.raises(ModelError, match=r"no reranker, its weights lack .*classifier\.weight"):
        TorchEngine(copy)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_the_training_libraries_it_says_which_extra_to_install(tiny: Path, missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from pathlib import Path\nfrom xephang import Reranker\nfrom xephang.errors import MissingExtraError\n"
        "try:\n    Reranker.load(Path(sys.argv[1]))\n"
        "except MissingExtraError as error:\n    sys.stdout.write(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny)], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert done.stderr == ""
    assert done.stdout == "the torch engine needs the 'train' extra: pip install 'xephang[train]'"
