"""From candidates of many requests to logits: tokenised, each distinct pair scored once, kept for later."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from xephang.engines.precomputed import PrecomputedEngine, Stored
from xephang.engines.tokens import PairTokens
from xephang.product import Rendered
from xephang.reranker import one_number
from xephang.server.fair import Piece
from xephang.server.held import Held
from xephang.server.work import Work


@dataclass(frozen=True, slots=True)
class Tokenised:
    """A pair as an engine takes it.

    :param query: token ids, int64.
    :param stored: what the product comes to, where that is known already.
    :param key: the same for pairs that have the same score.
    :param tokens: that are read, of query and product.
    """

    work: Work
    place: int
    pair: PairTokens
    query: NDArray[np.int64]
    stored: Stored | None
    key: Hashable
    tokens: int


def tokenised(piece: Piece[Work]) -> list[Tokenised]:
    """Tokenise candidates, each query's together.

    :raises InputError: if a query leaves no room for a product.
    """
    work, tokenizer = piece.work, piece.work.held.reranker.tokenizer
    by_query: dict[str, list[int]] = {}
    for place in range(piece.start, piece.stop):
        by_query.setdefault(work.pairs[place].query, []).append(place)
    out: list[Tokenised] = []
    for query, places in by_query.items():
        products = [work.pairs[place].product for place in places]
        texts = [one if isinstance(one, Rendered) else Rendered("") for one in products]
        out += map(_one, [work] * len(places), places, tokenizer.encode(query, texts, work.cutting))
    return out


def _digest(content: bytes) -> bytes:
    """Return a key of a size that does not depend on what it stands for."""
    return blake2b(content, digest_size=16).digest()


def _one(work: Work, place: int, pair: PairTokens) -> Tokenised:
    product, query = work.pairs[place].product, pair.query
    if isinstance(product, Rendered):
        key = _digest(pair.ids.tobytes() + pair.types.tobytes())
        return Tokenised(work, place, pair, query, None, key, len(pair.ids))
    width = len(work.basis) if work.basis is not None else work.held.reranker.precomputed.width
    key_of_stored = (_digest(query.tobytes()), work.pairs[place].key)
    return Tokenised(work, place, pair, query, product, key_of_stored, len(query) + len(product) // width)


def logits(
    held: Held, basis: NDArray[np.float32] | None, asked: Sequence[Tokenised]
) -> tuple[NDArray[np.float32], float]:
    """Return the logit of each pair, float32 (n,), and the share of them that had to be scored for it.

    :param basis: of the stored products.
    """
    known: dict[Hashable, float] = {}
    unknown: dict[Hashable, Tokenised] = {}
    for one in asked:
        if one.key in known or one.key in unknown:
            continue
        found = held.scores.get(one.key)
        if found is None:
            unknown[one.key] = one
        else:
            known[one.key] = found
    if unknown:
        for key, logit in zip(unknown, _scored(held, basis, list(unknown.values())).tolist(), strict=True):
            known[key] = logit
            held.scores.put(key, logit)
    found_now = len(unknown) / max(1, len(asked))
    return np.array([known[one.key] for one in asked], np.float32), found_now


def _scored(held: Held, basis: NDArray[np.float32] | None, asked: Sequence[Tokenised]) -> NDArray[np.float32]:
    engine = held.reranker.engine
    if not isinstance(engine, PrecomputedEngine):
        return one_number(engine.logits([one.pair for one in asked]))
    stored = _products(held, engine, asked)
    by_query: dict[bytes, list[int]] = {}
    for i, one in enumerate(asked):
        by_query.setdefault(one.query.tobytes(), []).append(i)
    runs = [(np.frombuffer(query, np.int64), [stored[i] for i in places]) for query, places in by_query.items()]
    out = np.empty(len(asked), np.float32)
    for places, found in zip(by_query.values(), engine.score_each(runs, basis=basis), strict=True):
        out[places] = one_number(found)
    return out


def _products(held: Held, engine: PrecomputedEngine, asked: Sequence[Tokenised]) -> list[Stored]:
    """Return what each product comes to; what is not known yet is computed, and kept."""
    found: dict[bytes, Stored] = {}
    missing: dict[bytes, NDArray[np.int64]] = {}
    keys = [_digest(one.pair.product.tobytes()) if one.stored is None else b"" for one in asked]
    for key, one in zip(keys, asked, strict=True):
        if one.stored is None and key not in found and key not in missing:
            kept = held.products.get(key)
            if kept is None:
                missing[key] = one.pair.product
            else:
                found[key] = kept
    for key, computed in zip(missing, engine.compute(list(missing.values())), strict=True):
        found[key] = computed
        held.products.put(key, computed)
    return [found[key] if one.stored is None else one.stored for key, one in zip(keys, asked, strict=True)]
