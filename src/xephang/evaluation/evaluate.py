"""Measure systems on judgments, in one call."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang.errors import InputError
from xephang.evaluation.evaluation import Comparison, Evaluation, Result, Slice
from xephang.evaluation.noise import noise_effects, noise_kinds
from xephang.evaluation.reliability import reliability
from xephang.evaluation.significance import RESAMPLES, bootstrap_interval, holm, randomisation_test
from xephang.evaluation.stamp import stamp
from xephang.evaluation.systems import Bm25, Model, Scored, System, named_apart
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import ALL_METRICS, measure_each
from xephang.reranker import Reranker

Judged = JudgmentSet | str | Path | Sequence[Judgment]
"""What judgments may be given as; a path is read by `JudgmentSet.read`."""


def evaluate(
    systems: Sequence[System | Reranker | str | Path],
    judgments: Judged,
    *,
    bm25: bool = True,
    noise: str | Sequence[str] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
    show_progress: bool = False,
) -> Evaluation:
    """Measure systems over exactly the candidates that were judged, the first against each of the others.

    :param systems: rerankers, names that `Reranker.load` takes, or anything else that is a `System`.
    :param judgments: a file that `JudgmentSet.read` reads, a judgment set, or judgments.
    :param bm25: measure BM25 too, with diacritics and without.
    :param noise: kinds of `xephang.judgments.noise.NOISE`, or "all": measure the models on queries typed so, too.
    :param seed: of the randomisation test and the bootstrap.
    :param show_progress: draw a bar on stderr.
    :raises InputError: if there is nothing to measure, or the judgments can not be read.
    :raises ModelError: if a model can not be opened.
    """
    if resamples < 1:
        raise InputError(f"resamples is {resamples}; it must be at least 1")
    kinds = noise_kinds(noise)
    judged = judgment_set(judgments)
    opened = [_system(system, show_progress) for system in systems]
    opened += [Bm25(), Bm25(folded=True)] if bm25 else []
    if not opened:
        raise InputError("there are no systems to measure; name a model")
    results = tuple(
        _result(name, system.score(judged), judged, seed, resamples)
        for name, system in zip(named_apart([system.name for system in opened]), opened, strict=True)
    )
    return Evaluation(
        judged,
        results,
        _comparisons(results, seed, resamples),
        _slices(results, judged),
        stamp(),
        seed,
        resamples,
        tuple(
            effect
            for system, result in zip(opened, results, strict=True)
            if isinstance(system, Model)
            for effect in noise_effects(system, result, judged, kinds, seed=seed, resamples=resamples)
        ),
    )


def judgment_set(judgments: Judged) -> JudgmentSet:
    """Return judgments as a set, whatever they are given as."""
    if isinstance(judgments, JudgmentSet):
        return judgments
    return JudgmentSet.read(judgments) if isinstance(judgments, str | Path) else JudgmentSet.of(judgments)


def _system(system: System | Reranker | str | Path, show_progress: bool) -> System:
    if isinstance(system, str | Path):
        system = Reranker.load(system)
    return Model(system, show_progress) if isinstance(system, Reranker) else system


def _result(name: str, scored: Scored, judged: JudgmentSet, seed: int, resamples: int) -> Result:
    each = measure_each(judged.judgments, scored.scores.tolist(), ALL_METRICS)
    values = np.array([[each[metric][query_id] for metric in ALL_METRICS] for query_id in judged.queries])
    intervals = bootstrap_interval(values, seed=seed, resamples=resamples)
    claimed = scored.probabilities
    found = None if claimed is None else reliability(claimed, relevant(judged, scored.relevant_grade))
    return Result(name, scored, values, values.mean(axis=0), intervals, found)


def _comparisons(results: Sequence[Result], seed: int, resamples: int) -> tuple[Comparison, ...]:
    first, others = results[0], results[1:]
    differences = [first.values - other.values for other in others]
    p = [randomisation_test(difference, seed=seed, resamples=resamples) for difference in differences]
    adjusted = np.array([holm(list(column)) for column in np.array(p).T]).T
    return tuple(
        Comparison(
            other.name,
            difference.mean(axis=0),
            bootstrap_interval(difference, seed=seed, resamples=resamples),
            p[i],
            adjusted[i],
        )
        for i, (other, difference) in enumerate(zip(others, differences, strict=True))
    )


def _slices(results: Sequence[Result], judged: JudgmentSet) -> tuple[Slice, ...]:
    found: list[Slice] = []
    for kind, values in judged.slices.items():
        for value, query_ids in values.items():
            inside = np.array([query_id in query_ids for query_id in judged.queries])
            means = np.array([result.values[inside].mean(axis=0) for result in results])
            found.append(Slice(kind, value, int(inside.sum()), means))
    return tuple(found)


def relevant(judged: JudgmentSet, grade: int) -> NDArray[np.bool_]:
    """Say of each candidate whether it is of that grade or better, (n,)."""
    return np.array([candidate.grade >= grade for candidate in judged.candidates])
