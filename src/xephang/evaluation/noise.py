"""What typing noise does to a model: the same queries, typed as shoppers type them, over the same candidates."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from xephang.errors import InputError
from xephang.evaluation.evaluation import HEADLINE, NoiseEffect, Result
from xephang.evaluation.significance import bootstrap_interval
from xephang.evaluation.systems import Model
from xephang.evaluation.trec import ranked
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import ALL_METRICS, measure_each
from xephang.judgments.noise import NOISE
from xephang.text import normalise

ALL = "all"


def noise_kinds(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of noise that are named, "all" being every one, each once and in the order of `NOISE`.

    :raises InputError: if one is not known.
    """
    names = [names] if isinstance(names, str) else names
    if unknown := [name for name in names if name != ALL and name not in NOISE]:
        raise InputError(f"noise '{unknown[0]}' is not known; give {ALL}, or some of {', '.join(NOISE)}")
    return tuple(kind for kind in NOISE if ALL in names or kind in names)


def retyped(judged: JudgmentSet, kind: str) -> JudgmentSet:
    """Return the queries that a kind of noise changes, with their candidates; the same for the same text always."""
    typed = {query_id: NOISE[kind](Random(f"{kind} {text}"), text) for query_id, text in judged.queries.items()}
    candidates = (replace(candidate, query=typed[candidate.query_id]) for candidate in judged.candidates)
    changed = {query_id for query_id, text in judged.queries.items() if typed[query_id] != normalise(text)}
    return JudgmentSet(judged.name, tuple(one for one in candidates if one.query_id in changed))


def noise_effects(
    model: Model, result: Result, judged: JudgmentSet, kinds: Sequence[str], *, seed: int, resamples: int
) -> Iterator[NoiseEffect]:
    """Yield what each kind does to a model, but for kinds that change no query.

    :param result: of the model on the queries as they are.
    """
    row = {query_id: i for i, query_id in enumerate(judged.queries)}
    for kind in kinds:
        noisy = retyped(judged, kind)
        if not noisy.candidates:
            continue
        scores = model.score(noisy).scores.tolist()
        each = measure_each(noisy.judgments, scores, [HEADLINE])[HEADLINE]
        before = result.values[[row[query_id] for query_id in noisy.queries], ALL_METRICS.index(HEADLINE)]
        after = np.array([each[query_id] for query_id in noisy.queries])
        low, high = bootstrap_interval((after - before)[:, None], seed=seed, resamples=resamples)[0]
        first, now = _first(judged, result.scored.scores.tolist()), _first(noisy, scores)
        yield NoiseEffect(
            system=result.name,
            kind=kind,
            queries=len(noisy.queries),
            clean=float(before.mean()),
            noisy=float(after.mean()),
            difference=float((after - before).mean()),
            interval=(float(low), float(high)),
            top_kept=float(np.mean([first[query_id] == document_id for query_id, document_id in now.items()])),
        )


def _first(judged: JudgmentSet, scores: Sequence[float]) -> dict[str, str]:
    """Return the id of each query's best document."""
    return {
        query_id: judged.candidates[ranked(judged, scores, places)[0]].document_id
        for query_id, places in judged.places.items()
    }
