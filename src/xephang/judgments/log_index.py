"""Which lines of a log stand, found by reading only what was added to it."""

import json
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from xephang.errors import InputError
from xephang.judgments.log_rows import grade_in
from xephang.judgments.pairs import HIGHEST_GRADE
from xephang.judgments.standing import Keys, is_logged

_CODES = HIGHEST_GRADE + 1
_TAIL = 64


class LogIndex:
    """The standing grades of a log, and where their lines are.

    Not for several threads at once.

    :param rows: how many rows were read.
    :param unreadable: how many lines were none.
    :param grades: how many rows stand, by grade.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    def _forget(self) -> None:
        self.rows = self.unreadable = self._end = 0
        self.grades = [0] * _CODES
        self._seen: tuple[int, ...] = ()
        self._tail = b""
        self._key_of = Keys()
        # A grade and the place of its line in one number: a log may have a million of them.
        self._standing: dict[str, dict[str, int]] = {}
        self._taken_back: dict[tuple[str, str], int] = {}

    def refresh(self) -> None:
        """Read what was added since; all of it where the file was changed otherwise.

        A last line without an end is left for the next time: somebody may be writing it.

        :raises InputError: if the file can not be read.
        """
        try:
            now = self._path.stat()
            if (seen := (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)) == self._seen:
                return
            with self._path.open("rb") as stream:
                if self._seen[:2] != seen[:2] or not self._continues(stream):
                    self._forget()
                stream.seek(self._end)
                self._read(stream)
            self._seen = seen
        except FileNotFoundError:
            self._forget()
        except OSError as error:
            raise InputError(f"{self._path}: can not be read: {error.strerror or error}") from error

    def _continues(self, stream: BufferedReader) -> bool:
        stream.seek(self._end - len(self._tail))
        return stream.read(len(self._tail)) == self._tail

    def _read(self, stream: BufferedReader) -> None:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            self._take(line)
            self._end += len(line)
            self._tail = line[-_TAIL:]

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            values = json.loads(line)
            key = self._key_of(values) if isinstance(values, dict) and is_logged(values) else None
            grade = None if key is None else grade_in(self._key_of.grade(values))
        except (ValueError, RecursionError, InputError):
            key = grade = None
        if key is None:
            self.unreadable += 1
            return
        self.rows += 1
        self._put(*key, grade)

    def _put(self, query: str, document: str, grade: int | None) -> None:
        of_query = self._standing.setdefault(query, {})
        if (before := of_query.pop(document, None)) is not None:
            self.grades[before % _CODES] -= 1
        self._taken_back.pop((query, document), None)
        if grade is None:
            self._taken_back[query, document] = self._end
        else:
            of_query[document] = self._end * _CODES + grade
            self.grades[grade] += 1
        if not of_query:
            del self._standing[query]

    @property
    def queries(self) -> int:
        """How many queries have a grade that stands."""
        return len(self._standing)

    def of(self, query: str) -> dict[str, int]:
        """Return the grades of a normalised query by the document's id."""
        return {document: found % _CODES for document, found in self._standing.get(query, {}).items()}

    def grade(self, query: str, document: str) -> int | None:
        """Return the grade that stands for a normalised query and a document."""
        found = self._standing.get(query, {}).get(document)
        return None if found is None else found % _CODES

    def place(self, query: str, document: str) -> int | None:
        """Return where the last line of a query and document starts, be it a grade or its taking back."""
        found = self._standing.get(query, {}).get(document)
        return self._taken_back.get((query, document)) if found is None else found // _CODES

    def places(self) -> list[int]:
        """Return where the lines that stand start, in their order."""
        return sorted(found // _CODES for of_query in self._standing.values() for found in of_query.values())

    def at(self, *places: int) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of the lines that start there.

        :raises InputError: if they do not any more.
        """
        if not places:
            return
        try:
            with self._path.open("rb") as stream:
                for place in places:
                    stream.seek(place)
                    yield json.loads(stream.readline())
        except (OSError, ValueError) as error:
            raise InputError(f"{self._path}: was changed while it was read, other than by adding to it") from error
