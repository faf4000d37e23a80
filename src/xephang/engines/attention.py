"""Attention that reads products apart: query tokens see both sides, product tokens see only their own.

So what a model makes of a product does not depend on the query and can be computed ahead. The idea is PreTTR's
(MacAvaney et al., SIGIR 2020, arXiv 2004.14255), here from the first layer on; Schlatt et al. (ECIR 2024, arXiv
2312.17649) find that cross-encoders lose little by it. For the same reason products stand at a fixed position, however
long the query is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xephang.errors import ModelError
from xephang.folder import PRODUCT_POSITION

if TYPE_CHECKING:
    from torch import Tensor


def read_apart(model: Any) -> None:
    """Have a transformers model read products apart if its config has a `product_position`; else leave it alone.

    sentence-transformers and transformers know nothing of that key: without this call, the same weights give other
    scores.

    :raises ModelError: if the model is not a BERT model with two token types, or has no such position.
    """
    start = getattr(model.config, PRODUCT_POSITION, None)
    if start is None:
        return
    if model.config.model_type != "bert" or model.config.type_vocab_size < 2:
        raise ModelError(f"a {model.config.model_type} model can not read products apart; take a BERT model")
    if not 0 < start < model.config.max_position_embeddings - 1:
        raise ModelError(
            f"{PRODUCT_POSITION} is {start}; the model has positions 0 to {model.config.max_position_embeddings - 1}"
        )

    def before(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        ids = args[0] if args else kwargs["input_ids"]
        return args, {**kwargs, **_apart(ids, kwargs, start, module.config)}

    model.base_model.register_forward_pre_hook(before, with_kwargs=True)


def _apart(ids: "Tensor", given: Mapping[str, Any], start: int, config: Any) -> dict[str, "Tensor"]:
    """Return the attention mask (n, 1, tokens, tokens) and the position ids (n, tokens) that keep products apart."""
    import torch

    real, of_product = given["attention_mask"].bool(), given["token_type_ids"] == 1
    sees = real[:, None, None, :] & (~of_product[:, None, :, None] | of_product[:, None, None, :])
    if config._attn_implementation == "eager":  # it adds its mask to the scores; all others take what may be seen
        sees = torch.where(sees, 0.0, torch.finfo(torch.float32).min)
    at = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape)
    asked = (~of_product & real).sum(1, keepdim=True)
    positions = torch.where(of_product, at - asked + start, at)
    return {"attention_mask": sees, "position_ids": positions.clamp(max=config.max_position_embeddings - 1)}
