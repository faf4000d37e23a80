"""Hold what a query asks for against what a product says of itself, facet by facet."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from xephang.lexicon.facets import Facets, Mention
from xephang.lexicon.lexicon import Lexicon
from xephang.lexicon.numbers import prefix_of
from xephang.lexicon.relations import linked
from xephang.lexicon.schema import Facet


class Match(IntEnum):
    """How well one value that is asked for is met, from worst to best."""

    OTHER = 0
    """Another thing altogether; only the first facet of a lexicon, what the thing is, can be that."""
    CONTRADICTED = 1
    BESIDE = 2
    """A neighbour; only of the first facet."""
    VAGUE = 3
    """Only the widest name is said ("giày"), or none; only of the first facet."""
    UNKNOWN = 4
    NEAR = 5
    MATCHED = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """One value that a query asks for, and what a product says about it.

    :param asked: the mention in the query; None for what is only assumed, as that grown-ups are meant.
    :param offered: what decided it, in the product's words; empty where the product is silent.
    """

    facet: str
    match: Match
    asked: Mention | None
    offered: tuple[Mention, ...] = ()


def compare(lexicon: Lexicon, asked: Facets, offered: Facets) -> tuple[Verdict, ...]:
    """Judge every value that is asked for, in the order of the lexicon's facets.

    The first facet says what the thing is. A narrower thing meets a wider wish; a wider one leaves it unknown. Where a
    query does not name the thing ("converse vàng"), a last verdict may say that it is another one all the same.
    """
    implied = implications(lexicon, offered)
    verdicts: list[Verdict] = []
    for facet in lexicon.facets.values():
        said = offered[facet.id]
        wishes = {mention.id: mention for mention in asked[facet.id]}.values()
        for wish in wishes:
            if facet.id == lexicon.leading:
                match = _thing(facet, wish, said, another_sort=asked.accessory != offered.accessory)
            elif wish.low is not None:
                match = _number(facet, wish, said)
            else:
                match = _value(facet, wish, said, [value for key, value in implied if key == facet.id])
            verdicts.append(Verdict(facet.id, match, wish, said))
        if not wishes and facet.relations.assumed:
            verdicts += _assumed(facet, said)
    if asked.mentions and not asked[lexicon.leading]:
        verdicts += _unasked_thing(lexicon, verdicts, asked, offered)
    return tuple(verdicts)


def implications(lexicon: Lexicon, offered: Facets) -> frozenset[tuple[str, str]]:
    """Return (facet, value) of what the values named say of other facets, by themselves or as kinds of others."""
    found: set[tuple[str, str]] = set()
    for mention in offered.mentions:
        facet = lexicon.facets[mention.facet]
        if facet.relations.implies:
            for value in (mention.id, *facet.ancestors(mention.id)):
                for one in facet.relations.implies.get(value, ()):
                    other, _, named = one.partition(".")
                    found.add((other, named))
    return frozenset(found)


def _thing(facet: Facet, wish: Mention, said: Sequence[Mention], *, another_sort: bool) -> Match:
    """Judge what the thing is: the best of what it calls itself.

    :param another_sort: one of the two is an accessory and the other is not.
    """
    if not said:
        return Match.VAGUE
    if another_sort:
        return Match.OTHER
    return max(_kinship(facet, wish.id, mention.id) for mention in said)


def _unasked_thing(lexicon: Lexicon, verdicts: Sequence[Verdict], asked: Facets, offered: Facets) -> Iterator[Verdict]:
    """Yield what the thing is against a wish that does not name it: an accessory is not meant, nor another brand's."""
    required = {facet.id for facet in lexicon.facets.values() if facet.relations.required}
    said = offered[lexicon.leading]
    if offered.accessory and not asked.accessory:
        yield Verdict(lexicon.leading, Match.OTHER, None, said)
    elif any(one.facet in required and one.match is Match.CONTRADICTED for one in verdicts):
        yield Verdict(lexicon.leading, Match.BESIDE, None, said)


def _kinship(facet: Facet, wish: str, value: str) -> Match:
    if _meets(facet, wish, value):
        return Match.MATCHED
    above, line = facet.ancestors(wish), facet.ancestors(value)
    if value in above:
        return Match.UNKNOWN if facet.values[value].parents else Match.VAGUE
    # What holds of the widest names holds where they are asked for, not for everything that goes by them.
    narrow = {one for one in above if facet.values[one].parents}
    if linked(facet.relations.near, {wish, *narrow}, {value, *(one for one in line if facet.values[one].parents)}):
        return Match.NEAR
    if line & narrow or linked(facet.relations.beside, {wish, *narrow}, {value, *line}):
        return Match.BESIDE
    return Match.OTHER


def _number(facet: Facet, wish: Mention, said: Sequence[Mention]) -> Match:
    """Judge a number or a range: it is met where it and one said overlap, give or take the tolerance."""
    spans = [span for one in said if prefix_of(one.id) == prefix_of(wish.id) for span in _spans(one)]
    slack = facet.relations.tolerance
    for low, high in _spans(wish):
        if any(other_low - slack <= high and low <= other_high + slack for other_low, other_high in spans):
            return Match.MATCHED
    return Match.CONTRADICTED if spans and facet.relations.exclusive else Match.UNKNOWN


def _spans(mention: Mention) -> Iterator[tuple[float, float]]:
    if mention.low is not None and mention.high is not None:
        yield mention.low, mention.high


def _value(facet: Facet, wish: Mention, said: Sequence[Mention], implied: Collection[str]) -> Match:
    """Judge a named value: the best of what is said or goes without saying, unless that leaves it open.

    What is said goes before what goes without saying, and where neither tells, what is assumed of everything.
    """
    relations = facet.relations
    plain = [mention.id for mention in said if mention.low is None]
    both = relations.meets.get(wish.id, ())
    if both and set(both) <= set(plain):
        return Match.MATCHED
    assumed = [relations.assumed] if relations.assumed and not said else []
    if not (values := plain + list(implied) or assumed):
        return Match.CONTRADICTED if relations.required else Match.UNKNOWN
    if plain and max(_relation(facet, wish.id, value) for value in plain) is Match.CONTRADICTED:
        return Match.CONTRADICTED
    found = {_relation(facet, wish.id, value) for value in values}
    best = max(found)
    return Match.CONTRADICTED if best is Match.UNKNOWN and Match.CONTRADICTED in found else best


def _relation(facet: Facet, wish: str, value: str) -> Match:
    relations = facet.relations
    if _meets(facet, wish, value):
        return Match.MATCHED
    if linked(relations.near, {wish}, {value}):
        return Match.NEAR
    above = facet.ancestors(wish)
    if linked(relations.against, {wish, *above}, {value, *facet.ancestors(value)}):
        return Match.CONTRADICTED
    if value in above:
        return Match.UNKNOWN
    return Match.CONTRADICTED if relations.exclusive else Match.UNKNOWN


def _meets(facet: Facet, wish: str, value: str) -> bool:
    """Tell whether a value is what is asked for, a kind of it, or satisfies it all the same."""
    return wish == value or wish in facet.ancestors(value) or wish in facet.relations.meets.get(value, ())


def _assumed(facet: Facet, said: Sequence[Mention]) -> Iterator[Verdict]:
    """Yield what contradicts the value that is meant where none is asked for, if nothing else is said."""
    wish = facet.relations.assumed
    against = all(one.low is None and _relation(facet, wish, one.id) is Match.CONTRADICTED for one in said)
    if said and against:
        yield Verdict(facet.id, Match.CONTRADICTED, None, tuple(said))
