"""Kill workers of a server under load, and replace its model under load.

    python benchmarks/server/chaos.py

Kills: of two workers one is killed (SIGKILL) again and again, while requests arrive by chance. Lost may be what was in
flight on connections of the worker that was killed, and nothing else; the other one serves on, and a new one takes the
place. Reloads: the folder that is served is replaced by another model's, SIGHUP tells the server, and requests go on.
None may fail, and each answer must have all its scores of one of the two models. Writes benchmarks/results/chaos.json.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from checking import Known, Question, known_by_id, known_by_text
from client import Client
from figures import quantile
from load import HOST
from servers import Running, end_well, xephang
from soak import capacity, moments
from traffic import Shop

from xephang import CompiledCatalogue, Reranker, demo_catalogue
from xephang.files import write_text
from xephang.folder import find
from xephang.machine import cpu_name

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "chaos.json"
SHARE, UNKEPT = 0.5, 0.3
"""Of the server's capacity, what is asked; and of the requests, those that open a connection of their own."""
MODELS = ("giay", "giay-two")
BACK_SECONDS = 60.0


@dataclass(slots=True)
class Asked:
    """A request and what became of it; times in seconds.

    :param of: the models whose scores it got.
    """

    sent: float
    took: float
    verdict: str
    port: int
    of: tuple[str, ...]
    said: str


@dataclass
class Traffic:
    """Requests that arrive by chance until they are told to end."""

    known: Known
    port: int
    rate: float
    forms: Sequence[str]
    done: list[Asked] = field(default_factory=list)
    ended: bool = False

    async def run(self) -> None:
        """Ask, some by connections that are kept and some by ones of their own, and wait for all answers."""
        kept, unkept = Client(HOST, self.port), Client(HOST, self.port, keep_alive=False)
        began, tasks = time.perf_counter(), set()
        for i, (question, due) in enumerate(zip(self._questions(), moments(self.rate, 3600.0), strict=False)):
            await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
            if self.ended:
                break
            tasks.add(asyncio.create_task(self._ask(unkept if i % 10 < 10 * UNKEPT else kept, question)))
        await asyncio.gather(*tasks)
        kept.close()

    def _questions(self) -> Iterator[Question]:
        return self.known.questions(8, self.forms)

    async def _ask(self, client: Client, question: Question) -> None:
        sent = time.perf_counter()
        reply = await client.post("/rerank" if question.form == "tei" else "/v1/rerank", question.body)
        verdict, of = self.known.check(question, reply.status, reply.body)
        said = "" if verdict == "right" else f"{reply.status} {reply.why} {reply.body[:200].decode(errors='replace')}"
        self.done.append(Asked(sent, time.perf_counter() - sent, verdict, reply.port, of, said))

    def between(self, low: float, high: float) -> dict[str, Any]:
        """Return what became of the requests that were sent in between."""
        some = [one for one in self.done if low <= one.sent < high]
        right = [one.took for one in some if one.verdict == "right"]
        return {
            "verdicts": dict(Counter(one.verdict for one in some)),
            "p50_ms": quantile(right, 0.5) * 1e3 if right else None,
            "most_ms": max(right) * 1e3 if right else None,
        }


def workers(running: Running) -> list[psutil.Process]:
    """Return the processes that serve: those that hold connections, or wait for them, below the first one."""
    return [one for one in running.processes()[1:] if _listens(one)]


def _listens(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any(one.status == psutil.CONN_LISTEN for one in process.net_connections("tcp"))
    return False


def connected(process: psutil.Process) -> set[int]:
    """Return the clients' ports of a process's connections."""
    with suppress(psutil.Error):
        return {one.raddr.port for one in process.net_connections("tcp") if one.raddr}
    return set()


async def kill(running: Running, traffic: Traffic, calm: float) -> dict[str, Any]:
    """Kill a worker, and wait until another one has its place and some time has passed."""
    before = workers(running)
    victim = max(before, key=lambda one: len(connected(one)))
    victim.suspend()  # so that it takes no connection while its connections are looked up
    ports = connected(victim)
    killed = time.perf_counter()
    victim.kill()
    old, back = {one.pid for one in before}, None
    while back is None and time.perf_counter() - killed < BACK_SECONDS:
        await asyncio.sleep(0.02)
        if any(connected(one) for one in running.processes()[1:] if one.pid not in old):
            back = time.perf_counter()
    await asyncio.sleep(calm)
    until = back or time.perf_counter()
    lost = [one for one in traffic.done if one.verdict != "right" and one.sent + one.took >= killed]
    return {
        "connections": len(ports),
        "lost": len(lost),
        "lost_elsewhere": sum(one.port not in ports for one in lost),
        "said": sorted({one.said for one in lost}),
        "back_seconds": None if back is None else back - killed,
        "meanwhile": traffic.between(killed, until),
        "before": traffic.between(killed - calm, killed),
    }


async def kills(running: Running, known: Known, rate: float, times: int, calm: float) -> list[dict[str, Any]]:
    """Kill one worker after the other."""
    traffic, found = Traffic(known, running.port, rate, ("ids", "texts", "tei")), []
    asking = asyncio.create_task(traffic.run())
    await asyncio.sleep(calm)
    for _ in range(times):
        found.append(await kill(running, traffic, calm))
    traffic.ended = True
    await asking
    return found


async def reloads(running: Running, served: Path, known: Known, rate: float, times: int, calm: float) -> dict[str, Any]:
    """Replace the model again and again, and see whose scores come back."""
    traffic, found = Traffic(known, running.port, rate, ("texts", "tei")), []
    asking = asyncio.create_task(traffic.run())
    await asyncio.sleep(calm)
    for turn in range(times):
        new = MODELS[(turn + 1) % 2]
        replace(served, new)
        told = time.perf_counter()
        running.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(calm)
        some = [one for one in traffic.done if one.sent > told - 30]
        first = min((one.sent + one.took for one in some if one.sent > told and one.of == (new,)), default=None)
        late = [one for one in some if first is not None and one.sent > first and one.of and new not in one.of]
        found.append(
            {
                "to": new,
                "first_new_seconds": None if first is None else first - told,
                "old_after_new": len(late),
                "meanwhile": traffic.between(told, told + calm),
            }
        )
    traffic.ended = True
    await asking
    return {
        "asked": len(traffic.done),
        "verdicts": dict(Counter(one.verdict for one in traffic.done)),
        "of": dict(Counter(" and ".join(one.of) or "neither" for one in traffic.done)),
        "said": sorted({one.said for one in traffic.done if one.said})[:10],
        "turns": found,
    }


def replace(served: Path, name: str) -> None:
    """Put another model's folder in the place of the served one."""
    new, old = served.with_name("new"), served.with_name("old")
    for one in (new, old):
        shutil.rmtree(one, ignore_errors=True)
    shutil.copytree(find(name), new)
    if served.exists():
        served.rename(old)
    new.rename(served)


def main() -> None:
    """Do both, and write what was found; ends with 1 if more was lost than may be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "server-chaos")
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--times", type=int, default=5, help="how often to kill, and to reload")
    parser.add_argument("--calm", type=float, default=8.0, help="seconds between two such events")
    parser.add_argument("--quick", action="store_true", help="two kills and two reloads, soon after each other")
    options = parser.parse_args()
    if options.quick:
        options.times, options.calm = 2, 5.0
    end_well()
    result: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": cpu_name(), "cores": os.cpu_count()},
        "quick": options.quick,
        "kills": killed(options),
        "reloads": reloaded(options),
    }
    write_text(options.output, json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: result[name] for name in ("kills", "reloads")}, indent=1))
    sys.exit(0 if good(result) else 1)


def good(result: dict[str, Any]) -> bool:
    """Say whether nothing was lost but what may be."""
    kept = all(one["back_seconds"] is not None and not one["lost_elsewhere"] for one in result["kills"]["times"])
    reloads = result["reloads"]
    whole = set(reloads["verdicts"]) == {"right"} and all(one["first_new_seconds"] for one in reloads["turns"])
    return kept and whole and not any(one["old_after_new"] for one in reloads["turns"])


def killed(options: argparse.Namespace) -> dict[str, Any]:
    """Run a server of two workers and kill them in turn."""
    products, queries = list(demo_catalogue())[:300], Shop.make(1, 4).queries[:40]
    catalogue = CompiledCatalogue.build(Reranker.load(), products, options.work / "catalogue", overwrite=True)
    known = known_by_id(catalogue, products, queries, options.work / "scores.npz")
    flags = ("giay", "--catalogue", str(options.work / "catalogue"), "--workers", "2", "--threads", "1")
    running = Running.start(xephang("kills", "giay", *flags), options.work / "logs")
    try:
        rate = SHARE * asyncio.run(capacity(known, running.port, 4.0))
        return {"rate": rate, "times": asyncio.run(kills(running, known, rate, options.times, options.calm))}
    finally:
        running.stop()


def reloaded(options: argparse.Namespace) -> dict[str, Any]:
    """Run a server of two workers and replace their model in turn."""
    products, queries = list(demo_catalogue())[300:500], Shop.make(1, 2).queries[:30]
    known = known_by_text(MODELS, products, queries)
    served = options.work / "served"
    replace(served, MODELS[0])
    running = Running.start(
        xephang("reloads", "giay", str(served), "--workers", "2", "--threads", "1"), options.work / "logs"
    )
    try:
        texts = Known(known.queries, known.products, known.texts, {MODELS[0]: known.scores[MODELS[0]]})
        rate = SHARE * asyncio.run(capacity(texts, running.port, 4.0, ("texts", "tei")))
        return {"rate": rate, **asyncio.run(reloads(running, served, known, rate, options.times, options.calm))}
    finally:
        running.stop()


if __name__ == "__main__":
    main()
