"""Find a search's candidates in the index."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tantivy

from xephang.search.asking import PRICE, Found, Search, Suggestion
from xephang.search.facet_counts import Counted, facet_counts
from xephang.search.facet_terms import FacetTerms
from xephang.search.matching import WEIGHTS, Best, Limits, Weights, chosen, only, run, text_query, within
from xephang.search.phrases import shown
from xephang.search.reading import Reading, read_query
from xephang.search.schema import PHRASE
from xephang.search.spelling import Speller
from xephang.search.terms import terms
from xephang.search.vocabulary import Vocabulary
from xephang.search.writing import LEXICON, facet_terms_of, index_of
from xephang.text import normalise

DEEPEST = 10_000
"""The most results of a search that can be paged through."""


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
        searcher = index_of(folder).searcher()
        facet_terms = facet_terms_of((folder / LEXICON).read_text(encoding="utf-8"))
        first_stage = cls(searcher, facet_terms, Speller(Vocabulary.of(searcher)))
        first_stage.read(Search("giày"))  # what is made once is made now, and not for the first shopper
        return first_stage

    def read(self, search: Search) -> Reading:
        """Read a search's query."""
        return read_query(search.query, self.speller, self.facet_terms, frozenset(search.ignore))

    def find(self, search: Search) -> Found:
        """Return a search's candidates, and what there is to say of them."""
        began = time.perf_counter()
        reading = self.read(search)
        understood = time.perf_counter()
        reading, limits, best, query = self._held_to(search, reading)
        matched = time.perf_counter()
        facets, prices = self._counted(search, query, limits) if search.facets else ((), None)
        counted = time.perf_counter()
        return Found(
            query=reading.query,
            read=reading.read,
            constraints=tuple(wish.constraint for wish in reading.wishes),
            corrections=reading.corrections,
            did_you_mean=self._meant(reading) if best.total == 0 else "",
            ids=best.ids,
            scores=best.scores,
            prices=best.prices,
            total=best.total,
            facets=facets,
            price_range=prices,
            milliseconds={
                "understand": (understood - began) * 1000,
                "match": (matched - understood) * 1000,
                "facets": (counted - matched) * 1000,
            },
        )

    def _counted(self, search: Search, query: tantivy.Query, limits: Limits) -> Counted:
        return facet_counts(self.searcher, query, limits, self.facet_terms, search.filters)

    def suggest(self, prefix: str, limit: int) -> list[Suggestion]:
        """Return queries that go on with what was typed, those of most products first."""
        typed = terms(normalise(prefix[:200]))
        if not typed:
            return []
        begun = " ".join(term.folded for term in typed)
        found: dict[str, int] = {}
        for stored, count in self.searcher.terms_with_prefix(PHRASE, begun, limit=4 * limit):
            found.setdefault(shown(stored), count)
        return [Suggestion(text, count) for text, count in list(found.items())[:limit]]

    def _held_to(self, search: Search, reading: Reading) -> tuple[Reading, Limits, Best, tantivy.Query]:
        """Find with all that the query insists on; with less of it where nothing would be left."""
        insisted = [one.constraint.key for one in reading.wishes if one.constraint.active]
        weakest_last = [key for key in insisted if key != PRICE] + [key for key in insisted if key == PRICE]
        for dropped in range(len(weakest_last) + 1):
            held = reading.without(weakest_last[:dropped]) if dropped else reading
            limits = Limits(chosen(search.filters), _price(search, held), held.wishes)
            best, query = self._best(search, held, limits)
            if best.total or not reading.words:
                break
        return (held, limits, best, query) if best.total else (reading, limits, best, query)

    def _best(self, search: Search, reading: Reading, limits: Limits) -> tuple[Best, tantivy.Query]:
        """Return the best, and the query that finds exactly what counts as found.

        Where too few products have enough of the words, those that have any follow, as many as are read by the
        reranker.
        """
        most = min(max(search.page * search.page_size, search.candidates), DEEPEST)
        prices, count = search.sort != "relevance", self.searcher.num_docs
        query = text_query(reading, count, self.weights)
        best = run(self.searcher, within(query, limits.queries()), most, prices=prices)
        if best.total >= search.candidates or not reading.words:
            return best, query
        loose = text_query(reading, count, self.weights, loose=True)
        best = run(self.searcher, within(loose, limits.queries()), search.candidates, prices=prices)
        return replace(best, total=len(best.ids)), only(best.ids)

    def _meant(self, reading: Reading) -> str:
        """Return the query without the words that no product has."""
        known = [word for word in reading.words if word.known]
        if not known or len(known) == len(reading.words):
            return ""
        accented = self.speller.vocabulary.accented
        return " ".join(accented(part) for word in known for part in word.folded.split())


def _price(search: Search, reading: Reading) -> tuple[float | None, float | None]:
    return reading.price if search.price == (None, None) else search.price


def ordered(found: Found, ranked: Sequence[tuple[str, float]] | None, sort: str) -> list[tuple[str, float | None]]:
    """Return the ids found and their scores, in the order to show.

    :param ranked: what the reranker made of the best, highest first; None where it read nothing.
    """
    scores: dict[str, float | None] = dict(ranked or ())
    rest: Iterable[str] = (id for id in found.ids if id not in scores)
    order = [*scores.items(), *((id, None) for id in rest)]
    if sort == "relevance":
        return order
    prices = dict(zip(found.ids, found.prices, strict=True))
    sign = -1 if sort.startswith("-") else 1

    def place(one: tuple[str, float | None]) -> tuple[bool, bool, float]:
        price, score = prices[one[0]], one[1]
        return (score is not None and score < LIKELY, price is None, sign * (price or 0.0))

    return sorted(order, key=place)


LIKELY = 0.5
"""The score from which a product is more likely relevant than not."""
