"""From logits to probabilities: Platt's sigmoid or a monotone step function, fitted on judgments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xephang.errors import InputError

Method = Literal["platt", "isotonic"]
METHODS: tuple[Method, ...] = ("platt", "isotonic")
FOLDS = 5
_STEPS = 100
_SMALL = 1e-10

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Platt:
    """The probability is 1 / (1 + e^-(slope x logit + intercept))."""

    slope: float
    intercept: float

    def __call__(self, logits: Floats) -> Floats:
        """Return probabilities, (n,)."""
        return np.asarray(_sigmoid(self.slope * logits + self.intercept), np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return what `calibration.json` holds."""
        return {"method": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """The probability is read off between points; outside them it is that of the nearest.

    :param logits: rising.
    :param probabilities: never falling.
    """

    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, logits: Floats) -> Floats:
        """Return probabilities, (n,)."""
        return np.asarray(np.interp(logits, self.logits, self.probabilities), np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return what `calibration.json` holds."""
        return {"method": "isotonic", "logits": list(self.logits), "probabilities": list(self.probabilities)}


Map = Platt | Isotonic


def method(name: str) -> Method:
    """Return the method that is called so.

    :raises InputError: if there is none.
    """
    for known in METHODS:
        if known == name:
            return known
    raise InputError(f"calibration '{name}' is not known; methods are {', '.join(METHODS)}")


def fit(method: Method, logits: Floats, relevant: Bools) -> Map:
    """Fit a map from logits to the probability of being relevant.

    :raises InputError: if not both kinds of document are there.
    """
    if relevant.all() or not relevant.any():
        kind = "relevant" if relevant.all() else "irrelevant"
        raise InputError(f"calibration needs relevant and irrelevant documents, and all {len(relevant)} are {kind}")
    return fit_platt(logits, relevant) if method == "platt" else fit_isotonic(logits, relevant)


def fit_platt(logits: Floats, relevant: Bools) -> Platt:
    """Fit by Newton's method on Platt's softened targets, which keep the slope finite (Lin, Lin and Weng, 2007)."""
    yes, no = int(relevant.sum()), int((~relevant).sum())
    targets = np.where(relevant, (yes + 1) / (yes + 2), 1 / (no + 2))
    centre, spread = logits.mean(), logits.std() or 1.0
    inputs = np.stack([(logits - centre) / spread, np.ones_like(logits)], axis=1)
    weights = np.array([0.0, np.log((yes + 1) / (no + 1))])
    loss = _log_loss(inputs @ weights, targets)
    for _ in range(_STEPS):
        found = _sigmoid(inputs @ weights)
        gradient = inputs.T @ (found - targets)
        curvature = (inputs * (found * (1 - found))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step, size = np.linalg.solve(curvature, gradient), 1.0
        while (new := _log_loss(inputs @ (weights - size * step), targets)) > loss and size > _SMALL:
            size /= 2
        if not new < loss - _SMALL:
            break
        weights, loss = weights - size * step, new
    slope = float(weights[0] / spread)
    return Platt(slope, float(weights[1] - slope * centre))


def fit_isotonic(logits: Floats, relevant: Bools) -> Isotonic:
    """Fit by pooling adjacent violators (Zadrozny and Elkan, KDD 2002); between blocks, a straight line."""
    blocks: list[tuple[float, float, float, float]] = []  # from logit, to logit, how many, how many of them relevant
    distinct, where = np.unique(logits, return_inverse=True)
    counts = np.bincount(where).astype(np.float64)
    for logit, n, yes in zip(distinct, counts, np.bincount(where, weights=relevant), strict=True):
        blocks.append((float(logit), float(logit), float(n), float(yes)))
        while len(blocks) > 1 and blocks[-2][3] / blocks[-2][2] >= blocks[-1][3] / blocks[-1][2]:
            (start, _, n0, yes0), (_, end, n1, yes1) = blocks[-2:]
            blocks[-2:] = [(start, end, n0 + n1, yes0 + yes1)]
    points = [(at, yes / n) for start, end, n, yes in blocks for at in sorted({start, end})]
    return Isotonic(tuple(at for at, _ in points), tuple(share for _, share in points))


def cross_fitted(method: Method, logits: Floats, relevant: Bools, groups: Sequence[Sequence[int]]) -> Floats | None:
    """Return probabilities of documents whose query was not fitted on, (n,); None where no split allows it.

    :param groups: the places of each query's documents; every fifth query is held out in turn.
    """
    folds = min(FOLDS, len(groups))
    out = np.full(len(logits), np.nan)
    for fold in range(folds):
        held = np.zeros(len(logits), bool)
        held[[place for group in groups[fold::folds] for place in group]] = True
        if relevant[~held].all() or not relevant[~held].any():
            return None
        out[held] = fit(method, logits[~held], relevant[~held])(logits[held])
    return out


def _log_loss(logits: Floats, targets: Floats) -> float:
    return float((np.logaddexp(0, logits) - targets * logits).sum())


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), np.float64)
