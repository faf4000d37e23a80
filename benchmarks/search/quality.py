"""Measure a shop's search from end to end, with every product of the catalogue graded for every query.

    python benchmarks/search/quality.py

Writes `results/quality.json`: by kind of noise and by what is asked for, how much of what is relevant the first stage
has among its 100, and nDCG@10 of its own order, of the reranker's on the 100 and on the whole catalogue, of both
together, of the best order that the 100 could have, and of BM25. First of the dev judgments' own queries and products,
on which the first stage's weights were chosen, then of another catalogue and other queries. With `--real` and the
listings' file it adds the 84 queries of `benchmarks/quality`: their orders over the listings that people graded.
Scores of whole catalogues take long, and are kept in `runs/search/quality`.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from graded import DEV, HELD_OUT, Asked, Graded, Source, graded
from measures import ideal, interval, means, ndcg, recall
from real import measure_real
from scoring import Scoring

from xephang import Reranker
from xephang.evaluation.bm25 import Bm25Index
from xephang.evaluation.stamp import stamp
from xephang.files import write_text
from xephang.product import LISTING
from xephang.search import Search, Shop
from xephang.search.facet_terms import FacetTerms
from xephang.search.first_stage import FirstStage
from xephang.search.fusing import fused
from xephang.search.spelling import Speller

HERE = Path(__file__).parent
WORK = HERE.parents[1] / "runs" / "search" / "quality"
WHOLE_EACH = 10
"""Of so many queries one is scored against the whole catalogue."""
Row = dict[str, float]


@dataclass(frozen=True)
class Measured:
    """A graded catalogue, its shop, and what it is compared with."""

    graded: Graded
    shop: Shop
    scoring: Scoring
    words_alone: FirstStage
    baselines: Mapping[str, Bm25Index]

    @classmethod
    def of(cls, source: Source, model: Reranker, name: str) -> "Measured":
        """Make the catalogue and its shop."""
        made = graded(source)
        shop = Shop.build(model, made.products, WORK / name, overwrite=True)
        without = FacetTerms(None)
        texts = [LISTING.render(one).text for one in made.products]
        return cls(
            made,
            shop,
            Scoring(model, shop, [one.id for one in made.products], WORK / f"{name}-scores"),
            replace(shop.first_stage, facet_terms=without, speller=Speller(shop.first_stage.speller.vocabulary)),
            {f"BM25 {way}": Bm25Index.of(texts, folded=way == "folded") for way in ("accented", "folded")},
        )

    def row(self, query: Asked, text: str, *, whole: bool) -> Row:
        """Measure one query as it was typed.

        :param whole: rerank the whole catalogue too.
        """
        found, grades = self.shop.find(Search(text, facets=False)), query.grades
        at = self.scoring.places(found.ids)
        row = {
            "recall": recall(grades, at, 3),
            "recall of 2 and 3": recall(grades, at, 2),
            "first": ndcg(grades, at),
            "ideal": ndcg(grades, ideal(grades, at)),
        }
        ranked = self.scoring.ranked(text, found.ids)
        as_read = self.scoring.ranked(found.read, found.ids) if any(map(str.isalnum, found.read)) else ranked
        together = fused(as_read, dict(zip(found.ids, found.scores, strict=True)))
        for name, order in (("reranked as typed", ranked), ("reranked", as_read), ("together", together)):
            row[name] = ndcg(grades, self.scoring.places([id for id, _ in order]))
        alone = self.scoring.places(self.words_alone.find(Search(text, facets=False)).ids)
        row |= {"words alone, recall": recall(grades, alone, 3), "words alone": ndcg(grades, alone)}
        for name, index in self.baselines.items():
            scores = index.scores(text, range(len(grades)))
            best = np.argsort(-scores, kind="stable")
            row |= {f"{name}, recall": recall(grades, best[scores[best] > 0], 3), name: ndcg(grades, best)}
        if whole:
            row["whole catalogue reranked"] = ndcg(grades, np.argsort(-self.scoring.whole(found.read), kind="stable"))
            row["the same queries, reranked"] = row["reranked"]
        return row

    def rows(self) -> Iterable[tuple[Asked, str, Row]]:
        """Yield each query as typed with each kind of noise, and what was measured."""
        for number, query in enumerate(self.graded.queries):
            for kind, text in query.typed().items():
                yield query, kind, self.row(query, text, whole=number % WHOLE_EACH == 0)
            yield query, "as made", self.row(query, query.made.typed, whole=False)
            if number % 10 == 9:
                self.scoring.save()
                print(f"{number + 1} queries", flush=True)


def sliced(rows: Sequence[tuple[Asked, str, Row]]) -> dict[str, Any]:
    """Return means by kind of noise, by how many facets are asked for, and by each of them."""
    typed = [one for one in rows if one[1] != "as made"]
    by: dict[str, dict[str, list[Row]]] = {name: defaultdict(list) for name in ("noise", "facets", "facet")}
    for _, kind, row in rows:
        by["noise"][kind].append(row)
    for query, _, row in typed:
        asked = [*query.made.intent.values, *(["own words"] if query.made.intent.own else [])]
        by["facets"][str(min(len(asked), 4))].append(row)
        for facet in asked:
            by["facet"][facet].append(row)
    pairs = [(row["the same queries, reranked"], row["whole catalogue reranked"]) for _, _, row in typed if _whole(row)]
    return {
        "all": means([row for _, _, row in typed]),
        "by": {name: {key: means(some) for key, some in sorted(groups.items())} for name, groups in by.items()},
        "100 against the whole catalogue": interval([one - other for one, other in pairs]),
    }


def _whole(row: Row) -> bool:
    return "whole catalogue reranked" in row


def measured(source: Source, model: Reranker, name: str) -> dict[str, Any]:
    """Measure all queries of one source."""
    about = Measured.of(source, model, name)
    relevant = [int((query.grades == 3).sum()) for query in about.graded.queries]
    print(f"{name}: {len(about.graded.products):,} products, {len(relevant)} queries", flush=True)
    found = sliced(list(about.rows()))
    about.scoring.save()
    quartiles = [int(one) for one in np.percentile(relevant, [25, 50, 75])]
    return {"products": len(about.graded.products), "queries": len(relevant), "relevant": quartiles, **found}


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--model", default="giay")
    parser.add_argument("--only", choices=("dev", "held out", "real"), help="measure this anew, and keep the others")
    parser.add_argument("--real", type=Path, help="the file of the listings that benchmarks/quality has grades of")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "quality.json")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    model = Reranker.load(options.model)
    figures = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    for name, source in (("dev", DEV), ("held out", HELD_OUT)):
        if options.only in (None, name):
            figures[name] = measured(replace(source, queries=options.queries), model, name.replace(" ", "-"))
    if options.real and options.only in (None, "real"):
        figures["real"] = measure_real(options.real, model, WORK / "real")
    figures |= {"model": model.folder.name, "candidates": 100, "stamp": dict(stamp())}
    write_text(options.output, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
