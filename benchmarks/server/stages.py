"""What is done with the servers that run: capacity, rates in rounds, overload, and traffic with repetition."""

import itertools
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from figures import calm, capacity, joined, recovery, summary
from load import IN_ROW, Load, Plan
from prepare import Made
from servers import Contender, Running, best, engines, infinity, post, xephang
from traffic import seen_before

RATES = {"six": 5, "giay": 4}
"""How many rates are offered to a family: evenly by ratio from LOWEST of its least capacity to HIGHEST of its best."""
LOWEST, HIGHEST = 0.5, 1.3
MOST = 1.6
"""Times its own capacity, beyond which a server is not asked in the rounds."""
CLIENTS, REST = 8, 0.3
OVERLOAD = 3.0
LEAST_SECONDS, REQUESTS = 3.0, 60
"""A window is shorter than asked for where so many requests come sooner."""
FIRST = {"capacity": 0, "rates": 2000, "warm": 12_900, "overload": 13_000}
"""Where in the traffic each stage begins, so that no cache has seen what is asked."""
BLOCK = 450
"""Requests that a window may take."""
CALM_SECONDS = 4.0
WAIT = 0.5
"""Seconds that a request may have to wait where a server is told how long that may be."""


@dataclass
class Bench:
    """What all stages need."""

    load: Load
    made: Made
    peers: Path
    seconds: float
    rounds: int
    watch: float
    began: float
    patience: float = 30.0

    def say(self, text: str) -> None:
        """Print what happened, and when."""
        print(f"{time.perf_counter() - self.began:6.0f} s  {text}", file=sys.stderr, flush=True)

    def run(self, running: Running, *, traffic: str | None = None, **changes: Any) -> dict[str, Any]:
        """Let a server rest, then ask it for a window of its own traffic."""
        time.sleep(REST)
        path = str(self.made.traffic(traffic or running.contender.traffic))
        return self.load.run(replace(Plan(path, running.port), **changes))

    def start(self, contender: Contender) -> Running:
        """Start a server, and let it run warm: twice each size of request, alone, then several at once."""
        running = Running.start(contender, self.made.folder / "logs")
        for size, body in sizes(self.made, contender.traffic):
            for _ in range(2):
                results = post(running.port, body)["results"]
                assert isinstance(results, list) and len(results) == size, contender.name
        self.run(running, clients=4, seconds=1.5, first=FIRST["warm"])
        self.say(f"{contender.name} is warm")
        return running


def requests(made: Made, traffic: str) -> list[dict[str, Any]]:
    """Read a file of requests."""
    with made.traffic(traffic).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sizes(made: Made, traffic: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield a request of each size, from the end of the traffic, which is not asked later."""
    by_size = {row["size"]: row["body"] for row in requests(made, traffic)[-200:]}
    yield from sorted(by_size.items())


def repetition(made: Made) -> dict[str, float]:
    """Return what share of each traffic's pairs came before."""
    return {name: seen_before(requests(made, f"{name}-ids")) for name in ("distinct", "zipf")}


def agreement(running: Sequence[Running], made: Made) -> dict[str, float]:
    """Return how far each server's scores of the one model are from ours in fp32, at most: did all do the same."""
    bodies = [body for _, body in sizes(made, "distinct")]
    found: dict[str, list[float]] = {}
    for one in running:
        if one.contender.family != "six":
            continue
        answers: list[Any] = [post(one.port, body)["results"] for body in bodies]
        by_place = [sorted(results, key=lambda result: int(result["index"])) for results in answers]
        found[one.contender.name] = [result["relevance_score"] for result in itertools.chain.from_iterable(by_place)]
    return {
        name: max(abs(a - b) for a, b in zip(scores, found["xephang"], strict=True)) for name, scores in found.items()
    }


def measured_capacity(bench: Bench, running: Running) -> dict[str, Any]:
    """Return what a server does when some clients ask all the time, and the processor time that a candidate takes."""
    before = running.cpu_seconds()
    window = bench.run(running, clients=CLIENTS, seconds=bench.seconds, first=FIRST["capacity"], patience=120.0)
    used = running.cpu_seconds() - before
    scored = sum(size for size, status in zip(window["sizes"], window["status"], strict=True) if status == 200)
    found = {**capacity(window), "cpu_ms_each": used / scored * 1e3, "window": window}
    rates = f"{found['requests']:7.1f} requests/s {found['candidates']:8.1f} candidates/s"
    bench.say(f"{running.contender.name:28} {rates} {found['cpu_ms_each']:6.2f} ms of CPU each")
    return found


def offered(running: Sequence[Running], found: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the rates that each server is asked at: those of its family that it comes near to.

    Of infinity's two engines in fp32, the one with less capacity is left out. The bundled model by texts and by ids is
    different work, so each has rates of its own.
    """
    able = {one.contender.name: float(found[one.contender.name]["requests"]) for one in running}
    slower = min(("infinity torch", "infinity onnx"), key=lambda name: able[name])
    rates = {}
    for one in running:
        own = one.contender
        same = (
            [x.contender.name for x in running if x.contender.family == own.family]
            if own.family == "six"
            else [own.name]
        )
        capacities = [able[name] for name in same if name != slower]
        low, high, count = LOWEST * min(capacities), HIGHEST * max(capacities), RATES[own.family]
        grid = [low * (high / low) ** (i / (count - 1)) for i in range(count)]
        rates[own.name] = [rate for rate in grid if rate <= MOST * able[own.name]] if own.name != slower else []
    return rates


def at_rates(bench: Bench, running: Sequence[Running], found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Offer several rates to each server, in rounds; every other round goes backwards.

    At one rate all of a family are asked the very same, at the very same moments.
    """
    wanted = offered(running, found)
    turns = [(i, one) for i in range(max(RATES.values())) for one in running if i < len(wanted[one.contender.name])]
    windows: dict[tuple[str, float], list[dict[str, Any]]] = {}
    lasted: dict[tuple[str, float], float] = {}
    for turn in range(bench.rounds):
        for i, one in turns if turn % 2 == 0 else reversed(turns):
            name, rate = one.contender.name, wanted[one.contender.name][i]
            seconds = min(bench.seconds, max(LEAST_SECONDS, REQUESTS / rate))
            number = turn * max(RATES.values()) + i
            first = FIRST["rates"] + number * BLOCK
            window = bench.run(one, rate=rate, seconds=seconds, seed=number, first=first)
            windows.setdefault((name, rate), []).append(window)
            lasted[name, rate] = lasted.get((name, rate), 0.0) + seconds
        bench.say(f"round {turn + 1} of {bench.rounds} is done")
    result: dict[str, list[dict[str, Any]]] = {one.contender.name: [] for one in running}
    for (name, rate), some in sorted(windows.items()):
        window = joined(some)
        row = {"rate": rate, "seconds": lasted[name, rate], **summary(window, lasted[name, rate]), "window": window}
        result[name].append(row)
        bench.say(f"{name:20} {rate:7.2f}/s: p95 {row['p95_ms'] or 0:8.0f} ms, {row['goodput']:7.2f}/s soon")
    return result


def repeated(bench: Bench, running: Sequence[Running]) -> dict[str, dict[str, float]]:
    """Return the capacity of the bundled model when queries repeat, and what share of the pairs had come before.

    Twice as much of that traffic goes before, to fill the caches.
    """
    found = {}
    for one in running:
        own = one.contender
        if own.family != "giay":
            continue
        traffic = own.traffic.replace("distinct", "zipf")
        before = bench.run(one, traffic=traffic, clients=CLIENTS, seconds=2 * bench.seconds)
        first = len(before["status"])
        window = bench.run(one, traffic=traffic, clients=CLIENTS, seconds=bench.seconds, first=first)
        seen = seen_before(requests(bench.made, traffic)[: first + len(window["status"])], first)
        found[own.name] = {**capacity(window), "requests_before": first, "seen_before": seen}
        bench.say(f"{own.name:20} {found[own.name]['requests']:8.1f} requests/s with {seen:.0%} seen before")
    return found


def overload(bench: Bench, running: Sequence[Running], found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Offer some servers thrice their capacity, as they come and told to refuse what would have to wait."""
    by_name = {one.contender.name: one for one in running}
    result = {}
    for contender, like in _overloaded(bench, found):
        one = by_name.get(contender.name) or bench.start(contender)
        try:
            result[contender.name] = {"like": like, **_overload(bench, one, found[like]["requests"])}
        finally:
            if contender.name not in by_name:
                one.stop()
    return result


def _overloaded(bench: Bench, found: Mapping[str, Any]) -> Iterator[tuple[Contender, str]]:
    """Yield who is overloaded, and whose capacity is meant."""
    pairs = max(1, round(found["infinity onnx int8"]["candidates"] * WAIT))
    engine, batch = best(["onnx int8"], "onnx int8")
    folder, flags = engines(bench.made)[engine]
    six, wait = str(bench.made.six), str(WAIT)
    ids = ("giay", "--catalogue", str(bench.made.catalogue))
    yield Contender("naive", "six", ()), "naive"
    yield Contender("infinity onnx int8", "six", ()), "infinity onnx int8"
    yield (
        infinity("infinity, short queue", bench.peers, folder, *flags, "--batch-size", batch, queue=pairs),
        "infinity onnx int8",
    )
    yield Contender("xephang int8", "six", ()), "xephang int8"
    yield xephang("xephang, short wait", "six", six, "--precision", "int8", "--max-wait", wait), "xephang int8"
    yield xephang("giay, ids, short wait", "giay", *ids, "--max-wait", wait, traffic="distinct-ids"), "giay, ids"


def _drain(bench: Bench, one: Running) -> None:
    """Wait until a server has done what nobody waits for any more, so that the next one has the machine for itself."""
    until = time.perf_counter() + 3 * bench.patience
    while time.perf_counter() < until:
        window = bench.run(one, clients=1, seconds=1.0, first=FIRST["warm"])
        if capacity(window)["requests"] >= 1.0:
            return


def _overload(bench: Bench, one: Running, most: float) -> dict[str, Any]:
    before = bench.run(one, rate=0.001, seconds=0.0, probes=CALM_SECONDS, first=FIRST["warm"])
    limit = calm(before["probes"])
    plan = {
        "rate": OVERLOAD * most,
        "seconds": bench.seconds,
        "probes": bench.watch,
        "calm": limit,
        "first": FIRST["overload"],
    }
    window = bench.run(one, patience=bench.patience, **plan)
    took = recovery(window["probes"], limit, bench.seconds, IN_ROW)
    if took is None:
        _drain(bench, one)
    found = {"rate": OVERLOAD * most, "seconds": bench.seconds, "calm": limit, "recovery_seconds": took}
    found |= {**summary(window, bench.seconds), "window": window}
    told = "not within the time watched" if took is None else f"after {took:.1f} s"
    bench.say(
        f"{one.contender.name:22} refused {found['refused']:4.0%}, p99 {found['p99_ms'] or 0:7.0f} ms, calm {told}"
    )
    return found
