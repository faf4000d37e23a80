"""Whether a difference between two systems could be chance, and how far a mean can be trusted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
CONFIDENCE = 0.95
_AT_ONCE = 500
_ROUNDING = 1e-12

Floats = NDArray[np.float64]


def randomisation_test(differences: Floats, *, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """Return the two-sided p of paired differences having mean 0, (metrics,).

    Under the null hypothesis a query's difference might as well have the other sign: signs are drawn anew
    `resamples` times, and what was seen counts as one more draw, so p is never 0 (Smucker, Allan and Carterette,
    CIKM 2007).

    :param differences: (queries, metrics).
    """
    generator = np.random.default_rng(seed)
    seen = np.abs(differences.mean(axis=0)) - _ROUNDING
    as_far = np.zeros(differences.shape[1], np.int64)
    for count in _batches(resamples):
        signs = generator.integers(0, 2, (count, len(differences)), np.int8) * 2.0 - 1
        as_far += (np.abs(signs @ differences) / len(differences) >= seen).sum(axis=0)
    return np.asarray((as_far + 1) / (resamples + 1), np.float64)


def bootstrap_interval(values: Floats, *, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """Return the 95% percentile interval of each mean, (metrics, 2), queries drawn anew (Sakai, SIGIR 2006).

    :param values: (queries, metrics).
    """
    generator = np.random.default_rng(seed)
    n = len(values)
    means = [generator.multinomial(n, np.full(n, 1 / n), size=count) @ values / n for count in _batches(resamples)]
    tail = 50 * (1 - CONFIDENCE)
    return np.asarray(np.percentile(np.concatenate(means), [tail, 100 - tail], axis=0).T, np.float64)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p of several tests, adjusted so that the chance of any false finding stays as stated (Holm, 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def _batches(total: int) -> list[int]:
    """Split a number of draws, so that memory does not grow with it."""
    return [min(_AT_ONCE, total - start) for start in range(0, total, _AT_ONCE)]
