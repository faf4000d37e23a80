"""What the values of a facet say about one another: which meet, which come near, which contradict."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from xephang.lexicon.checks import Table

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Relations:
    """The relations among the values of one facet, beside `parent`.

    :param exclusive: a thing that names only other values of this facet contradicts a wish for one.
    :param required: a thing that names none contradicts too (a brand that was asked for).
    :param assumed: the value meant where none is named (grown-ups), by queries and by products; empty for none.
    :param tolerance: how far apart two numbers may be and still meet.
    :param near: groups whose values may pass for one another (be, kem).
    :param beside: groups whose values are neighbours: of another kind, yet not out of place.
    :param against: groups whose values contradict one another, also where the facet is not exclusive.
    :param meets: values by the value that satisfies them without being of their kind (unisex: nam, nữ); all of them
        together satisfy a wish for it.
    :param implies: what a value says of other facets, as "facet.value".
    :param accessory_facets: of the first facet: which facets an accessory may have (a brush has no heel).
    """

    exclusive: bool = False
    required: bool = False
    assumed: str = ""
    tolerance: float = 0.0
    near: Groups = ()
    beside: Groups = ()
    against: Groups = ()
    meets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accessory_facets: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Return every value that is named, and the key that names it."""
        groups = {"near": self.near, "beside": self.beside, "against": self.against}
        found = {value: key for key, listed in groups.items() for group in listed for value in group}
        found |= {value: "meets" for key, values in self.meets.items() for value in (key, *values)}
        found |= dict.fromkeys(self.implies, "implies")
        return found | ({self.assumed: "assumed"} if self.assumed else {})


def read_relations(table: Table) -> Relations:
    """Read the table `relations` of a facet.

    :raises InputError: naming file, table and key.
    """
    table.allow(
        "exclusive", "required", "assumed", "tolerance", "near", "beside", "against", "meets", "implies",
        "accessory_facets",
    )  # fmt: skip
    meets, implies = table.table("meets"), table.table("implies")
    return Relations(
        exclusive=table.flag("exclusive"),
        required=table.flag("required"),
        assumed=table.text("assumed", ""),
        tolerance=table.number("tolerance", 0.0, minimum=0),
        near=table.groups("near"),
        beside=table.groups("beside"),
        against=table.groups("against"),
        meets={key: meets.texts(key) for key in meets.content},
        implies={key: implies.texts(key) for key in implies.content},
        accessory_facets=table.texts("accessory_facets"),
    )


def linked(groups: Groups, ones: Collection[str], others: Collection[str]) -> bool:
    """Tell whether a group holds one of each, and not the same value for both."""
    return any(one != other for group in groups for one in group if one in ones for other in group if other in others)
