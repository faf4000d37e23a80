"""Graded ranking metrics, by ir_measures."""

from collections.abc import Mapping, Sequence

from xephang.errors import InputError, MissingExtraError
from xephang.judgments.graded import HIGHEST_GRADE, Judgment

RELEVANT_FROM = 2
"""The grade from which a document counts as relevant where a metric knows only yes and no."""
METRICS = ("ndcg@1", "ndcg@5", "ndcg@10", "mrr@10", "map")


def measure(
    judgments: Sequence[Judgment], scores: Sequence[float], metrics: Sequence[str] = METRICS
) -> Mapping[str, float]:
    """Return the mean over queries of each metric, for exactly the candidates given.

    nDCG has gains 2^grade - 1 and discounts log2(rank + 1) (Burges et al., ICML 2005); MRR and MAP take
    grades of 2 and more as relevant. Queries whose documents are all grade 0 count with 0.

    :param scores: one for each judgment; ties are broken against the better grade.
    :raises InputError: if a metric is not one of `METRICS`, or there is nothing to measure.
    :raises MissingExtraError: if ir_measures is not installed.
    """
    if unknown := [name for name in metrics if name not in METRICS]:
        raise InputError(f"metric '{unknown[0]}' is not known; metrics are {', '.join(METRICS)}")
    if not judgments:
        raise InputError("there are no judgments to measure")
    try:
        import ir_measures
        from ir_measures import AP, RR, nDCG
    except ImportError as error:
        raise MissingExtraError("measuring", "train") from error
    gains = {grade: 2**grade - 1 for grade in range(1, HIGHEST_GRADE + 1)}
    known = {f"ndcg@{k}": nDCG(gains=gains) @ k for k in (1, 5, 10)}
    known |= {"mrr@10": RR(rel=RELEVANT_FROM) @ 10, "map": AP(rel=RELEVANT_FROM)}
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for i, place in enumerate(_worst_case_order(judgments, scores)):
        judgment = judgments[place]
        qrels.setdefault(judgment.query, {})[str(i)] = judgment.grade
        run.setdefault(judgment.query, {})[str(i)] = -float(i)
    values = ir_measures.calc_aggregate([known[name] for name in metrics], qrels, run)
    return {name: float(values[known[name]]) for name in metrics}


def _worst_case_order(judgments: Sequence[Judgment], scores: Sequence[float]) -> list[int]:
    return sorted(range(len(judgments)), key=lambda i: (-scores[i], judgments[i].grade))
