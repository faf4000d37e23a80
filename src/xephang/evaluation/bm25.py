"""BM25, the baseline that every search engine has: what a reranker must beat to be worth its time."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xephang.text import fold, normalise

K1, B = 1.2, 0.75
_WORD = re.compile(r"\w+")


def words(text: str, *, folded: bool) -> list[str]:
    """Split a text into its syllables in small letters; without diacritics if folded."""
    small = normalise(text).lower()
    return _WORD.findall(fold(small) if folded else small)


@dataclass(frozen=True)
class Bm25Index:
    """Documents counted for BM25 (Robertson and Zaragoza, 2009).

    k1 = 1.2, b = 0.75 and the idf ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative, are Lucene's, so
    what a shop's Elasticsearch or OpenSearch does unless told otherwise. A word that a query repeats counts as
    often.
    """

    counts: tuple[Counter[str], ...]
    holding: Counter[str]
    mean_length: float
    folded: bool
    k1: float = K1
    b: float = B

    @classmethod
    def of(cls, documents: Sequence[str], *, folded: bool, k1: float = K1, b: float = B) -> "Bm25Index":
        """Count the words of each document."""
        counts = tuple(Counter(words(text, folded=folded)) for text in documents)
        holding = Counter(word for count in counts for word in count)
        total = sum(count.total() for count in counts)
        return cls(counts, holding, total / max(1, len(counts)), folded, k1, b)

    def idf(self, word: str) -> float:
        """Return how telling a word is."""
        holding = self.holding[word]
        return math.log(1 + (len(self.counts) - holding + 0.5) / (holding + 0.5))

    def scores(self, query: str, places: Sequence[int]) -> NDArray[np.float64]:
        """Return the score of each document that is asked for, (n,)."""
        weights = {w: n * self.idf(w) for w, n in Counter(words(query, folded=self.folded)).items()}
        return np.array([self._score(weights, self.counts[place]) for place in places], np.float64)

    def _score(self, weights: dict[str, float], count: Counter[str]) -> float:
        length = self.k1 * (1 - self.b + self.b * count.total() / (self.mean_length or 1))
        return sum(w * count[word] * (self.k1 + 1) / (count[word] + length) for word, w in weights.items())
