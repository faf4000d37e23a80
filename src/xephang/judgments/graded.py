"""Graded judgments: how relevant a document is to a query, 0 to 3."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xephang.catalogue import Row
from xephang.judgments.documents import AS_LISTINGS, PRODUCT_COLUMNS, Documents
from xephang.judgments.pairs import HIGHEST_GRADE, cell, column_names, document_cell, grade_cell, text_cell
from xephang.judgments.standing import standing_rows

__all__ = ["HIGHEST_GRADE", "JUDGMENT_COLUMNS", "Judgment", "judgment_of", "read_judgments"]

JUDGMENT_COLUMNS = ("query", "document", "grade")
_NAMES = (*JUDGMENT_COLUMNS, *PRODUCT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Judgment:
    """One graded document, its texts normalised.

    :param grade: 0 other, 1 contradicted, 2 plausible, 3 exact.
    :param cut_first: as `Rendered` has it; empty where the row held a text and no product.
    """

    query: str
    document: str
    grade: int
    cut_first: tuple[tuple[int, int], ...] = ()


def read_judgments(
    path: Path, columns: Mapping[str, str] | None = None, documents: Documents = AS_LISTINGS
) -> Iterator[Judgment]:
    """Read judgments from CSV, JSONL or Parquet; a row may hold a `product` or a `product_id` in place of a document.

    Of a log, the rows that stand are read (`standing_rows`).

    :param columns: the file's names for `query`, `document`, `grade` and `PRODUCT_COLUMNS` where they differ.
    :param documents: renders the products.
    :raises InputError: if a column is missing or unknown.
    :raises RowError: at the first row without a text or a product that can be rendered, or with a grade that is not
        0, 1, 2 or 3.
    """
    names = column_names(_NAMES, columns, path)
    for row in standing_rows(path, columns):
        yield judgment_of(row, path, names, documents)


def judgment_of(
    row: Row, path: str | Path, names: Sequence[str] = _NAMES, documents: Documents = AS_LISTINGS
) -> Judgment:
    """Read one row.

    :raises RowError: if a column is missing, a text is empty, or the grade is not 0, 1, 2 or 3.
    """
    query = text_cell(cell(row, names[0], path), row, names[0], path)
    document = document_cell(row, (names[1], *names[3:]), path, documents)
    grade = grade_cell(cell(row, names[2], path), row, names[2], path)
    return Judgment(query, document.text, grade, document.cut_first)
