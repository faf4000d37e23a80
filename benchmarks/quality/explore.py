"""Try variants of the bundled model's recipe in short runs, and measure each on the dev set of real listings.

    python benchmarks/quality/explore.py --catalogue shoes.csv --steps 300 --variant lr-4e-4 --variant six-layers

Every variant changes one thing of `recipes/giay-teacher.toml` and trains on the same lists for as many steps; it is
measured on generated dev judgments and on the graded real listings. What is found is added to
`results/experiments.json`, one entry a run, and `docs/experiments.md` has them as a table (`--table` prints it). Runs
as short as these rank variants by how fast they learn, and say little about where they would end.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from measure import HERE, base_model

from xephang import Reranker
from xephang.card import load_record
from xephang.evaluation import evaluate, read_qrels
from xephang.evaluation.stamp import stamp
from xephang.files import write_text
from xephang.markdown import table
from xephang.training import Recipe, train
from xephang.training.recipe import LossSettings

ROOT = HERE.parents[1]
RESULTS = HERE / "results" / "experiments.json"
EMBEDDINGS = r"word_embeddings\."
FIELDS = ("layers", "vocabulary", "lexicon", "label", "product_position")
VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "recipe": ("the recipe as it is", {}),
    "lr-1e-4": ("learning rate 1e-4", {"learning_rate": 1e-4}),
    "lr-4e-4": ("learning rate 4e-4", {"learning_rate": 4e-4}),
    "embeddings-1e-3": ("word embeddings learn at 1e-3", {"learning_rate_mapping": {EMBEDDINGS: 1e-3}}),
    "lr-6e-4": ("learning rate 6e-4", {"learning_rate": 6e-4}),
    "embeddings-2e-3": ("word embeddings learn at 2e-3", {"learning_rate_mapping": {EMBEDDINGS: 2e-3}}),
    "six-layers": ("all six layers", {"layers": ()}),
    "apart": ("products read apart from queries", {"product_position": 16}),
    "together": ("products read together with queries", {"product_position": None}),
    "two-layers": ("layers first and last", {"layers": (0, 5)}),
    "english-vocabulary": ("the base's own vocabulary", {"vocabulary": None, "lexicon": ""}),
    "pairs-only": ("no list loss: BCE of each pair against its grade", {"loss": {"list_weight": 0.0}}),
    "lists-only": ("no pair loss: softmax cross-entropy over each list", {"loss": {"pair_weight": 0.0}}),
    "no-contradictions": ("lists without grade 1: no negative that breaks one facet", {"without_grade": 1}),
    "clean-queries": ("only queries that are typed well", {"noise": "clean"}),
    "lambda": ("LambdaLoss of sentence-transformers", {"loss_name": "LambdaLoss"}),
    "binary": ("BCE, grades 2 and 3 against 0 and 1", {"loss_name": "BinaryCrossEntropyLoss", "label": "binary"}),
}
"""What each variant is, and what it changes: a field of the recipe, a parameter of its loss, or a hyperparameter."""


def variant(recipe: Recipe, name: str, steps: int) -> Recipe:
    """Return the recipe with one thing changed, for that many steps."""
    changes = dict(VARIANTS[name][1])
    recipe = with_rows(recipe, name, changes.pop("without_grade", None), changes.pop("noise", None))
    named = changes.pop("loss_name", recipe.loss.name)
    own = dict(recipe.loss.parameters) if named == recipe.loss.name else {}
    loss = LossSettings(named, own | changes.pop("loss", {}))
    fields = {key: changes.pop(key) for key in FIELDS if key in changes}
    given = dict(recipe.hyperparameters) | {"max_steps": steps, "warmup_steps": min(100, steps // 5)} | changes
    if loss.name == "BinaryCrossEntropyLoss":  # a batch counts lists, and here pairs
        given["per_device_train_batch_size"] *= 10
    for key in ("eval_strategy", "eval_steps", "save_strategy", "save_steps"):
        given.pop(key, None)
    given |= {"eval_strategy": "no", "save_strategy": "no"}
    return replace(recipe, name=name, loss=loss, hyperparameters=given, **fields)


def with_rows(recipe: Recipe, name: str, without_grade: int | None, noise: str | None) -> Recipe:
    """Return the recipe with some of its training rows only, if either is given."""
    if without_grade is None and noise is None:
        return recipe
    path = ROOT / "runs" / "explore" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with recipe.pairs.open(encoding="utf-8") as all_rows, path.open("w", encoding="utf-8") as kept:
        for line in all_rows:
            row = json.loads(line)
            if row["grade"] != without_grade and noise in (None, row["noise"]):
                kept.write(line)
    return replace(recipe, pairs=path)


def log() -> list[dict[str, Any]]:
    """Return what was found so far."""
    found: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    return found


def as_table() -> str:
    """Return the log as Markdown."""
    rows = [
        [
            str(at), one["variant"], one["is"], f"{one['steps']:,}", f"{one['train_seconds'] / one['steps']:.2f}",
            f"{one['generated_dev']['nDCG@10']:.3f}", f"{one['real_listings']['ndcg@10']:.3f}",
        ]
        for at, one in enumerate(log(), start=1)
    ]  # fmt: skip
    return table(["", "variant", "what it is", "steps", "s/step", "generated dev", "real listings"], rows)


def main() -> None:
    """Train, measure, and write one entry for each variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--table", action="store_true", help="print what was found so far and try nothing")
    parser.add_argument("--recipe", type=Path, default=ROOT / "recipes" / "giay-teacher.toml")
    parser.add_argument("--variant", action="append", choices=VARIANTS, default=[])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--base", default=base_model(), help="folder of the base's weights")
    options = parser.parse_args()
    if options.table:
        print(as_table())
        return
    if not options.catalogue:
        parser.error("--catalogue is needed: the listings are not in this repository")
    recipe = Recipe.load(options.recipe)
    columns = {"document_id": "listing_id", "title": "name"}
    judged = read_qrels(HERE / "grades.jsonl", HERE / "queries.jsonl", options.catalogue, columns)
    for name in options.variant:
        folder = ROOT / "runs" / "explore" / f"{name}-{options.steps}"
        started = time.monotonic()
        train(variant(recipe, name, options.steps), folder, base=options.base, overwrite=True)
        seconds = time.monotonic() - started
        found = evaluate([Reranker.load(folder, engine="torch")], judged, bm25=False)
        dev = [one for one in load_record(folder).metrics if "ndcg@10" in str(one).lower()]
        entry = {
            "variant": name,
            "is": VARIANTS[name][0],
            "steps": options.steps,
            "train_seconds": round(seconds, 1),
            "real_listings": {m: round(found.mean(m, 0), 4) for m in ("ndcg@1", "ndcg@10", "mrr@10", "map")},
            "generated_dev": {k: round(v, 4) for one in dev for k, v in one.values.items()},
            "stamp": dict(stamp()),
        }
        write_text(RESULTS, json.dumps([*log(), entry], indent=1, ensure_ascii=False) + "\n")
        print(
            json.dumps({key: entry[key] for key in ("variant", "train_seconds", "real_listings", "generated_dev")}),
            flush=True,
        )


if __name__ == "__main__":
    main()
