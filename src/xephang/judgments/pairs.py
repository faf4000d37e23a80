"""Training pairs: (query text, product text, label) rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xephang.catalogue import Format, Row, read_rows
from xephang.errors import InputError, RowError
from xephang.judgments.documents import AS_LISTINGS, PRODUCT_COLUMNS, Documents, product_id
from xephang.judgments.standing import standing_rows
from xephang.product import Rendered
from xephang.text import normalise

PAIR_COLUMNS = ("sentence_0", "sentence_1", "label")
HIGHEST_GRADE = 3
_NAMES = (*PAIR_COLUMNS, *PRODUCT_COLUMNS)
_JUDGED = {"sentence_0": "query", "sentence_1": "document", "label": "grade"}
"""What files of judgments call the same columns."""
_LARGEST_WHOLE = 2**53


@dataclass(frozen=True, slots=True)
class Pair:
    """One training row, its texts normalised.

    :param label: 0 or 1, a grade, or a teacher's score; whole numbers are int.
    :param query_id: rows of one id make one list; empty where the query's text says which rows belong together.
    :param cut_first: as `Rendered` has it; empty where the row held a text and no product.
    :param clean: the query as it was before noise; the query itself where the row tells no other.
    """

    query: str
    document: str
    label: int | float
    query_id: str = ""
    cut_first: tuple[tuple[int, int], ...] = ()
    clean: str = ""

    def __post_init__(self) -> None:
        if not self.clean:
            object.__setattr__(self, "clean", self.query)


def read_pairs(
    path: Path, columns: Mapping[str, str] | None = None, documents: Documents = AS_LISTINGS
) -> Iterator[Pair]:
    """Read training pairs from CSV, JSONL or Parquet: rows with labels, or graded judgments.

    A row may hold a `product` or a `product_id` in place of a document's text. Other columns are passed over, but for
    `query_id` and `clean`. Of a log of grades, the rows that stand are read (`standing_rows`).

    :param columns: the file's names for `sentence_0`, `sentence_1`, `label` and `PRODUCT_COLUMNS` where they differ;
        without them `query`, `document` and `grade` will do.
    :param documents: renders the products.
    :raises InputError: if a column is missing or unknown.
    :raises RowError: at the first row without a text or a product that can be rendered, with a label that is no
        number, or a grade that is not 0 to 3.
    """
    given = column_names(_NAMES, columns, path)
    for row in standing_rows(path, columns):
        yield pair_of(row, path, _names_in(row, given), documents)


def _names_in(row: Row, given: Sequence[str]) -> list[str]:
    """Return a row's names for `_NAMES`; those of judgments where it has these, and no text under ours."""
    ours = row.values.keys() & {*given[:2]}
    return [
        _JUDGED[one]
        if name == one and _JUDGED.get(one) in row.values and name not in row.values and (one == "label" or not ours)
        else name
        for one, name in zip(_NAMES, given, strict=True)
    ]


def pair_of(row: Row, path: str | Path, names: Sequence[str] = _NAMES, documents: Documents = AS_LISTINGS) -> Pair:
    """Read one row.

    :raises RowError: if a column is missing, or holds no text or number.
    """
    query = text_cell(cell(row, names[0], path), row, names[0], path)
    document = document_cell(row, (names[1], *names[3:]), path, documents)
    label = cell(row, names[2], path)
    is_grade = names[2] == _JUDGED["label"]
    query_id = row.values.get("query_id")
    if not isinstance(query_id, str | int | None):
        raise RowError(path, row.number, "query_id", f"expected a text or a number, got {str(query_id)[:40]!r}")
    return Pair(
        query,
        document.text,
        (grade_cell if is_grade else number)(label, row, names[2], path),
        "" if query_id is None else str(query_id).strip(),
        document.cut_first,
        _clean(row.values.get("clean")) or query,
    )


def _clean(value: object) -> str:
    """Return what a query was before noise; empty where a column of that name holds something else."""
    return normalise(value) if isinstance(value, str) else ""


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
        columns = ", ".join(row.values)
        raise RowError(path, row.number, name, f"there is no such column; the row has {columns}: map one (--column)")
    return row.values[name]


def text_cell(value: object, row: Row, name: str, path: str | Path) -> str:
    """Return a text, normalised.

    :raises RowError: if the value is no text, or an empty one.
    """
    if not isinstance(value, str) or not (text := normalise(value)):
        raise RowError(path, row.number, name, f"expected a text, got {str(value)[:40]!r}")
    return text


def document_cell(row: Row, names: Sequence[str], path: str | Path, documents: Documents) -> Rendered:
    """Return a row's document: its product, rendered, or else its text, normalised.

    :param names: the file's names for the text and for `PRODUCT_COLUMNS`.
    :raises RowError: if there is neither, or the product can not be rendered.
    """
    if (rendered := documents.render(row, path, names[1:])) is not None:
        return rendered
    if names[0] not in row.values and product_id(row, path, names[2]):
        raise RowError(
            path, row.number, names[2], f"there is no catalogue to look it up in; name one, or give '{names[0]}'"
        )
    return Rendered(text_cell(cell(row, names[0], path), row, names[0], path))


def grade_cell(value: object, row: Row, name: str, path: str | Path) -> int:
    """Return a grade.

    :raises RowError: if the value is not 0, 1, 2 or 3.
    """
    grade = number(value, row, name, path)
    if isinstance(value, bool) or grade not in range(HIGHEST_GRADE + 1):
        raise RowError(path, row.number, name, f"expected a grade 0, 1, 2 or 3, got {str(value)[:40]}")
    return int(grade)


def number(value: object, row: Row, name: str, path: str | Path) -> int | float:
    """Return a number, whole ones as int.

    :raises RowError: if the value is none, or not finite.
    """
    try:
        # float() takes "1_0" for 10, as Python code has it.
        python_only = isinstance(value, str) and "_" in value
        plain = isinstance(value, int | float | Decimal | str) and not python_only
        found = float(value) if plain else float("nan")  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        found = float("nan")
    if found != found or found in (float("inf"), float("-inf")):
        raise RowError(path, row.number, name, f"expected a number, got {str(value)[:40]!r}")
    return int(found) if found.is_integer() and abs(found) < _LARGEST_WHOLE else found
