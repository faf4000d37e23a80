"""What a reader hands on: a row, or what stands in its place where the row can not be read."""

from dataclasses import dataclass
from typing import Any

from xephang.errors import RowError


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file.

    :param number: counted from 1 as the file's own records; a header line and blank lines do not count.
    :param values: by column or key, as the file holds them: text in CSV, JSON values in JSONL.
    """

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A record that can not be used, and what it held: cells, or the text of the line."""

    error: RowError
    raw: Any
