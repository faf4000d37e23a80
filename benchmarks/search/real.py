"""The 84 queries of `benchmarks/quality` over the real listings that were graded for them.

Some thirty of 11,661 listings are graded for each, chosen by several systems, so that recall over all can not be
known. What can: in what order a system has the graded ones.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from measures import interval, means, ndcg

from xephang import Reranker
from xephang.catalogue import Catalogue
from xephang.search import Search, Shop
from xephang.search.fusing import fused

QUALITY = Path(__file__).parents[1] / "quality"
DEEP = 1000
"""How many the first stage finds here, for its order of the graded ones to be known."""


def measure_real(listings: Path, model: Reranker, folder: Path) -> dict[str, Any]:
    """Measure the queries as typed, and in clean wording."""
    products = Catalogue.open(listings, columns={"title": "name"} if listings.suffix == ".csv" else {}, keep_going=True)
    shop = Shop.build(model, products, folder, overwrite=True)
    by_query: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows("grades.jsonl"):
        by_query[row["query_id"]][row["listing_id"]] = row["grade"]
    queries = _rows("queries.jsonl")
    figures: dict[str, Any] = {
        "products": len(shop),
        "queries": len(queries),
        "grades": sum(map(len, by_query.values())),
    }
    for wording in ("query", "clean"):
        rows = [measure_one(shop, model, row[wording], by_query[row["id"]]) for row in queries]
        figures[wording] = means(rows)
        figures[f"{wording}, together against reranked"] = interval([row["together"] - row["reranked"] for row in rows])
    return figures


def measure_one(shop: Shop, model: Reranker, text: str, grades: Mapping[str, int]) -> dict[str, float]:
    """Return nDCG@10 of three orders of one query's graded listings, and how many of the relevant were found."""
    found = shop.find(Search(text, facets=False, candidates=DEEP))
    first = dict(zip(found.ids, found.scores, strict=True))
    ids = list(grades)
    of = np.array(list(grades.values()), np.int8)
    read = found.read if any(map(str.isalnum, found.read)) else text
    ranked = [(one["id"], one["score"]) for one in model.rank(read, ids=ids, catalogue=shop.compiled)]
    place = {id: at for at, id in enumerate(ids)}

    def order(key: Callable[[str], float]) -> float:
        return ndcg(of, np.array([place[id] for id in sorted(ids, key=key, reverse=True)]))

    reranked = {id: -at for at, (id, _) in enumerate(ranked)}
    together = {id: -at for at, (id, _) in enumerate(fused(ranked, first))}
    relevant = [id for id in ids if grades[id] >= 2]
    return {
        "found of 2 and 3": sum(id in first for id in relevant) / len(relevant) if relevant else float("nan"),
        "first": order(lambda id: first.get(id, -1.0)),
        "reranked": order(reranked.__getitem__),
        "together": order(together.__getitem__),
    }


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (QUALITY / name).read_text(encoding="utf-8").splitlines()]
