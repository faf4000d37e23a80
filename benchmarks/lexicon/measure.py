"""Measure the footwear lexicon against labels read from real titles: precision, recall and F1 of each facet.

Prints a table and writes results.json beside itself. The titles are not kept here: give the catalogue that the
labels' listing ids belong to. GUIDE.md says how the labels were made.
"""

import argparse
import json
import platform
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xephang.catalogue import Catalogue
from xephang.errors import InputError
from xephang.files import sha256, write_text
from xephang.lexicon import Lexicon

HERE = Path(__file__).parent
FACETS = ("category", "brand", "color", "size", "gender", "material", "heel", "feature")


def most_precise(lexicon: Lexicon, facet: str, values: Iterable[str]) -> set[str]:
    """Drop the values that another one is a kind of ("da bò" says "da"), as the lexicon itself does."""
    kept = set(values)
    if lexicon.facets[facet].several:
        return kept
    return kept - {up for value in kept for up in lexicon.facets[facet].ancestors(value)}


def scores(right: int, found: int, labelled: int) -> dict[str, float]:
    """Return counts and the three ratios, micro-averaged over all titles; 0 where there is nothing to divide."""
    precision = right / found if found else 0.0
    recall = right / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    counts = {"right": right, "found": found, "labelled": labelled}
    return counts | {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def measure(lexicon: Lexicon, titles: Mapping[str, str], labels: list[dict[str, list[str]]]) -> dict[str, object]:
    """Compare what the lexicon finds with every label; errors are listed by listing id."""
    facets: dict[str, dict[str, float]] = {}
    errors: list[dict[str, object]] = []
    for facet in FACETS:
        right = found = labelled = 0
        for label in labels:
            id = str(label["id"])
            asked = most_precise(lexicon, facet, label[facet])
            read = most_precise(lexicon, facet, lexicon.parse(titles[id]).ids(facet))
            right, found, labelled = right + len(asked & read), found + len(read), labelled + len(asked)
            if asked != read:
                errors.append({"id": id, "facet": facet, "missed": sorted(asked - read), "extra": sorted(read - asked)})
        facets[facet] = scores(right, found, labelled)
    total = scores(*(int(sum(facet[key] for facet in facets.values())) for key in ("right", "found", "labelled")))
    return {"facets": facets, "all": total, "errors": errors}


def compare(catalogue: Path, labels_file: Path, lexicon_name: str) -> dict[str, object]:
    """Measure a lexicon, and time it on the whole catalogue.

    :raises InputError: if a file can not be used, or a labelled listing is not in the catalogue.
    """
    labels = [json.loads(line) for line in labels_file.read_text(encoding="utf-8").splitlines()]
    titles = {product.id: product.title for product in Catalogue.open(catalogue, keep_going=True)}
    if missing := [label["id"] for label in labels if label["id"] not in titles]:
        raise InputError(f"{catalogue}: has no listing {missing[0]} ({len(missing)} missing in all)")
    lexicon = Lexicon.load(lexicon_name)
    measured = measure(lexicon, titles, labels)
    started = time.perf_counter()
    for title in titles.values():
        lexicon.parse(title)
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": platform.machine(), "python": platform.python_version()},
        "lexicon": lexicon.name,
        "labels": {"file": labels_file.name, "sha256": sha256(labels_file), "titles": len(labels)},
        "speed": {"titles": len(titles), "seconds": round(time.perf_counter() - started, 2)},
        **measured,
    }


def table(result: Mapping[str, Any]) -> str:
    """Return the result as a table for people."""
    lines = [f"{'facet':10} {'precision':>9} {'recall':>7} {'F1':>7} {'labelled':>9}"]
    for name, row in {**result["facets"], "all": result["all"]}.items():
        lines.append(f"{name:10} {row['precision']:9.3f} {row['recall']:7.3f} {row['f1']:7.3f} {row['labelled']:9}")
    return "\n".join([*lines, f"{result['speed']['titles']} titles in {result['speed']['seconds']:.1f} s"])


def main() -> None:
    """Measure the bundled footwear lexicon."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path, required=True, help="CSV, JSONL or Parquet with ids and titles")
    parser.add_argument("--labels", type=Path, default=HERE / "labels.jsonl")
    parser.add_argument("--lexicon", default="footwear", help="a bundled lexicon, or a TOML file")
    parser.add_argument("--result", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    try:
        result = compare(options.catalogue, options.labels, options.lexicon)
    except InputError as error:
        parser.error(str(error))
    write_text(options.result, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(table(result))


if __name__ == "__main__":
    main()
