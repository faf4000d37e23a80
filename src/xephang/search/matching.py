"""Turn a reading into a query of the index, and run it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import FieldType, Occur, Query

from xephang.search.facet_terms import term
from xephang.search.reading import Reading, Wish, Word
from xephang.search.schema import ACCENTED, CODE, FACET, FOLDED, GRAMS, ID, MORE, PRICE, SCHEMA
from xephang.search.terms import grams


@dataclass(frozen=True)
class Weights:
    """How much the parts of a match count; chosen on dev queries, see `benchmarks/search`.

    :param folded: a word, diacritics aside.
    :param accented: the same with the query's diacritics, on top.
    :param code: a word of a brand or a code, on top.
    :param more: a word of the description.
    :param facet: a facet that is asked for, in whatever words.
    :param grams: each run of three letters of a word that nobody knows.
    :param required: the share of a query's words that a product must have, where enough products do.
    """

    folded: float = 1.0
    accented: float = 0.5
    code: float = 0.4
    more: float = 0.15
    facet: float = 1.0
    grams: float = 0.25
    required: float = 0.6


WEIGHTS = Weights()
_GRAMS_NEEDED = 0.5
_COMMON = 0.5
"""The share of products above which a word tells too little to be required."""


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


def text_query(reading: Reading, products: int, weights: Weights, *, loose: bool = False) -> Query:
    """Return the query for a reading's words, filters aside.

    :param products: how many the index holds.
    :param loose: one word is enough.
    """
    groups = [(word, _group(word, weights)) for word in reading.words]
    if not groups:
        return Query.all_query()
    counted = [(word, query) for word, query in groups if not word.covered and word.known <= _COMMON * products]
    counted = counted or [one for one in groups if not one[0].covered] or groups
    least = 1 if loose else -int(-weights.required * len(counted) // 1)
    required = Query.boolean_query(
        [(Occur.Should, query) for _, query in counted], minimum_number_should_match=max(1, least)
    )
    inside = {id(word) for word, _ in counted}
    optional = [query for word, query in groups if id(word) not in inside]
    optional += [_boosted(FACET, one, weights.facet) for one in reading.boosts]
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


def run(searcher: tantivy.Searcher, query: Query, most: int, *, prices: bool = False) -> Best:
    """Return the best of what a query finds.

    :param prices: read them too.
    """
    found = searcher.search(query, limit=max(1, most), count=True)
    hits = found.hits[:most]
    at = [address for _, address in hits]
    return Best(
        tuple(str(searcher.doc(address).get_first(ID)) for address in at),
        tuple(float(score) for score, _ in hits),
        tuple(searcher.fast_field_values(PRICE, at)) if prices else (),
        found.count,  # type: ignore[attr-defined]  # missing in the library's stub
    )


def _group(word: Word, weights: Weights) -> Query:
    """Return the query for one word: its forms in the fields that may hold it, or what else it may be."""
    ways = [_boosted(FOLDED, word.folded, weights.folded), _boosted(MORE, word.folded, weights.more)]
    ways += [_boosted(CODE, word.folded, weights.code)]
    if word.marked:
        ways.append(_boosted(ACCENTED, word.lower, weights.accented))
    ways += [_boosted(FOLDED, other, weight * weights.folded) for other, weight in word.others]
    ways += [_boosted(FACET, one, 0.5 * weights.facet) for one in word.facets]
    if not word.known and not word.others:
        found = grams(word.folded)
        least = max(1, int(_GRAMS_NEEDED * len(found)))
        ways.append(
            Query.boolean_query(
                [(Occur.Should, _boosted(GRAMS, gram, weights.grams)) for gram in found],
                minimum_number_should_match=least,
            )
        )
    return Query.boolean_query([(Occur.Should, way) for way in ways])


def _boosted(field: str, text: str, weight: float) -> Query:
    parts = text.split(" ") if field != FACET else [text]
    if len(parts) > 1:
        return Query.boolean_query([(Occur.Must, _boosted(field, part, weight)) for part in parts])
    return Query.boost_query(Query.term_query(SCHEMA, field, text, "freq"), weight)


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
    return {facet: tuple(term(facet, value) for value in values) for facet, values in filters.items() if values}
