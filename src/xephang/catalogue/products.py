"""A row becomes a product, or is named as one that can not be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xephang.catalogue.columns import Columns
from xephang.catalogue.row import Row
from xephang.errors import RowError
from xephang.product import Product
from xephang.product.names import FIELDS, Unusable
from xephang.product.reading import FieldReader, opened, price, table
from xephang.text import normalise

RANKABLE = ("title", "brand", "category", "description", "attributes")
"""The fields of which a product needs at least one."""


@dataclass(slots=True)
class Checker:
    """Check the products of one catalogue, each by itself and its id against those before."""

    _rows: dict[str, int] = field(default_factory=dict)

    def check(self, product: Product, row: int) -> None:
        """Check a product.

        :raises Unusable: if its id is empty or taken, its price is none, or there is nothing to rank by.
        """
        if not normalise(product.id):
            raise Unusable("id", "is empty; give each product its own id")
        if (first := self._rows.get(product.id)) is not None:
            raise Unusable("id", f"'{product.id}' stands in row {first} already; give each product its own id")
        price(product.price)
        if not any(product.value(name) for name in RANKABLE):
            raise Unusable("", f"has nothing to rank by; fill in one of {', '.join(RANKABLE)}")
        self._rows[product.id] = row


class OwnReader:
    """Take products as a catalogue wrote them: repaired already, and not to be changed again."""

    repaired = damaged = False
    used: Mapping[str, str] = {name: name for name in FIELDS}

    def __init__(self, path: str) -> None:
        self._path, self._checker = path, Checker()

    def read(self, row: Row) -> Product:
        """Read one row.

        :raises RowError: if it can not be used.
        """
        values = dict(row.values)
        extra = table(values.pop("extra"))
        try:
            if not isinstance(extra, dict):
                raise Unusable("extra", "is no JSON object; write the catalogue again")
            product = Product(**{**values, "attributes": tuple(values["attributes"])}, extra=extra)
            self._checker.check(product, row.number)
        except Unusable as error:
            raise RowError(self._path, row.number, error.field, error.problem) from None
        return product


@dataclass(slots=True)
class RowReader:
    """Make products of rows of a shop's file."""

    path: str
    columns: Columns
    checker: Checker = field(default_factory=Checker)
    _fields: FieldReader = field(default_factory=FieldReader)

    def read(self, row: Row) -> Product:
        """Read one row; without an id column its number is the id.

        :raises RowError: if it can not be used.
        """
        record = opened(row.values)
        self.columns.meet(record)
        try:
            fields = self._fields.read(record, self.used)
            product = Product(**fields if "id" in self.used else {**fields, "id": str(row.number)})
            self.checker.check(product, row.number)
        except Unusable as error:
            raise RowError(self.path, row.number, self.used.get(error.field, error.field), error.problem) from None
        return product

    @property
    def used(self) -> Mapping[str, str]:
        """The column of each field."""
        return self.columns.used

    @property
    def repaired(self) -> bool:
        """Whether the row read last had characters that were brought back."""
        return self._fields.repaired

    @property
    def damaged(self) -> bool:
        """Whether it had fragments that are lost for good."""
        return self._fields.damaged
