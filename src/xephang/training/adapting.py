"""Load the base model as the recipe wants it: with its own vocabulary and layers, or adapted to the training texts."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sentence_transformers import CrossEncoder
from torch import nn

from xephang.engines.attention import read_apart
from xephang.folder import PRODUCT_POSITION
from xephang.judgments import Pair
from xephang.lexicon import Lexicon
from xephang.training.narrowing import narrow
from xephang.training.recipe import Recipe
from xephang.training.vocabulary import adapt

_LEXICON_COUNTS = 4
"""How often each form of a lexicon counts beside the training texts."""


def load_base(path: Path, recipe: Recipe, pairs: Sequence[Pair]) -> CrossEncoder:
    """Load the base in this folder, with the vocabulary and layers that the recipe asks for.

    Gives the same model for the same base, texts and state of torch's generator, so a resumed run can call it again.

    :raises ModelError: if the base can not be adapted.
    :raises RecipeError: if it does not have the layers, or the vocabulary is too small.
    :raises InputError: if there is no such lexicon.
    """
    with TemporaryDirectory() as temporary:
        if recipe.vocabulary or recipe.layers:
            adapt(
                path,
                Path(temporary),
                _texts(pairs, recipe.lexicon),
                size=recipe.vocabulary or 0,
                layers=recipe.layers,
                num_labels=recipe.num_labels,
            )
            path = Path(temporary)
        model: CrossEncoder = CrossEncoder(str(path), num_labels=recipe.num_labels, max_length=recipe.max_length)
    if recipe.intermediate_size:
        narrow(model, recipe.intermediate_size, pairs)
    transformer: Any = model[0].model
    if recipe.product_position or getattr(transformer.config, PRODUCT_POSITION, None):
        # A base that was trained apart has a position too, and the recipe decides.
        setattr(transformer.config, PRODUCT_POSITION, recipe.product_position)
        read_apart(transformer)
    if recipe.dropout is not None:
        _drop_out(model, recipe.dropout)
    return model


def _drop_out(model: CrossEncoder, share: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def _texts(pairs: Sequence[Pair], lexicon: str) -> Iterator[str]:
    """Yield each list's query once, every document, and a lexicon's forms."""
    yield from (query for _, query in dict.fromkeys((pair.query_id, pair.query) for pair in pairs))
    yield from (pair.document for pair in pairs)
    for facet in Lexicon.load(lexicon).facets.values() if lexicon else ():
        for value in facet.values.values():
            yield from (*value.title, *value.query, value.name) * _LEXICON_COUNTS


def vocabulary(model: CrossEncoder) -> list[str]:
    """Return a model's tokens in their order."""
    known: dict[str, int] = model.tokenizer.get_vocab()
    return sorted(known, key=known.__getitem__)


def vocabulary_sha256(model: CrossEncoder) -> str:
    """Return the fingerprint of a model's tokens."""
    return hashlib.sha256("\n".join(vocabulary(model)).encode()).hexdigest()
