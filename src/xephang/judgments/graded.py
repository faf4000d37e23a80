"""Graded judgments: how relevant a document is to a query, 0 to 3."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xephang.catalogue import read_rows
from xephang.errors import RowError
from xephang.judgments.pairs import cell, column_names, number, text_cell

JUDGMENT_COLUMNS = ("query", "document", "grade")
HIGHEST_GRADE = 3


@dataclass(frozen=True, slots=True)
class Judgment:
    """One graded document, its texts normalised.

    :param grade: 0 other, 1 contradicted, 2 plausible, 3 exact.
    """

    query: str
    document: str
    grade: int


def read_judgments(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Judgment]:
    """Read judgments from CSV, JSONL or Parquet.

    :param columns: the file's names for `query`, `document` and `grade` where they differ.
    :raises InputError: if a column is missing or unknown.
    :raises RowError: at the first row without a text or with a grade that is not 0, 1, 2 or 3.
    """
    names = column_names(JUDGMENT_COLUMNS, columns, path)
    for row in read_rows(path):
        query, document, grade = (cell(row, name, path) for name in names)
        graded = number(grade, row, names[2], path)
        if graded not in range(HIGHEST_GRADE + 1):
            raise RowError(path, row.number, names[2], f"expected a grade 0, 1, 2 or 3, got {graded}")
        yield Judgment(text_cell(query, row, names[0], path), text_cell(document, row, names[1], path), int(graded))
