"""Print the tables of docs/speed.md and README.md from the raw figures.

python benchmarks/speed/tables.py
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xephang.markdown import table

RESULTS = Path(__file__).parents[1] / "results"
CORPORA = ("seed texts", "listing texts")
PEERS: Mapping[str, str] = {
    "sentence-transformers torch": "sentence-transformers, torch, fp32",
    "sentence-transformers onnx": "sentence-transformers, ONNX, fp32",
    "sentence-transformers onnx int8": "sentence-transformers, ONNX, int8",
    "flashrank": "FlashRank, ONNX, fp32",
}
STAGES: Mapping[str, str] = {
    "xephang six layers, fp32": "less padding: the same six layers, fp32, each pair alone",
    "xephang six layers, int8": "and int8 weights",
    "xephang own vocabulary": "and fewer tokens: the bundled model's vocabulary",
    "xephang three layers": "and three layers",
    "xephang precomputed": "and products computed ahead",
    "xephang giay": "and 512 feed-forward neurons a layer: **the bundled `giay`, `fast`**",
    "xephang giay, small": "the same, stored as `small`",
    "xephang narrow, fp32": "the same, weights in fp32",
    "xephang giay, unseen": "the same, products never seen before",
    "xephang two layers": "two layers of that width, as the bundled `giay-two` has",
}


MODELS: Mapping[str, str] = {
    "giay": "`giay`: three layers, 512 neurons, stored as `fast`",
    "giay, small": "the same, stored as `small`",
    "giay-two": "`giay-two`: two layers of that",
    "giay-teacher": "three layers, 1,536 neurons (`recipes/giay-teacher.toml`)",
    "six": "the full model: six layers, read together (`recipes/six.toml`)",
}


def load(name: str) -> dict[str, Any]:
    """Read a result file."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def load_quality() -> dict[str, Any]:
    """Read the figures on real listings."""
    path = RESULTS.parent / "quality" / "results" / "giay.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def stages(speed: Mapping[str, Any]) -> str:
    """Return what each stage takes for 100 candidates, and how many times less than sentence-transformers on torch."""
    rows = []
    for key, label in {**PEERS, **STAGES}.items():
        cells = [_cell(speed[corpus], key) for corpus in CORPORA]
        rows.append([label, *cells])
    return table(["100 candidates", "the seed card's products", "listings"], rows)


def _cell(found: Mapping[str, Any], key: str) -> str:
    faster = found["times_faster"][key]
    return f"{found['median'][key] * 1e3:,.1f} ms ({faster:,.1f}×)"


def growth(speed: Mapping[str, Any]) -> str:
    """Return milliseconds by number of candidates."""
    names = {"sentence-transformers torch": "sentence-transformers, torch", "xephang giay": "giay, `fast`"}
    names["xephang giay, small"] = "giay, `small`"
    counts = list(speed["growth"]["xephang giay"])
    rows = [
        [label, *(_milliseconds(speed["growth"][key].get(count)) for count in counts)] for key, label in names.items()
    ]
    return table(["candidates", *(f"{int(count):,}" for count in counts)], rows)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e3:,.1f}"


def quality(found: Mapping[str, Any]) -> str:
    """Return nDCG@10 on the dev set of real listings, and each model's paired difference from the bundled one."""
    paired = {one["other"]: one["metrics"]["ndcg@10"] for one in found["comparisons"]}
    rows = []
    for system in found["systems"]:
        if system["name"] not in MODELS:
            continue
        metric, against = system["metrics"]["ndcg@10"], paired.get(system["name"])
        low, high = metric["interval"]
        apart = f"{-against['difference']:+.3f}" if against else ""
        ends = sorted(-end for end in against["interval"]) if against else ()
        between = f"{ends[0]:+.3f} to {ends[1]:+.3f}" if ends else ""
        rows.append(
            [MODELS[system["name"]], f"{metric['mean']:.3f}", f"{low:.3f} to {high:.3f}", apart, between],
        )
    return table(["", "nDCG@10", "95% interval", "against `giay`", "95% interval of that"], rows)


def memory(found: Mapping[str, Any]) -> str:
    """Return megabytes by number of products."""
    rows = []
    for storage in ("fast", "small"):
        for run in found[storage]["runs"]:
            cells = (run["files_mb"], run["own"] - run["before_own"], run["own"], run["resident"])
            rows.append([f"`{storage}`", f"{run['products']:,}", *(f"{cell:,.0f}" for cell in cells)])
    heads = ["storage", "products", "files, MB", "added by the catalogue, MB", "process's own, MB", "resident, MB"]
    return table(heads, rows)


if __name__ == "__main__":
    print(stages(load("speed")), growth(load("speed")), memory(load("memory")), quality(load_quality()), sep="\n\n")
