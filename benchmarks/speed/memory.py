"""Measure what a process holds in memory while it searches compiled catalogues of growing size.

    python benchmarks/speed/memory.py

For each size and storage a catalogue is generated and compiled, then a new process opens it, runs searches over
candidates drawn at random, and reports its memory: all of it, which counts the pages of the catalogue's files that
the system happens to keep for it, and what is no file's, which no pressure can take away. Writes
benchmarks/results/memory.json.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from xephang import CompiledCatalogue, Product, Reranker
from xephang.files import write_text
from xephang.machine import cpu_name

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "memory.json"
SEARCHES, CANDIDATES = 100, 300


def products(count: int) -> list[Product]:
    """Generate distinct products."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from giay.products import generate

    return [item.product for item in generate(count, seed=12)]


def search(folder: Path) -> dict[str, float]:
    """Open a catalogue and search it, in this very process; return megabytes and milliseconds."""
    reranker = Reranker.load(threads=2)
    reranker.rank("giày nam", ["giày"])
    process = psutil.Process()
    before = process.memory_info()
    compiled = CompiledCatalogue.open(folder)
    ids = compiled.ids()
    draw, taken = random.Random(0), []
    for _ in range(SEARCHES):
        some = draw.sample(ids, CANDIDATES)
        started = time.perf_counter()
        reranker.rank("giày chạy bộ nữ", ids=some, catalogue=compiled, top_k=10)
        taken.append(time.perf_counter() - started)
    del ids
    after = process.memory_info()
    return {
        "before_own": (before.rss - before.shared) / 1e6,
        "own": (after.rss - after.shared) / 1e6,
        "resident": after.rss / 1e6,
        "milliseconds": sorted(taken)[len(taken) // 2] * 1e3,
    }


def measured(count: int, storage: str, folder: Path) -> dict[str, float]:
    """Compile so many products, and search them in a new process."""
    reranker = Reranker.load(threads=2)
    made = products(count)
    started = time.perf_counter()
    compiled = CompiledCatalogue.build(reranker, made, folder, storage=storage)
    seconds = time.perf_counter() - started
    asked = [sys.executable, __file__, "--search", str(folder)]
    found = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    return {"products": count, "files_mb": compiled.bytes / 1e6, "build_ms_each": seconds / count * 1e3, **found}


def main() -> None:
    """Measure each size, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--storages", nargs="+", default=["fast", "small"])
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        print(json.dumps(search(options.search)))
        return
    result: dict[str, object] = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "cpu": cpu_name()}
    for storage in options.storages:
        runs = []
        for count in options.sizes:
            with TemporaryDirectory() as folder:
                runs.append(measured(count, storage, Path(folder)))
            print(storage, json.dumps(runs[-1]))
        result[storage] = {"runs": runs}
    write_text(RESULT, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
