"""A tiny model that the tests build themselves (two layers, 32 numbers wide, its own word pieces), and a cluster."""

import gc
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # said before torch is there: threads of two processes on two cores wait spinning
ROOT = Path(__file__).parents[1]
collect_ignore = ["browser", "clients", "postgresql"]  # run by `make` of the same names: they need more than pip brings
WORDS = (
    "giày giầy dép sandal guốc chạy bộ đá bóng thể thao thời trang nam nữ trẻ em đế êm nhẹ chống trượt đệm màu "
    "trắng đen đỏ vàng xám xanh size từ thương hiệu sở hữu tính năng phù hợp luyện tập hằng ngày đôi cho sân cỏ "
    "nhân tạo đi học sneaker phối đẹp brand category color attribute adidas nike puma new balance lót dây"
)
LETTERS = "abcdefghijklmnopqrstuvwxyzđ0123456789|:,.-"


def pytest_collection_finish() -> None:
    """Keep what lives to the end out of every full collection of garbage: fifteen thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def seed_rows() -> list[dict[str, object]]:
    """The eight pairs of the seed's card."""
    return [json.loads(line) for line in (ROOT / "recipes" / "seed.jsonl").read_text(encoding="utf-8").splitlines()]


def build_tiny(folder: Path, *, labels: int = 1, positions: int = 512, layers: int = 2) -> Path:
    """Write a random BERT cross-encoder and its tokenizer, as sentence-transformers writes them."""
    import torch
    from sentence_transformers import CrossEncoder
    from tokenizers.normalizers import BertNormalizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    gc.freeze()  # and torch with all that it brings: trainers and exporters collect garbage at every run
    base = folder / "base"
    base.mkdir(parents=True)
    words = sorted({BertNormalizer(lowercase=True).normalize_str(word) for word in WORDS.split()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{c}" for c in LETTERS[:-5]), *words]
    (base / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    tokenizer = BertTokenizer(vocab=str(base / "vocab.txt"), model_max_length=positions)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=positions,
        num_labels=labels,
        initializer_range=0.2,
    )
    BertForSequenceClassification(config).save_pretrained(base)
    tokenizer.save_pretrained(base)
    model = CrossEncoder(str(base), device="cpu")
    model.save_pretrained(str(folder / "model"), create_model_card=False)
    return folder / "model"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain sentence-transformers folder with weights, no ONNX: never write into it, copy it."""
    return build_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `tiny`, with three output labels."""
    return build_tiny(tmp_path_factory.mktemp("tiny-classes"), labels=3)


def exported(model: Path, folder: Path) -> Path:
    """Copy a model to where it gets all its files for inference."""
    import shutil

    from xephang.compiling import export

    shutil.copytree(model, folder)
    export(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_exported(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with both ONNX files: never write into it, copy it."""
    return exported(tiny, tmp_path_factory.mktemp("exported") / "model")


@pytest.fixture(scope="session")
def tiny_classes_exported(tiny_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `tiny_exported`, with three output labels."""
    return exported(tiny_classes, tmp_path_factory.mktemp("exported-classes") / "model")


def with_position(folder: Path, position: int) -> Path:
    """Have a model folder read products apart, from that position on."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"product_position": position}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def make_apart(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that builds a model that reads products apart, without files for inference."""

    def make(**options: int) -> Path:
        return with_position(build_tiny(tmp_path_factory.mktemp("apart"), **options), 16)

    return make


@pytest.fixture(scope="session")
def tiny_apart(make_apart: Callable[..., Path]) -> Path:
    """A model of three layers that reads products apart, with both precomputed files: never write into it, copy it."""
    from xephang.compiling import export

    folder = make_apart(layers=3)
    export(folder)
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Two CPUs of this machine as a Ray cluster, which ends with the module; return its address."""
    import ray

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=150_000_000,
            _temp_dir=folder,
        )
        yield ray.get_runtime_context().gcs_address
        ray.shutdown()
