"""How likely a shopper looks at each position, estimated from a click log.

The position-based model says that a click takes two things, that the position is looked at and that the product
attracts: P(click) = examination(position) x attraction(query, product) (Richardson et al., WWW 2007; Craswell et al.,
WSDM 2008). Both factors are found by Poisson pseudo-likelihood: take each in turn as clicks over the clicks that the
other one makes expected, until nothing moves. One round from equal attraction is the COEC of Zhang and Jones (WWW
2007). With the mean as said by the model, the estimate of the examination is consistent however few impressions each
product has (Wooldridge, Journal of Econometrics 90, 1999), which can not be said of expectation maximisation with one
parameter a product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.judgments.click_log import Counts, Whole

LEAST_CLICKS = 20
"""Neighbouring positions are taken together until they have so many clicks."""
_ROUNDS, _TOLERANCE = 2000, 1e-6
_HALF = 0.5


@dataclass(frozen=True)
class Examination:
    """The estimate, and what it rests on.

    :param positions: by position, how likely it is looked at, relative to the likeliest (1).
    :param informative: the share of clicks on products that the same query showed at different positions. Only these
        tell position from attraction; without any, each position's click rate is taken for its examination.
    :param rounds: until it moved no more.
    """

    positions: Mapping[int, float]
    informative: float
    rounds: int
    converged: bool

    def of(self, position: Whole) -> NDArray[np.float64]:
        """Return the examination of each position, (n,)."""
        known = np.array(sorted(self.positions))
        return np.array([self.positions[int(at)] for at in known])[np.searchsorted(known, position)]


def estimate_examination(counts: Counts) -> Examination:
    """Estimate the examination of every position that the log has."""
    positions, at = np.unique(counts.position, return_inverse=True)
    groups = _groups(np.bincount(at, counts.clicks))
    group = groups[at]
    pair = _runs(counts.query, counts.product)
    examined = np.bincount(group, counts.clicks) / np.bincount(group, counts.impressions)
    if not examined.any():
        return Examination(dict.fromkeys(positions.tolist(), 1.0), 0.0, 0, True)
    moved = np.zeros(int(pair[-1]) + 1, bool)
    moved[pair[1:][(np.diff(pair) == 0) & (np.diff(group) != 0)]] = True
    kept = moved[pair]
    rounds, converged = 0, True
    if counts.clicks[kept].any():
        pair = np.unique(pair[kept], return_inverse=True)[1]
        examined, rounds, converged = _solve(pair, group[kept], counts.impressions[kept], counts.clicks[kept], examined)
    examined = (examined / examined.max())[groups]
    share = float(counts.clicks[kept].sum() / counts.clicks.sum())
    return Examination(dict(zip(positions.tolist(), examined.tolist(), strict=True)), share, rounds, converged)


def _solve(
    pair: Whole, group: Whole, impressions: Whole, clicks: Whole, start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int, bool]:
    by_pair, by_group = np.bincount(pair, clicks), np.bincount(group, clicks, len(start))
    examined = start.astype(np.float64)
    for rounds in range(1, _ROUNDS + 1):
        attraction = by_pair / np.bincount(pair, impressions * examined[group])
        expected = np.bincount(group, impressions * attraction[pair], len(start))
        # Where no click was seen, half a one keeps the factor from nought; where none was to be expected, it stays.
        new = np.divide(np.maximum(by_group, _HALF), expected, out=examined.copy(), where=expected > 0)
        far = float(np.abs(new / new.max() - examined / examined.max()).max())
        examined = new
        if far < _TOLERANCE:
            return examined, rounds, True
    return examined, _ROUNDS, False


def _groups(clicks: NDArray[Any]) -> Whole:
    """Return the group of each position: neighbours, until they have clicks enough; what is left joins the last."""
    groups, waiting, group = np.zeros(len(clicks), np.int64), 0.0, 0
    for place, more in enumerate(clicks):
        groups[place] = group
        waiting += more
        if waiting >= LEAST_CLICKS:
            waiting, group = 0.0, group + 1
    return np.minimum(groups, max(0, group - 1))


def _runs(*columns: Whole) -> Whole:
    """Number the runs of equal places, from 0."""
    changes = np.any([np.diff(column) != 0 for column in columns], axis=0)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)
