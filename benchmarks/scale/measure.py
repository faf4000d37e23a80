"""Time `xephang score` in one process and on a Ray cluster of this machine with one worker and with two.

    python benchmarks/scale/measure.py

Each worker has one thread. All contenders take turns, every other round backwards, on two inputs: candidates by the
ids of a compiled catalogue, and pairs of texts that are all distinct. Throughput is that from when a quarter of the
partitions has ended until the last has, so that what a start takes is apart; the whole run's seconds are told beside
it. Efficiency is a round's own: two workers' throughput over twice one worker's.

What the driver alone takes is told by partitions of a single row. Writes benchmarks/results/scale.json: every round's
figures, medians, the machine, and its load before each run; a busy machine's figures say so.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from xephang import CompiledCatalogue, Product, Reranker
from xephang.batch import score
from xephang.evaluation.stamp import stamp
from xephang.files import write_text

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "scale.json"
CANDIDATES = 100
"""Of a query."""
WORKERS = {"one process": None, "Ray, 1 worker": 1, "Ray, 2 workers": 2}
QUERIES = ("giày chạy bộ nữ", "giay da bong tre em", "dép nam đi biển", "sandal nữ đế xuồng", "giày tây nam da bò")


def main() -> None:
    """Measure, and write what was found."""
    options = arguments()
    began = time.perf_counter()
    with TemporaryDirectory() as made, cluster():
        folder = Path(made)
        inputs = prepare(folder, options)
        rounds = [
            {kind: turn(folder, given, backwards=bool(number % 2)) for kind, given in inputs.items()}
            for number in range(options.rounds)
        ]
        found = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {**stamp(), "ray": version("ray"), "pyarrow": version("pyarrow")},
            "settings": {"rounds": options.rounds, "quick": options.quick, **described(inputs)},
            "rounds": rounds,
            "median": {kind: medians([one[kind] for one in rounds]) for kind in inputs},
            "driver": driver(folder, options.partitions),
        }
    found["took_seconds"] = time.perf_counter() - began
    write_text(options.output, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps(found["median"], indent=1), json.dumps(found["driver"]))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=420, help="each with 100 candidates by id")
    parser.add_argument("--pairs", type=int, default=7200, help="of texts")
    parser.add_argument("--partitions", type=int, default=300, help="of one row, to time the driver")
    parser.add_argument("--quick", action="store_true", help="to see that all works; no figures to quote")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.products, options.queries, options.pairs, options.partitions = 1, 200, 40, 800, 20
    return options


def prepare(folder: Path, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Write both inputs; return what `score` is given for each."""
    reranker = Reranker.load(threads=os.cpu_count())
    texts = listings(reranker, options.pairs + options.products)
    products = [Product(id=f"SP-{at}", title=text) for at, text in enumerate(texts[: options.products])]
    CompiledCatalogue.build(reranker, products, folder / "shop")
    ids = [
        [products[(at * 37 + step * 13) % len(products)].id for step in range(CANDIDATES)]
        for at in range(options.queries)
    ]
    asked = [f"{QUERIES[at % len(QUERIES)]} {at % 10 + 35}" for at in range(max(options.queries, options.pairs))]
    pq.write_table(pa.table({"query": asked[: options.queries], "ids": ids}), folder / "ids.parquet")
    own = texts[options.products :]
    pq.write_table(pa.table({"query": asked[: len(own)], "document": own}), folder / "texts.parquet")
    parts = 60
    return {
        "ids": {
            "source": folder / "ids.parquet",
            "catalogue": folder / "shop",
            "partition_rows": max(1, options.queries // parts),
        },
        "texts": {"source": folder / "texts.parquet", "partition_rows": max(1, len(own) // parts)},
    }


def listings(reranker: Reranker, count: int) -> list[str]:
    """Return distinct texts of the length of real listings, generated as the demo catalogue is."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from giay.products import generate

    texts = (reranker.render(item.product).text for item in generate(count * 2, seed=11))
    return list(islice(dict.fromkeys(texts), count))


def described(inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the size of each input."""
    rows = {kind: pq.read_metadata(given["source"]).num_rows for kind, given in inputs.items()}
    return {
        kind: {
            "rows": rows[kind],
            "pairs": rows[kind] * (CANDIDATES if kind == "ids" else 1),
            "bytes": given["source"].stat().st_size,
            "partition_rows": given["partition_rows"],
        }
        for kind, given in inputs.items()
    }


def turn(folder: Path, given: Mapping[str, Any], *, backwards: bool) -> dict[str, Any]:
    """Let each contender score one input."""
    names = list(reversed(WORKERS)) if backwards else list(WORKERS)
    return {name: run(folder / "out", given, WORKERS[name]) for name in names}


def run(output: Path, given: Mapping[str, Any], workers: int | None) -> dict[str, Any]:
    """Score once; return what it took."""
    shutil.rmtree(output, ignore_errors=True)
    load, began = os.getloadavg()[0], time.time()
    with watching(workers) as held:
        where: dict[str, Any] = {} if workers is None else {"engine": "ray", "workers": workers}
        report = score(output=output, threads=1, **given, **where)
    parts = sorted((path.stat().st_mtime, pq.read_metadata(path).num_rows) for path in output.glob("part-*.parquet"))
    begun = len(parts) // 4
    spent = parts[-1][0] - parts[begun][0]
    return {
        "seconds": report.seconds,
        "pairs": report.pairs,
        "pairs_per_second": sum(rows for _, rows in parts[begun + 1 :]) / spent,
        "first_file_after": parts[0][0] - began,
        "output_bytes": in_one_file(output),
        "worker_mb": held["mb"],
        "load_before": load,
    }


def in_one_file(output: Path) -> int:
    """Return the bytes that the scores take in one file, as they would in partitions of the usual size."""
    written = pa.BufferOutputStream()
    pq.write_table(pq.read_table(output), written, compression="zstd")
    return written.getvalue().size


@contextmanager
def watching(workers: int | None) -> Iterator[dict[str, float | None]]:
    """Look now and then at how much memory of its own the largest worker holds; None where there is no worker."""
    held: dict[str, float | None] = {"mb": None}
    ended = threading.Event()

    def look() -> None:
        while workers and not ended.wait(0.5):
            for process in psutil.Process().children(recursive=True):
                try:
                    if "MapWorker" in " ".join(process.cmdline()):
                        held["mb"] = max(held["mb"] or 0.0, process.memory_full_info().uss / 1e6)
                except psutil.Error:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield held
    finally:
        ended.set()
        watcher.join()


def medians(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Return each contender's medians over rounds, and the median efficiency of two workers."""
    names = ("pairs_per_second", "first_file_after", "seconds", "worker_mb", "output_bytes", "load_before")
    one, two = "Ray, 1 worker", "Ray, 2 workers"
    each = {
        name: {
            key: statistics.median(r[name][key] for r in rounds) for key in names if rounds[0][name][key] is not None
        }
        for name in WORKERS
    }
    ratios = [r[two]["pairs_per_second"] / (2 * r[one]["pairs_per_second"]) for r in rounds]
    return {**each, "efficiency": {"median": statistics.median(ratios), "rounds": ratios}}


def driver(folder: Path, partitions: int) -> dict[str, float]:
    """Return how many partitions a second go through the driver and two workers when each holds one row."""
    source = folder / "single.parquet"
    texts = [f"Giày số {number}" for number in range(partitions)]
    pq.write_table(pa.table({"query": ["giày"] * partitions, "document": texts}), source)
    found = run(folder / "out", {"source": source, "partition_rows": 1}, 2)
    return {"partitions": partitions, "partitions_per_second": found["pairs_per_second"], "load": found["load_before"]}


@contextmanager
def cluster() -> Iterator[None]:
    """Start a cluster of two CPUs on this machine, for all runs."""
    import logging

    import ray

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    ray.init(address="local", num_cpus=2, object_store_memory=150_000_000, **quiet)
    try:
        yield
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main()
