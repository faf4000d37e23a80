"""Choose among overlapping readings of a text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xephang.lexicon.facets import Mention
from xephang.lexicon.schema import Facet


@dataclass(frozen=True, slots=True)
class Reading:
    """A mention that may stand, and how good a claim it has.

    :param facet: empty for a phrase that means nothing and only keeps others from its words.
    :param exact: its diacritics are all written.
    :param rank: the facet's place in the lexicon.
    :param words: the form as the lexicon spells it; empty for a number.
    :param first: which word of the text the form begins with.
    """

    start: int
    end: int
    exact: bool
    rank: int
    facet: str = ""
    mention: Mention | None = None
    words: tuple[str, ...] = ()
    first: int = 0


def choose(readings: Iterable[Reading], nested: frozenset[str]) -> list[Mention]:
    """Return the readings that stand, in the order of the text.

    From left to right, at each place the longest goes first, then one with every diacritic, then the facet
    that the lexicon names first. A nested facet keeps what lies inside a longer form of another facet. Two
    facets share words only where they spell them alike: the "da" of "giay da bong" is no leather once it is a đá.
    """
    order = sorted(readings, key=lambda r: (r.start, -r.end, not r.exact, r.rank))
    kept: list[Reading] = []
    near: list[Reading] = []  # of those kept, the ones that end behind where this and all that follow start
    for reading in order:
        near = [other for other in near if reading.start < other.end]
        if all(_agree(reading, other, nested) for other in near if other.start < reading.end):
            kept.append(reading)
            near.append(reading)
    mentions = [reading.mention for reading in kept if reading.mention]
    return sorted(mentions, key=lambda mention: (mention.start, mention.end))


def _agree(later: Reading, earlier: Reading, nested: frozenset[str]) -> bool:
    if later.facet == earlier.facet or not later.facet or not earlier.facet:
        return False
    if (later.start, later.end) == (earlier.start, earlier.end):
        return later.words == earlier.words and bool(later.words)
    inside = earlier.start <= later.start and later.end <= earlier.end
    offset = later.first - earlier.first
    alike = not earlier.words or earlier.words[offset : offset + len(later.words)] == later.words
    return later.facet in nested and inside and alike


def settle(mentions: list[Mention], facets: Mapping[str, Facet]) -> tuple[list[Mention], bool]:
    """Drop what a more precise mention already says, and what only accompanies the thing for sale.

    :return: the mentions, and whether the thing is an accessory. The first mention of a facet that knows
        accessories decides: a brush for sneakers is no sneaker, and sneakers with a free brush are no brush.
    """
    accessory = False
    for key, facet in facets.items():
        own = [mention for mention in mentions if mention.facet == key]
        dropped: set[int] = set()
        if facet.accessories and own:
            first = own[0].id in facet.accessories
            accessory = accessory or first
            dropped |= {id(one) for one in own if (one.id in facet.accessories) != first}
        if not facet.several:
            above = {up for one in own if id(one) not in dropped for up in facet.ancestors(one.id)}
            dropped |= {id(one) for one in own if one.id in above}
        mentions = [mention for mention in mentions if id(mention) not in dropped]
    return mentions, accessory
