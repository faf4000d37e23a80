"""What came out of an evaluation: figures of every system and query, and how far they can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.errors import GateError, InputError
from xephang.evaluation.reliability import Reliability
from xephang.evaluation.systems import Scored
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import ALL_METRICS

LABELS = {"ndcg": "nDCG", "mrr": "MRR", "map": "MAP", "p": "P"}
HEADLINE = "ndcg@10"
"""The metric that reports draw, and by which they say which queries went worst."""

Floats = NDArray[np.float64]


def label(metric: str) -> str:
    """Write a metric as people do: nDCG@10."""
    name, *cut = metric.split("@")
    return "@".join([LABELS[name], *cut])


@dataclass(frozen=True)
class Result:
    """How one system did.

    :param values: (queries, metrics).
    :param means: (metrics,).
    :param intervals: (metrics, 2), 95% bootstrap intervals of the means.
    :param reliability: of its own probabilities; None where it claims none.
    """

    name: str
    scored: Scored
    values: Floats
    means: Floats
    intervals: Floats
    reliability: Reliability | None = None

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error, of queries held out where the model was calibrated on these judgments."""
        held_out, found = self.scored.held_out_error, self.reliability
        return None if found is None else found.error if held_out is None else held_out


@dataclass(frozen=True)
class Comparison:
    """The first system against another, the mean difference being first minus other.

    :param p: two-sided, of the paired randomisation test, (metrics,).
    :param p_holm: as `p`, adjusted for there being several other systems.
    """

    name: str
    difference: Floats
    intervals: Floats
    p: Floats
    p_holm: Floats


@dataclass(frozen=True)
class Slice:
    """The queries of one value of a slice, and every system's means over them, (systems, metrics)."""

    kind: str
    value: str
    queries: int
    means: Floats


@dataclass(frozen=True)
class NoiseEffect:
    """What one kind of typing noise does to a system, over the queries whose text it changes.

    :param clean: mean nDCG@10 of these queries as they are; `noisy` of the same, typed with noise.
    :param difference: noisy minus clean, with its paired 95% bootstrap interval.
    :param top_kept: the share of these queries that keep their first document.
    """

    system: str
    kind: str
    queries: int
    clean: float
    noisy: float
    difference: float
    interval: tuple[float, float]
    top_kept: float


@dataclass(frozen=True)
class Evaluation:
    """Everything that a report says; the first system is the one that it is about."""

    judged: JudgmentSet
    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...]
    slices: tuple[Slice, ...]
    stamp: Mapping[str, str]
    seed: int
    resamples: int
    noise: tuple[NoiseEffect, ...] = ()
    metrics: tuple[str, ...] = field(default=ALL_METRICS)

    @property
    def first(self) -> Result:
        """The system that the report is about."""
        return self.results[0]

    def mean(self, metric: str, system: int = 0) -> float:
        """Return a system's mean of a metric.

        :raises InputError: if the metric is not known.
        """
        return float(self.results[system].means[self.column(metric)])

    def column(self, metric: str) -> int:
        """Return where a metric stands.

        :raises InputError: if it is not known.
        """
        if metric not in self.metrics:
            raise InputError(f"metric '{metric}' is not known; metrics are {', '.join(self.metrics)}")
        return self.metrics.index(metric)

    def check(self, least: Mapping[str, float]) -> None:
        """Hold the first system's means against thresholds.

        :raises GateError: naming every metric that is less.
        :raises InputError: if a metric is not known.
        """
        failed = [
            f"{metric} is {self.mean(metric):.4f}, less than {wanted:g}"
            for metric, wanted in least.items()
            if not self.mean(metric) >= wanted
        ]
        if failed:
            raise GateError(f"{self.first.name} on {self.judged.name}: {'; '.join(failed)}")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it, each query's values included."""
        return {
            "format": 1,
            "judgments": {
                "name": self.judged.name,
                "sha256": self.judged.sha256,
                "queries": len(self.judged.queries),
                "candidates": len(self.judged.candidates),
                "repeated_rows": self.judged.repeated,
            },
            "systems": [self._system(result) for result in self.results],
            "comparisons": [
                {
                    "first": self.first.name,
                    "other": one.name,
                    "metrics": {
                        name: {"difference": d, "interval": i, "p": p, "p_holm": h}
                        for name, d, i, p, h in zip(
                            self.metrics, *_lists(one.difference, one.intervals, one.p, one.p_holm), strict=True
                        )
                    },
                }
                for one in self.comparisons
            ],
            "slices": [
                {
                    "slice": one.kind,
                    "value": one.value,
                    "queries": one.queries,
                    "systems": {
                        result.name: self._by_metric(means)
                        for result, means in zip(self.results, one.means, strict=True)
                    },
                }
                for one in self.slices
            ],
            "noise": [asdict(effect) for effect in self.noise],
            "queries": [
                {
                    "query_id": query_id,
                    "query": text,
                    "systems": {result.name: self._by_metric(result.values[i]) for result in self.results},
                }
                for i, (query_id, text) in enumerate(self.judged.queries.items())
            ],
            "settings": {"seed": self.seed, "resamples": self.resamples},
            "stamp": dict(self.stamp),
        }

    def _system(self, result: Result) -> dict[str, Any]:
        return {
            "name": result.name,
            "note": result.scored.note,
            "metrics": {
                name: {"mean": mean, "interval": interval}
                for name, mean, interval in zip(self.metrics, *_lists(result.means, result.intervals), strict=True)
            },
            "reliability": {
                "scores": result.scored.claim,
                "relevant_grade": result.scored.relevant_grade,
                "held_out_error": result.scored.held_out_error,
                **asdict(result.reliability),
            }
            if result.reliability
            else None,
        }

    def _by_metric(self, values: Floats) -> dict[str, float]:
        return dict(zip(self.metrics, values.tolist(), strict=True))


def _lists(*arrays: Floats) -> Sequence[list[Any]]:
    return [array.tolist() for array in arrays]
