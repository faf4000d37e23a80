"""Count the facets' values among the products found."""

from collections.abc import Mapping, Sequence

import tantivy
from tantivy import Query

from xephang.search.asking import PRICE, FacetCounts, FacetValue
from xephang.search.facet_terms import ANY, FacetTerms, split
from xephang.search.matching import Limits, within
from xephang.search.schema import FACET
from xephang.search.schema import PRICE as PRICE_FIELD

Counted = tuple[tuple[FacetCounts, ...], tuple[float, float] | None]
"""Facets, and the lowest and the highest price."""
_MOST_TERMS = 2000
_MOST_VALUES = 40


def facet_counts(
    searcher: tantivy.Searcher,
    query: Query,
    limits: Limits,
    facet_terms: FacetTerms,
    selected: Mapping[str, Sequence[str]],
) -> Counted:
    """Return each facet's values and how many products have them, and the lowest and the highest price.

    Of a facet that filters, counts are as if it did not: they tell what another choice would bring.
    """
    aggregations = _terms() | {"low": {"min": {"field": PRICE_FIELD}}, "high": {"max": {"field": PRICE_FIELD}}}
    counted = searcher.aggregate(within(query, limits.queries()), aggregations)
    by_facet = _by_facet(counted)
    for facet in selected:
        others = searcher.aggregate(within(query, limits.queries(but=facet)), _terms())
        by_facet[facet] = _by_facet(others).get(facet, {})
    found = [
        FacetCounts(facet, facet_terms.facet_name(facet), _values(facet, counts, facet_terms, selected.get(facet, ())))
        for facet in facet_terms.shown()
        if (counts := by_facet.get(facet)) or facet in selected
    ]
    low, high = counted["low"]["value"], counted["high"]["value"]
    if limits.price != (None, None):
        rest = searcher.aggregate(
            within(query, limits.queries(but=PRICE)),
            {"low": {"min": {"field": PRICE_FIELD}}, "high": {"max": {"field": PRICE_FIELD}}},
        )
        low, high = rest["low"]["value"], rest["high"]["value"]
    return tuple(found), None if low is None or high is None else (low, high)


def _terms() -> dict[str, object]:
    return {"facets": {"terms": {"field": FACET, "size": _MOST_TERMS, "segment_size": _MOST_TERMS}}}


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
    numbers = [value for value in best if value.replace(".", "", 1).isdigit()]
    if len(numbers) * 2 > len(best):  # sizes: people look for theirs in their order
        best.sort(key=lambda value: (0, float(value), "") if value in numbers else (1, 0.0, value))
    return tuple(
        FacetValue(value, facet_terms.name(facet, value), counts.get(value, 0), value in selected) for value in best
    )
