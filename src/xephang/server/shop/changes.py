"""What a body of products asks to be changed, and what became of each row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from xephang.catalogue.products import Checker
from xephang.catalogue.row import BadRow
from xephang.errors import InputError
from xephang.product import Product
from xephang.product.names import Unusable
from xephang.server.formats import characters
from xephang.server.shop.lines import lines, problem_of

_DELETE = "delete"
STATUSES = ("created", "replaced", "deleted", "failed")


@dataclass(frozen=True, slots=True)
class Change:
    """What one row asks for.

    :param product: to be added, or to replace the one of its id; None for one to be deleted.
    :param problem: why nothing comes of it; empty where something can.
    """

    row: int
    id: str = ""
    product: Product | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What all rows of a body ask for, in their order."""

    rows: tuple[Change, ...]

    @property
    def last(self) -> Mapping[str, Change]:
        """The last good row of each id, which is the one that counts."""
        return {change.id: change for change in self.rows if not change.problem}

    @property
    def products(self) -> list[Product]:
        """What is to be added or to replace something."""
        return [change.product for change in self.last.values() if change.product]

    @property
    def gone(self) -> list[str]:
        """The ids of what is to be deleted."""
        return [id for id, change in self.last.items() if not change.product]

    def told(self, before: Collection[str]) -> dict[str, Any]:
        """Return what is answered.

        :param before: ids of products that were there before.
        """
        there = set(before)
        rows = [_told(change, there) for change in self.rows]
        counts = {status: sum(row["status"] == status for row in rows) for status in STATUSES}
        return {"object": "products", **counts, "rows": rows}


def read_changes(body: bytes, most: int) -> Changes:
    """Read a body.

    :param most: characters of a product.
    :raises Refused: if there is more in it than may be.
    """
    changes = []
    for item in lines(body):
        if isinstance(item, BadRow):
            error = item.error
            changes.append(Change(error.row, problem=problem_of(error.row, error.field, error.problem)))
        else:
            changes.append(_change(item.number, item.values, most))
    return Changes(tuple(changes))


def _change(row: int, record: Mapping[str, Any], most: int) -> Change:
    """Read one row as a catalogue reads it."""
    id = ""
    try:
        if (count := characters(record)) > most:
            raise Unusable("", f"has {count:,} characters; {most:,} are allowed: shorten it")
        if _DELETE in record:
            return Change(row, _deleted(record))
        product = Product.from_dict(record)
        id = product.id
        Checker().check(product, row)
    except Unusable as error:
        return Change(row, id, problem=problem_of(row, error.field, error.problem))
    except InputError as error:
        return Change(row, id, problem=problem_of(row, "", str(error)))
    return Change(row, id, product)


def _deleted(record: Mapping[str, Any]) -> str:
    if len(record) > 1:
        raise Unusable(_DELETE, "stands beside other fields; give it alone, or leave it out of a product")
    try:
        id = Product.from_dict({"id": record[_DELETE]}).id
    except Unusable as error:
        raise Unusable(_DELETE, error.problem) from None
    if not id:
        raise Unusable(_DELETE, "is empty; give the id of a product")
    return id


def _told(change: Change, there: set[str]) -> dict[str, Any]:
    """Say what became of a row, the rows before it having been done."""
    problem, status = change.problem, "failed"
    if not problem and change.product:
        status = "replaced" if change.id in there else "created"
        there.add(change.id)
    elif not problem and change.id in there:
        status = "deleted"
        there.discard(change.id)
    elif not problem:
        problem = problem_of(change.row, _DELETE, f"there is no product '{change.id}'")
    said = {"row": change.row, "id": change.id, "status": status, "problem": problem}
    return {name: value for name, value in said.items() if value != ""}
