"""The schema of a lexicon file, and reading one into it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from xephang.lexicon.checks import Table
from xephang.lexicon.forms import ANY_NUMBER, Form, phrases
from xephang.lexicon.numbers import Pattern
from xephang.lexicon.relations import Relations, read_relations
from xephang.lexicon.words import spelled

Phrases = tuple[tuple[str, ...], ...]
_LEAST_STEP = 1e-3


@dataclass(frozen=True)
class Value:
    """One value of a facet.

    :param parents: ids of the values that this one is a kind of.
    :param title: how titles write it.
    :param query: how shoppers write it; parsing looks for both.
    :param accented: forms of either that count only with every diacritic written.
    :param accessory: no product of the domain, but something for one; its descendants are too.
    """

    id: str
    name: str
    parents: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    accented: tuple[str, ...] = ()
    accessory: bool = False
    not_before: Phrases = ()
    not_after: Phrases = ()


@dataclass(frozen=True)
class Facet:
    """One facet: named values, numbers, or both.

    :param nested: its forms count inside a longer form of another facet too.
    :param several: a thing may have a general value beside a more precise one (brown and tan); else the
        precise one stands for both (boots are shoes).
    :param asked: how often queries ask for it, against the other facets; 0 for never. Judgments are made by it.
    :param announced: its name may go before its values ("màu đỏ").
    :param relations: what its values say about one another.
    """

    id: str
    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    nested: bool = False
    several: bool = False
    asked: float = 1.0
    announced: bool = False
    relations: Relations = field(default_factory=Relations)

    @cached_property
    def accessories(self) -> frozenset[str]:
        """The values that are marked as accessories, and every kind of one."""
        marked = {value.id for value in self.values.values() if value.accessory}
        return frozenset(one for one in self.values if one in marked or marked & self.ancestors(one))

    def ancestors(self, value: str) -> frozenset[str]:
        """Return everything that a value is a kind of, itself not included; of a number, nothing."""
        found: set[str] = set()
        waiting = list(self.values[value].parents) if value in self.values else []
        while waiting:
            if (parent := waiting.pop()) not in found:
                found.add(parent)
                waiting.extend(self.values[parent].parents)
        return frozenset(found)

    def forms(self) -> Iterator[Form]:
        """Yield every form of every value, with the contexts that its ancestors forbid too."""
        for value in self.values.values():
            line = [value, *(self.values[parent] for parent in sorted(self.ancestors(value.id)))]
            before = tuple(phrase for one in line for phrase in one.not_before)
            after = tuple(phrase for one in line for phrase in one.not_after)
            for written in dict.fromkeys((*value.title, *value.query)):
                yield Form(spelled(written), self.id, value.id, False, before, after)
            for written in value.accented:
                yield Form(spelled(written), self.id, value.id, True, before, after)


def read_facet(table: Table, key: str) -> Facet:
    """Read one facet's table.

    :raises InputError: naming file, table and key.
    """
    table.allow("name", "nested", "several", "asked", "announced", "values", "patterns", "relations")
    values = {one: _read_value(inner, one) for one, inner in table.tables("values")}
    facet = Facet(
        id=key,
        name=table.text("name", key),
        values=values,
        patterns=tuple(_read_pattern(inner) for inner in table.list_of_tables("patterns")),
        nested=table.flag("nested"),
        several=table.flag("several"),
        asked=table.number("asked", 1.0, minimum=0),
        announced=table.flag("announced"),
        relations=read_relations(table.table("relations")),
    )
    if not values and not facet.patterns:
        raise table.error("", "has neither values nor patterns; give it one of them")
    return facet


def _read_value(table: Table, key: str) -> Value:
    table.allow("name", "parent", "title", "query", "accented", "accessory", "not_before", "not_after")
    value = Value(
        id=key,
        name=table.text("name", key),
        parents=table.texts("parent"),
        title=table.texts("title"),
        query=table.texts("query"),
        accented=table.texts("accented"),
        accessory=table.flag("accessory"),
        not_before=phrases(table.texts("not_before")),
        not_after=phrases(table.texts("not_after")),
    )
    for name in ("title", "query", "accented", "not_before", "not_after"):
        if empty := [form for form in table.texts(name) if not spelled(form) and ANY_NUMBER not in form]:
            raise table.error(name, f"the form {empty[0]!r} has no letter or digit; remove it")
    return value


def _read_pattern(table: Table) -> Pattern:
    table.allow(
        "kind", "min", "max", "step", "cues", "skip", "bare", "units", "prefix", "not_before", "not_after",
        "written", "usual",
    )  # fmt: skip
    kind = table.choice("kind", ("number", "measure"))
    pattern = Pattern(
        kind=kind,
        minimum=table.number("min"),
        maximum=table.number("max"),
        step=table.number("step", 0.0, minimum=0),
        cues=table.texts("cues"),
        skip=table.texts("skip"),
        bare=table.choice("bare", ("", "range", "single"), ""),
        units=table.numbers("units"),
        prefix=table.text("prefix", ""),
        written=table.texts("written"),
        usual=table.span("usual"),
        not_before=phrases(table.texts("not_before")),
        not_after=phrases(table.texts("not_after")),
    )
    if 0 < pattern.step < _LEAST_STEP:
        raise table.error("step", f"must be {_LEAST_STEP:g} or more, or 0 for none, got {pattern.step:g}")
    if pattern.minimum > pattern.maximum:
        raise table.error("min", f"{pattern.minimum:g} is above max, {pattern.maximum:g}; swap them")
    if pattern.usual and not pattern.minimum <= pattern.usual[0] <= pattern.usual[1] <= pattern.maximum:
        raise table.error("usual", "must lie between min and max")
    if numberless := [text for text in pattern.written if "{}" not in text]:
        raise table.error("written", f"{numberless[0]!r} has no {{}}, which stands for the number; add it")
    if any(map(str.isdigit, pattern.prefix)):
        raise table.error("prefix", f"must hold no digit, got {pattern.prefix!r}: the number begins at the first")
    if kind == "measure" and not pattern.units:
        raise table.error("units", "a measure needs units, such as units = { cm = 1, mm = 0.1 }")
    if kind == "number" and not pattern.cues and not pattern.bare:
        raise table.error("cues", 'a number needs cues, such as cues = ["size"], or bare = "range"')
    return pattern
