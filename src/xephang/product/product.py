"""A product, whatever record it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from xephang.errors import InputError
from xephang.product.names import FIELDS, TEXT_FIELDS, Unusable, field_of, guess
from xephang.product.reading import FieldReader, opened, scalar
from xephang.text import normalise


@dataclass(frozen=True, slots=True)
class Product:
    """One record of a shop. Text fields that the shop does not know are empty.

    :param attributes: features in the shop's own words ("Chống trượt").
    :param price: in đồng; None where unknown.
    :param extra: the fields that xephang has no name for, as JSON can hold them.
    """

    id: str = ""
    title: str = ""
    brand: str = ""
    category: str = ""
    color: str = ""
    size: str = ""
    attributes: tuple[str, ...] = ()
    gender: str = ""
    price: float | None = None
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Product":
        """Build a product from a record as a catalogue does from a row: our names or a shop's, texts repaired.

        :raises InputError: if a field holds something else than it should, or two could be the same one.
        """
        record = opened(record)
        try:
            used = guess(record)
        except Unusable as error:
            raise InputError(f"{error.problem}; keep one of them") from None
        try:
            return cls(**FieldReader().read(record, used))
        except Unusable as error:
            raise Unusable(used.get(error.field, error.field), error.problem) from None

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads: the known fields that are not empty, and the extra ones beside them.

        An empty field stays where an extra one would be taken for it: `title` beside an extra `name`.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "extra"}
        values["attributes"] = list(self.attributes)
        claimed = {field_of(name) for name in self.extra if name not in FIELDS}
        kept = {name: value for name, value in values.items() if value not in ("", [], None) or name in claimed}
        return dict(self.extra) | kept

    def value(self, name: str) -> str:
        """Return a field as normalised text, `attribute` being all attributes; empty where unknown.

        :raises InputError: if an extra field holds something that is no text or number.
        """
        if name in ("attribute", "attributes"):
            return normalise(", ".join(self.attributes))
        if name == "price":
            return "" if self.price is None else f"{self.price:.0f}"
        if name in TEXT_FIELDS:
            return normalise(getattr(self, name))
        return normalise(scalar(name, self.extra.get(name)))
