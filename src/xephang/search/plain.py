"""Results as JSON can hold them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xephang.search.asking import Hit, Results


def plain(results: "Results") -> dict[str, Any]:
    """Return a page of results as JSON can hold it."""
    found = results.found
    low_high = found.price_range
    return {
        "query": found.query,
        "read": found.read,
        "total": found.total,
        "page": results.page,
        "page_size": results.page_size,
        "pages": results.pages,
        "reranked": results.reranked,
        "constraints": [asdict(one) for one in found.constraints],
        "corrections": [asdict(one) for one in found.corrections],
        "did_you_mean": found.did_you_mean,
        "facets": [{**asdict(one), "values": [asdict(value) for value in one.values]} for one in found.facets],
        "price_range": None if low_high is None else {"min": low_high[0], "max": low_high[1]},
        "results": [_hit(hit) for hit in results.hits],
        "milliseconds": {stage: round(took, 2) for stage, took in results.milliseconds.items()},
    }


def _hit(hit: "Hit") -> dict[str, Any]:
    said = {
        "id": hit.id,
        "rank": hit.rank,
        "first_rank": hit.first_rank,
        "score": hit.score,
        "first_score": hit.first_score,
        "product": hit.product.to_dict(),
        "highlights": {name: [list(span) for span in spans] for name, spans in hit.highlights.items()},
        "matched": [asdict(one) for one in hit.matched],
        "contradicted": [asdict(one) for one in hit.contradicted],
    }
    return said if hit.explanation is None else {**said, "explanation": hit.explanation.to_dict()}
