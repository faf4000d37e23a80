"""Where rows come from: a file, a gzipped file, a pipe or standard input, opened as bytes or as text."""

import codecs
import gzip
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader, BytesIO, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import cast

from xephang.catalogue.sql_url import is_database, shown
from xephang.errors import InputError

STANDARD_INPUT = "-"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its path, or `-` for standard input.

    :param data: the bytes, where they were taken into memory because they can be read only once.
    """

    path: str
    data: bytes | None = None

    @classmethod
    def of(cls, path: str | Path) -> "Source":
        """Check that there is something to open.

        :raises InputError: if the file is missing or is a folder.
        """
        if is_database(path):
            raise InputError(
                f"{shown(str(path))}: is a database; only a catalogue is read from one, here a file is needed"
            )
        if str(path) != STANDARD_INPUT:
            if not Path(path).exists():
                raise InputError(f"{path}: there is no such file; check the path")
            if Path(path).is_dir():
                raise InputError(f"{path}: is a folder; name one file in it")
        return cls(str(path))

    @property
    def name(self) -> str:
        """What a message calls it."""
        return "standard input" if self.path == STANDARD_INPUT else self.path

    def rereadable(self) -> "Source":
        """Return a source that can be opened many times; standard input and pipes are taken into memory."""
        if self.data is not None or (self.path != STANDARD_INPUT and Path(self.path).is_file()):
            return self
        with self._bytes() as stream:
            return replace(self, data=stream.read())

    def is_file(self, path: Path) -> bool:
        """Say whether `path` is this very file."""
        return self.path != STANDARD_INPUT and path.exists() and path.samefile(self.path)

    @contextmanager
    def text(self, newline: str) -> Iterator[TextIOWrapper]:
        """Open as text: UTF-8 with or without a byte order mark, or UTF-16 with one; gzip is undone.

        A byte that is no UTF-8 comes as a lone surrogate (PEP 383), so that a reader can tell which row has it.

        :param newline: as `open` takes it; lines are never translated.
        :raises InputError: if there is not a single byte.
        """
        with ExitStack() as stack:
            stream = stack.enter_context(self._bytes())
            if stream.peek(2)[:2] == b"\x1f\x8b":
                unpacked = cast(RawIOBase, gzip.GzipFile(fileobj=stream))
                stream = stack.enter_context(BufferedReader(unpacked))
            start = stream.peek(2)[:2]
            if not start:
                raise InputError(f"{self.name}: is empty; a file of rows is needed")
            if start in _UTF16:
                text = TextIOWrapper(stream, encoding="utf-16", errors="surrogatepass", newline=newline)
            else:
                text = TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
            # Else the wrapper closes standard input, which belongs to the process.
            stack.callback(text.detach)
            yield text

    @contextmanager
    def _bytes(self) -> Iterator[BufferedReader]:
        if self.data is not None:
            yield cast(BufferedReader, BufferedReader(BytesIO(self.data)))
        elif self.path == STANDARD_INPUT:
            if sys.stdin is None:
                raise InputError("standard input: is closed; pipe something into it, or name a file")
            yield cast(BufferedReader, sys.stdin.buffer)
        else:
            with Path(self.path).open("rb") as stream:
                yield stream
