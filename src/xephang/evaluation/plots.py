"""Plots as SVG for a page that is light or dark: colours are the page's own, text stays text."""

import io
import re
import warnings
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xephang.evaluation.evaluation import HEADLINE, Comparison, Evaluation, label
from xephang.evaluation.reliability import BINS, Reliability
from xephang.evaluation.tables import visible

INK, MUTED, GRID, FIRST, OTHER, WORSE = (f"#{i:02x}{i:02x}{i:02x}" for i in range(1, 7))
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "line", FIRST: "first", OTHER: "other", WORSE: "worse"}
"""Colours that stand for the page's variables until the SVG is written."""
_METADATA = ("Date", "Creator", "Format", "Type")
_PANELS = (HEADLINE, "ndcg@1", "mrr@10", "map")
_WIDE = 9.6
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "xephang",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.prop_cycle": f"cycler('color', ['{INK}'])",
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def bars(evaluation: Evaluation) -> str:
    """Draw each system's mean and interval, a panel for each main metric."""
    names = [_short(result.name) for result in evaluation.results]
    with _style():
        figure = Figure(figsize=(_WIDE, 0.9 + 0.36 * len(names)), layout="constrained")
        panels: Sequence[Axes] = figure.subplots(1, len(_PANELS), sharey=True)
        for axes, metric in zip(panels, _PANELS, strict=True):
            column = evaluation.column(metric)
            means = np.array([result.means[column] for result in evaluation.results])
            ends = np.array([result.intervals[column] for result in evaluation.results])
            reach = np.abs(ends - means[:, None]).T
            colours = [FIRST, *[OTHER] * (len(names) - 1)]
            axes.barh(range(len(names)), means, height=0.62, color=colours)
            axes.errorbar(means, range(len(names)), xerr=reach, fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
            axes.set(title=label(metric), xlim=(0, 1.02), xticks=(0, 0.5, 1), yticks=range(len(names)))
            axes.set_xticklabels(("0", "0.5", "1"))
            axes.set_yticklabels(names)
            axes.tick_params(length=0)
            axes.grid(axis="x", linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines["left"].set_visible(False)
        panels[0].invert_yaxis()
        return _svg(figure, "bars", f"Means with 95% intervals of {len(names)} systems")


def deltas(evaluation: Evaluation, number: int) -> str:
    """Draw each query's nDCG@10 of the first system minus that of another, sorted."""
    comparison: Comparison = evaluation.comparisons[number]
    column = evaluation.column(HEADLINE)
    other = evaluation.results[number + 1]
    found = np.sort(evaluation.first.values[:, column] - other.values[:, column])[::-1]
    with _style():
        figure = Figure(figsize=(_WIDE / 2, 2.5), layout="constrained")
        axes = figure.subplots()
        colours = [FIRST if value >= 0 else WORSE for value in found]
        axes.bar(range(len(found)), found, width=1.0 if len(found) > 60 else 0.8, color=colours)
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.set(ylim=(-1.05, 1.05), xticks=(), xlim=(-1, len(found)))
        axes.set_xlabel(f"better on {(found > 0).sum()}, equal on {(found == 0).sum()}, worse on {(found < 0).sum()}")
        axes.set_title(f"against {_short(comparison.name)}", loc="left", fontsize=10)
        axes.grid(axis="y", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        axes.spines["bottom"].set_visible(False)
        return _svg(figure, f"delta{number}", f"nDCG@10 of each query, minus that of {visible(comparison.name)}")


def diagram(name: str, curve: Reliability) -> str:
    """Draw the share of relevant documents over the probability claimed, and how many documents claim it."""
    with _style():
        figure = Figure(figsize=(_WIDE * 0.62, 4.4), layout="constrained")
        axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        axes.plot((0, 1), (0, 1), color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        claimed = [one.claimed for one in curve.bins]
        axes.plot(claimed, [one.relevant for one in curve.bins], "o-", color=FIRST, markersize=4, label=name)
        middles = [(one.low + one.high) / 2 for one in curve.bins]
        counts.bar(middles, [one.documents for one in curve.bins], width=0.8 / BINS, color=FIRST)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="relevant")
        counts.set(xlabel="probability claimed", ylabel="documents", yscale="log")
        counts.set_ylim(bottom=0.8)
        counts.yaxis.set_major_formatter("{x:.0f}")
        axes.legend(frameon=False, loc="upper left")
        for one in (axes, counts):
            one.grid(linewidth=0.6)
            one.set_axisbelow(True)
            one.tick_params(length=0, which="both")
        return _svg(figure, "reliability", "Reliability diagram")


def _style() -> Any:
    return matplotlib.rc_context(_SETTINGS)


def _short(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= 24 else shown[:23] + "…"


def _svg(figure: Figure, prefix: str, description: str) -> str:
    """Return the drawing as an element of a page: its ids made its own, its colours the page's variables."""
    stream = io.StringIO()
    with warnings.catch_warnings():
        # A name may hold letters that matplotlib's font has not; the reader's browser draws them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(stream, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", text)
    for colour, name in _VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
