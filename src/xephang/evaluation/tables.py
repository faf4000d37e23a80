"""The tables and lists that every form of a report shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from xephang.evaluation.evaluation import HEADLINE, Evaluation, Slice, label
from xephang.evaluation.reliability import BINS
from xephang.evaluation.trec import ranked
from xephang.judgments.measure import ALL_METRICS

COMPARED = (HEADLINE, "ndcg@1", "mrr@10", "map")
ORDER = (HEADLINE, *(metric for metric in ALL_METRICS if metric != HEADLINE))
WORST, DEPTH = 10, 10
_FEW = 20
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    :param note: a sentence below it; empty where there is nothing to say.
    :param words: how many columns, from the first on, are words; the others are figures.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    words: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A document at its rank, as the first system has it.

    :param score: empty where the system has none.
    """

    rank: int
    grade: int
    score: str
    text: str


@dataclass(frozen=True, slots=True)
class Worst:
    """A query that the first system ranked badly.

    :param others: the other systems' values of the same metric, by name.
    :param below: the grades of the candidates below those listed, in their order.
    """

    query: str
    value: float
    others: Sequence[tuple[str, float]]
    places: Sequence[Place]
    below: Sequence[int]


def visible(text: str) -> str:
    """Return a text with U+FFFD for what shows as nothing, reorders its line, or fits into no file."""
    return _UNSEEN.sub("\ufffd", text)


def summary(evaluation: Evaluation) -> Table:
    """Return every system's means."""
    places = [evaluation.column(metric) for metric in ORDER]
    rows = []
    for result in evaluation.results:
        low, high = result.intervals[places[0]]
        figures = [f"{result.means[place]:.3f}" for place in places]
        rows.append([result.name, figures[0], f"{low:.3f} – {high:.3f}", *figures[1:]])
    header = ["System", label(HEADLINE), "95% interval", *(label(metric) for metric in ORDER[1:])]
    notes = [f"{result.name}: {result.scored.note}." for result in evaluation.results if result.scored.note]
    return Table("Figures", header, rows, " ".join(notes))


def comparisons(evaluation: Evaluation) -> Table:
    """Return how the first system differs from each other one, and whether that could be chance."""
    several = len(evaluation.comparisons) > 1
    rows = []
    for one in evaluation.comparisons:
        for metric in COMPARED:
            place = evaluation.column(metric)
            low, high = one.intervals[place]
            p = [one.p[place], one.p_holm[place]] if several else [one.p[place]]
            rows.append(
                [
                    one.name,
                    label(metric),
                    f"{one.difference[place]:+.3f}",
                    f"{low:+.3f} to {high:+.3f}",
                    *map(chance, p),
                ]
            )
    header = ["Against", "Metric", "Difference", "95% interval", "p", *(["p (Holm)"] if several else [])]
    return Table(f"{evaluation.first.name} against the others", header, rows, words=2)


def slices(evaluation: Evaluation) -> list[Table]:
    """Return, for each kind of slice, every system's nDCG@10."""
    headline = evaluation.column(HEADLINE)
    tables = []
    for kind, within in _kinds(evaluation).items():
        rows = [[one.value, str(one.queries), *(f"{means[headline]:.3f}" for means in one.means)] for one in within]
        header = ["Queries of", "n", *(result.name for result in evaluation.results)]
        few = f"Of fewer than {_FEW} queries, a mean says little." if any(one.queries < _FEW for one in within) else ""
        tables.append(Table(f"{label(HEADLINE)} by {kind}", header, rows, few))
    return tables


def slices_of_first(evaluation: Evaluation) -> list[Table]:
    """Return, for each kind of slice, every metric of the first system."""
    places = [evaluation.column(metric) for metric in ORDER]
    header = ["Queries of", "n", *map(label, ORDER)]
    return [
        Table(
            f"{evaluation.first.name} by {kind}",
            header,
            [[one.value, str(one.queries), *(f"{one.means[0][place]:.3f}" for place in places)] for one in within],
        )
        for kind, within in _kinds(evaluation).items()
    ]


def _kinds(evaluation: Evaluation) -> dict[str, list[Slice]]:
    found: dict[str, list[Slice]] = {}
    for one in evaluation.slices:
        found.setdefault(one.kind, []).append(one)
    return found


def noise(evaluation: Evaluation) -> Table | None:
    """Return how each model does on queries typed with noise; None where that was not measured."""
    rows = [
        [
            one.system,
            one.kind,
            str(one.queries),
            f"{one.clean:.3f}",
            f"{one.noisy:.3f}",
            f"{one.difference:+.3f}",
            f"{one.interval[0]:+.3f} to {one.interval[1]:+.3f}",
            f"{one.top_kept:.0%}",
        ]
        for one in evaluation.noise
    ]
    header = ["System", "Noise", "n", f"{label(HEADLINE)} clean", "Noisy", "Difference", "95% interval", "Top 1 kept"]
    note = "Over the queries whose text the noise changes, n of them; kinds that change none are left out."
    return Table("Noise against clean", header, rows, note, words=2) if rows else None


def calibrations(evaluation: Evaluation) -> Table | None:
    """Return the expected calibration errors; None where no system claims probabilities."""
    rows = [
        [result.name, result.scored.claim, f"grade {result.scored.relevant_grade}", f"{error:.3f}"]
        for result in evaluation.results
        if (error := result.calibration_error) is not None
    ]
    header = ["System", "Scores", "Relevant from", "Expected calibration error"]
    return Table("Calibration", header, rows, f"{BINS} bins of equal width.", words=3) if rows else None


def worst(evaluation: Evaluation) -> list[Worst]:
    """Return the queries with the lowest nDCG@10 that have something to find, the lowest first."""
    judged, column = evaluation.judged, evaluation.column(HEADLINE)
    scores = evaluation.first.scored.scores
    queries = list(judged.queries.items())
    candidates = judged.candidates
    findable = [i for i, (key, _) in enumerate(queries) if any(candidates[p].grade for p in judged.places[key])]
    found = []
    for i in sorted(findable, key=lambda i: float(evaluation.first.values[i, column]))[:WORST]:
        query_id, text = queries[i]
        order = ranked(judged, scores.tolist(), judged.places[query_id])
        places = [
            Place(rank, candidates[place].grade, _score(scores[place]), candidates[place].text)
            for rank, place in enumerate(order[:DEPTH], start=1)
        ]
        others = [(result.name, float(result.values[i, column])) for result in evaluation.results[1:]]
        value = float(evaluation.first.values[i, column])
        found.append(Worst(text, value, others, places, [candidates[place].grade for place in order[DEPTH:]]))
    return found


def _score(score: float) -> str:
    return "" if score != score else f"{score:.2f}"


def method(evaluation: Evaluation) -> list[str]:
    """Say in sentences how the figures came about."""
    judged = evaluation.judged
    nothing = sum(not any(judged.candidates[p].grade for p in places) for places in judged.places.values())
    sentences = [
        "Every figure is over exactly the candidates that were judged; documents that nobody judged play no part.",
        "nDCG has gains 2^grade − 1. MRR, MAP and P@k take grades 2 and 3 as relevant; P@k divides by k. Where "
        "scores are equal, the worse document is taken to stand first.",
        "Intervals are 95% bootstrap percentile intervals over queries, and p is that of a two-sided paired "
        f"randomisation test, with {evaluation.resamples:,} resamples each and seed {evaluation.seed}. p (Holm) is "
        "adjusted for the number of systems compared.",
        "BM25 has k1 = 1.2 and b = 0.75 and counts words over all candidates of the judgments.",
    ]
    if nothing:
        sentences.append(f"{nothing} queries have no document above grade 0 and count with 0 in every metric.")
    if judged.repeated:
        sentences.append(f"{judged.repeated} rows repeated an earlier one and were left out.")
    return sentences


def chance(p: float) -> str:
    """Write a p-value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
