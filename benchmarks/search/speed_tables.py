"""Print the tables of docs/search-speed.md from the raw figures.

python benchmarks/search/speed_tables.py [--write]
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
PAGE = ROOT / "docs" / "search-speed.md"
STAGES: Mapping[str, str] = {
    "understand": "read the query",
    "match": "first stage",
    "facets": "count facets",
    "rerank": "rerank 100",
    "products": "put the page together",
    "total": "**all**",
    "first 20": "while typing: the first stage's best 20 alone",
    "suggest": "while typing: suggestions",
}
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)


def load() -> dict[str, Any]:
    """Read the figures."""
    path = ROOT / "benchmarks" / "results" / "search.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def heads(found: Mapping[str, Any]) -> list[str]:
    """Return a heading for each shop."""
    return [f"{shop['products']:,}, `{shop['storage']}`" for shop in found["shops"]]


def making(found: Mapping[str, Any]) -> str:
    """Return what it takes to make each shop searchable."""
    shops = found["shops"]
    rows = [
        ["seconds", *(f"{shop['made']['seconds']:,.0f}" for shop in shops)],
        ["seconds of CPU", *(f"{shop['made']['cpu_seconds']:,.0f}" for shop in shops)],
        ["MB of index", *(f"{shop['index_mb']:,.1f}" for shop in shops)],
        ["MB of compiled products", *(f"{shop['compiled_mb']:,.1f}" for shop in shops)],
        ["seconds to change one product", *(f"{shop['change_seconds']['1']:,.2f}" for shop in shops)],
        ["seconds to change 1,000", *(f"{shop['change_seconds']['1000']:,.1f}" for shop in shops)],
    ]
    return table(["products, storage", *heads(found)], rows)


def searching(found: Mapping[str, Any]) -> str:
    """Return the milliseconds of each stage."""
    rows = [
        [
            name,
            *(
                f"{one['p50']:,.1f} / {one['p95']:,.1f}"
                for shop in found["shops"]
                if (one := shop["milliseconds"][key])
            ),
        ]
        for key, name in STAGES.items()
    ]
    return table(["milliseconds, p50 / p95", *heads(found)], rows)


def tables() -> dict[str, str]:
    """Return all tables by name."""
    found = load()
    return {"making": making(found), "searching": searching(found)}


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return a page with its tables as they are made now."""
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page)


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_text(PAGE, filled(PAGE.read_text(encoding="utf-8"), tables()))
    else:
        print(*tables().values(), sep="\n\n")
