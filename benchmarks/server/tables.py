"""Print the tables of docs/serving-speed.md from the raw figures, or write them into the page.

    python benchmarks/server/tables.py
    python benchmarks/server/tables.py --write

In the page a table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xephang.files import write_text
from xephang.markdown import table

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "serving-speed.md"
LABELS: Mapping[str, str] = {
    "naive": "plain FastAPI, sentence-transformers, torch, fp32",
    "infinity torch": "infinity, torch, fp32",
    "infinity onnx": "infinity, ONNX, fp32",
    "infinity onnx int8": "infinity, ONNX, int8",
    "xephang": "**xephang, fp32**",
    "xephang int8": "**xephang, int8**",
    "giay, texts": "**xephang, the bundled `giay`, by texts**",
    "giay, ids": "**xephang, `giay`, by ids**",
}
OVERLOADED: Mapping[str, str] = {
    "naive": "plain FastAPI",
    "infinity onnx int8": "infinity, int8, as it comes",
    "infinity, short queue": "infinity, int8, a short queue",
    "xephang int8": "**xephang, int8, as it comes**",
    "xephang, short wait": "**xephang, int8, a short wait**",
    "giay, ids, short wait": "**xephang, `giay` by id, a short wait**",
}
BAD = ("wrong", "lost", "failed", "refused")
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)


def load(name: str) -> dict[str, Any]:
    """Read a result file."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def capacity(result: Mapping[str, Any]) -> str:
    """Return what each server can do, holds and takes to start."""
    plain = result["capacity"]["naive"]["candidates"]
    rows = []
    for name, label in LABELS.items():
        found, server = result["capacity"][name], result["servers"][name]
        rows.append(
            [
                label,
                f"{found['requests']:,.1f}",
                f"{found['candidates']:,.0f}",
                f"{found['candidates'] / plain:,.1f}×",
                f"{found['cpu_ms_each']:.2f}",
                f"{server['memory_mb']:,.0f}",
                f"{server['ready_seconds']:,.1f}",
            ]
        )
    return table(["", "requests/s", "candidates/s", "", "CPU, ms a candidate", "memory, MB", "ready after, s"], rows)


def rates(result: Mapping[str, Any]) -> str:
    """Return latencies of the one model, one column a rate."""
    wanted = sorted({row["rate"] for name in LABELS for row in result["rates"][name] if _family(result, name) == "six"})
    asked = {row["rate"]: row["requests"] for name in LABELS for row in result["rates"][name]}
    rows = []
    for name, label in LABELS.items():
        by_rate = {row["rate"]: row for row in result["rates"][name]}
        if _family(result, name) == "six" and by_rate:
            rows.append([label, *(_cell(by_rate.get(rate)) for rate in wanted)])
    return table(["p50 / p95, ms (within 1 s)", *(f"{rate:.2g}/s, {asked[rate]} requests" for rate in wanted)], rows)


def bundled(result: Mapping[str, Any]) -> str:
    """Return latencies of the bundled model, one row a rate."""
    rows = []
    for name, label in LABELS.items():
        if _family(result, name) == "giay":
            for row in result["rates"][name]:
                cells = (_ms(row["p50_ms"]), _ms(row["p95_ms"]), _ms(row["p99_ms"]))
                rows.append([label, f"{row['rate']:.1f}", f"{row['requests']:,}", *cells, f"{_soon(row):.0%}"])
    return table(["", "offered/s", "requests", "p50, ms", "p95, ms", "p99, ms", "within 1 s"], rows)


def overload(result: Mapping[str, Any]) -> str:
    """Return what happens at thrice the capacity."""
    rows = []
    for name, label in OVERLOADED.items():
        row = result["overload"][name]
        took = row["recovery_seconds"]
        calm = f"not within {result['settings']['watched']:g} s" if took is None else f"{took:.1f} s"
        cells = (f"{row['rate']:.1f}", f"{row['refused']:.0%}", _ms(row["p50_ms"]), _ms(row["p99_ms"]))
        rows.append([label, *cells, f"{row['goodput']:.1f}", calm])
    heads = ["", "offered/s", "refused", "p50, ms", "p99, ms", "within 1 s, /s", "calm again after"]
    return table(heads, rows)


def repeated(result: Mapping[str, Any]) -> str:
    """Return capacities where queries repeat."""
    rows = [
        [
            LABELS[name],
            f"{result['capacity'][name]['requests']:,.1f}",
            f"{found['requests']:,.1f}",
            f"{found['seen_before']:.0%}",
        ]
        for name, found in result["zipf"].items()
    ]
    return table(["requests/s", "hardly any pair twice", "queries repeat", "pairs seen before"], rows)


def tuning(result: Mapping[str, Any]) -> str:
    """Return infinity's candidates a second by batch size, each round's, and the processor time of one."""
    found: dict[str, dict[str, str]] = {}
    for name, rounds in result["rounds"].items():
        engine, batch = name.rsplit(", ", 1)
        rates = " and ".join(f"{one['candidates']:.0f}" for one in rounds)
        each = min(one["cpu_ms_each"] for one in rounds)
        found.setdefault(engine, {})[batch] = f"{rates} ({each:.1f} ms)"
    batches = list(next(iter(found.values())))
    rows = [[engine, *(by_batch.get(batch, "") for batch in batches)] for engine, by_batch in found.items()]
    return table(["candidates/s (CPU, ms a candidate)", *(f"batches of {batch}" for batch in batches)], rows)


def soak(result: Mapping[str, Any]) -> str:
    """Return what became of the requests, and of the memory."""
    verdicts = result["verdicts"]
    hung_up = sum(count for name, count in verdicts.items() if name.startswith("hung up"))
    growth = max(one["resident"]["growth"] for one in result["memory"])
    most = max(one["resident"]["most"] / one["resident"]["second"] - 1 for one in result["memory"])
    rows = [
        ["minutes, requests a second", f"{result['minutes']:g}, {result['rate']:.1f}"],
        ["answers checked, all their scores equal to 0.000001", f"{verdicts.get('right', 0):,}"],
        ["scores in them", f"{result['pairs']:,}"],
        ["wrong, lost, failed, refused", ", ".join(f"{verdicts.get(name, 0):,}" for name in BAD)],
        ["clients that hung up", f"{hung_up:,}"],
        ["p99 in the first, second and last third, ms", ", ".join(_ms(one["p99"]) for one in result["latency_ms"])],
        ["resident memory, last third against second, the process that grew most", f"{growth:+.1%}"],
        ["its highest sample against the second third's median, of any process", f"{most:+.1%}"],
    ]
    return table(["", ""], rows)


def chaos(result: Mapping[str, Any]) -> str:
    """Return what kills and reloads did."""
    times, reloads = result["kills"]["times"], result["reloads"]
    said = [one["meanwhile"]["verdicts"] for one in times]
    first = [one["first_new_seconds"] for one in reloads["turns"]]
    rows = [
        ["workers killed, of two", f"{len(times)}"],
        ["seconds until the next one served", _span([one["back_seconds"] for one in times])],
        ["requests answered meanwhile", f"{sum(one.get('right', 0) for one in said):,}"],
        ["lost on the killed worker's connections", f"{sum(one['lost'] - one['lost_elsewhere'] for one in times):,}"],
        ["lost elsewhere", f"{sum(one['lost_elsewhere'] for one in times):,}"],
        ["models replaced under load", f"{len(reloads['turns'])}"],
        ["seconds until the first answer of the new one", _span(first)],
        ["requests, all of them", f"{reloads['asked']:,}"],
        ["failed or mixed", f"{reloads['asked'] - reloads['verdicts'].get('right', 0):,}"],
        [
            "answered by the old model after the new one had answered",
            f"{sum(one['old_after_new'] for one in reloads['turns']):,}",
        ],
    ]
    return table(["", ""], rows)


def _family(result: Mapping[str, Any], name: str) -> str:
    return str(result["servers"][name]["family"])


def _soon(row: Mapping[str, Any]) -> float:
    return float(row["goodput"] / row["offered"]) if row["offered"] else 0.0


def _cell(row: Mapping[str, Any] | None) -> str:
    return f"{_ms(row['p50_ms'])} / {_ms(row['p95_ms'])} ({_soon(row):.0%})" if row else ""


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _span(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    missing = f", and {len(values) - len(known)} never" if len(known) < len(values) else ""
    return (f"{min(known):.1f} to {max(known):.1f}" if known else "") + missing


def tables() -> dict[str, str]:
    """Return all tables by name."""
    server = load("server")
    made = {one.__name__: one(server) for one in (capacity, rates, bundled, overload, repeated)}
    others = {"tuning": tuning(load("server-tuning")), "soak": soak(load("soak")), "chaos": chaos(load("chaos"))}
    return made | others


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return a page with its tables as they are made now."""
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page)


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_text(PAGE, filled(PAGE.read_text(encoding="utf-8"), tables()))
    else:
        print(*tables().values(), sep="\n\n")
