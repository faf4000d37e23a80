"""Read a query: its words and what else they may be, what it insists on, what it says of the price."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from xephang.lexicon import Mention
from xephang.search.asking import PRICE, Constraint, Correction
from xephang.search.facet_terms import FacetTerms
from xephang.search.pieces import FILTERS, Line, Piece, understood
from xephang.search.price_words import read_price_wish
from xephang.search.spelling import Speller
from xephang.search.terms import terms
from xephang.text import normalise

BOOSTS = ("brand", "color", "age")
"""Facets that a query asks for: what meets it comes first."""
LONGEST = 2000
"""Characters of a query that are searched; the model reads fewer."""
_MOST_READ = 200
"""Characters of it that the model reads: one that is longer would leave no room for products."""
_MOST_TERMS = 8
"""Terms of a range that is asked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that the query asks for in words of the lexicon.

    :param terms: facet terms, of which a product has one that meets it.
    :param leading: it is what the thing is.
    :param required: a product that does not say it is another thing (a brand).
    """

    facet: str
    terms: tuple[str, ...]
    start: int
    end: int
    leading: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word that is searched for.

    :param lower: as it is read, with diacritics where it has some.
    :param start: where it stands in the query; as `end`.
    :param known: how many products hold it.
    :param others: what else it may be: folded words, more than one with spaces between, and how likely.
    :param ask: what it is a word of.
    :param covered: it is a constraint's, whether that holds or not, and no product has to have it.
    """

    lower: str
    folded: str
    start: int
    end: int
    known: int = 0
    others: tuple[tuple[str, float], ...] = ()
    ask: Ask | None = None
    covered: bool = False

    @property
    def marked(self) -> bool:
        """Whether it has diacritics."""
        return self.lower != self.folded


@dataclass(frozen=True, slots=True)
class Wish:
    """A constraint and what the index has for it.

    :param terms: of which a product has to have one.
    :param silent: what a product has not, if it says nothing of it; empty where products must say it.
    """

    constraint: Constraint
    terms: tuple[str, ...] = ()
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it was understood.

    :param read: what the reranker reads.
    :param asks: what it asks for in words of the lexicon; what meets it ranks higher.
    :param price: from and to, where the query says so and that holds.
    """

    query: str
    read: str
    words: tuple[Word, ...] = ()
    wishes: tuple[Wish, ...] = ()
    asks: tuple[Ask, ...] = ()
    price: tuple[float | None, float | None] = (None, None)
    corrections: tuple[Correction, ...] = ()

    @property
    def found_by(self) -> frozenset[str]:
        """Folded words, one by one: all that the words may be."""
        return frozenset(
            part
            for word in self.words
            for text in (word.folded, *(other for other, _ in word.others))
            for part in text.split()
        )

    def without(self, keys: Collection[str]) -> "Reading":
        """Return a reading in which some filters do not hold."""
        wishes = tuple(
            replace(wish, constraint=replace(wish.constraint, active=False)) if wish.constraint.key in keys else wish
            for wish in self.wishes
        )
        return replace(self, wishes=wishes, price=(None, None) if PRICE in keys else self.price)


def read_query(query: str, speller: Speller, facet_terms: FacetTerms, ignore: Collection[str] = ()) -> Reading:
    """Read a query. Never raises.

    :param ignore: keys of constraints that shall not hold.
    """
    query = normalise(query[:LONGEST])
    wish = read_price_wish(query)
    priced = (wish.start, wish.end) if wish else (0, 0)
    line, mentions = Line.of(query, priced, speller), list[Mention]()
    if facet_terms.lexicon:
        line, mentions = understood(line, facet_terms.lexicon)
    wishes = [_wish(mention, query, facet_terms, ignore) for mention in mentions if mention.facet in FILTERS + BOOSTS]
    price: tuple[float | None, float | None] = (None, None)
    if wish:
        active = PRICE not in ignore
        said = Constraint(PRICE, PRICE, wish.name, query[slice(*priced)], *priced, active=active)
        wishes.append(Wish(said))
        price = (wish.low, wish.high) if active else price
    filters = [one.constraint for one in wishes if one.constraint.mode == "filter"]
    ignored = {one.constraint.key for one in wishes if not one.constraint.active}
    asks = tuple(_ask(one, facet_terms) for one in mentions if facet_terms.key(one) not in ignored)
    return Reading(
        query=query,
        read=_clipped(line.text()[0]),
        words=tuple(_word(piece, asks, filters, speller) for piece in line.pieces),
        wishes=tuple(wishes),
        asks=asks,
        price=price,
        corrections=tuple(
            Correction(query[one.start : one.end], one.start, one.end, one.text)
            for one in line.pieces
            if one.alternative
        ),
    )


def _clipped(text: str) -> str:
    """Return as many whole words as the model reads."""
    return text if len(text) <= _MOST_READ else text[:_MOST_READ].rpartition(" ")[0] or text[:_MOST_READ]


def _wish(mention: Mention, query: str, facet_terms: FacetTerms, ignore: Collection[str]) -> Wish:
    key, insisted = facet_terms.key(mention), mention.facet in FILTERS and not facet_terms.is_any(mention)
    said = Constraint(
        key=key,
        facet=mention.facet,
        name=facet_terms.said(mention),
        text=query[mention.start : mention.end],
        start=mention.start,
        end=mention.end,
        mode="filter" if insisted else "boost",
        active=key not in ignore,
    )
    return Wish(said, tuple(facet_terms.asked(mention)), facet_terms.silent(mention))


def _ask(mention: Mention, facet_terms: FacetTerms) -> Ask:
    facet = facet_terms.lexicon.facets[mention.facet] if facet_terms.lexicon else None
    return Ask(
        facet=mention.facet,
        terms=tuple(facet_terms.asked(mention)[:_MOST_TERMS]),
        start=mention.start,
        end=mention.end,
        leading=facet is not None and facet_terms.lexicon is not None and facet.id == facet_terms.lexicon.leading,
        required=facet is not None and facet.relations.required,
    )


def _word(piece: Piece, asks: Sequence[Ask], filters: Sequence[Constraint], speller: Speller) -> Word:
    text = normalise(piece.text).lower()
    folded = " ".join(term.folded for term in terms(text))
    return Word(
        lower=text,
        folded=folded,
        start=piece.start,
        end=piece.end,
        known=min((speller.vocabulary.holding(one) for one in folded.split()), default=0),
        others=tuple((one.term, one.weight) for one in piece.others),
        ask=next((one for one in asks if one.start <= piece.start and piece.end <= one.end), None),
        covered=any(one.start <= piece.start and piece.end <= one.end for one in filters),
    )
