"""Measure how long it takes to make shops of growing size searchable, and to search them.

    make bench-search

Each size is generated (`scripts/make_catalogue.py`) and indexed by `xephang index` in a process of its own, unless its
folder is there already and --keep says so: then the figures of its making are those of the run that made it. Then the
queries are asked of all the shops in turn, each as it is, without diacritics and in raw Telex. Writes
benchmarks/results/search.json.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xephang import Product, Reranker
from xephang.evaluation.stamp import stamp
from xephang.files import write_text
from xephang.judgments.noise import NOISE
from xephang.search import Search, Shop

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "results" / "search.json"
QUERIES = ROOT / "benchmarks" / "quality" / "queries.jsonl"
SHOPS = ((10_000, "fast"), (100_000, "lazy"), (1_000_000, "lazy"))
"""How many products, and how they are stored."""
SEED = 6
KINDS = ("clean", "no-diacritics", "telex")
CHANGES = (1, 1000)
MADE = "made.json"


def queries() -> list[str]:
    """Return the queries, each as it is written and typed in two other ways."""
    lines = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    draw = random.Random(0)
    asked = {one["query"]: None for one in lines}
    for kind in KINDS[1:]:
        asked |= {NOISE[kind](draw, one["clean"]): None for one in lines}
    return list(asked)


def make(products: int, storage: str, folder: Path) -> dict[str, Any]:
    """Generate and index a catalogue in processes of their own; return what that took."""
    file = folder.with_suffix(".jsonl")
    generate = [sys.executable, str(ROOT / "scripts" / "make_catalogue.py"), "--seed", str(SEED)]
    subprocess.run([*generate, "--products", str(products), "-o", str(file)], check=True)
    index = [sys.executable, "-m", "xephang", "index", str(file), "-o", str(folder), "--storage", storage]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*index, "--overwrite"], check=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    made = {"seconds": took, "cpu_seconds": cpu, "load": os.getloadavg()[1]}
    write_text(folder.with_suffix("." + MADE), json.dumps(made) + "\n")
    return made


def sizes(folder: Path) -> dict[str, float]:
    """Return the megabytes of a search folder's parts."""
    shop = Shop.open(folder)
    index = shop.bytes - shop.compiled.bytes
    return {"index_mb": index / 1e6, "compiled_mb": shop.compiled.bytes / 1e6}


def ask(shop: Shop, query: str) -> dict[str, float]:
    """Search; return the milliseconds of each stage, and of what a page asks while somebody types."""
    results = shop.search(Search(query))
    began = time.perf_counter()
    shop.find(Search(query, facets=False, candidates=20, first_stage_only=True))
    found = time.perf_counter()
    shop.suggest(query[: max(2, len(query) // 2)])
    suggested = time.perf_counter()
    return {**results.milliseconds, "first 20": (found - began) * 1e3, "suggest": (suggested - found) * 1e3}


def change(shop: Shop, count: int) -> float:
    """Return the seconds that replacing so many products takes, until searches see them."""
    changed = [
        Product(id=f"SP{SEED:02}{number:05}", title=f"Giày chạy bộ nữ đế êm kiểu mới {number}", price=399_000.0)
        for number in range(count)
    ]
    began = time.perf_counter()
    shop.update(changed)
    return time.perf_counter() - began


def summary(taken: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the median and the 95th percentile of each stage, in milliseconds; 0 where a query went without it."""
    found = {}
    for stage in dict.fromkeys(stage for one in taken for stage in one):
        values = sorted(one.get(stage, 0.0) for one in taken)
        found[stage] = {"p50": statistics.median(values), "p95": values[int(0.95 * (len(values) - 1))]}
    return found


def main() -> None:
    """Make the shops, search them, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "search", help="where the shops are made")
    parser.add_argument("--most", type=int, default=SHOPS[-1][0], help="leave out larger shops")
    parser.add_argument("--keep", action="store_true", help="search the shops that are there")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    reranker = Reranker.load(threads=os.cpu_count())
    shops, found = {}, []
    for products, storage in SHOPS:
        if products > options.most:
            continue
        folder = options.folder / f"{products}-{storage}"
        known = folder.with_suffix("." + MADE)
        made = json.loads(known.read_text()) if options.keep and known.is_file() else make(products, storage, folder)
        shops[products] = Shop.open(folder, model=reranker)
        found.append({"products": products, "storage": storage, "made": made, **sizes(folder)})
    asked = queries()
    taken: dict[int, list[dict[str, float]]] = {products: [] for products in shops}
    for at, query in enumerate([*asked[:20], *asked]):  # the first ones only warm up
        for products, shop in shops.items():
            one = ask(shop, query)
            if at >= 20:
                taken[products].append(one)
        print(f"\r{at + 1} queries", end="", file=sys.stderr, flush=True)
    for one in found:
        products = one["products"]
        one["milliseconds"] = summary(taken[products])
        one["change_seconds"] = {str(count): change(shops[products], count) for count in CHANGES}
    said = {"stamp": stamp(), "load": os.getloadavg()[1], "queries": len(asked), "model": "giay", "shops": found}
    write_text(RESULT, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    print(f"\n{RESULT}")


if __name__ == "__main__":
    main()
