"""Recall and nDCG over a catalogue in which every product is graded."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xephang.evaluation.significance import bootstrap_interval

Grades = NDArray[np.int8]
Places = NDArray[np.int64]


def recall(grades: Grades, found: Places, least: int, depth: int = 100) -> float:
    """Return how much of what is relevant is among the first; all of it is 1, also where that is more than `depth`.

    :param found: places of products, best first.
    :param least: the grade from which a product is relevant.
    :return: NaN where nothing is relevant.
    """
    relevant = int((grades >= least).sum())
    return float((grades[found[:depth]] >= least).sum()) / min(depth, relevant) if relevant else float("nan")


def ndcg(grades: Grades, order: Places, depth: int = 10) -> float:
    """Return nDCG with gains of 2^grade - 1, against the best order of the whole catalogue.

    :return: NaN where no product has a grade.
    """
    best = _dcg(np.sort(grades)[::-1][:depth])
    return _dcg(grades[order[:depth]]) / best if best else float("nan")


def ideal(grades: Grades, found: Places) -> Places:
    """Return what was found in the order of the grades: what a perfect reranker would make of it."""
    return found[np.argsort(-grades[found], kind="stable")]


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return each measure's mean over the queries that have it, and how many queries there are."""
    found: dict[str, float] = {"queries": len(rows)}
    for name in dict.fromkeys(name for row in rows for name in row):
        found[name] = round(float(np.nanmean([row.get(name, float("nan")) for row in rows])), 4)
    return found


def interval(differences: Sequence[float]) -> dict[str, float]:
    """Return the mean of differences, and its 95 % interval."""
    values = np.array([one for one in differences if one == one])[:, None]
    low, high = bootstrap_interval(values)[0]
    return {"mean": round(float(values.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _dcg(grades: Grades) -> float:
    return float(((2.0**grades - 1) / np.log2(np.arange(2, len(grades) + 2))).sum())
