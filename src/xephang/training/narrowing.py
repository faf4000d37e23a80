"""Keep only some neurons of each layer's feed-forward part: the part that most of a short text's arithmetic goes to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from torch import Tensor, nn

from xephang.errors import RecipeError
from xephang.judgments import Pair

_SAMPLE = 512
"""Training rows on which neurons are watched."""


def narrow(model: CrossEncoder, size: int, pairs: Sequence[Pair]) -> None:
    """Keep the `size` neurons of each layer that move its output most on training rows.

    A neuron's weight is the root mean square of its activation times the length of the vector that it adds, a
    first-order criterion as in Molchanov et al., 2017, arXiv 1611.06440. The rows are read as the base's library reads
    them, together and in padded batches. What is left learns again in training.

    :raises RecipeError: if the model is no BERT model, or has fewer neurons.
    """
    transformer: Any = model[0].model
    if transformer.config.model_type != "bert":
        raise RecipeError(
            f"[model] intermediate_size is for BERT models, and the base is {transformer.config.model_type}"
        )
    if size > transformer.config.intermediate_size:
        raise RecipeError(
            f"[model] intermediate_size is {size}, and the base has {transformer.config.intermediate_size} only"
        )
    layers = transformer.base_model.encoder.layer
    step = max(1, len(pairs) // _SAMPLE)
    with _watching(layers) as squares:
        model.predict([(pair.query, pair.document) for pair in pairs[::step][:_SAMPLE]], show_progress_bar=False)
    for layer, squared in zip(layers, squares, strict=True):
        inner, outer = layer.intermediate.dense, layer.output.dense
        weight = squared.sqrt() * outer.weight.detach().norm(dim=0)
        kept = weight.topk(size).indices.sort().values
        layer.intermediate.dense = _linear(inner.weight[kept], inner.bias[kept])
        layer.output.dense = _linear(outer.weight[:, kept], outer.bias)
    transformer.config.intermediate_size = size


@contextmanager
def _watching(layers: Sequence[Any]) -> Iterator[list[Tensor]]:
    """Yield each layer's sums of squared activations, one a neuron, which fill as the model runs."""
    squares = [torch.zeros(layer.intermediate.dense.out_features) for layer in layers]

    def watch(at: int) -> Any:
        def add(module: Any, inputs: Any, output: Tensor) -> None:
            squares[at] += output.detach().float().square().flatten(0, -2).sum(0).cpu()

        return add

    hooks = [layer.intermediate.register_forward_hook(watch(at)) for at, layer in enumerate(layers)]
    try:
        yield squares
    finally:
        for hook in hooks:
            hook.remove()


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], device=weight.device, dtype=weight.dtype)
    made.weight = nn.Parameter(weight.detach().clone())
    made.bias = nn.Parameter(bias.detach().clone())
    return made
