"""`FitMixinLoss`: any `loss_fct(logits, labels)` as a loss of sentence-transformers' trainer."""

from collections.abc import Callable
from typing import Any

from sentence_transformers import CrossEncoder
from sentence_transformers.util import batch_to_device, fullname
from torch import Tensor, nn

from xephang.errors import InputError


class FitMixinLoss(nn.Module):
    """Score (query, document) pairs and hand logits and labels to `loss_fct`.

    The class of that name in sentence-transformers, which wraps what `CrossEncoder.fit(loss_fct=…)` is given,
    calls the model in a way that raises TypeError since version 5.4. This one takes part in training,
    checkpoints (a `loss_fct` with parameters trains them too) and the card.

    :param loss_fct: takes logits (n,) and float labels (n,); with several output labels, logits (n, labels)
        and int64 labels (n,). Returns a scalar tensor.
    :param activation_fn: applied to the logits first.
    """

    def __init__(
        self,
        model: CrossEncoder,
        loss_fct: Callable[[Tensor, Tensor], Tensor] | None = None,
        activation_fn: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.loss_fct = loss_fct or (nn.BCEWithLogitsLoss() if model.num_labels == 1 else nn.CrossEntropyLoss())
        self.activation_fn = activation_fn or nn.Identity()

    def forward(
        self, inputs: list[list[str]], labels: Tensor, prompt: str | None = None, task: str | None = None
    ) -> Tensor:
        """Return the loss of a batch: `inputs` is [queries, documents], `labels` has shape (n,)."""
        if len(inputs) != 2:
            raise InputError(f"FitMixinLoss takes rows of a query and a document, got rows of {len(inputs)} texts")
        features = self.model.preprocess(list(zip(*inputs, strict=True)), prompt=prompt, task=task)
        logits: Tensor = self.model(batch_to_device(features, self.model.device))["scores"]
        if logits.shape[-1] == 1:
            return self.loss_fct(self.activation_fn(logits.view(-1)), labels.view(-1).float())
        return self.loss_fct(self.activation_fn(logits), labels.view(-1).long())

    def get_config_dict(self) -> dict[str, Any]:
        """Return what the card says of this loss."""
        return {
            "loss_fct": getattr(self.loss_fct, "__name__", None) or fullname(self.loss_fct),
            **{f"loss_fct.{name}": value for name, value in _settings(self.loss_fct).items()},
            "activation_fn": fullname(self.activation_fn),
        }


def _settings(loss_fct: object) -> dict[str, Any]:
    """Return a loss module's own settings: buffers and plain public attributes."""
    if not isinstance(loss_fct, nn.Module):
        return {}
    plain = {k: v for k, v in vars(loss_fct).items() if not k.startswith("_") and isinstance(v, str | int | float)}
    buffers = {k: v.tolist() for k, v in loss_fct.named_buffers()}
    return {k: v for k, v in (plain | buffers).items() if k != "training"}
