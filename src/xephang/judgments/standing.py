"""Files of grades that are logs: of the rows of one query and document, the last one stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xephang.catalogue import Row, read_rows
from xephang.errors import InputError, RowError
from xephang.files import check_regular
from xephang.product import Product
from xephang.product.reading import scalar, table
from xephang.text import normalise

GRADED_AT = "graded_at"
"""The column that makes a file a log: when a grade was given."""
_QUERIES = ("query", "sentence_0")
_IDS = ("document_id", "product_id")
_TEXTS = ("document", "sentence_1")
_GRADES = ("grade", "label")
_PRODUCT = ("product",)


@dataclass(slots=True)
class Passed:
    """What a reader passed over.

    :param is_log: whether the file is a log; where it is none, nothing was passed over.
    :param overridden: rows that a later one replaced or took back, and those that took one back.
    :param unreadable: lines that are no JSON, such as a crash leaves.
    """

    is_log: bool = False
    overridden: int = 0
    unreadable: int = 0


def standing_rows(
    path: str | Path, columns: Mapping[str, str] | None = None, passed: Passed | None = None
) -> Iterator[Row]:
    """Stream the rows of a file of judgments or pairs; of a log, those that stand.

    A file whose rows have `graded_at` is a log. The last row of a query and document stands, unless it has no grade,
    which takes back what was given before. A log is read twice, and its lines that are no JSON are left out.

    :param columns: the file's names for our columns where they differ.
    :param passed: is told what was left out.
    :raises InputError: as `read_rows` does, and if a log is none that can be read twice.
    :raises RowError: at a bad row of a file that is no log, or if some rows have `graded_at` and others none.
    """
    passed = passed if passed is not None else Passed()
    bad: list[RowError] = []
    rows = read_rows(path, on_error=bad.append)
    first = next(rows, None)
    if first is not None and is_logged(first.values):
        passed.is_log = True
        numbers = _standing(path, columns or {}, passed)
        yield from (row for row in read_rows(path, on_error=lambda _: None) if row.number in numbers)
        return
    while first is not None and not bad:
        if is_logged(first.values):
            raise _mixed(path, first)
        yield first
        first = next(rows, None)
    if bad:
        raise bad[0]


def is_logged(values: Mapping[str, Any]) -> bool:
    """Say whether a row is one of a log."""
    at = values.get(GRADED_AT)
    return at == at and at not in (None, "")


def _mixed(path: str | Path, row: Row) -> RowError:
    return RowError(path, row.number, GRADED_AT, "some rows have one and others none; give it in every row, or none")


def _standing(path: str | Path, columns: Mapping[str, str], passed: Passed) -> set[int]:
    """Return the numbers of the rows that stand, those that say nothing of what they grade among them."""
    bad: list[RowError] = []
    key_of = Keys(columns)
    last: dict[tuple[str, str], int] = {}
    unknown: set[int] = set()
    total = 0
    for row in read_rows(check_regular(Path(path)), on_error=bad.append):
        if not is_logged(row.values):
            raise _mixed(path, row)
        total += 1
        if (key := key_of(row.values)) is None:
            unknown.add(row.number)
        elif key_of.grade(row.values) is None:
            last.pop(key, None)
        else:
            last[key] = row.number
    numbers = unknown.union(last.values())
    passed.overridden, passed.unreadable = total - len(numbers), len(bad)
    return numbers


class Keys:
    """Tell which query and document a row grades; equal texts are kept once, for a log has many of them.

    :param columns: a file's names for our columns where they differ.
    """

    def __init__(self, columns: Mapping[str, str] | None = None) -> None:
        columns = columns or {}
        self._names: dict[tuple[str, ...], list[str]] = {
            wanted: [*(columns[name] for name in wanted if name in columns), *wanted]
            for wanted in (_QUERIES, _IDS, _TEXTS, _GRADES, _PRODUCT)
        }
        self._normal: dict[str, str] = {}
        self._same: dict[str, str] = {}

    def __call__(self, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return the query, normalised, and the document's id, or its text where it has none; None without both."""
        query = self._text(self._first(values, _QUERIES))
        document = self._document(values)
        return (query, self._same.setdefault(document, document)) if query and document else None

    def grade(self, values: Mapping[str, Any]) -> Any:
        """Return the grade as the row has it; None where it takes back what was given before."""
        found = self._first(values, _GRADES)
        return None if found != found or found == "" else found

    def _first(self, values: Mapping[str, Any], wanted: tuple[str, ...]) -> Any:
        return next((values[name] for name in self._names[wanted] if values.get(name) is not None), None)

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            return ""
        if value not in self._normal:
            normal = normalise(value)
            self._normal[value] = self._normal.get(normal, normal)
        return self._normal[value]

    def _document(self, values: Mapping[str, Any]) -> str:
        record = table(self._first(values, _PRODUCT))
        try:
            if found := scalar("id", self._first(values, _IDS)).strip():
                return found
            if isinstance(record, Mapping) and (found := Product.from_dict(record).id):
                return found
        except InputError:
            return ""
        text = self._first(values, _TEXTS)
        return normalise(text) if isinstance(text, str) else ""
