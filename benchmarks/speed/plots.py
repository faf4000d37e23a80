"""Draw what measure.py and benchmarks/quality found: milliseconds against candidates, and quality against both.

    python benchmarks/speed/plots.py

Writes docs/images/latency.svg and docs/images/front.svg.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
SPEED = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text(encoding="utf-8"))
QUALITY = json.loads((ROOT / "benchmarks" / "quality" / "results" / "giay.json").read_text(encoding="utf-8"))
FRONT = {
    "xephang giay": "giay",
    "xephang giay, small": "giay, small",
    "xephang two layers": "giay-two",
    "xephang precomputed": "giay-teacher",
    "xephang own vocabulary": "six",
    "sentence-transformers torch": "six",
    "sentence-transformers onnx int8": "six",
    "flashrank": "six",
}
"""What was timed, and the model whose quality it has."""
IMAGES = ROOT / "docs" / "images"
OURS, OTHERS, INK, GRID = "#0b6e4f", "#8a8f98", "#24292f", "#d8dee4"
WIDE = (9.6, 4.6)


def figure() -> tuple[Figure, Axes]:
    """Return an empty figure in the house's colours; a page of either colour shows it on white."""
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "xephang", "font.size": 10})
    drawn = Figure(figsize=WIDE, layout="constrained", facecolor="white")
    axes = drawn.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return drawn, axes


def latency() -> None:
    """Draw milliseconds against the number of candidates."""
    drawn, axes = figure()
    for name, found in SPEED["growth"].items():
        counts = [int(count) for count in found]
        ours = name.startswith("xephang")
        style: dict[str, Any] = {"color": OURS if ours else OTHERS, "linewidth": 2 if ours else 1.4, "markersize": 4}
        style["linestyle"] = "--" if name.endswith("small") else "-"
        axes.plot(counts, [seconds * 1e3 for seconds in found.values()], marker="o", **style)
        last = counts[-1], list(found.values())[-1] * 1e3
        axes.annotate(
            name, last, xytext=(6, 0), textcoords="offset points", va="center", color=style["color"], fontsize=9
        )
    axes.axhline(50, color=INK, linewidth=0.8, linestyle=":")
    axes.annotate("50 ms, all that a search box has", (1, 50), xytext=(0, 4), textcoords="offset points", fontsize=9)
    axes.set(xscale="log", yscale="log", xlim=(1, 60_000), xlabel="candidates", ylabel="milliseconds, 2 cores")
    axes.set_title("Time to rank, listings as long as real ones", loc="left", fontsize=11)
    save(drawn, "latency")


def front() -> None:
    """Draw quality on real listings against milliseconds for 100 candidates."""
    drawn, axes = figure()
    found = {system["name"]: system["metrics"]["ndcg@10"] for system in QUALITY["systems"]}
    for speed, model in FRONT.items():
        if model not in found:
            continue
        x, y = SPEED["listing texts"]["median"][speed] * 1e3, found[model]["mean"]
        low, high = found[model]["interval"]
        axes.errorbar(x, y, yerr=[[y - low], [high - y]], color=GRID, zorder=0)
        axes.scatter(x, y, s=60, color=OURS if speed.startswith("xephang") else OTHERS)
        axes.annotate(speed, (x, y), xytext=(4, 6), textcoords="offset points", fontsize=9, color=INK, rotation=40)
    axes.set(xscale="log", xlabel="milliseconds for 100 candidates, 2 cores", ylabel="nDCG@10, 84 real queries")
    axes.set_xlim(10, 6000)
    axes.set_title("Quality against time", loc="left", fontsize=11)
    save(drawn, "front")


def save(drawn: Figure, name: str) -> None:
    """Write a figure as SVG, without what changes from run to run."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    drawn.savefig(IMAGES / f"{name}.svg", metadata={"Date": None, "Creator": "benchmarks/speed/plots.py"})
    print(IMAGES / f"{name}.svg")


if __name__ == "__main__":
    latency()
    front()
