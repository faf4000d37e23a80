"""What a window of load comes to."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

SOON = 1.0
"""Seconds after which a shopper has gone."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of all is no greater than: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(window: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Return a window's figures: latencies of whole answers in milliseconds, rates a second.

    `goodput` are whole answers within `SOON`; `answered` are all whole answers that were waited for.
    """
    whole = [one for one, status in zip(window["latency"], window["status"], strict=True) if status == 200]
    asked = len(window["status"])
    found: dict[str, Any] = {
        "requests": asked,
        "offered": asked / seconds,
        "answered": len(whole) / seconds,
        "goodput": sum(one <= SOON for one in whole) / seconds,
        "refused": sum(status == 429 for status in window["status"]) / max(1, asked),
        "statuses": {str(status): count for status, count in sorted(Counter(window["status"]).items())},
        "latest_ms": window["latest"] * 1e3,
    }
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        found[f"{name}_ms"] = quantile(whole, share) * 1e3 if whole else None
    return found


def joined(windows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return several windows of the same load as one."""
    columns = ("sizes", "due", "latency", "status")
    found: dict[str, Any] = {name: [value for one in windows for value in one[name]] for name in columns}
    found["why"] = sorted({why for one in windows for why in one["why"]})
    found["latest"] = max(one["latest"] for one in windows)
    return found


def capacity(window: Mapping[str, Any]) -> dict[str, float]:
    """Return requests and candidates a second that a closed loop of clients had answered, its last ones included."""
    rows = list(zip(window["due"], window["latency"], window["status"], window["sizes"], strict=True))
    whole = [(due + latency, size) for due, latency, status, size in rows if status == 200]
    seconds = max((end for end, _ in whole), default=0.0) or math.inf
    return {"requests": len(whole) / seconds, "candidates": sum(size for _, size in whole) / seconds}


def calm(probes: Mapping[str, Any]) -> float:
    """Return the latency below which a server counts as undisturbed.

    Twice what probes took at most 95 times of 100 when nothing else was asked, or 50 ms if that is more.
    """
    return max(0.05, 2 * quantile(probes["latency"], 0.95))


def recovery(probes: Mapping[str, Any], limit: float, since: float, in_row: int) -> float | None:
    """Return the seconds after an overload's end until answers are fast again, and stay so; None if they never are.

    :param limit: `calm` of the probes before it.
    :param in_row: probes in a row that must be; the time is when the first of them was due.
    """
    fast = 0
    rows = list(zip(probes["due"], probes["latency"], probes["status"], strict=True))
    for i, (_, latency, status) in enumerate(rows):
        fast = fast + 1 if status == 200 and latency <= limit else 0
        if fast == in_row:
            return float(rows[i - in_row + 1][0] - since)
    return None
