"""CSV as shops export it: any of four delimiters, quoted line breaks, huge cells, and broken rows."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from threading import Lock

from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.source import Source
from xephang.errors import InputError, RowError

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 1 << 26
"""In characters. A quotation mark that is never closed must not read the rest of a file into memory."""

_HEADER_LINES = 20
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


def scan_csv(source: Source) -> Iterator[Row | BadRow]:
    """Yield the rows under a header line; an empty cell is an empty string.

    :raises InputError: if the header is missing, not UTF-8, or names a column twice or not at all.
    """
    with source.text(newline="") as stream, _wide_cells():
        head = _head(iter(stream))
        delimiter = _delimiter(head)
        records = iter(_Records(chain(head, stream), delimiter))
        header = _header(next(records, None), source)
        for number, (cells, problem) in enumerate(records, start=1):
            field, problem = ("", problem) if problem else _problem(header, cells, delimiter)
            if problem:
                raw = dict(zip(header, cells, strict=True)) if len(cells) == len(header) else cells
                yield BadRow(RowError(source.path, number, field, problem), raw)
            else:
                yield Row(number, dict(zip(header, cells, strict=True)))


class _Records:
    """The records of a CSV text, and what is wrong with the form of each."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines, self._read, self._before, self._unclosed = lines, 0, 0, False
        self._reader = csv.reader(self._counted(), delimiter=delimiter)

    def __iter__(self) -> Iterator[tuple[list[str], str]]:
        while True:
            self._before = self._read
            try:
                cells, problem = next(self._reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                cells = []
                problem = (
                    f"begins in line {self._before + 1} and can not be read as CSV ({error}); "
                    "look for a quotation mark that is never closed"
                )
            if self._unclosed:
                problem = (
                    f"begins in line {self._before + 1} and opens a quotation mark that is never closed, so that "
                    "the rest of the file was read as one cell; close it, or double it where the text has it"
                )
            if cells or problem:
                yield cells, problem

    def _counted(self) -> Iterator[str]:
        for line in self._lines:
            self._read += 1
            yield line
        # Only inside quotation marks does the reader ask for a line in the middle of a record.
        self._unclosed = self._read > self._before


def _head(lines: Iterator[str]) -> list[str]:
    """Read the lines that can make up the header: more than one where a name holds a line break."""
    head: list[str] = []
    for line in lines:
        if head or line.strip():
            head.append(line)
        if head and ("".join(head).count('"') % 2 == 0 or len(head) == _HEADER_LINES):
            break
    return head


def _delimiter(head: list[str]) -> str:
    """Return the delimiter that cuts the header into the most names, quotation marks respected."""
    # Under a wrong delimiter something else follows a closing quotation mark, which `strict` refuses.
    return max(DELIMITERS, key=lambda one: (_width(head, one, strict=True), _width(head, one, strict=False)))


def _width(head: list[str], delimiter: str, strict: bool) -> int:
    try:
        return len(next(csv.reader(head, delimiter=delimiter, strict=strict), []))
    except csv.Error:
        return 0


def _header(record: tuple[list[str], str] | None, source: Source) -> list[str]:
    if record is None:
        raise InputError(f"{source.name}: is empty; a header line and rows are needed")
    names = [name.strip(" \t\r\n") for name in record[0]]
    if record[1]:
        raise InputError(f"{source.name}, header: {record[1]}")
    if any(_UNREADABLE.search(name) for name in names):
        raise InputError(f"{source.name}, header: is not UTF-8 text; save the file as 'CSV UTF-8'")
    if "" in names:
        raise InputError(f"{source.name}, header: column {names.index('') + 1} has no name; name or remove it")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise InputError(f"{source.name}, header: {times} columns are called '{name}'; rename or remove one")
    return names


def _problem(header: list[str], cells: list[str], delimiter: str) -> tuple[str, str]:
    """Return the column that is wrong and what is wrong with it; two empty strings for a good row."""
    if len(cells) != len(header):
        shown = "tab" if delimiter == "\t" else delimiter
        return "", (
            f"has {len(cells)} cells where the header has {len(header)}; "
            f"put quotation marks around a cell that holds '{shown}' or a line break"
        )
    for name, cell in zip(header, cells, strict=True):
        if found := _UNREADABLE.search(cell):
            what = "a NUL byte" if found.group() == "\x00" else "a byte that is not UTF-8"
            return name, f"holds {what} at character {found.start() + 1}; save the file as 'CSV UTF-8'"
    return "", ""


_open_readers = {"count": 0, "limit": 0}
_lock = Lock()


@contextmanager
def _wide_cells() -> Iterator[None]:
    """Raise the csv module's cell limit, one for the whole process, for as long as any reader is open."""
    with _lock:
        if not _open_readers["count"]:
            _open_readers["limit"] = csv.field_size_limit(LARGEST_CELL)
        _open_readers["count"] += 1
    try:
        yield
    finally:
        with _lock:
            _open_readers["count"] -= 1
            if not _open_readers["count"]:
                csv.field_size_limit(_open_readers["limit"])
