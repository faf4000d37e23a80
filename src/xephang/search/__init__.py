"""Search a shop: a first stage, facets, and the reranker on the best."""

from xephang.search.asking import (
    Constraint,
    Correction,
    FacetCounts,
    FacetValue,
    FacetVerdict,
    Found,
    Hit,
    Results,
    Search,
    Suggestion,
)
from xephang.search.shop import Shop, is_search_folder

__all__ = [
    "Constraint",
    "Correction",
    "FacetCounts",
    "FacetValue",
    "FacetVerdict",
    "Found",
    "Hit",
    "Results",
    "Search",
    "Shop",
    "Suggestion",
    "is_search_folder",
]
