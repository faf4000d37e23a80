"""The Parquet files that a scoring reads: which they are, and how one is known again."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xephang.errors import InputError

_HIDDEN = (".", "_")
"""What begins so is no data, as other readers of folders of Parquet have it."""
_TAIL = 8
"""Bytes behind the footer: its length, and the magic number (Parquet's format, "File Format")."""
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Input:
    """A file, as it was when the scoring was planned.

    :param name: relative to the source.
    :param modified: nanoseconds since 1970.
    :param footer: the SHA-256 of all that the file says of its columns, places and statistics.
    """

    name: str
    rows: int
    bytes: int
    modified: int
    footer: str


def paths(source: Path) -> dict[str, Path]:
    """Return the files by name, sorted: the one that `source` is, or all `*.parquet` below it.

    :raises InputError: if there is none.
    """
    if source.is_file():
        return {source.name: source}
    if not source.is_dir():
        raise InputError(f"{source}: there is no such file or folder; check the path")
    found = {path.relative_to(source): path for path in source.rglob("*.parquet") if path.is_file()}
    shown = {name.as_posix(): path for name, path in sorted(found.items()) if not _is_hidden(name)}
    if not shown:
        raise InputError(f"{source}: holds no *.parquet; name a Parquet file, or a folder of them")
    return shown


def describe(name: str, path: Path) -> Input:
    """Describe a file without reading its rows.

    :raises InputError: if it is no whole Parquet file.
    """
    with opened(path) as file:
        rows = file.metadata.num_rows
    status = path.stat()
    return Input(name, rows, status.st_size, status.st_mtime_ns, _footer(path))


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a file.

    :raises InputError: if it, or what the block reads of it, can not be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: can not be read as Parquet ({reason}); write it again") from None


def values_of(file: pq.ParquetFile, column: str) -> int:
    """Return how many values all lists of a column hold, by what the file says of itself."""
    names = file.schema_arrow.names
    leaves = [at for at in range(len(file.schema)) if _column_of(file.schema.column(at).path, names) == column]
    groups = [file.metadata.row_group(at) for at in range(file.num_row_groups)]
    return sum(int(group.column(at).num_values) for group in groups for at in leaves)


def _column_of(path: str, names: Sequence[str]) -> str:
    """Return the column that values are of, by their dotted path; a column's own name may have dots too."""
    return max((name for name in names if f"{path}.".startswith(f"{name}.")), key=len, default="")


def _footer(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(-_TAIL, 2)
        length, magic = int.from_bytes(stream.read(4), "little"), stream.read(4)
        if magic != _MAGIC:
            raise InputError(f"{path}: its footer is encrypted, which is not read here; write it without")
        stream.seek(-_TAIL - length, 2)
        return hashlib.sha256(stream.read(length)).hexdigest()


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(_HIDDEN) for part in name.parts)
