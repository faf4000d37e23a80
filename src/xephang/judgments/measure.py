"""Graded ranking metrics, by ir_measures."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from xephang.errors import InputError, MissingExtraError
from xephang.judgments.graded import HIGHEST_GRADE, Judgment

RELEVANT_FROM = 2
"""The grade from which a document counts as relevant where a metric knows only yes and no."""
METRICS = ("ndcg@1", "ndcg@5", "ndcg@10", "mrr@10", "map")
"""What is measured where nothing else is asked for."""
ALL_METRICS = (*METRICS, "p@1", "p@5", "p@10")


def measure(
    judgments: Sequence[Judgment], scores: Sequence[float], metrics: Sequence[str] = METRICS
) -> Mapping[str, float]:
    """Return the mean over queries of each metric, for exactly the candidates given.

    nDCG has gains 2^grade - 1 and discounts log2(rank + 1) (Burges et al., ICML 2005); MRR, MAP and P@k take
    grades of 2 and more as relevant, P@k divides by k. Queries whose documents are all grade 0 count with 0.

    :param scores: one for each judgment; ties are broken against the better grade, and NaN is the worst score.
    :raises InputError: if a metric is not one of `ALL_METRICS`, there is nothing to measure, or not a score for each.
    :raises MissingExtraError: if ir_measures is not installed.
    """
    each = measure_each(judgments, scores, metrics)
    return {name: fmean(values.values()) for name, values in each.items()}


def measure_each(
    judgments: Sequence[Judgment], scores: Sequence[float], metrics: Sequence[str] = METRICS
) -> Mapping[str, Mapping[str, float]]:
    """Return each metric of each query, by metric and then by query, queries in the order of the judgments.

    Measures and raises as `measure` does.
    """
    if unknown := [name for name in metrics if name not in ALL_METRICS]:
        raise InputError(f"metric '{unknown[0]}' is not known; metrics are {', '.join(ALL_METRICS)}")
    if not judgments:
        raise InputError("there are no judgments to measure")
    if len(scores) != len(judgments):
        raise InputError(f"{len(judgments)} judgments and {len(scores)} scores: give one score for each judgment")
    try:
        import ir_measures
        from ir_measures import AP, RR, P, nDCG
    except ImportError as error:
        raise MissingExtraError("measuring", "eval") from error
    gains = {grade: 2**grade - 1 for grade in range(1, HIGHEST_GRADE + 1)}
    known = {f"ndcg@{k}": nDCG(gains=gains) @ k for k in (1, 5, 10)}
    known |= {f"p@{k}": P(rel=RELEVANT_FROM) @ k for k in (1, 5, 10)}
    known |= {"mrr@10": RR(rel=RELEVANT_FROM) @ 10, "map": AP(rel=RELEVANT_FROM)}
    names = {known[name]: name for name in metrics}
    qrels: dict[str, dict[str, int]] = {judgment.query: {} for judgment in judgments}
    run: dict[str, dict[str, float]] = {}
    for i, place in enumerate(_worst_case_order(judgments, scores)):
        judgment = judgments[place]
        qrels[judgment.query][str(i)] = judgment.grade
        run.setdefault(judgment.query, {})[str(i)] = -float(i)
    values = {name: dict.fromkeys(qrels, 0.0) for name in metrics}
    for found in ir_measures.iter_calc(list(names), qrels, run):
        values[names[found.measure]][found.query_id] = float(found.value)
    return values


def _worst_case_order(judgments: Sequence[Judgment], scores: Sequence[float]) -> list[int]:
    lost = [score != score for score in scores]
    return sorted(range(len(judgments)), key=lambda i: (lost[i], 0.0 if lost[i] else -scores[i], judgments[i].grade))
