"""A row becomes a product: texts repaired, prices read, what can not be used named."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from xephang.catalogue.columns import FIELDS, Columns
from xephang.catalogue.prices import UnreadablePrice, read_price
from xephang.catalogue.row import Row
from xephang.errors import RowError
from xephang.product import TEXT_FIELDS, Product
from xephang.text import normalise, repair

RANKABLE = ("title", "brand", "category", "description", "attributes")
"""The fields of which a product needs at least one."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_SPLIT_AT = str.maketrans("|", ";")


class Unusable(Exception):
    """Carry the field of a product and what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(problem)


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
        _price(product.price)
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
        extra = _object(values.pop("extra"))
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
    """Make products of rows of a shop's file.

    :param repaired: whether the row read last had characters that were brought back.
    :param damaged: whether it had fragments that are lost for good.
    """

    path: str
    columns: Columns
    checker: Checker = field(default_factory=Checker)
    repaired: bool = False
    damaged: bool = False

    def read(self, row: Row) -> Product:
        """Read one row; without an id column its number is the id.

        :raises RowError: if it can not be used.
        """
        self.repaired = self.damaged = False
        self.columns.meet(row.values)
        used = self.columns.used
        try:
            product = self._product(row, used)
            self.checker.check(product, row.number)
        except Unusable as error:
            raise RowError(self.path, row.number, used.get(error.field, error.field), error.problem) from None
        return product

    @property
    def used(self) -> Mapping[str, str]:
        """The column of each field."""
        return self.columns.used

    def _product(self, row: Row, used: Mapping[str, str]) -> Product:
        values = {name: row.values.get(column) for name, column in used.items()}
        texts = {name: self._text(name, values.get(name)) for name in TEXT_FIELDS}
        if "id" not in used:
            texts["id"] = str(row.number)
        taken = set(used.values())
        return Product(
            **texts,
            attributes=self._texts(values.get("attributes")),
            price=_price(values.get("price")),
            extra=self._extra({name: value for name, value in row.values.items() if name not in taken}),
        )

    def _mend(self, text: str) -> str:
        # Half an emoji, cut off by another program, can be written to no file.
        found = repair(text if text.isascii() else _SURROGATE.sub("\ufffd", text))
        self.repaired |= found.repaired > 0
        self.damaged |= bool(found.lost)
        return found.text.strip()

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, list | tuple) and name != "id":
            return ", ".join(filter(None, (self._text(name, one) for one in value)))
        return self._mend(_scalar(name, value))

    def _texts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            value = _scalar("attributes", value).translate(_SPLIT_AT).split(";")
        return tuple(filter(None, (self._mend(_scalar("attributes", one)) for one in value)))

    def _extra(self, values: dict[str, Any]) -> dict[str, Any]:
        inner = values.get("extra")
        if isinstance(inner, str) and inner.startswith("{"):
            inner = _object(inner)
        if isinstance(inner, dict):
            values = {**{name: value for name, value in values.items() if name != "extra"}, **inner}
        plain = {name: plain_value(value, self._mend) for name, value in values.items() if value == value}
        return {name: value for name, value in plain.items() if value is not None and value not in ("", [], {})}


def plain_value(value: Any, mend: Callable[[str], str] = str) -> Any:
    """Return a value as JSON can hold it, every text passed through `mend`."""
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, dict):
        return {str(name): plain_value(one, mend) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(one, mend) for one in value]
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _price(value: Any) -> float | None:
    try:
        return read_price(value)
    except UnreadablePrice as error:
        raise Unusable("price", str(error)) from None


def _scalar(name: str, value: Any) -> str:
    """Return a text or a number as text, 36.0 being 36: some programs know no whole numbers."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unusable(name, f"expected text, got {type(value).__name__}")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
