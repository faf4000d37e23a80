"""What a lexicon found in one text."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mention:
    """One value of one facet, and where the text says it.

    :param facet: the facet's key in the lexicon ("color").
    :param id: the value's key in the lexicon; of a number, the number itself ("38", "36-40", "7.5").
    :param name: the value for people ("Đen").
    :param start: offset into `Facets.text`, the normalised text.
    :param end: offset past the last character, so that `text[start:end] == surface`.
    :param low: the number, or the lower end of a range; None where the value is no number.
    :param high: the upper end; the same as `low` where it is no range.
    """

    facet: str
    id: str
    name: str
    start: int
    end: int
    surface: str
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the mention as JSON can hold it, `low` and `high` only where it is a number."""
        plain = {name: getattr(self, name) for name in ("facet", "id", "name", "start", "end", "surface")}
        return plain if self.low is None else {**plain, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Facets:
    """Everything a lexicon found in a text, in the order of the text.

    :param text: the text as `text.normalise` left it; all spans refer to it, not to what `parse` was given.
    :param mentions: of one facet, they never overlap; of two facets, they may.
    :param accessory: whether the text names an accessory (a shoe brush) and not the thing itself.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    accessory: bool = False

    def __getitem__(self, facet: str) -> tuple[Mention, ...]:
        """Return the mentions of one facet; none for a facet that the lexicon does not have."""
        return tuple(mention for mention in self.mentions if mention.facet == facet)

    def ids(self, facet: str) -> tuple[str, ...]:
        """Return the values of one facet, each once, in the order of the text."""
        return tuple(dict.fromkeys(mention.id for mention in self.mentions if mention.facet == facet))

    def to_dict(self) -> dict[str, Any]:
        """Return the facets as JSON can hold them."""
        return {
            "text": self.text,
            "accessory": self.accessory,
            "mentions": [mention.to_dict() for mention in self.mentions],
        }
