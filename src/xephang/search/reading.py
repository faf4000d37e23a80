"""Read a query: its words and what else they may be, what it insists on, what it says of the price."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from xephang.lexicon import Mention
from xephang.search.asking import PRICE, Constraint, Correction
from xephang.search.facet_terms import FacetTerms
from xephang.search.price_words import read_price_wish
from xephang.search.spelling import Alternative, Speller
from xephang.search.terms import Term, terms
from xephang.text import normalise

FILTERS = ("gender", "size")
"""Facets that a query insists on: what contradicts it is left out, what says nothing of it stays."""
BOOSTS = ("brand", "color", "age")
"""Facets that a query asks for: what meets it comes first."""
_SURE = 0.5
"""The weight of an alternative that a word is corrected to."""
_LONGEST = 2000
"""Characters of a query that are searched; the model reads fewer."""
_MOST_WORDS = 64


@dataclass(frozen=True, slots=True)
class Word:
    """One word that is searched for.

    :param lower: as it is read, with diacritics where it has some.
    :param start: where it stands in the query; as `end`.
    :param known: how many products hold it.
    :param others: what else it may be: folded words, more than one with spaces between, and how likely.
    :param facets: facet terms that say the same.
    :param covered: a constraint that holds stands for it.
    """

    lower: str
    folded: str
    start: int
    end: int
    known: int = 0
    others: tuple[tuple[str, float], ...] = ()
    facets: tuple[str, ...] = ()
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
    :param boosts: facet terms that rank a product higher.
    :param price: from and to, where the query says so and that holds.
    """

    query: str
    read: str
    words: tuple[Word, ...] = ()
    wishes: tuple[Wish, ...] = ()
    boosts: tuple[str, ...] = ()
    price: tuple[float | None, float | None] = (None, None)
    corrections: tuple[Correction, ...] = ()

    def without(self, keys: Collection[str]) -> "Reading":
        """Return a reading in which some filters do not hold."""
        wishes = tuple(
            replace(wish, constraint=replace(wish.constraint, active=False)) if wish.constraint.key in keys else wish
            for wish in self.wishes
        )
        return replace(self, wishes=wishes, price=(None, None) if PRICE in keys else self.price)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text that is read, and where it stood in the query."""

    text: str
    start: int
    end: int
    alternative: Alternative | None = None


def read_query(query: str, speller: Speller, facet_terms: FacetTerms, ignore: Collection[str] = ()) -> Reading:
    """Read a query. Never raises.

    :param ignore: keys of constraints that shall not hold.
    """
    query = normalise(query[:_LONGEST])
    wish = read_price_wish(query)
    priced = (wish.start, wish.end) if wish else (0, 0)
    found = [term for term in terms(query) if not priced[0] <= term.start < priced[1]][:_MOST_WORDS]
    pieces = list(_spelled(found, speller))
    read, places = _joined(query, pieces, priced)
    mentions = _mentions(read, places, facet_terms)
    wishes = [_wish(mention, query, facet_terms, ignore) for mention in mentions if mention.facet in FILTERS + BOOSTS]
    price: tuple[float | None, float | None] = (None, None)
    if wish:
        active = PRICE not in ignore
        said = Constraint(PRICE, PRICE, wish.name, query[slice(*priced)], *priced, active=active)
        wishes.append(Wish(said))
        price = (wish.low, wish.high) if active else price
    held = [one.constraint for one in wishes if one.constraint.active and one.constraint.mode == "filter"]
    ignored = {one.constraint.key for one in wishes if not one.constraint.active}
    asked = [one for one in mentions if facet_terms.key(one) not in ignored]
    return Reading(
        query=query,
        read=read,
        words=tuple(_word(piece, asked, held, speller, facet_terms) for piece in pieces),
        wishes=tuple(wishes),
        boosts=tuple(dict.fromkeys(term for mention in asked for term in facet_terms.asked(mention)[:8])),
        price=price,
        corrections=tuple(
            Correction(query[one.start : one.end], one.start, one.end, one.text) for one in pieces if one.alternative
        ),
    )


def _spelled(found: Sequence[Term], speller: Speller) -> Iterator[_Piece]:
    """Yield the words, each as it is read; two that are one are read together."""
    taken = -1
    for at, term in enumerate(found):
        if at == taken:
            continue
        following = found[at + 1] if at + 1 < len(found) else None
        if following and (both := speller.joined(term.lower, following.lower)):
            taken = at + 1
            yield _Piece(both.written, term.start, following.end, both)
            continue
        others = speller.alternatives(term.lower)
        if others and others[0].weight >= _SURE:
            yield _Piece(others[0].written, term.start, term.end, others[0])
        else:
            yield _Piece(term.lower, term.start, term.end)


def _joined(query: str, pieces: Sequence[_Piece], priced: tuple[int, int]) -> tuple[str, list[tuple[int, int, _Piece]]]:
    """Return the text to read, and where each piece stands in it."""
    out, places, last, length = [], [], 0, 0

    def add(text: str) -> None:
        nonlocal length
        out.append(text)
        length += len(text)

    for piece in pieces:
        between = query[last : piece.start]
        if last <= priced[0] < priced[1] <= piece.start:
            between = query[last : priced[0]] + query[priced[1] : piece.start]
        add(between)
        written = piece.text if piece.alternative else query[piece.start : piece.end]
        places.append((length, length + len(written), piece))
        add(written)
        last = piece.end
    rest = query[last:]
    if last <= priced[0] < priced[1]:
        rest = query[last : priced[0]] + query[priced[1] :]
    add(rest)
    return "".join(out).rstrip(), places


def _mentions(read: str, places: Sequence[tuple[int, int, _Piece]], facet_terms: FacetTerms) -> list[Mention]:
    """Return what the lexicon reads, its spans put back into the query."""
    if facet_terms.lexicon is None:
        return []
    found = []
    for mention in facet_terms.lexicon.parse(read).mentions:
        within = [piece for start, end, piece in places if start < mention.end and mention.start < end]
        if within:
            found.append(replace(mention, start=within[0].start, end=within[-1].end))
    return found


def _wish(mention: Mention, query: str, facet_terms: FacetTerms, ignore: Collection[str]) -> Wish:
    key, insisted = facet_terms.key(mention), mention.facet in FILTERS
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


def _word(
    piece: _Piece,
    asked: Sequence[Mention],
    held: Sequence[Constraint],
    speller: Speller,
    facet_terms: FacetTerms,
) -> Word:
    text = normalise(piece.text).lower()
    folded = " ".join(term.folded for term in terms(text))
    spans = [mention for mention in asked if mention.start <= piece.start and piece.end <= mention.end]
    others = [(one.term, one.weight) for one in speller.alternatives(text)] if piece.alternative is None else []
    return Word(
        lower=text,
        folded=folded,
        start=piece.start,
        end=piece.end,
        known=min((speller.vocabulary.count(one) for one in folded.split()), default=0),
        others=tuple(others),
        facets=tuple(dict.fromkeys(term for mention in spans for term in facet_terms.asked(mention)[:8])),
        covered=any(one.start <= piece.start and piece.end <= one.end for one in held),
    )
