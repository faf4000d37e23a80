"""The log of grades that people give: rows are only added, and the last of a query and product stands."""

import codecs
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

from xephang.catalogue import Row
from xephang.catalogue.jsonl import scan_jsonl
from xephang.catalogue.source import Source
from xephang.errors import InputError
from xephang.files import check_file, fcntl
from xephang.judgments.log_import import Find, GradedRow, Incoming, Taking
from xephang.judgments.log_index import LogIndex
from xephang.judgments.log_rows import Given, line_of, row_of
from xephang.judgments.pairs import HIGHEST_GRADE
from xephang.judgments.standing import GRADED_AT, is_logged
from xephang.product import Product
from xephang.text import normalise

SUFFIXES = (".jsonl", ".ndjson")
_NOT_PLAIN = (b"\x1f\x8b", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AT_ONCE = 2000
"""Rows of an import that are written in one go."""


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
        line = line_of(row)
        with self._writing, _opened(self.path) as file:
            _write(file, line)
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
        find: Find | None = None,
    ) -> list[GradedRow]:
        """Add rows such as `rows` gives, or of `query`, `product_id` and `grade`; each stands or fails alone.

        A row that was graded before what stands is left out.

        :param rows: an error in the place of one is told as that row's problem.
        :param find: returns a product by its id, for rows without a record.
        :raises InputError: if the file can not be written.
        """
        numbered = enumerate(rows, start=1)
        told: list[GradedRow] = []
        while some := list(islice(numbered, _AT_ONCE)):
            told += self._import([Incoming.read(number, values, find) for number, values in some])
        return told

    def _import(self, rows: Sequence[Incoming]) -> list[GradedRow]:
        """Decide on rows and write them while nobody else writes: what is decided stays true."""
        with self._writing, _opened(self.path) as file, self._reading:
            self._index.refresh()
            taking = Taking(self._index)
            told = [taking.take(one) for one in rows]
            if taking.lines:
                _write(file, b"".join(taking.lines))
        return told


def _write(file: int, lines: bytes) -> None:
    """Add lines to an open log: they are on the disk then, or none of them is."""
    end = os.lseek(file, 0, os.SEEK_END)
    if end and not _ends_a_line(file):
        lines = b"\n" + lines  # what a crash has left stays a line of its own
    try:
        if os.write(file, lines) != len(lines):
            raise OSError("there is no room for it")
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
