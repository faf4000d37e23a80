"""What becomes of rows that are brought into a log of grades."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from xephang.errors import InputError
from xephang.judgments.log_index import LogIndex
from xephang.judgments.log_rows import given_in, line_of, row_of, time_of
from xephang.judgments.standing import GRADED_AT
from xephang.product import Product

Status = Literal["created", "replaced", "removed", "unchanged", "older", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
Find = Callable[[str], Product | None]
"""Return a product by its id."""
_WRITTEN = ("created", "replaced", "removed")


@dataclass(frozen=True, slots=True)
class GradedRow:
    """What became of a row of an import.

    :param status: `unchanged` where the grade stood already; `older` where the one that stands was given later.
    """

    row: int
    status: Status
    query: str = ""
    document_id: str = ""
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        values = {"row": self.row, "status": self.status, "query": self.query, "document_id": self.document_id}
        return values | ({"problem": self.problem} if self.problem else {})


@dataclass(frozen=True, slots=True)
class Incoming:
    """A row that was read, before it is known what becomes of it.

    :param at: when it says that it was graded.
    :param problem: why it is none; there is no line then.
    """

    number: int
    row: Mapping[str, Any]
    line: bytes = b""
    at: datetime | None = None
    problem: str = ""

    @classmethod
    def read(cls, number: int, values: Mapping[str, Any] | InputError, find: Find | None) -> "Incoming":
        """Read a row, or take an error in its place for its problem."""
        try:
            if isinstance(values, InputError):
                raise values
            given = given_in(values, find)
            row = row_of(given)
            return cls(number, row, line_of(row), given.at)
        except InputError as error:
            return cls(number, {}, problem=str(error))


class Taking:
    """Decide which of some rows are written, one after the other, each as if those before it were there.

    :param index: of the log as it stays meanwhile.
    :param lines: what is to be written.
    """

    def __init__(self, index: LogIndex) -> None:
        self._index = index
        self._last: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.lines: list[bytes] = []

    def take(self, one: Incoming) -> GradedRow:
        """Take a row, and say what becomes of it.

        :raises InputError: if the log can not be read.
        """
        if one.problem:
            return GradedRow(one.number, "failed", problem=one.problem)
        status = self._status(one)
        query, document = one.row["query"], one.row["document_id"]
        if status in _WRITTEN:
            self.lines.append(one.line)
            self._last[query, document] = one.row
        return GradedRow(one.number, status, query, document)

    def _status(self, one: Incoming) -> Status:
        key, grade = (one.row["query"], one.row["document_id"]), one.row["grade"]
        before = self._last[key]["grade"] if key in self._last else self._index.grade(*key)
        if before == grade:
            return "unchanged"
        if one.at and (last := self._before(key)) and one.at < _time(last):
            return "older"
        return "removed" if grade is None else "created" if before is None else "replaced"

    def _before(self, key: tuple[str, str]) -> Mapping[str, Any] | None:
        if key in self._last:
            return self._last[key]
        place = self._index.place(*key)
        return None if place is None else next(iter(self._index.at(place)))


def _time(row: Mapping[str, Any]) -> datetime:
    try:
        return time_of(row[GRADED_AT])
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
