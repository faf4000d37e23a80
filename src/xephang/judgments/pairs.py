"""Training pairs: (query text, product text, label) rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xephang.catalogue import Format, Row, read_rows
from xephang.errors import InputError, RowError
from xephang.text import normalise

PAIR_COLUMNS = ("sentence_0", "sentence_1", "label")
_LARGEST_WHOLE = 2**53


@dataclass(frozen=True, slots=True)
class Pair:
    """One training row, its texts normalised.

    :param label: 0 or 1, a grade, or a teacher's score; whole numbers are int.
    """

    query: str
    document: str
    label: int | float


def read_pairs(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Pair]:
    """Read training pairs from CSV, JSONL or Parquet.

    :param columns: the file's names for `sentence_0`, `sentence_1` and `label` where they differ.
    :raises InputError: if a column is missing or unknown.
    :raises RowError: at the first row without a text or with a label that is no number.
    """
    names = column_names(PAIR_COLUMNS, columns, path)
    for row in read_rows(path):
        query, document, label = (cell(row, name, path) for name in names)
        yield Pair(
            text_cell(query, row, names[0], path),
            text_cell(document, row, names[1], path),
            number(label, row, names[2], path),
        )


def read_texts(
    path: str | Path, columns: Mapping[str, str] | None = None, *, format: Format | None = None
) -> Iterator[tuple[str, Any]]:
    """Read (query, document) rows without labels; a document may be an object, where the format has objects.

    :param columns: the file's names for `query` and `document`; without them `sentence_0` and `sentence_1` will do.
    :raises InputError: if a column is missing or unknown.
    :raises RowError: at the first row whose query or document is no text and no object.
    """
    names = column_names(("query", "document"), columns, path)
    for row in read_rows(path, format=format):
        if not columns and "query" not in row.values and "sentence_0" in row.values:
            names = list(PAIR_COLUMNS[:2])
        query, document = (cell(row, name, path) for name in names)
        if not isinstance(query, str) or not isinstance(document, str | Mapping):
            wrong = names[0] if not isinstance(query, str) else names[1]
            raise RowError(path, row.number, wrong, f"expected a text, got {str(row.values[wrong])[:40]!r}")
        yield query, document


def column_names(wanted: tuple[str, ...], columns: Mapping[str, str] | None, path: str | Path) -> list[str]:
    """Return the file's name for each wanted column.

    :raises InputError: if `columns` maps something that is not wanted.
    """
    columns = columns or {}
    if unknown := sorted(set(columns) - set(wanted)):
        raise InputError(f"columns for {path}: '{unknown[0]}' is not one of {', '.join(wanted)}")
    return [columns.get(name, name) for name in wanted]


def cell(row: Row, name: str, path: str | Path) -> Any:
    """Return a row's value.

    :raises RowError: if the row has no such column, naming those it has.
    """
    if name not in row.values:
        raise RowError(path, row.number, name, f"there is no such column; the row has {', '.join(row.values)}")
    return row.values[name]


def text_cell(value: object, row: Row, name: str, path: str | Path) -> str:
    """Return a text, normalised.

    :raises RowError: if the value is no text, or an empty one.
    """
    if not isinstance(value, str) or not (text := normalise(value)):
        raise RowError(path, row.number, name, f"expected a text, got {str(value)[:40]!r}")
    return text


def number(value: object, row: Row, name: str, path: str | Path) -> int | float:
    """Return a number, whole ones as int.

    :raises RowError: if the value is none, or not finite.
    """
    try:
        found = float(value) if isinstance(value, int | float | str) else float("nan")
    except (ValueError, OverflowError):
        found = float("nan")
    if found != found or found in (float("inf"), float("-inf")):
        raise RowError(path, row.number, name, f"expected a number, got {str(value)[:40]!r}")
    return int(found) if found.is_integer() and abs(found) < _LARGEST_WHOLE else found
