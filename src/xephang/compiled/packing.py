"""How a stored product is written: as the model leaves it, or as a shorter code."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

STORAGES: Mapping[str, int | None] = {"fast": None, "small": 256, "lazy": 0}
"""Bytes a token; None is all that the model leaves, 0 nothing: products are computed when they are read first."""
LAZY = "lazy"
_STEPS = 127
_BLOCK = 100


@dataclass(frozen=True)
class Packing:
    """Linear codes of stored rows: the principal components of a sample, each with its own scale, in int8.

    :param basis: float32 (r, width); a code times the basis is the row again, nearly.
    """

    basis: NDArray[np.float32]

    @classmethod
    def fit(cls, samples: Iterable[NDArray[np.int8]], size: int) -> "Packing":
        """Find the components that keep most of the sample's squares, as in PCA without centring.

        :param samples: rows of products, (tokens, width) each.
        :param size: how many components to keep; fewer where rows are no longer than that.
        """
        held = list(samples)
        _, vectors = np.linalg.eigh(sum(rows.T @ rows for rows in _blocks(held)))
        components = np.asarray(vectors[:, ::-1][:, :size], np.float32)
        largest = np.max([np.abs(rows @ components).max(axis=0) for rows in _blocks(held)], axis=0)
        # Steps finer than those of the rows themselves would only clip what the sample has not seen.
        return cls(np.ascontiguousarray((components * (np.maximum(largest, _STEPS) / _STEPS)).T))

    @cached_property
    def _inverse(self) -> NDArray[np.float32]:
        """The components are orthogonal, so what inverts the basis is itself over its squared lengths."""
        return np.asarray(self.basis.T / np.square(self.basis).sum(axis=1), np.float32)

    def encode(self, products: Sequence[NDArray[np.int8]]) -> list[NDArray[np.int8]]:
        """Return the codes of products' rows, each (tokens, width) to (tokens * r,).

        All are multiplied at once: one product is too little work for several threads.
        """
        if not products:
            return []
        codes = np.rint(np.concatenate(products).astype(np.float32) @ self._inverse)
        whole = np.asarray(np.clip(codes, -_STEPS, _STEPS), np.int8)
        ends = np.cumsum([len(rows) for rows in products])[:-1]
        return [part.reshape(-1) for part in np.split(whole, ends)]


def _blocks(samples: Sequence[NDArray[np.int8]]) -> Iterator[NDArray[np.float32]]:
    """Yield all rows, so many products' at a time that as floats they do not fill the memory."""
    for start in range(0, len(samples), _BLOCK):
        yield np.concatenate(samples[start : start + _BLOCK]).astype(np.float32)
