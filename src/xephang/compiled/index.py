"""Where each product's id stands: sorted hashes in one array, searched by halving."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.uint64]
"""uint64 (3, products): an id's hash, its part's number, its row there; sorted by the hash."""


def hashed(ids: Iterable[str]) -> NDArray[np.uint64]:
    """Return 64 bits of each id's BLAKE2b."""
    digests = b"".join(hashlib.blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8).digest() for one in ids)
    return np.frombuffer(digests, np.uint64)


def index_of(parts: Sequence[Iterable[str]]) -> Index:
    """Return the index of parts' ids."""
    empty = np.empty((3, 0), np.uint64)
    return sorted_by_hash([empty, *(entries(ids, part) for part, ids in enumerate(parts))])


def entries(ids: Iterable[str], part: int) -> Index:
    """Return the entries of one part's ids, in the order of its rows."""
    hashes = hashed(ids)
    return np.stack([hashes, np.full(len(hashes), part, np.uint64), np.arange(len(hashes), dtype=np.uint64)])


def sorted_by_hash(indexes: Sequence[Index]) -> Index:
    """Return one index of several."""
    whole = np.concatenate(indexes, axis=1)
    return np.ascontiguousarray(whole[:, np.argsort(whole[0], kind="stable")])


def found(index: Index, ids: Sequence[str]) -> list[range]:
    """Return for each id the places in the index that its hash has: mostly one or none."""
    hashes = hashed(ids)
    first, last = (np.searchsorted(index[0], hashes, side=side) for side in ("left", "right"))
    return [range(start, end) for start, end in zip(first.tolist(), last.tolist(), strict=True)]
