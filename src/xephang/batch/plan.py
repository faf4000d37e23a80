"""What a scoring consists of: inputs, model, catalogue, and the partitions that they are cut into."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from xephang.batch import inputs
from xephang.batch.columns import Columns, columns_of
from xephang.batch.inputs import Input
from xephang.errors import InputError
from xephang.files import write_text
from xephang.version import __version__

FORMAT = 1
PAIRS = 50_000
"""About so many pairs a partition has, where nobody says how many rows."""
_SAID = {
    "inputs": "the inputs",
    "columns": "the columns that are read",
    "partition_rows": "the rows of a partition (--partition-rows)",
    "keep_going": "what is done with bad rows (--keep-going)",
    "model": "the model",
    "catalogue": "the catalogue",
    "xephang": "the version of xephang",
}


@dataclass(frozen=True)
class Partition:
    """Rows that are scored together and make one file.

    :param input: the file's name, as in `Input`.
    :param first: of its rows, counted from 0.
    """

    number: int
    input: str
    first: int
    rows: int

    @property
    def name(self) -> str:
        """What its files are called, without suffix."""
        return f"part-{self.number:05d}"


@dataclass(frozen=True)
class Plan:
    """What is scored, with what. Whatever scores differ by is in it, so that one plan's files are the same everywhere.

    :param model: the fingerprint of all that scores depend on.
    :param catalogue: the fingerprint of a compiled catalogue's state; empty without one.
    :param xephang: the version that scores.
    """

    inputs: tuple[Input, ...]
    columns: Columns
    partition_rows: int
    keep_going: bool
    model: str
    catalogue: str
    xephang: str = __version__

    @cached_property
    def id(self) -> str:
        """Tells this scoring's files from those of another one."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]

    @property
    def rows(self) -> int:
        """All inputs' rows."""
        return sum(one.rows for one in self.inputs)

    def partitions(self) -> Iterator[Partition]:
        """Yield the partitions, in the inputs' order."""
        number = 0
        for one in self.inputs:
            for first in range(0, one.rows, self.partition_rows):
                yield Partition(number, one.name, first, min(self.partition_rows, one.rows - first))
                number += 1

    def write(self, path: Path) -> None:
        """Replace the file at a path."""
        write_text(path, json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read what `write` wrote.

        :raises InputError: if it is no such file.
        """
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            if table.pop("format") != FORMAT:
                raise ValueError("another format")
            read = tuple(Input(**one) for one in table.pop("inputs"))
            return cls(inputs=read, columns=Columns(**table.pop("columns")), **table)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{path}: is no plan that xephang wrote ({error}); score anew with --overwrite") from error

    def check_same(self, other: "Plan", folder: Path) -> None:
        """Check that another plan would write the same.

        :param other: that was made now.
        :raises InputError: naming what has changed.
        """
        for one in fields(self):
            before, now = getattr(self, one.name), getattr(other, one.name)
            if before == now:
                continue
            which = f": {_changed(before, now)}" if one.name == "inputs" else ""
            raise InputError(
                f"{folder}: can not be gone on with, as {_SAID[one.name]} changed since it was begun{which}; put that "
                "back, or score anew with --overwrite"
            )


def plan(
    source: Path,
    *,
    wanted: Mapping[str, str],
    partition_rows: int | None,
    keep_going: bool,
    model: str,
    catalogue: str,
) -> Plan:
    """Look at the inputs, and make a plan.

    :param partition_rows: as many as come to some `PAIRS`, without it.
    :raises InputError: if an input can not be used.
    """
    found = inputs.paths(source)
    columns = _columns(found, wanted, by_id=bool(catalogue))
    described = tuple(inputs.describe(name, path) for name, path in found.items())
    if not any(one.rows for one in described):
        raise InputError(f"{source}: holds no rows; at least one is needed")
    rows = partition_rows or _rows(found, described, columns)
    return Plan(described, columns, rows, keep_going, model, catalogue)


def _columns(found: Mapping[str, Path], wanted: Mapping[str, str], *, by_id: bool) -> Columns:
    """Return the columns of all files, which have to be the same."""
    each: dict[Path, Columns] = {}
    for path in found.values():
        with inputs.opened(path) as file:
            each[path] = columns_of(file.schema_arrow, path, wanted, by_id=by_id)
    (first, columns), *others = each.items()
    for path, other in others:
        if other != columns:
            raise InputError(f"{path}: has other columns than {first} ({_differ(columns, other)}); write both alike")
    return columns


def _differ(one: Columns, other: Columns) -> str:
    name = next(each.name for each in fields(one) if getattr(one, each.name) != getattr(other, each.name))
    return f"{name} is {getattr(other, name)!r}, not {getattr(one, name)!r}"


def _rows(found: Mapping[str, Path], described: Sequence[Input], columns: Columns) -> int:
    if columns.kind != "ids":
        return PAIRS
    pairs = 0
    for path in found.values():
        with inputs.opened(path) as file:
            pairs += inputs.values_of(file, columns.ids)
    return max(1, PAIRS * sum(one.rows for one in described) // max(1, pairs))


def _changed(before: Sequence[Input], now: Sequence[Input]) -> str:
    was, is_now = ({one.name: one for one in some} for some in (before, now))
    names = [name for name in (*was, *is_now) if was.get(name) != is_now.get(name)]
    name: Any = names[0] if names else "their order"
    more = f" and {len(set(names)) - 1:,} more" if len(set(names)) > 1 else ""
    return f"{name}{more}"
