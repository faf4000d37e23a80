"""Fitting a map from logits to probabilities on judgments, and how far off it is on queries it has not seen."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang.calibration import Calibration, Floats, Isotonic, Map, Method, Platt, sigmoid
from xephang.errors import InputError
from xephang.evaluation.evaluate import Judged, judgment_set, relevant
from xephang.evaluation.reliability import reliability
from xephang.judgments.graded import HIGHEST_GRADE
from xephang.judgments.measure import RELEVANT_FROM
from xephang.reranker import Reranker

METHODS: tuple[Method, ...] = ("platt", "isotonic")
FOLDS = 5
FEW = 200
"""Of fewer judgments, a calibration says little."""
_STEPS = 100
_SMALL = 1e-10

Bools = NDArray[np.bool_]


def calibrate(
    reranker: Reranker | str | Path,
    judgments: Judged,
    *,
    method: str = "auto",
    relevant_grade: int = RELEVANT_FROM,
    show_progress: bool = False,
) -> Calibration:
    """Fit what `ModelFolder.with_calibration` saves.

    :param reranker: or what `Reranker.load` takes.
    :param judgments: which the model was not trained on; a file that `JudgmentSet.read` reads, or judgments.
    :param method: "platt", "isotonic", or "auto", which takes the one of less log loss on queries held out.
    :param relevant_grade: a document of this grade or better is relevant.
    :param show_progress: draw a bar on stderr.
    :raises InputError: if there is nothing to tell relevant from irrelevant documents by, or the model has several
        output labels.
    """
    tried = METHODS if method == "auto" else tuple(known for known in METHODS if known == method)
    if not tried:
        raise InputError(f"calibration '{method}' is not known; methods are auto, {', '.join(METHODS)}")
    if relevant_grade not in range(1, HIGHEST_GRADE + 1):
        raise InputError(f"relevant grade is {relevant_grade}; it must be 1 to {HIGHEST_GRADE}")
    judged = judgment_set(judgments)
    reranker = reranker if isinstance(reranker, Reranker) else Reranker.load(reranker)
    if reranker.labels > 1:
        raise InputError(f"{reranker.folder.path}: has {reranker.labels} output labels; only one can be calibrated")
    yes = relevant(judged, relevant_grade)
    _check_both(yes)
    pairs = [(candidate.query, candidate.document) for candidate in judged.candidates]
    logits = reranker.score(pairs, show_progress=show_progress).logits.astype(np.float64)
    groups = list(judged.places.values())
    held_out = {name: cross_fitted(name, logits, yes, groups) for name in tried}
    best = min(tried, key=lambda name: log_loss(held_out[name], yes))
    return Calibration(
        _rising(fit(best, logits, yes), logits),
        relevant_grade,
        judged.name,
        judged.sha256,
        len(judged.queries),
        len(yes),
        int(yes.sum()),
        reliability(sigmoid(logits), yes).error,
        reliability(held_out[best], yes).error,
    )


def fit(method: Method, logits: Floats, relevant: Bools) -> Map:
    """Fit a map from logits to the probability of being relevant, which never falls.

    :raises InputError: if not both kinds of document are there, or a logit is no number.
    """
    _check_both(relevant)
    if not np.isfinite(logits).all():
        raise InputError(f"{int((~np.isfinite(logits)).sum())} of {len(logits)} logits are no finite numbers")
    if method == "platt":
        return fit_platt(logits, relevant)
    found, surest = fit_isotonic(logits, relevant), _surest(relevant)
    return Isotonic(found.logits, tuple(min(max(one, surest), 1 - surest) for one in found.probabilities))


def _surest(relevant: Bools) -> float:
    """Return how near to 0 and to 1 so many documents can bring a probability (Laplace)."""
    return 1 / (len(relevant) + 2)


def fit_platt(logits: Floats, relevant: Bools) -> Platt:
    """Fit by Newton's method on Platt's softened targets, which keep the slope finite (Lin, Lin and Weng, 2007)."""
    yes, no = int(relevant.sum()), int((~relevant).sum())
    targets = np.where(relevant, (yes + 1) / (yes + 2), 1 / (no + 2))
    centre, spread = logits.mean(), logits.std() or 1.0
    inputs = np.stack([(logits - centre) / spread, np.ones_like(logits)], axis=1)
    weights = np.array([0.0, np.log((yes + 1) / (no + 1))])
    loss = _cross_entropy(inputs @ weights, targets)
    for _ in range(_STEPS):
        found = sigmoid(inputs @ weights)
        gradient = inputs.T @ (found - targets)
        curvature = (inputs * (found * (1 - found))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step, size = np.linalg.solve(curvature, gradient), 1.0
        while (new := _cross_entropy(inputs @ (weights - size * step), targets)) > loss and size > _SMALL:
            size /= 2
        if not new < loss - _SMALL:
            break
        weights, loss = weights - size * step, new
    if weights[0] < 0:  # of all sigmoids that do not fall, the flat one is then the best
        return Platt(0.0, float(np.log(targets.mean() / (1 - targets.mean()))))
    slope = float(weights[0] / spread)
    return Platt(slope, float(weights[1] - slope * centre))


def fit_isotonic(logits: Floats, relevant: Bools) -> Isotonic:
    """Fit by pooling adjacent violators (Barlow et al., 1972); between blocks, a straight line."""
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


def cross_fitted(method: Method, logits: Floats, relevant: Bools, groups: Sequence[Sequence[int]]) -> Floats:
    """Return probabilities of documents whose query was not fitted on, (n,).

    :param groups: the places of each query's documents; every fifth query is held out in turn.
    :raises InputError: if the queries that are left have only one kind of document.
    """
    folds = min(FOLDS, len(groups))
    out = np.full(len(logits), np.nan)
    for fold in range(folds):
        held = np.zeros(len(logits), bool)
        held[[place for group in groups[fold::folds] for place in group]] = True
        if relevant[~held].all() or not relevant[~held].any():
            raise InputError(
                f"{len(groups)} queries are too few to hold some out: of the documents of the others all are relevant, "
                "or none is; grade more queries"
            )
        out[held] = fit(method, logits[~held], relevant[~held])(logits[held])
    return out


def log_loss(probabilities: Floats, relevant: Bools) -> float:
    """Return the mean log loss, no probability being taken for surer than n documents can make it (Laplace)."""
    surest = _surest(relevant)
    given = np.clip(np.where(relevant, probabilities, 1 - probabilities), surest, 1 - surest)
    return float(-np.log(given).mean())


def _check_both(relevant: Bools) -> None:
    if relevant.all() or not relevant.any():
        kind = "relevant" if relevant.all() else "irrelevant"
        raise InputError(f"calibration needs relevant and irrelevant documents, and all {len(relevant)} are {kind}")


def _rising(found: Map, logits: Floats) -> Map:
    if np.ptp(found(logits)) == 0:
        raise InputError(
            "relevant documents have no higher logits than the others, so every probability would be the same; "
            "use a model that ranks these judgments better than chance"
        )
    return found


def _cross_entropy(logits: Floats, targets: Floats) -> float:
    return float((np.logaddexp(0, logits) - targets * logits).sum())
