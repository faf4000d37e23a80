"""What a product is, as values of facets: read off a listing, and varied."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from xephang.lexicon import Facet, Facets, Lexicon
from xephang.lexicon.numbers import prefix_of

_OF_ANOTHER_KIND, _LEFT_OUT = 0.5, 0.3
_ADDED, _ADDED_REQUIRED = 0.16, 0.35
_MOST = 8
"""Facets of a variation, beside the first one."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: a name of the lexicon's, or a number or range in the facet's base unit.

    :param id: of a number, as the lexicon writes it ("36-40", "us-9").
    """

    id: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Sketch:
    """A product's values by facet, and words of its own that no lexicon knows: a model's name, a code."""

    values: Mapping[str, tuple[Value, ...]]
    own: tuple[str, ...] = ()

    def __getitem__(self, facet: str) -> tuple[Value, ...]:
        """Return the values of a facet."""
        return self.values.get(facet, ())

    def with_values(self, facet: str, *values: Value) -> "Sketch":
        """Return the sketch with other values of one facet; without the facet where none are given."""
        kept = {key: old for key, old in self.values.items() if key != facet}
        return Sketch({**kept, facet: values} if values else kept, self.own)


def sketch(facets: Facets) -> Sketch:
    """Return what a reader takes from a listing."""
    values: dict[str, dict[str, Value]] = {}
    for mention in facets.mentions:
        values.setdefault(mention.facet, {})[mention.id] = Value(mention.id, mention.low, mention.high)
    return Sketch({facet: _joined(tuple(found.values())) for facet, found in values.items()})


def _joined(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Take a list of plain numbers, sizes mostly, for the range that it spans."""
    plain = [value for value in values if value.low is not None and not prefix_of(value.id)]
    if len(plain) < 2:
        return values
    low, high = min(value.low or 0 for value in plain), max(value.high or 0 for value in plain)
    return (*(value for value in values if value not in plain), Value(f"{low:g}-{high:g}", low, high))


class Varying:
    """Draws sketches near a given one, so that a small catalogue teaches the whole lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.kinds = list(lexicon.facets[lexicon.leading].values)

    def vary(self, rng: Random, of: Sketch) -> Sketch:
        """Return the sketch of another product: now and then of another kind, with facets added and left out."""
        made = of
        if rng.random() < _OF_ANOTHER_KIND and self.kinds:
            made = made.with_values(self.lexicon.leading, Value(rng.choice(self.kinds)))
        for key, facet in self.lexicon.facets.items():
            if key == self.lexicon.leading:
                continue
            if made[key] and rng.random() < _LEFT_OUT:
                made = made.with_values(key)
            if not made[key] and rng.random() < (_ADDED_REQUIRED if facet.relations.required else _ADDED):
                made = made.with_values(key, *_draw(rng, facet))
        return self._consistent(rng, made)

    def other(self, rng: Random, key: str, than: Value) -> Value | None:
        """Return another value of the same facet; None where the facet has no other of that sort."""
        facet = self.lexicon.facets[key]
        if than.low is not None and than.high is not None:
            return _other_number(rng, facet, than.low, than.high, prefix_of(than.id))
        names = [name for name in facet.values if name != than.id]
        kin = [name for name in names if set(facet.values[name].parents) & set(facet.values[than.id].parents)]
        pool = kin if kin and rng.random() < 0.5 else names
        return Value(rng.choice(pool)) if pool else None

    def _consistent(self, rng: Random, made: Sketch) -> Sketch:
        """Leave out what the kind of thing rules out: a man's size of a woman's shoe, a heel on a brush."""
        leading = self.lexicon.facets[self.lexicon.leading]
        line = {up for value in made[leading.id] for up in (value.id, *leading.ancestors(value.id))}
        if line & leading.accessories:
            keep = {leading.id, *leading.relations.accessory_facets}
            made = Sketch({key: values for key, values in made.values.items() if key in keep}, made.own)
        for one in line:
            for implied in leading.relations.implies.get(one, ()):
                key, _, name = implied.partition(".")
                if made[key] and made[key][0].low is None and name not in {value.id for value in made[key]}:
                    made = made.with_values(key)
        spare = [key for key in made.values if key != leading.id]
        rng.shuffle(spare)
        for key in spare[_MOST:]:
            made = made.with_values(key)
        return made


def _draw(rng: Random, facet: Facet) -> tuple[Value, ...]:
    number = _number(rng, facet)
    if number and (not facet.values or rng.random() < 0.6):
        return (number,)
    names = list(facet.values)
    return tuple(map(Value, rng.sample(names, min(len(names), rng.choice((1, 1, 1, 2)))))) if names else ()


def _number(rng: Random, facet: Facet, prefix: str = "") -> Value | None:
    """Draw a number or a range that is usual, of the pattern with that prefix if there is one; None without any."""
    patterns = [(pattern, pattern.usual) for pattern in facet.patterns if pattern.usual]
    if not patterns:
        return None
    pattern, (low, high) = next((one for one in patterns if one[0].prefix == prefix), patterns[0])
    first = round(rng.triangular(low, high))
    if pattern.kind == "measure" or rng.random() < 0.25:
        return Value(f"{pattern.prefix}{first}", first, first)
    last = min(int(high), first + rng.choice((3, 4, 5, 6)))
    plain = f"{first}-{last}" if last > first else f"{first}"
    return Value(f"{pattern.prefix}{plain}", first, max(first, last))


def _other_number(rng: Random, facet: Facet, low: float, high: float, prefix: str) -> Value | None:
    """Draw a number, or a range as wide, that does not meet the one given."""
    span, gap = high - low, facet.relations.tolerance
    for _ in range(8):
        drawn = _number(rng, facet, prefix)
        if drawn is None or drawn.low is None:
            return None
        if drawn.low - gap > high or drawn.low + span + gap < low:
            plain = f"{drawn.low:g}-{drawn.low + span:g}" if span else f"{drawn.low:g}"
            return Value(f"{prefix_of(drawn.id)}{plain}", drawn.low, drawn.low + span)
    return None
