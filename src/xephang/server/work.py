"""A request's pairs on their way to the model and back."""

import time
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xephang.compiled import CompiledCatalogue
from xephang.documents import Document
from xephang.engines.precomputed import Stored
from xephang.engines.tokens import WHOLE, Cutting
from xephang.product import Rendered
from xephang.reranker import Reranker
from xephang.server.held import Held
from xephang.text import normalise

_CHARACTERS = 3
"""Of a Vietnamese title, in a token, about."""
_TOKENISED = 18
"""Characters whose tokenising costs as much as a token's reading, about."""
_STORED = 5
"""How many tokens of a stored product cost as much as one that is read as text, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A pair that waits to be scored.

    :param query: normalised.
    :param product: as text, or as the compiled catalogue stores it.
    :param key: tells a stored product from others.
    """

    query: str
    product: Rendered | Stored
    key: Hashable = None


@dataclass(eq=False)
class Work:
    """A request's pairs.

    :param costs: of each pair, in tokens that are read as text.
    :param logits: float32 (n,), filled in batch by batch.
    :param tokens: int64 (n,), how many were read of each pair.
    :param cut: int64 (n,), how many of each product's were left out.
    :param basis: of stored products; None where they are stored whole.
    """

    held: Held
    pairs: Sequence[Pair]
    costs: Sequence[int]
    cutting: Cutting = WHOLE
    basis: NDArray[np.float32] | None = None
    done: "Future[Work]" = field(default_factory=Future)
    entered: float = field(default_factory=time.perf_counter)
    started: float = 0.0
    """When its first batch began, as `entered` by the clock of `time.perf_counter`."""
    tokenising: float = 0.0
    """Seconds of its batches, shared with others in them."""
    inference: float = 0.0
    """Seconds of its batches, shared with others in them."""

    def __post_init__(self) -> None:
        """Make room for what comes back."""
        count = len(self.pairs)
        self.logits = np.full(count, np.nan, np.float32)
        self.tokens, self.cut = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.left = count

    @property
    def group(self) -> Hashable:
        """What may share a batch: the same model, and the same basis."""
        return id(self.held), 0 if self.basis is None else id(self.basis)


def of_texts(held: Held, queries: Sequence[str], products: Sequence[Rendered], cutting: Cutting = WHOLE) -> Work:
    """Return the work of scoring each query with its product."""
    pairs = [Pair(query, product) for query, product in zip(_normalised(queries), products, strict=True)]
    most = min(held.reranker.tokenizer.max_length, cutting.most or 10**9, cutting.most_of_pair or 10**9)
    read = zip(pairs, products, strict=True)
    costs = [_tokens(pair.query, most) + _tokens(product.text, most) for pair, product in read]
    return Work(held, pairs, costs, cutting)


def of_ids(held: Held, query: str, ids: Sequence[str], catalogue: CompiledCatalogue) -> Work:
    """Return the work of scoring a query with a compiled catalogue's products.

    :param catalogue: one state of it.
    :raises InputError: if there is no product of an id.
    """
    if catalogue.lazy:
        return of_texts(held, [query] * len(ids), rendered(held.reranker, catalogue.products(ids)))
    manifest, asked = catalogue.manifest, normalise(query)
    stored = catalogue.stored(ids)
    pairs = [Pair(asked, one, (manifest.index, id)) for one, id in zip(stored, ids, strict=True)]
    own = _tokens(asked, held.reranker.tokenizer.max_length)
    costs = [1 + (own + len(one) // manifest.width) // _STORED for one in stored]
    return Work(held, pairs, costs, basis=catalogue.basis)


def rendered(reranker: Reranker, documents: Sequence[Document], first: int = 0) -> list[Rendered]:
    """Return the texts that the model reads of documents.

    :param first: what errors call the first of them.
    :raises InputError: if one is no document, or has nothing that the model's template reads.
    """
    return [reranker.render(document, f"document {i}") for i, document in enumerate(documents, first)]


def _tokens(text: str, most: int) -> int:
    """Return about how many tokens a text costs: those that are read, and the tokenising of all."""
    return min(most, 3 + len(text) // _CHARACTERS) + len(text) // _TOKENISED


def _normalised(queries: Sequence[str]) -> list[str]:
    forms = {query: normalise(query) for query in set(queries)}
    return [forms[query] for query in queries]
