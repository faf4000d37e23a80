"""Ask a server as many shoppers would, from a process of its own: `Load.start()`, then `run(Plan(...))`.

Open loop: requests arrive by chance (Poisson) at a given rate, whether or not earlier ones are answered, and a
request's latency counts from the moment at which it was due. So a server that stalls is charged for all that had to
wait for it, and for whatever the generator itself lost. Closed loop: a number of clients, each of which asks again as
soon as it is answered, which finds how much a server can do.
"""

import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from client import Client, Reply

HOST = "127.0.0.1"
EVERY, IN_ROW = 0.5, 5
"""Seconds between probes, and how many in a row must be fast for a server to have recovered."""


@dataclass(frozen=True)
class Plan:
    """One window of load.

    :param traffic: a file of requests, one JSON a line: {"size", "body"}.
    :param rate: requests a second, open loop; 0 for closed loop with `clients`.
    :param seconds: in which requests are due; the answers are waited for.
    :param patience: seconds after which a client gives up.
    :param first: the request that comes first.
    :param probes: after the window, seconds in which a small request is due every `EVERY` seconds.
    :param calm: seconds; probing ends once `IN_ROW` probes in a row are answered within it.
    """

    traffic: str
    port: int
    path: str = "/rerank"
    rate: float = 0.0
    clients: int = 0
    seconds: float = 10.0
    seed: int = 0
    patience: float = 30.0
    first: int = 0
    probes: float = 0.0
    calm: float = 0.0


@dataclass
class Load:
    """The generator's process."""

    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls) -> "Load":
        """Start it."""
        return cls(
            subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )

    def run(self, plan: Plan) -> dict[str, Any]:
        """Carry a plan out; return a window's figures, one number a request, in the order in which they were due."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(plan)) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


@dataclass(slots=True)
class Sent:
    """A request and what became of it; times are in seconds since the window began.

    :param due: when it should be sent.
    :param late: by how much later it was.
    :param latency: from when it was due until the whole answer was there, or it was given up.
    """

    size: int
    due: float
    late: float
    latency: float
    reply: Reply

    def right(self) -> bool:
        """Whether a whole answer came, with a number for each candidate."""
        if self.reply.status != 200:
            return False
        with suppress(ValueError, KeyError, TypeError):
            found = json.loads(self.reply.body)
            return len(found["results"] if isinstance(found, dict) else found) == self.size
        return False


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Return moments that follow each other by chance."""
    draw, moments, now = random.Random(seed), [], 0.0
    while (now := now + draw.expovariate(rate)) < seconds:
        moments.append(now)
    return moments


async def at(moments: list[float], send: Callable[[int, float], Awaitable[Sent]], started: float) -> list[Sent]:
    """Send the i-th request at the i-th moment, and wait for all."""
    tasks = []
    for i, due in enumerate(moments):
        if (rest := started + due - time.perf_counter()) > 0:
            await asyncio.sleep(rest)
        tasks.append(asyncio.ensure_future(send(i, due)))
    return list(await asyncio.gather(*tasks))


async def window(plan: Plan, requests: list[tuple[int, bytes]]) -> dict[str, Any]:
    """Carry a plan out."""
    client = Client(HOST, plan.port, plan.patience)
    started = time.perf_counter()

    async def send(size: int, body: bytes, due: float) -> Sent:
        late = time.perf_counter() - started - due
        reply = await client.post(plan.path, body)
        return Sent(size, due, late, time.perf_counter() - started - due, reply)

    def nth(i: int) -> tuple[int, bytes]:
        return requests[(plan.first + i) % len(requests)]

    if plan.rate:
        main = at(arrivals(plan.rate, plan.seconds, plan.seed), lambda i, due: send(*nth(i), due), started)
    else:
        main = closed(plan, lambda i: send(*nth(i), time.perf_counter() - started), started)
    least = min(size for size, _ in requests)
    small = [one for one in requests if one[0] == least]
    sent, probes = await asyncio.gather(
        main, probe(plan, lambda i, due: send(*small[(i - plan.first) % len(small)], due), started)
    )
    client.close()
    return {**figures(sent), "probes": figures(probes) if probes else None}


async def probe(plan: Plan, send: Callable[[int, float], Awaitable[Sent]], started: float) -> list[Sent]:
    """Ask small requests once the window is over, each another, until the answers are fast, or time is up."""
    tasks: list[asyncio.Future[Sent]] = []
    for i in range(int(plan.probes / EVERY)):
        due = plan.seconds + i * EVERY
        await asyncio.sleep(max(0.0, started + due - time.perf_counter()))
        last = [task.result() for task in tasks[-IN_ROW:] if task.done()]
        if len(last) == IN_ROW and all(one.reply.status == 200 and one.latency <= plan.calm for one in last):
            break
        tasks.append(asyncio.ensure_future(send(i, due)))
    return list(await asyncio.gather(*tasks))


async def closed(plan: Plan, send: Callable[[int], Awaitable[Sent]], started: float) -> list[Sent]:
    """Keep a number of clients busy until time is up; who is refused waits a little."""
    sent: list[Sent] = []
    numbers = iter(range(10**9))

    async def ask() -> None:
        while time.perf_counter() - started < plan.seconds:
            sent.append(await send(next(numbers)))
            if sent[-1].reply.status != 200:
                await asyncio.sleep(0.2)

    await asyncio.gather(*(ask() for _ in range(plan.clients)))
    return sent


def figures(sent: list[Sent]) -> dict[str, Any]:
    """Return the columns of what was sent; an answer that lacks a candidate counts as status -1."""
    statuses = [one.reply.status if one.reply.status != 200 or one.right() else -1 for one in sent]
    return {
        "sizes": [one.size for one in sent],
        "due": [round(one.due, 4) for one in sent],
        "latency": [round(one.latency, 4) for one in sent],
        "status": statuses,
        "why": sorted({one.reply.why for one in sent if one.reply.why}),
        "latest": round(max((one.late for one in sent), default=0.0), 4),
    }


def read(traffic: str) -> list[tuple[int, bytes]]:
    """Read a file of requests."""
    with Path(traffic).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["size"], json.dumps(row["body"], ensure_ascii=False).encode()) for row in rows]


def main() -> None:
    """Carry out one plan a line, until stdin ends."""
    with suppress(
        OSError, AttributeError
    ):  # only root may; a generator that has to wait would be charged to the server
        os.nice(-5)
    known: dict[str, list[tuple[int, bytes]]] = {}
    gc.disable()
    for line in sys.stdin:
        plan = Plan(**json.loads(line))
        requests = known.setdefault(plan.traffic, []) or known[plan.traffic]
        if not requests:
            requests += read(plan.traffic)
        gc.collect()
        print(json.dumps(asyncio.run(window(plan, requests))), flush=True)


if __name__ == "__main__":
    main()
