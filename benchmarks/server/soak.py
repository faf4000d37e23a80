"""Let the server run for long, to see whether all answers are right and its memory stays.

    python benchmarks/server/soak.py --minutes 30

Two workers, the bundled model and a compiled catalogue. Requests of all sizes and formats arrive by chance at half of
what the server can do; some clients hang up, in the middle of the body or while they wait. Each answer is held against
the scores that `Reranker` gave the same pairs beforehand. Every few seconds the memory of each of the server's
processes is read. Writes benchmarks/results/soak.json.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from checking import FORMS, Known, Question, known_by_id
from client import Client
from figures import quantile
from load import HOST, arrivals
from servers import Running, end_well, shown, xephang
from traffic import Shop

from xephang import CompiledCatalogue, Reranker, demo_catalogue
from xephang.files import write_text
from xephang.machine import cpu_name

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "soak.json"
HANG_UPS, SHARE, CLIENTS = 0.05, 0.5, 8
MOST_GROWTH = 0.05
"""By which a process's memory may grow from the second third of the run to the last."""


@dataclass
class Tally:
    """What became of the requests."""

    verdicts: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    latencies: list[tuple[float, float]] = field(default_factory=list)
    """When each was due and how long it took, of right answers, in seconds."""
    pairs: int = 0


@dataclass
class Asker:
    """Ask, hang up, and check."""

    known: Known
    client: Client
    tally: Tally = field(default_factory=Tally)

    async def ask(self, question: Question, due: float, began: float) -> None:
        """Ask, and hold the answer against what is known."""
        path = "/v1/rerank" if question.form in ("texts", "ids") else "/rerank"
        reply = await self.client.post(path, question.body)
        took = time.perf_counter() - began - due
        verdict, _ = self.known.check(question, reply.status, reply.body)
        self.tally.verdicts[verdict] += 1
        self.tally.forms[question.form] += 1
        if verdict == "right":
            self.tally.latencies.append((due, took))
            self.tally.pairs += len(question.candidates)
        elif len(self.tally.problems) < 20:
            said = f"{due:.1f} s: {verdict}, {reply.status} {reply.why} {question.form}"
            self.tally.problems.append(f"{said} {reply.body[:200].decode(errors='replace')}")

    async def hang_up(self, question: Question, draw: random.Random) -> None:
        """Send a request, or half of one, and close the connection without an answer."""
        message = self.client.message("/rerank", question.body)
        whole = draw.random() < 0.5
        with suppress(OSError):
            connection = await self.client.connect()
            connection.writer.write(message if whole else message[: draw.randrange(1, len(message))])
            await asyncio.sleep(draw.uniform(0, 0.2))
            connection.close()
        self.tally.verdicts["hung up waiting" if whole else "hung up sending"] += 1


async def soak(known: Known, port: int, rate: float, seconds: float, watch: "Watch") -> Tally:
    """Ask at random moments for so long, and wait for the last answers."""
    asker, draw, began = Asker(known, Client(HOST, port)), random.Random(3), time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()
    watching = asyncio.create_task(watch.run(began))
    for question, due in zip(known.questions(5), moments(rate, seconds), strict=False):
        await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
        hangs = draw.random() < HANG_UPS
        task = asyncio.create_task(asker.hang_up(question, draw) if hangs else asker.ask(question, due, began))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    watching.cancel()
    asker.client.close()
    return asker.tally


def moments(rate: float, seconds: float) -> Iterator[float]:
    """Yield when requests are due, a minute's at a time."""
    for minute in itertools.count():
        if minute * 60 >= seconds:
            return
        yield from (minute * 60 + one for one in arrivals(rate, min(60.0, seconds - minute * 60), minute))


async def capacity(known: Known, port: int, seconds: float, forms: Sequence[str] = FORMS) -> float:
    """Return the requests a second that some clients get answered who ask all the time."""
    asker, began, questions = Asker(known, Client(HOST, port)), time.perf_counter(), known.questions(6, forms)

    async def ask() -> None:
        while time.perf_counter() - began < seconds:
            await asker.ask(next(questions), 0.0, began)

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return asker.tally.verdicts["right"] / (time.perf_counter() - began)


@dataclass
class Watch:
    """Read the memory of a server's processes."""

    running: Running
    every: float
    samples: dict[int, list[tuple[float, float, float]]] = field(default_factory=dict)
    """By process: seconds, resident megabytes, and those of no file and nobody else."""

    async def run(self, began: float) -> None:
        """Read until cancelled."""
        while True:
            for process in self.running.processes():
                with suppress(psutil.Error):
                    full = process.memory_full_info()
                    row = (round(time.perf_counter() - began, 1), round(full.rss / 1e6, 2), round(full.uss / 1e6, 2))
                    self.samples.setdefault(process.pid, []).append(row)
            await asyncio.sleep(self.every)


def memory(samples: Mapping[int, Sequence[tuple[float, float, float]]], seconds: float) -> list[dict[str, Any]]:
    """Return each process's medians in the second and the last third of the run, in megabytes, and its most in both."""
    found = []
    for rows in samples.values():
        second, last = ([row for row in rows if low <= row[0] * 3 / seconds < low + 1] for low in (1, 2))
        one: dict[str, Any] = {"samples": len(rows), "whole": bool(second and last)}
        if second and last:
            for place, name in ((1, "resident"), (2, "own")):
                before, after = (statistics.median(row[place] for row in part) for part in (second, last))
                most = max(row[place] for row in [*second, *last])
                one[name] = {"second": before, "last": after, "growth": after / before - 1, "most": most}
        found.append(one)
    return found


def main() -> None:
    """Soak, and write what was found; ends with 1 if an answer was wrong or lost, or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, help="requests a second; half of what the server can do, without it")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "server-soak")
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--queries", type=int, default=600)
    parser.add_argument("--score-cache", type=int, default=30_000, help="so few that it is full after the first third")
    parser.add_argument("--quick", action="store_true", help="a minute, to see that all works; no figures to quote")
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.queries = min(options.minutes, 1.0), 50
    end_well()
    result = soaked(options, prepared(options.work, options.queries))
    write_text(options.output, json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: result[name] for name in ("rate", "verdicts", "latency_ms", "memory", "good")}, indent=1))
    sys.exit(0 if result["good"] else 1)


def prepared(work: Path, queries: int) -> Known:
    """Compile the bundled catalogue, and compute all scores."""
    shop = Shop.make(1, max(1, queries // 10))
    products = list(demo_catalogue())
    if not (work / "catalogue" / "compiled.json").exists():
        CompiledCatalogue.build(Reranker.load(), products, work / "catalogue", overwrite=True)
    catalogue = CompiledCatalogue.open(work / "catalogue")
    print(f"computing {queries:,} times {len(products):,} scores ...", file=sys.stderr)
    return known_by_id(catalogue, products, shop.queries[:queries], work / "scores.npz")


def soaked(options: argparse.Namespace, known: Known) -> dict[str, Any]:
    """Run the server and ask it."""
    flags = ("giay", "--catalogue", str(options.work / "catalogue"), "--workers", "2", "--threads", "1")
    contender = xephang("soak", "giay", *flags, "--score-cache", str(options.score_cache))
    running = Running.start(contender, options.work / "logs")
    seconds = options.minutes * 60
    try:
        workers = [one.pid for one in running.processes()]
        rate = options.rate or SHARE * asyncio.run(capacity(known, running.port, 8.0))
        watch = Watch(running, every=min(5.0, seconds / 60))
        print(f"asking {rate:.1f} times a second for {options.minutes:g} minutes ...", file=sys.stderr)
        tally = asyncio.run(soak(known, running.port, rate, seconds, watch))
        same = workers == [one.pid for one in running.processes()]
    finally:
        running.stop()
    third = [[took for due, took in tally.latencies if low <= due * 3 / seconds < low + 1] for low in range(3)]
    found = memory(watch.samples, seconds)
    flat = all(one["whole"] and one["resident"]["growth"] <= MOST_GROWTH for one in found)
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": cpu_name(), "cores": os.cpu_count()},
        "minutes": options.minutes,
        "quick": options.quick,
        "command": shown(contender),
        "rate": rate,
        "verdicts": dict(tally.verdicts),
        "forms": dict(tally.forms),
        "pairs": tally.pairs,
        "problems": tally.problems,
        "latency_ms": [{f"p{q}": quantile(some, q / 100) * 1e3 for q in (50, 95, 99)} for some in third if some],
        "same_processes": same,
        "memory": found,
        "samples": list(watch.samples.values()),
        "good": flat and same and not any(tally.verdicts[name] for name in ("wrong", "lost", "failed", "refused")),
    }


if __name__ == "__main__":
    main()
