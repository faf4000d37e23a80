"""Put together what the first stage and the reranker make of the candidates."""

from collections.abc import Mapping, Sequence
from math import log

FIRST = 0.1
"""What one point of the first stage counts against the reranker's log-odds; see `docs/search-quality.md`."""
_NEVER_SURE = 0.002


def fused(ranked: Sequence[tuple[str, float]], first: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the candidates in the order that both speak for; of equals, the reranker's stays.

    The two err on different products, so that together they are better than either.

    :param ranked: ids and the reranker's scores, highest first: probabilities, or logits where they are none.
    :param first: the first stage's scores.
    """
    odds = all(0 <= score <= 1 for _, score in ranked)

    def value(one: tuple[str, float]) -> float:
        id, score = one
        return (_log_odds(score) if odds else score) + FIRST * first.get(id, 0.0)

    return sorted(ranked, key=value, reverse=True)


def _log_odds(probability: float) -> float:
    sure = min(max(probability, _NEVER_SURE), 1 - _NEVER_SURE)
    return log(sure / (1 - sure))
