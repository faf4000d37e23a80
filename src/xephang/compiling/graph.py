"""The fp32 graph: torch's exporter, then ONNX Runtime's fusions where it knows the architecture."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from xephang.engines.attention import read_apart
from xephang.engines.torch import quiet
from xephang.errors import ModelError

OPSET = 20
_FUSED = {"bert", "roberta", "xlm-roberta", "camembert", "electra", "distilbert"}


class _LogitsOnly(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(**dict(zip(self.names, tensors, strict=True))).logits
        return logits


def write_fp32(folder: Path, path: Path) -> None:
    """Export the folder's weights: int64 input_ids, attention_mask (and token_type_ids) in, float32 logits out.

    :raises ModelError: if torch can not export this architecture.
    """
    with _silent():
        model: Any = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    read_apart(model)
    names = ["input_ids", "attention_mask"]
    if getattr(model.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")
    # Three tensors, not one three times: the exporter takes one object for one input.
    example = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in names)
    axes = {0: torch.export.Dim("batch", min=1, max=4096), 1: torch.export.Dim("tokens", min=2, max=_longest(model))}
    with _silent():
        try:
            program = torch.onnx.export(
                _LogitsOnly(model, names),
                example,
                input_names=names,
                output_names=["logits"],
                dynamic_shapes=(tuple(axes for _ in names),),
                dynamo=True,
                opset_version=OPSET,
            )
        except Exception as error:  # the exporter's own classes are many and private
            raise ModelError(f"{folder}: torch can not export it to ONNX ({error})") from error
        assert program is not None
        program.save(str(path))
        if model.config.model_type in _FUSED:
            _fuse(path, model.config.num_attention_heads, model.config.hidden_size)


def _longest(model: Any) -> int:
    return int(getattr(model.config, "max_position_embeddings", 512))


def _fuse(path: Path, heads: int, hidden: int) -> None:
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    fused = optimizer.optimize_model(
        str(path), "bert", num_heads=heads, hidden_size=hidden, optimization_options=FusionOptions("bert"), opt_level=0
    )
    fused.save_model_to_file(str(path))


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what the exporters print off the terminal too."""
    loggers = ("torch.onnx", "onnxscript", "onnxruntime", "root")
    with quiet(*loggers), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
