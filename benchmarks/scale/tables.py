"""Print the tables of docs/scale.md from the raw figures, or write them into the page.

    python benchmarks/scale/tables.py
    python benchmarks/scale/tables.py --write

In the page a table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xephang.files import write_text
from xephang.markdown import table

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "results" / "scale.json"
PAGE = ROOT / "docs" / "scale.md"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)
KINDS = {"ids": "candidates by id", "texts": "distinct texts"}
WORKERS = {"one process": 1, "Ray, 1 worker": 1, "Ray, 2 workers": 2}
QUIET = 3.0
"""Of a machine of two cores, with one worker or two just done."""
BILLION = 1_000_000_000


def throughput(result: Mapping[str, Any]) -> str:
    """Return what one process, one worker and two do."""
    rows = []
    for kind, label in KINDS.items():
        found = result["median"][kind]
        for name, workers in WORKERS.items():
            one = found[name]
            rate = one["pairs_per_second"]
            share = f"{found['efficiency']['median']:.0%}" if workers == 2 else ""
            memory = f"{one['worker_mb']:,.0f}" if "worker_mb" in one else ""
            load = f"{one['load_before']:.1f}"
            rows.append([label, name, f"{rate:,.0f}", f"{rate / workers:,.0f}", share, memory, load])
    return table(["", "", "pairs/s", "a worker", "efficiency", "a worker's own memory, MB", "load before"], rows)


def caution(result: Mapping[str, Any]) -> str:
    """Say what else the machine did meanwhile, by its load before the runs; a run of our own leaves up to two of it."""
    loads = [one["load_before"] for turn in result["rounds"] for kind in KINDS for one in turn[kind].values()]
    if max(loads) < QUIET:
        return f"Nothing else ran on the machine (its load before a run was {max(loads):.1f} at most)."
    return (
        f"**Other work had the machine at the same time**: its load before a run was {min(loads):.1f} to "
        f"{max(loads):.1f}, for two cores. So these are the least that a worker does, two workers hardly had two "
        "cores, and the efficiency tells more of that work than of Ray; it has to be measured again on a quiet machine."
    )


def plan(result: Mapping[str, Any]) -> str:
    """Return what a billion pairs come to on a thousand workers, by arithmetic from what was measured here."""
    rows = []
    for kind, label in KINDS.items():
        found, size = result["median"][kind]["Ray, 1 worker"], result["settings"][kind]
        seconds = BILLION / 1000 / found["pairs_per_second"]
        partitions = BILLION / 50_000
        rows.append(
            [
                label,
                f"{BILLION / found['pairs_per_second'] / 3600:,.0f}",
                f"{seconds / 60:,.0f}",
                f"{BILLION * size['bytes'] / size['pairs'] / 1e9:,.1f}",
                f"{BILLION * found['output_bytes'] / size['pairs'] / 1e9:,.1f}",
                f"{50_000 / found['pairs_per_second']:,.0f}",
                f"{partitions / seconds:,.1f}",
            ]
        )
    heads = ["", "worker hours", "minutes on 1,000", "GB read", "GB written", "seconds a partition", "partitions/s"]
    return table(heads, rows)


def tables() -> dict[str, str]:
    """Return all tables by name."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    return {made.__name__: made(result) for made in (throughput, caution, plan)}


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return a page with its tables as they are made now."""
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page)


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_text(PAGE, filled(PAGE.read_text(encoding="utf-8"), tables()))
    else:
        print(*tables().values(), sep="\n\n")
