"""The log of grades that people give: rows are only added, and the last of a query and product stands."""

import codecs
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from xephang.catalogue import Row
from xephang.catalogue.jsonl import scan_jsonl
from xephang.catalogue.source import Source
from xephang.errors import InputError
from xephang.files import check_file, fcntl
from xephang.judgments.log_index import LogIndex
from xephang.judgments.log_rows import Given, given_in, line_of, row_of, time_of
from xephang.judgments.pairs import HIGHEST_GRADE
from xephang.judgments.standing import GRADED_AT, is_logged
from xephang.product import Product
from xephang.text import normalise

SUFFIXES = (".jsonl", ".ndjson")
Status = Literal["created", "replaced", "removed", "unchanged", "older", "failed"]
_NOT_PLAIN = (b"\x1f\x8b", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WRITTEN: tuple[Status, ...] = ("created", "replaced", "removed")


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


class JudgmentLog:
    """Grades in a JSONL file to which several threads and processes may add.

    :param path: need not be there yet.
    :raises InputError: if it can not be written, or holds something else than a log.
    """

    def __init__(self, path: str | Path) -> None:
        if Path(path).suffix.lower() not in SUFFIXES:
            raise InputError(f"{path}: grades are written as JSONL; name the file with {' or '.join(SUFFIXES)}")
        self.path = check_file(Path(path))
        self._index = LogIndex(self.path)
        self._reading, self._writing = Lock(), Lock()
        self._check()

    def _check(self) -> None:
        there = next(one for one in (self.path, *self.path.parents) if one.exists())
        if not os.access(there, os.R_OK | os.W_OK):
            raise InputError(f"{self.path}: can not be read and written: no permission; name another file")
        if there != self.path or not self.path.stat().st_size:
            return
        with self.path.open("rb") as stream:
            if stream.read(2) in _NOT_PLAIN:
                raise InputError(f"{self.path}: is packed, or no UTF-8; unpack it, or name another file")
        good = (item for item in scan_jsonl(Source.of(self.path)) if isinstance(item, Row))
        if (first := next(good, None)) is not None and not is_logged(first.values):
            raise InputError(f"{self.path}: holds rows without '{GRADED_AT}', so it is no log; name another file")

    def add(self, query: str, product: Product, grade: int | None, by: str = "") -> dict[str, Any]:
        """Add a grade; return its row once it is on the disk.

        :param grade: 0 to 3; None takes back what stands.
        :param by: who gave it.
        :raises InputError: if something can not be taken, or the file can not be written.
        """
        row = row_of(Given(query, product, grade, by))
        self._append(line_of(row))
        return row

    def standing(self, query: str) -> dict[str, int]:
        """Return a query's grades by the product's id, those of other processes too.

        :raises InputError: if the file can not be read.
        """
        with self._reading:
            self._index.refresh()
            return self._index.of(normalise(query))

    @property
    def counts(self) -> dict[str, int]:
        """What the log holds: rows, those that stand by grade, their queries, and lines that can not be read."""
        with self._reading:
            self._index.refresh()
            grades = self._index.grades
            return {
                "rows": self._index.rows,
                "standing": sum(grades),
                "queries": self._index.queries,
                "unreadable": self._index.unreadable,
                **{f"grade {grade}": grades[grade] for grade in reversed(range(HIGHEST_GRADE + 1))},
            }

    def rows(self) -> Iterator[dict[str, Any]]:
        """Stream the rows that stand now, in the order in which they were added.

        :raises InputError: if the file can not be read.
        """
        with self._reading:
            self._index.refresh()
            places = self._index.places()
        return map(dict, self._index.at(*places))

    def import_rows(
        self,
        rows: Iterable[Mapping[str, Any] | InputError],
        find: Callable[[str], Product | None] | None = None,
    ) -> list[GradedRow]:
        """Add rows such as `rows` gives, or of `query`, `product_id` and `grade`; each stands or fails alone.

        A row that was graded before what stands is left out.

        :param rows: an error in the place of one is told as that row's problem.
        :param find: returns a product by its id, for rows without a record.
        :raises InputError: if the file can not be written.
        """
        told = [self._import(number, values, find) for number, values in enumerate(rows, start=1)]
        if any(one.status in _WRITTEN for one in told):
            with _opened(self.path) as file:
                os.fsync(file)
        return told

    def _import(
        self, number: int, values: Mapping[str, Any] | InputError, find: Callable[[str], Product | None] | None
    ) -> GradedRow:
        try:
            if isinstance(values, InputError):
                raise values
            one = given_in(values, find)
            row = row_of(one)
            line = line_of(row)
        except InputError as error:
            return GradedRow(number, "failed", problem=str(error))
        status = self._status(row, one.at)
        if status in _WRITTEN:
            self._append(line, sync=False)
        return GradedRow(number, status, row["query"], row["document_id"])

    def _status(self, row: Mapping[str, Any], at: datetime | None) -> Status:
        query, document, grade = row["query"], row["document_id"], row["grade"]
        with self._reading:
            self._index.refresh()
            before = self._index.of(query).get(document)
            place = self._index.place(query, document)
            last = next(iter(self._index.at(place))) if at and place is not None and before != grade else None
        if before == grade:
            return "unchanged"
        if at and last and at < _time(last):
            return "older"
        return "removed" if grade is None else "created" if before is None else "replaced"

    def _append(self, line: bytes, *, sync: bool = True) -> None:
        with self._writing, _opened(self.path) as file:
            end = os.lseek(file, 0, os.SEEK_END)
            if end and not _ends_a_line(file):
                line = b"\n" + line  # what a crash has left stays a line of its own
            try:
                if os.write(file, line) != len(line):
                    raise OSError("there is no room for it")
                if sync:
                    os.fsync(file)
            except OSError:
                os.ftruncate(file, end)
                raise


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open a log for adding to it, while no other process does.

    :raises InputError: if it can not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)
    except OSError as error:
        raise InputError(f"{path}: can not be written: {error.strerror or error}") from error


def _ends_a_line(file: int) -> bool:
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) == b"\n"


def _time(row: Mapping[str, Any]) -> datetime:
    try:
        return time_of(row[GRADED_AT])
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
