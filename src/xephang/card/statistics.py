"""What training rows look like, from the first thousand of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any

from xephang.card.codec import encode
from xephang.card.record import ColumnStatistics, DatasetRecord
from xephang.errors import RowError

MEASURED = 1_000
SAMPLES = 3
MOST_SHARES = 20
"""Whole numbers with more distinct values than this are measured, not listed."""
_SOURCE = "training rows"
Rows = Iterable[Mapping[str, Any]]


def describe_dataset(name: str, rows: Rows, *, size: int, columns: Sequence[str]) -> DatasetRecord:
    """Describe training rows for the card.

    :param rows: read up to the thousandth, so a generator of millions will do.
    :param size: how many there are in all.
    :raises RowError: as `describe` does.
    """
    head = list(islice(rows, MEASURED))
    return DatasetRecord(
        name=name,
        size=size,
        columns=tuple(columns),
        measured=len(head),
        statistics=describe(head, columns),
        samples=tuple({column: encode(row[column]) for column in columns} for row in head[:SAMPLES]),
    )


def describe(rows: Rows, columns: Sequence[str]) -> tuple[ColumnStatistics, ...]:
    """Measure each column over the first 1,000 rows; no rows, no statistics.

    :raises RowError: if a row lacks a column, or its value is of another type than the rows before it had.
    """
    kinds: dict[str, str] = {}
    values: dict[str, list[Any]] = {column: [] for column in columns}
    for number, row in enumerate(islice(rows, MEASURED), start=1):
        for column in columns:
            value = row.get(column)
            kinds[column] = _same_kind(kinds.get(column), _kind(value), number, column)
            values[column].append(value)
    return tuple(_measure(column, kinds[column], values[column]) for column in columns if column in kinds)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Integral):
        return "int"
    if isinstance(value, Real):
        return "float"
    return "list" if isinstance(value, Sequence) and not isinstance(value, bytes) else type(value).__name__


def _same_kind(before: str | None, kind: str, number: int, column: str) -> str:
    if kind == "NoneType":
        raise RowError(_SOURCE, number, column, "no value; every row needs one in each column")
    if kind not in ("string", "int", "float", "bool", "list"):
        raise RowError(_SOURCE, number, column, f"{kind} is nothing to train on; give text, numbers or lists")
    if {before, kind} == {"int", "float"}:
        return "float"
    if before not in (None, kind):
        raise RowError(_SOURCE, number, column, f"{kind}, where the rows before have {before}")
    return kind


def _measure(name: str, kind: str, values: Sequence[Any]) -> ColumnStatistics:
    if kind == "bool" or (kind == "int" and len(set(values)) <= MOST_SHARES):
        counts = sorted(Counter(values).items())
        return ColumnStatistics(name, kind, shares={str(v): n / len(values) for v, n in counts})
    sizes = [float(value) if kind in ("int", "float") else len(value) for value in values]
    return ColumnStatistics(name, kind, float(min(sizes)), sum(sizes) / len(sizes), float(max(sizes)))
