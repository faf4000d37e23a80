"""Turn a reading into a query of the index, and run it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import tantivy
from tantivy import FieldType, Occur, Order, Query

from xephang.search.asking import Sort
from xephang.search.facet_terms import term
from xephang.search.reading import Ask, Reading, Wish, Word
from xephang.search.schema import ACCENTED, CODE, FACET, FOLDED, GRAMS, ID, MORE, PRICE, SCHEMA, reading_index
from xephang.search.terms import grams
from xephang.text import fold, without_surrogates


@dataclass(frozen=True)
class Weights:
    """How much the parts of a match count; chosen on dev queries, see `docs/search-quality.md`.

    :param folded: a word, diacritics aside.
    :param accented: the same with the query's diacritics, on top.
    :param code: a word of a brand or a code, on top.
    :param more: a word of the description.
    :param said: what a word counts, against another one, that a facet says too.
    :param facet: a facet that is asked for, in whatever words.
    :param leading: the same of what the thing is.
    :param brand: the same of what a product has to say.
    :param grams: each run of three letters of a word that nobody knows.
    :param required: the share of what is asked for that a product must have, where enough products do.
    """

    folded: float = 1.0
    accented: float = 0.2
    code: float = 0.4
    more: float = 0.3
    said: float = 0.25
    facet: float = 8.0
    leading: float = 16.0
    brand: float = 16.0
    grams: float = 0.25
    required: float = 0.8

    def of(self, ask: Ask) -> float:
        """Return what a facet counts."""
        return self.leading if ask.leading else self.brand if ask.required else self.facet


WEIGHTS = Weights()
LOOSEST = 2
_GRAMS_NEEDED = 0.5
_COMMON = 0.5
"""The share of products above which a word tells too little to be required."""
_ASKING = "cần tìm muốn mua bán cho của với và là có đi loại hàng đôi chiếc cái những các nào gì ạ nhé"
_FILLERS = frozenset(f"{_ASKING} {fold(_ASKING)} shop for the and with of".split())
"""Words by which people ask, rather than words for what they ask for; they count where products have them."""


@dataclass(frozen=True)
class Limits:
    """What a product must meet whatever its words.

    :param facets: terms by facet; one of each facet's must be there.
    """

    facets: Mapping[str, tuple[str, ...]]
    price: tuple[float | None, float | None]
    wishes: tuple[Wish, ...] = ()

    def queries(self, *, but: str = "") -> list[Query]:
        """Return the filters.

        :param but: the facet whose own filter is left out.
        """
        found = [_any(FACET, terms) for facet, terms in self.facets.items() if facet != but and terms]
        for facet, wishes in _by_facet(self.wishes).items():
            if facet != but:
                found.append(_not_against(wishes))
        low, high = self.price
        if but != PRICE and (low is not None or high is not None):
            found.append(Query.range_query(SCHEMA, PRICE, FieldType.Float, low, high))
        return found


@dataclass(frozen=True)
class _Unit:
    """What counts as one of the things that a query asks for: what the lexicon reads as one, or else a word.

    :param needed: it tells products apart, and no filter stands for it.
    """

    words: tuple[Word, ...]
    ask: Ask | None
    needed: bool

    def query(self, weights: Weights, *, whole: bool) -> Query:
        """Return what finds products that have it, in these words or as a facet.

        :param whole: some of its words are not enough.
        """
        share = weights.said if self.ask else 1.0
        said = [_any_of(_ways(word, weights, share)) for word in self.words]
        ways = [Query.boolean_query([(Occur.Must, one) for one in said])] if whole and said else said
        if self.ask:
            ways.append(Query.const_score_query(_any(FACET, self.ask.terms), weights.of(self.ask)))
        return _any_of(ways)


def _units(reading: Reading, products: int) -> Iterator[_Unit]:
    words: dict[Ask | Word, list[Word]] = {one: [] for one in reading.asks}
    for word in reading.words:
        words.setdefault(word.ask or word, []).append(word)
    for key, some in words.items():
        needed = any(_needed(word, products) for word in some)
        yield _Unit(tuple(some), key if isinstance(key, Ask) else None, needed)


def _needed(word: Word, products: int) -> bool:
    """Say whether a word tells products apart: one that nobody has does not, nor one that most have."""
    there = word.known or word.others or word.ask
    return bool(there) and not word.covered and word.known <= _COMMON * products and word.lower not in _FILLERS


def text_query(reading: Reading, products: int, weights: Weights, looseness: int = 0) -> Query:
    """Return the query for a reading's words, filters aside.

    :param products: how many the index holds.
    :param looseness: 0 for products that have most of what is asked for, 1 for one thing of it, 2 for any word.
    """
    if not reading.words:
        return Query.all_query()
    units = list(_units(reading, products))
    needed = [unit for unit in units if unit.needed]
    if looseness == LOOSEST or not needed:
        return _any_of(unit.query(weights, whole=False) for unit in units)
    least = 1 if looseness else max(1, ceil(weights.required * len(needed)))
    required = Query.boolean_query(
        [(Occur.Should, unit.query(weights, whole=True)) for unit in needed], minimum_number_should_match=least
    )
    optional = [unit.query(weights, whole=False) for unit in units if not unit.needed]
    return Query.boolean_query([(Occur.Must, required), *((Occur.Should, one) for one in optional)])


def within(query: Query, filters: Sequence[Query]) -> Query:
    """Return a query that finds only what passes the filters; they do not change the scores."""
    if not filters:
        return query
    musts = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in filters]
    return Query.boolean_query([(Occur.Must, query), *musts])


def only(ids: Iterable[str]) -> Query:
    """Return a query that finds products by their ids."""
    return Query.term_set_query(SCHEMA, ID, list(ids))


@dataclass(frozen=True)
class Best:
    """The best that a query finds.

    :param total: how many it finds.
    """

    ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    prices: tuple[float | None, ...] = ()
    total: int = 0


def count_of(searcher: tantivy.Searcher, query: Query) -> int:
    """Return how many products a query finds."""
    with reading_index():
        return int(searcher.search(query, limit=1, count=True).count)  # type: ignore[attr-defined]  # as in `run`


def run(
    searcher: tantivy.Searcher, query: Query, most: int, *, sort: Sort = "relevance", browsing: bool = False
) -> Best:
    """Return the best of what a query finds.

    :param sort: by price, prices are read too.
    :param browsing: the query has no words: a sort by price is of all that it finds, and not of the best.
    """
    priced = sort != "relevance"
    by = PRICE if priced and browsing else None
    with reading_index():
        order = Order.Asc if sort == "price" else Order.Desc
        found = searcher.search(query, limit=max(1, most), count=True, order_by_field=by, order=order)
        hits = found.hits[:most]
        at = [address for _, address in hits]
        return Best(
            tuple(str(searcher.doc(address).get_first(ID)) for address in at),
            (0.0,) * len(hits) if by else tuple(float(score) for score, _ in hits),
            tuple(searcher.fast_field_values(PRICE, at)) if priced else (),
            found.count,  # type: ignore[attr-defined]  # missing in the library's stub
        )


def _ways(word: Word, weights: Weights, share: float) -> Iterator[Query]:
    """Yield queries for one word: its forms in the fields that may hold it, and what else it may be."""
    yield _boosted(FOLDED, word.folded, share * weights.folded)
    yield _boosted(CODE, word.folded, share * weights.code)
    yield _boosted(MORE, word.folded, weights.more)  # which no facet is read from
    if word.marked:
        yield _boosted(ACCENTED, word.lower, share * weights.accented)
    for other, weight in word.others:
        yield _boosted(FOLDED, other, share * weight * weights.folded)
    if not word.known and not word.others:
        found = grams(word.folded)
        yield Query.boolean_query(
            [(Occur.Should, _boosted(GRAMS, gram, weights.grams)) for gram in found],
            minimum_number_should_match=ceil(_GRAMS_NEEDED * len(found)),
        )


def _boosted(field: str, text: str, weight: float) -> Query:
    parts = text.split(" ") if field != FACET else [text]
    if len(parts) > 1:
        return Query.boolean_query([(Occur.Must, _boosted(field, part, weight)) for part in parts])
    return Query.boost_query(Query.term_query(SCHEMA, field, text, "freq"), weight)


def _any_of(queries: Iterable[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, one) for one in queries])


def _any(field: str, terms: Sequence[str]) -> Query:
    return Query.term_set_query(SCHEMA, field, list(terms))


def _not_against(wishes: Sequence[Wish]) -> Query:
    """Return what says one of the values wished for, or nothing of the facet."""
    silent = {wish.silent for wish in wishes}
    says_nothing = Query.boolean_query(
        [(Occur.Must, Query.all_query()), *((Occur.MustNot, Query.term_query(SCHEMA, FACET, one)) for one in silent)]
    )
    terms = [term for wish in wishes for term in wish.terms]
    return Query.boolean_query([(Occur.Should, _any(FACET, terms)), (Occur.Should, says_nothing)])


def _by_facet(wishes: Iterable[Wish]) -> dict[str, list[Wish]]:
    found: dict[str, list[Wish]] = {}
    for wish in wishes:
        if wish.constraint.active and wish.constraint.mode == "filter" and wish.terms:
            found.setdefault(wish.constraint.facet, []).append(wish)
    return found


def chosen(filters: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the terms that a caller's filters stand for."""
    return {
        facet: tuple(without_surrogates(term(facet, value)) for value in values)
        for facet, values in filters.items()
        if values
    }
