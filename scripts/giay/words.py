"""The vocabulary that lies in `vocabulary/`: types, brands and the values of every other facet."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Facts = Mapping[str, tuple[str, ...]]
"""Values by facet; a facet that is absent is unknown."""
_TYPE_FILES = ("sport", "dress", "casual", "accessories")
KIDS = ("trẻ em", "bé trai", "bé gái")


@dataclass(frozen=True)
class Type:
    """One type of footwear or accessory, as a table of `vocabulary/` describes it."""

    key: str
    weight: int
    title: tuple[str, ...]
    accessory: bool = False
    category: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    price: tuple[int, ...] = ()
    brands: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    implied_features: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    heels: tuple[int, ...] = ()

    @property
    def kids(self) -> bool:
        """Whether it is made for children only."""
        return bool(self.genders) and all(gender in KIDS for gender in self.genders)


@dataclass(frozen=True)
class Value:
    """A brand or one value of a facet, and its surface forms."""

    name: str
    title: tuple[str, ...]
    field: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tier: float = 1.0
    lines: Mapping[str, tuple[str, ...]] | None = None
    axis: str = ""
    is_a: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All types by key, all brands by name, and the values of the other facets by facet and name."""

    types: Mapping[str, Type]
    brands: Mapping[str, Value]
    facets: Mapping[str, Mapping[str, Value]]

    def brands_of(self, kind: Type) -> list[Value]:
        """Return the brands that make a type, a brand as often as it shares a group with it."""
        return [brand for brand in self.brands.values() for group in brand.groups if group in kind.brands]


@cache
def vocabulary() -> Vocabulary:
    """Read the files of `vocabulary/`."""
    types = [table for name in _TYPE_FILES for table in _read(name)["type"]]
    return Vocabulary(
        types={table["key"]: Type(**_frozen(table)) for table in types},
        brands={
            table["name"]: Value(**_frozen({"title": [table["name"]], **table})) for table in _read("brands")["brand"]
        },
        facets={
            facet: {name: Value(name=name, **_frozen(table)) for name, table in values.items()}
            for facet, values in _read("facets").items()
        },
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "vocabulary" / f"{name}.toml").read_text(encoding="utf-8"))


def _frozen(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with its lists as tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
