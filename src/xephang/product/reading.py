"""The one door from a shop's record to a product: texts repaired, prices read, what can not be used named."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xephang.product.names import TEXT_FIELDS, Unusable
from xephang.product.prices import UnreadablePrice, read_price
from xephang.text import repair, without_surrogates

_SPLIT_AT = str.maketrans("|", ";")


def opened(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record with its table of extra fields, if it has one, laid beside its own fields, which win."""
    while isinstance(inner := table(record.get("extra")), Mapping):
        record = {**inner, **{name: value for name, value in record.items() if name != "extra"}}
    return record


@dataclass(slots=True)
class FieldReader:
    """Read the fields of products.

    :param repaired: whether what was read last had characters that were brought back.
    :param damaged: whether it had fragments that are lost for good.
    """

    repaired: bool = False
    damaged: bool = False

    def read(self, record: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, Any]:
        """Return what makes a `Product` of an opened record.

        :param used: the record's name of each field.
        :raises Unusable: if a field holds something else than it should.
        """
        self.repaired = self.damaged = False
        try:
            return self._read(record, used)
        except RecursionError:
            raise Unusable("extra", "lists or tables are nested too deeply; lay them flat") from None

    def _read(self, record: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, Any]:
        values = {field: record.get(name) for field, name in used.items()}
        taken = set(used.values())
        return {
            **{field: self._text(field, values.get(field)) for field in TEXT_FIELDS},
            "attributes": self._texts(values.get("attributes")),
            "price": price(None if _is_nan(found := values.get("price")) else found),
            "extra": self._extra({name: value for name, value in record.items() if name not in taken}),
        }

    def _mend(self, text: str) -> str:
        found = repair(without_surrogates(text))
        self.repaired |= found.repaired > 0
        self.damaged |= bool(found.lost)
        return found.text.strip()

    def _text(self, field: str, value: Any) -> str:
        if isinstance(value, list | tuple) and field != "id":
            return ", ".join(filter(None, (self._text(field, one) for one in value)))
        return self._mend(scalar(field, value))

    def _texts(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            value = scalar("attributes", value).translate(_SPLIT_AT).split(";")
        return tuple(filter(None, (self._mend(scalar("attributes", one)) for one in value)))

    def _extra(self, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = {str(name): plain_value(value, self._mend) for name, value in values.items() if not _is_nan(value)}
        return {name: value for name, value in plain.items() if value is not None and value not in ("", [], {})}


def plain_value(value: Any, mend: Callable[[str], str] = str) -> Any:
    """Return a value as JSON can hold it, every text passed through `mend`."""
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, Mapping):
        return {str(name): plain_value(one, mend) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(one, mend) for one in value]
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def price(value: Any) -> float | None:
    """Return a price in đồng; None where it is unknown.

    :raises Unusable: if the value is no price.
    """
    try:
        return read_price(value)
    except UnreadablePrice as error:
        raise Unusable("price", str(error)) from None


def scalar(field: str, value: Any) -> str:
    """Return a text or a number as text, 36.0 being 36: some programs know no whole numbers.

    :raises Unusable: if the value is neither.
    """
    if value is None or _is_nan(value):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unusable(field, f"expected text, got {type(value).__name__}")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_nan(value: Any) -> bool:
    """Say whether a value is what data frames mark a hole with."""
    return isinstance(value, float | Decimal) and value != value


def table(value: Any) -> Any:
    """Return a table that may be written as JSON text, as CSV files have it."""
    if not (isinstance(value, str) and value.startswith("{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
