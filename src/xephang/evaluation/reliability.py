"""Whether probabilities mean what they say: of all that claim 0.8, 80% should be relevant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """The documents whose probability is between `low` and `high`.

    :param claimed: their mean probability.
    :param relevant: the share of them that is relevant.
    """

    low: float
    high: float
    documents: int
    claimed: float
    relevant: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins that hold anything, and the expected calibration error.

    :param error: the mean over documents of |claimed - relevant| of their bin, 0 to 1.
    """

    bins: tuple[Bin, ...]
    error: float


def reliability(probabilities: Floats, relevant: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Sort documents into bins of equal width and compare (Guo et al., ICML 2017)."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    found = [
        Bin(
            i / bins,
            (i + 1) / bins,
            int(n),
            float(probabilities[place == i].mean()),
            float(relevant[place == i].mean()),
        )
        for i, n in enumerate(np.bincount(place, minlength=bins))
        if n
    ]
    error = sum(one.documents * abs(one.claimed - one.relevant) for one in found) / max(1, len(probabilities))
    return Reliability(tuple(found), error)
