"""Count the facets' values among the products found."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tantivy
from tantivy import Query

from xephang.search.asking import PRICE, FacetCounts, FacetValue
from xephang.search.facet_terms import ANY, FacetTerms, split
from xephang.search.schema import FACET, reading_index
from xephang.search.schema import PRICE as PRICE_FIELD

Counted = tuple[tuple[FacetCounts, ...], tuple[float, float] | None]
"""Facets, and the lowest and the highest price."""
_MOST_TERMS = 2000
_MOST_VALUES = 40


def facet_counts(
    searcher: tantivy.Searcher,
    finding: Callable[[str], Query],
    facet_terms: FacetTerms,
    selected: Mapping[str, Sequence[str]],
    *,
    by_price: bool = False,
) -> Counted:
    """Return each facet's values and how many products have them, and the lowest and the highest price.

    Of a facet that is selected, counts are as if it did not filter: they tell what another choice would bring.

    :param finding: returns the query that finds what is counted, a facet's own filter left out.
    :param by_price: whether the price filters.
    """
    counted = _aggregated(searcher, finding(""), _terms() | _prices())
    by_facet = _by_facet(counted)
    for facet in [one for one in facet_terms.shown() if selected.get(one)]:
        others = _aggregated(searcher, finding(facet), _terms())
        by_facet[facet] = _by_facet(others).get(facet, {})
    found = [
        FacetCounts(facet, facet_terms.facet_name(facet), _values(facet, counts, facet_terms, selected.get(facet, ())))
        for facet in facet_terms.shown()
        if (counts := by_facet.get(facet)) or facet in selected
    ]
    prices = _aggregated(searcher, finding(PRICE), _prices()) if by_price else counted
    low, high = prices["low"]["value"], prices["high"]["value"]
    return tuple(found), None if low is None or high is None else (low, high)


def _aggregated(searcher: tantivy.Searcher, query: Query, wanted: dict[str, object]) -> dict[str, Any]:
    with reading_index():
        return searcher.aggregate(query, wanted)


def _terms() -> dict[str, object]:
    return {"facets": {"terms": {"field": FACET, "size": _MOST_TERMS, "segment_size": _MOST_TERMS}}}


def _prices() -> dict[str, object]:
    return {"low": {"min": {"field": PRICE_FIELD}}, "high": {"max": {"field": PRICE_FIELD}}}


def _by_facet(counted: Mapping[str, Mapping[str, Sequence[Mapping[str, object]]]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for bucket in counted["facets"]["buckets"]:
        facet, value = split(str(bucket["key"]))
        if value != ANY:
            found.setdefault(facet, {})[value] = int(str(bucket["doc_count"]))
    return found


def _values(
    facet: str, counts: Mapping[str, int] | None, facet_terms: FacetTerms, selected: Sequence[str]
) -> tuple[FacetValue, ...]:
    counts = dict(counts or {})
    best = sorted(counts, key=lambda value: (-counts[value], value))[:_MOST_VALUES]
    best += [value for value in dict.fromkeys(selected) if value not in best]
    numbers = [value for value in best if value.replace(".", "", 1).isdecimal()]
    if len(numbers) * 2 > len(best):  # sizes: people look for theirs in their order
        best.sort(key=lambda value: (0, float(value), "") if value in numbers else (1, 0.0, value))
    return tuple(
        FacetValue(value, facet_terms.name(facet, value), counts.get(value, 0), value in selected) for value in best
    )
