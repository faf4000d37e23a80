"""A partition's file and what is recorded of it: there once, whole or not at all, however many wrote it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from xephang.batch.plan import Partition, Plan
from xephang.errors import InputError, RowError
from xephang.files import sha256, write_text

RECORDS = "_score"
"""The folder of what is recorded beside the files; readers of Parquet pass over what begins with `_`."""
TEMPORARY = ".part-*.tmp"
_PLAN = b"xephang.plan"
"""The key of a file's metadata that says of which scoring it is."""


@dataclass(frozen=True)
class Outcome:
    """What is recorded of a partition once its file is there.

    :param plan: the id of the scoring.
    :param rows: that were read.
    :param pairs: that were scored, the file's rows.
    :param rejects: what was left out: row, field, problem.
    """

    plan: str
    number: int
    rows: int
    pairs: int
    bytes: int
    sha256: str
    rejects: tuple[tuple[int, str, str], ...] = ()

    @classmethod
    def read(cls, folder: Path, partition: Partition, plan: str) -> "Outcome | None":
        """Return what is recorded; None where nothing is, or not of this scoring and these rows."""
        try:
            table: dict[str, Any] = json.loads(record_path(folder, partition).read_text(encoding="utf-8"))
            rejects = tuple((int(row), str(field), str(said)) for row, field, said in table.pop("rejects"))
            found = cls(**table, rejects=rejects)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return found if (found.plan, found.number, found.rows) == (plan, partition.number, partition.rows) else None

    def is_whole(self, folder: Path, partition: Partition, *, every_byte: bool) -> bool:
        """Say whether the file is the one that was recorded."""
        path = file_path(folder, partition)
        try:
            return path.stat().st_size == self.bytes and (not every_byte or sha256(path) == self.sha256)
        except OSError:
            return False


def file_path(folder: Path, partition: Partition) -> Path:
    """Return where a partition's scores go."""
    return folder / f"{partition.name}.parquet"


def record_path(folder: Path, partition: Partition) -> Path:
    """Return where a partition's outcome is recorded."""
    return folder / RECORDS / f"{partition.name}.json"


def plan_path(folder: Path) -> Path:
    """Return where the plan is that the folder follows."""
    return folder / RECORDS / "plan.json"


def write(folder: Path, partition: Partition, plan: str, table: pa.Table, rejects: tuple[RowError, ...]) -> Outcome:
    """Put a partition's file and record in place. The first who writes it wins; the others leave theirs.

    A file appears under its name only whole, and is never changed after. The record, which is written last, describes
    what stands there, so it is right whoever wrote it. A process of a scoring that was given up, and that another one
    took the folder from, writes nothing any more.

    :raises InputError: if the folder can not be written, or is another scoring's.
    """
    path = file_path(folder, partition)
    with _writing(path):
        temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
        try:
            marked = table.replace_schema_metadata({**(table.schema.metadata or {}), _PLAN: plan.encode()})
            with temporary.open("wb") as stream:
                pq.write_table(marked, stream, compression="zstd", write_page_checksum=True)
                stream.flush()
                os.fsync(stream.fileno())
            _check_ours(folder, plan)
            if not _put(temporary, path) and _plan_of(path) != plan:
                temporary.replace(path)  # a process of a scoring that was given up has written just before
        finally:
            with suppress(OSError):
                temporary.unlink()
        told = tuple((error.row, error.field, error.problem) for error in rejects)
        pairs = table.num_rows
        done = Outcome(plan, partition.number, partition.rows, pairs, path.stat().st_size, sha256(path), told)
        _check_ours(folder, plan)
        write_text(record_path(folder, partition), json.dumps(asdict(done), ensure_ascii=False) + "\n")
    return done


def _check_ours(folder: Path, plan: str) -> None:
    """Check that the folder follows this scoring's plan; between two, it has none."""
    path = plan_path(folder)
    if not path.is_file() or Plan.read(path).id != plan:
        raise InputError(f"{folder}: another scoring has been begun there meanwhile; nothing more of this one is kept")


def _put(temporary: Path, path: Path) -> bool:
    """Give a file its name; say no, and leave what stands there, where the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links: the last who writes wins, with the same bytes
        temporary.replace(path)
    return True


def _plan_of(path: Path) -> str:
    try:
        metadata: Mapping[bytes, bytes] = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return ""
    return metadata.get(_PLAN, b"").decode()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: can not be written: {error.strerror or error}") from error
