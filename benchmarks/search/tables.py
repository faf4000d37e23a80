"""Print the tables of docs/search-quality.md from the raw figures, or write them into the page.

    python benchmarks/search/tables.py
    python benchmarks/search/tables.py --write

In the page a table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xephang.files import write_text
from xephang.markdown import table

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "search" / "results" / "quality.json"
PAGE = ROOT / "docs" / "search-quality.md"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)
SOURCES = {"dev": "dev", "held out": "held out"}
SYSTEMS = {
    "BM25, with diacritics": ("BM25 accented, recall", "BM25 accented"),
    "BM25, folded": ("BM25 folded, recall", "BM25 folded"),
    "first stage without the lexicon": ("words alone, recall", "words alone"),
    "first stage": ("recall", "first"),
    "the reranker on its 100, query as typed": ("recall", "reranked as typed"),
    "the reranker on its 100, query as it was read": ("recall", "reranked"),
    "**both together, as shown**": ("recall", "together"),
    "the best order of its 100": ("recall", "ideal"),
}
KINDS = (
    "clean", "no-diacritics", "partial-diacritics", "telex", "vni", "teencode", "typo", "spelling", "abbreviation",
    "english-mix", "word-order", "caps", "as made",
)  # fmt: skip
COLUMNS = {
    "recall@100": "recall",
    "of 2 and 3": "recall of 2 and 3",
    "BM25's": "BM25 folded, recall",
    "first stage": "first",
    "reranked": "reranked",
    "together": "together",
    "best order": "ideal",
}


def load() -> dict[str, Any]:
    """Read the figures."""
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return found


def systems(result: Mapping[str, Any]) -> str:
    """Return recall and nDCG of each system, all kinds of noise together."""
    rows = []
    for label, names in SYSTEMS.items():
        rows.append([label, *(f"{result[of]['all'][name]:.3f}" for of in SOURCES for name in names)])
    heads = [f"{measure}, {label}" for label in SOURCES.values() for measure in ("recall@100", "nDCG@10")]
    return table(["", *heads], rows)


def limits(result: Mapping[str, Any]) -> str:
    """Return what reranking the 100 gives against reranking everything."""
    rows = []
    for of, label in SOURCES.items():
        found, difference = result[of]["all"], result[of]["100 against the whole catalogue"]
        rows.append(
            [
                f"{label}, {result[of]['products']:,} products",
                f"{found['the same queries, reranked']:.3f}",
                f"{found['whole catalogue reranked']:.3f}",
                f"{difference['mean']:+.3f} ({difference['low']:+.3f} to {difference['high']:+.3f})",
            ]
        )
    return table(["nDCG@10 of the reranker", "on the 100", "on all products", "difference (95 %)"], rows)


def noise(result: Mapping[str, Any]) -> str:
    """Return the dev figures by kind of noise."""
    return _sliced(result["dev"]["by"]["noise"], KINDS, "typed")


def held(result: Mapping[str, Any]) -> str:
    """Return the same of the queries held out."""
    return _sliced(result["held out"]["by"]["noise"], KINDS, "typed")


def facets(result: Mapping[str, Any]) -> str:
    """Return the figures held out by what is asked for."""
    found = result["held out"]["by"]["facet"]
    most = sorted(found, key=lambda name: -found[name]["queries"])
    return _sliced(found, [name for name in most if found[name]["queries"] >= 50], "asks for")


def real(result: Mapping[str, Any]) -> str:
    """Return the orders of real listings that people graded."""
    rows = []
    for wording, label in (("query", "as typed"), ("clean", "in clean wording")):
        found, difference = result["real"][wording], result["real"][f"{wording}, together against reranked"]
        cells = [f"{found[name]:.3f}" for name in ("first", "reranked", "together")]
        rows.append(
            [label, *cells, f"{difference['mean']:+.3f} ({difference['low']:+.3f} to {difference['high']:+.3f})"]
        )
    return table(["nDCG@10", "first stage", "reranker", "together", "together against the reranker (95 %)"], rows)


def _sliced(found: Mapping[str, Mapping[str, float]], keys: Any, name: str) -> str:
    rows = [
        [key, f"{found[key]['queries']:,}", *(f"{found[key][column]:.3f}" for column in COLUMNS.values())]
        for key in keys
    ]
    return table([name, "queries", *COLUMNS], rows)


TABLES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "systems": systems, "limits": limits, "noise": noise, "held": held, "facets": facets, "real": real,
}  # fmt: skip


def main() -> None:
    """Print the tables, or write them into the page."""
    result = load()
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        write_text(PAGE, BLOCK.sub(lambda match: f"{match[1]}{TABLES[match[2]](result)}\n{match[3]}", page))
        return
    for name, made in TABLES.items():
        print(f"## {name}\n\n{made(result)}\n")


if __name__ == "__main__":
    main()
