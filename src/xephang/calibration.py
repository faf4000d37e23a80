"""From a logit to the probability that a document is relevant: what a model folder carries of it, and its use."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from xephang.errors import InputError

Method = Literal["platt", "isotonic"]
Floats = NDArray[np.float64]
_RISE = 1e-3
"""The share of the sigmoid in every probability."""
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Platt:
    """The probability is 1 / (1 + e^-(slope x logit + intercept)).

    :param slope: never below 0, so that probabilities rise with logits.
    """

    method: ClassVar[Method] = "platt"
    slope: float
    intercept: float

    def __call__(self, logits: Floats) -> Floats:
        """Return probabilities, (n,)."""
        return sigmoid(self.slope * logits + self.intercept)


@dataclass(frozen=True, slots=True)
class Isotonic:
    """The probability is read off between points; outside them it is that of the nearest.

    :param logits: rising.
    :param probabilities: never falling.
    """

    method: ClassVar[Method] = "isotonic"
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, logits: Floats) -> Floats:
        """Return probabilities, (n,)."""
        return np.clip(np.interp(logits, self.logits, self.probabilities), 0, 1)


Map = Platt | Isotonic


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map from a model's logits to probabilities, and what it was fitted on.

    :param relevant_grade: documents of this grade and better are what it gives the probability of.
    :param judgments: their name; `sha256` is of their file, empty where there was none.
    :param rows: how many documents were judged, `relevant` of them relevant.
    :param error_before: the expected calibration error of the sigmoid, 0 to 1.
    :param error_after: of the map, each query's documents scored by one that was fitted without that query.
    """

    map: Map
    relevant_grade: int
    judgments: str
    sha256: str
    queries: int
    rows: int
    relevant: int
    error_before: float
    error_after: float

    def __call__(self, logits: NDArray[np.floating[Any]]) -> Floats:
        """Return probabilities, float64 (n,), which rise with logits; NaN stays NaN.

        Where the map is flat, a share of the sigmoid makes them rise: whoever sorts by them finds the model's order.
        """
        given = np.asarray(logits, np.float64)
        return (1 - _RISE) * self.map(given) + _RISE * sigmoid(given)

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads."""
        table = asdict(self)
        return {"method": self.map.method, **table.pop("map"), **table}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Calibration":
        """Read a calibration.

        :raises InputError: if a key is missing or unknown, or its value is none that `fit` could have made.
        """
        if not isinstance(table, Mapping):
            raise InputError(f"calibration: expected a table, got {_short(table)}")
        kinds: dict[str, type[Map]] = {"platt": Platt, "isotonic": Isotonic}
        kind = kinds.get(str(table.get("method")))
        if kind is None:
            raise InputError(f"calibration: 'method' must be platt or isotonic, got {_short(table.get('method'))}")
        keys = ["method", *(f.name for f in (*fields(kind), *fields(cls)) if f.name != "map")]
        if wrong := [*(key for key in keys if key not in table), *(key for key in table if key not in keys)]:
            raise InputError(f"calibration: '{wrong[0]}' is missing or not known; keys are {', '.join(keys)}")
        return cls(
            map=_platt(table) if kind is Platt else _isotonic(table),
            relevant_grade=_count(table, "relevant_grade"),
            judgments=_text(table, "judgments"),
            sha256=_text(table, "sha256"),
            queries=_count(table, "queries"),
            rows=_count(table, "rows"),
            relevant=_count(table, "relevant"),
            error_before=_number(table, "error_before", 0, 1),
            error_after=_number(table, "error_after", 0, 1),
        )


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + e^-logit), (n,), exact where it is next to 0 too."""
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        return np.asarray(np.exp(-np.logaddexp(0, -logits)), np.float64)


def _platt(table: Mapping[str, Any]) -> Platt:
    return Platt(_number(table, "slope", 0), _number(table, "intercept"))


def _isotonic(table: Mapping[str, Any]) -> Isotonic:
    logits, probabilities = _numbers(table, "logits"), _numbers(table, "probabilities", 0, 1)
    if len(logits) != len(probabilities) or not logits:
        raise InputError(
            f"calibration: {len(logits)} 'logits' and {len(probabilities)} 'probabilities'; there must be as many of "
            "the one as of the other"
        )
    if not all(a < b for a, b in pairwise(logits)):
        raise InputError("calibration: 'logits' must rise")
    if list(probabilities) != sorted(probabilities):
        raise InputError("calibration: 'probabilities' must not fall")
    return Isotonic(logits, probabilities)


def _numbers(table: Mapping[str, Any], key: str, low: float = -_LARGEST, high: float = _LARGEST) -> tuple[float, ...]:
    values = table[key]
    if not isinstance(values, list | tuple):
        raise InputError(f"calibration: '{key}' must be a list of numbers, got {_short(values)}")
    return tuple(_number({key: value}, key, low, high) for value in values)


def _number(table: Mapping[str, Any], key: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        what = "a number" if low < 0 else "a number of at least 0" if high > 1 else "a number from 0 to 1"
        raise InputError(f"calibration: '{key}' must be {what}, got {_short(value)}")
    return float(value)


def _count(table: Mapping[str, Any], key: str) -> int:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"calibration: '{key}' must be a whole number of at least 1, got {_short(value)}")
    return value


def _text(table: Mapping[str, Any], key: str) -> str:
    if not isinstance(table[key], str):
        raise InputError(f"calibration: '{key}' must be a text, got {_short(table[key])}")
    return str(table[key])


def _short(value: object) -> str:
    return repr(value)[:40]
