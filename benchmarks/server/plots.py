"""Draw what measure.py found: latency and goodput against the rate at which requests arrive.

    python benchmarks/server/plots.py

Writes docs/images/serving-latency.svg and docs/images/serving-goodput.svg.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "results" / "server.json"
IMAGES = ROOT / "docs" / "images"
OURS, OTHERS, INK, GRID = "#0b6e4f", "#8a8f98", "#24292f", "#d8dee4"
WIDE = (9.6, 4.6)
STYLES: Mapping[str, tuple[str, str, str]] = {
    "naive": ("plain FastAPI", ":", "s"),
    "infinity torch": ("infinity, torch", "--", "^"),
    "infinity onnx": ("infinity, ONNX", "--", "v"),
    "infinity onnx int8": ("infinity, int8", "-", "D"),
    "xephang": ("xephang, fp32", "--", "o"),
    "xephang int8": ("xephang, int8", "-", "o"),
    "giay, texts": ("xephang, giay by text", "--", "o"),
    "giay, ids": ("xephang, giay by id", "-", "o"),
}
"""Label, line and marker; "--" and ":" are fp32, or text that has to be read."""
TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
PANELS = (("six", "one model for all: six layers"), ("giay", "the bundled model"))


def figure() -> tuple[Figure, Sequence[Axes]]:
    """Return two empty panels in the house's colours; a page of either colour shows them on white."""
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "xephang", "font.size": 10})
    drawn = Figure(figsize=WIDE, layout="constrained", facecolor="white")
    panels: Sequence[Axes] = drawn.subplots(1, 2)
    for axes, (_, title) in zip(panels, PANELS, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("requests offered a second")
    return drawn, panels


def lines(panels: Sequence[Axes], result: Mapping[str, Any], key: str) -> None:
    """Draw one figure of each server against the rate."""
    for axes, (family, _) in zip(panels, PANELS, strict=True):
        for name, (label, line, marker) in STYLES.items():
            rows = [row for row in result["rates"][name] if row[key] is not None]
            if result["servers"][name]["family"] != family or not rows:
                continue
            color = OURS if label.startswith("xephang") else OTHERS
            wide = 2 if color == OURS else 1.4
            points = [row["offered"] for row in rows], [row[key] for row in rows]
            axes.plot(*points, color=color, linewidth=wide, linestyle=line, marker=marker, markersize=4, label=label)
        axes.legend(frameon=False, fontsize=9)


def latency(result: Mapping[str, Any]) -> Figure:
    """Draw the latency that 95 of 100 answers keep."""
    drawn, panels = figure()
    lines(panels, result, "p95_ms")
    for axes in panels:
        axes.set(xscale="log", yscale="log")
        low, high = axes.get_xlim()
        ticks = [tick for tick in TICKS if low <= tick <= high]
        axes.set_xticks([], minor=True)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.axhline(1000, color=INK, linewidth=0.8, linestyle=":")
    panels[0].set_ylabel("milliseconds that 95 of 100 answers keep")
    return drawn


def goodput(result: Mapping[str, Any]) -> Figure:
    """Draw answers within a second against what was offered; the dotted line is all of it."""
    drawn, panels = figure()
    lines(panels, result, "goodput")
    for axes in panels:
        ends = axes.get_xlim()
        axes.plot(ends, ends, color=INK, linewidth=0.8, linestyle=":", scalex=False, scaley=False)
        axes.set_ylim(bottom=0)
    panels[0].set_ylabel("answers within 1 s, a second")
    return drawn


def save(drawn: Figure, name: str) -> None:
    """Write a figure as SVG, without what changes from run to run."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    drawn.savefig(IMAGES / f"{name}.svg", metadata={"Date": None, "Creator": "benchmarks/server/plots.py"})
    print(IMAGES / f"{name}.svg")


if __name__ == "__main__":
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    save(latency(found), "serving-latency")
    save(goodput(found), "serving-goodput")
