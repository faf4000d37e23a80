"""Find a search's candidates in the index."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import tantivy

from xephang.errors import InputError
from xephang.search.asking import DEEPEST, PRICE, Constraint, Found, Search, Suggestion
from xephang.search.facet_counts import Counted, facet_counts
from xephang.search.facet_terms import FacetTerms
from xephang.search.fusing import fused
from xephang.search.matching import (
    LOOSEST,
    WEIGHTS,
    Best,
    Limits,
    Weights,
    chosen,
    count_of,
    only,
    run,
    text_query,
    within,
)
from xephang.search.phrases import beginnings, shown
from xephang.search.reading import Reading, read_query
from xephang.search.schema import PHRASE, SCHEMA, reading_index
from xephang.search.spelling import Speller, lexicon_words
from xephang.search.vocabulary import Vocabulary
from xephang.search.writing import LEXICON, facet_terms_of, index_of

LIKELY = 0.5
"""The score from which a product is more likely relevant than not."""
_FEW = 1000
"""Products of a suggestion up to which they are counted anew."""


@dataclass(frozen=True)
class _Match:
    """What was found by a query's words within some limits.

    :param query: finds it, and more where only the best count as found.
    :param most: how many count as found where any of the words is enough; None for all.
    """

    reading: Reading
    limits: Limits
    best: Best
    query: tantivy.Query
    most: int | None = None

    @property
    def total(self) -> int:
        """How many count as found."""
        return self.best.total if self.most is None else min(self.most, self.best.total)

    @property
    def exactly(self) -> tantivy.Query:
        """The query that finds what counts as found, and no more."""
        return self.query if self.total == self.best.total else only(self.best.ids)


@dataclass(frozen=True)
class FirstStage:
    """One state of an index, open. Safe to share between threads.

    :param speller: reads misspelt words by the words of the index.
    :param weights: how much the parts of a match count.
    """

    searcher: tantivy.Searcher
    facet_terms: FacetTerms
    speller: Speller
    weights: Weights = WEIGHTS

    @classmethod
    def open(cls, folder: Path) -> "FirstStage":
        """Open the index in a folder.

        :raises InputError: if there is none that can be read.
        """
        index = index_of(folder)
        with reading_index(str(folder)):
            searcher = index.searcher()
        try:
            facet_terms = facet_terms_of((folder / LEXICON).read_text(encoding="utf-8"))
        except (OSError, ValueError, InputError) as error:
            raise InputError(f"{folder / LEXICON}: can not be read ({error}); run xephang index again") from error
        known = lexicon_words(facet_terms.lexicon) if facet_terms.lexicon else ()
        first_stage = cls(searcher, facet_terms, Speller(Vocabulary.of(searcher), known=known))
        first_stage.read(Search("giày"))  # what is made once is made now, and not for the first shopper
        return first_stage

    def read(self, search: Search) -> Reading:
        """Read a search's query."""
        return read_query(search.query, self.speller, self.facet_terms, frozenset(search.ignore))

    def find(self, search: Search) -> Found:
        """Return a search's candidates, and what there is to say of them.

        :raises InputError: if it filters by what is no facet.
        """
        self.facet_terms.check(search.filters)
        began = time.perf_counter()
        search = self._by_keys(search)
        reading = self.read(search)
        understood = time.perf_counter()
        match = self._held_to(search, reading)
        reading, matched = match.reading, time.perf_counter()
        facets, prices = self._counted(search, match) if search.facets else ((), None)
        counted = time.perf_counter()
        return Found(
            query=reading.query,
            read=reading.read,
            constraints=tuple(wish.constraint for wish in reading.wishes),
            corrections=reading.corrections,
            did_you_mean=_meant(reading),
            found_by=reading.found_by,
            ids=match.best.ids,
            scores=match.best.scores,
            prices=match.best.prices,
            total=match.total,
            facets=facets,
            price_range=prices,
            milliseconds={
                "understand": (understood - began) * 1000,
                "match": (matched - understood) * 1000,
                "facets": (counted - matched) * 1000,
            },
        )

    def _by_keys(self, search: Search) -> Search:
        """Return the search with its filters' values by their keys."""
        of = self.facet_terms.value_of
        return replace(
            search, filters={facet: [of(facet, one) for one in some] for facet, some in search.filters.items()}
        )

    def _counted(self, search: Search, match: _Match) -> Counted:
        def finding(but: str) -> tantivy.Query:
            """Return the query that finds what is there if this facet does not filter."""
            return (self._best(search, match.reading, match.limits, but=but) if but else match).exactly

        by_price = match.limits.price != (None, None)
        return facet_counts(self.searcher, finding, self.facet_terms, search.filters, by_price=by_price)

    def suggest(self, prefix: str, limit: int) -> list[Suggestion]:
        """Return queries that go on with what was typed, those of most products first."""
        ways = (self._going_on(begun, limit) for begun in beginnings(prefix[:200]))
        return next(filter(None, ways), [])

    def _going_on(self, begun: str, limit: int) -> list[Suggestion]:
        found: dict[str, int] = {}
        with reading_index():
            stored = self.searcher.terms_with_prefix(PHRASE, begun, limit=4 * limit)
        for phrase, count in stored:
            if count <= _FEW:  # products that are gone are counted until their segment is merged
                count = count_of(self.searcher, tantivy.Query.term_query(SCHEMA, PHRASE, phrase))
            if count:
                found.setdefault(shown(phrase), count)
        return [Suggestion(text, count) for text, count in list(found.items())[:limit]]

    def _held_to(self, search: Search, reading: Reading) -> _Match:
        """Find with all that the query insists on; with as little less as it takes where nothing would be left."""
        if search.price != (None, None):
            reading = reading.without([PRICE])
        first = None
        for dropped in _droppings([one.constraint for one in reading.wishes]):
            held = reading.without(dropped) if dropped else reading
            price = held.price if search.price == (None, None) else search.price
            match = self._best(search, held, Limits(chosen(search.filters), price, held.wishes))
            first = first or match
            if match.total:
                return match
            if not reading.words:
                break
        assert first
        return first

    def _best(self, search: Search, reading: Reading, limits: Limits, *, but: str = "") -> _Match:
        """Return the best of what has enough of the words.

        Where that is too few, the best of what has any are found, as many as are read by the reranker.

        :param but: the facet that does not filter.
        """
        deepest = search.candidates if but else min(max(search.page * search.page_size, search.candidates), DEEPEST)
        find = partial(run, self.searcher, sort=search.sort, browsing=not reading.words)
        filters, count = limits.queries(but=but), self.searcher.num_docs
        query = within(text_query(reading, count, self.weights), filters)
        best = find(query, deepest)
        if best.total >= search.candidates or not reading.words:
            return _Match(reading, limits, best, query)
        for looseness in range(1, LOOSEST + 1):
            query = within(text_query(reading, count, self.weights, looseness), filters)
            best = find(query, search.candidates)
            if best.total >= search.candidates:
                break
        return _Match(reading, limits, best, query, search.candidates)


def _meant(reading: Reading) -> str:
    """Return the query without the words that no product has; empty where all are known, or none is."""
    unknown = [word for word in reading.words if not (word.known or word.others or word.ask)]
    if not unknown or len(unknown) == len(reading.words):
        return ""
    out, last = [], 0
    for word in unknown:
        out.append(reading.query[last : word.start])
        last = word.end
    return " ".join("".join([*out, reading.query[last:]]).split())


def _droppings(constraints: Sequence[Constraint]) -> Iterator[list[str]]:
    """Yield the keys to let go of, facet by facet: none, those of one, of two, …; the price's last."""
    held = [one for one in constraints if one.active and one.mode == "filter"]
    facets = sorted(dict.fromkeys(one.facet for one in held), key=lambda facet: facet == PRICE)
    for count in range(len(facets) + 1):
        for some in combinations(facets, count):
            yield [one.key for one in held if one.facet in some]


def ordered(found: Found, ranked: Sequence[tuple[str, float]] | None, search: Search) -> list[tuple[str, float | None]]:
    """Return the ids found and their scores, in the order to show.

    :param ranked: what the reranker made of the best, highest first; None where it read nothing.
    """
    if ranked and search.sort == "relevance":
        ranked = fused(ranked, dict(zip(found.ids, found.scores, strict=True)))
    scores: dict[str, float | None] = dict(ranked or ())
    order = [*scores.items(), *((id, None) for id in found.ids if id not in scores)]
    if search.sort == "relevance":
        return order
    prices = dict(zip(found.ids, found.prices, strict=True))
    sign = -1 if search.sort.startswith("-") else 1

    def place(one: tuple[str, float | None]) -> tuple[bool, bool, float]:
        price, score = prices[one[0]], one[1]
        return (score is not None and score < LIKELY, price is None, sign * (price or 0.0))

    # What follows the candidates keeps its order, or the next page would be of another one.
    return sorted(order[: search.candidates], key=place) + order[search.candidates :]
