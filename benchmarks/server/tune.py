"""Find infinity's best settings; measure.py then uses them.

    python benchmarks/server/tune.py --peers PYTHON

Each setting is started, warmed up, and asked by some clients all the time, as in measure.py's first stage; all take
turns. Writes benchmarks/results/server-tuning.json.
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from load import Load
from measure import ROOT, machine
from prepare import Made, prepare
from servers import BATCH, TUNING, Contender, end_well, engines, infinity
from stages import Bench, measured_capacity

from xephang.files import write_text

BATCHES = ("8", "32")


def variations(made: Made, peers: Path) -> Iterator[Contender]:
    """Yield each engine with each batch size; compiled torch with one, as it takes minutes for the shapes that come."""
    for batch in BATCHES:
        for name, (folder, flags) in engines(made).items():
            if name != "torch, compiled" or batch == BATCH:
                yield infinity(f"{name}, {batch}", peers, folder, *flags, "--batch-size", batch)


def main() -> None:
    """Try each, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, required=True, help="the Python that has what peers.txt lists")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "server")
    parser.add_argument("--output", type=Path, default=TUNING)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="to see that all works; no figures to quote")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds = 2.0, 1
    end_well()
    made = prepare(options.work, options.peers, products=8000, queries=400)
    result: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(options.peers),
        "quick": options.quick,
    }
    with ExitStack() as stack:
        load = Load.start()
        stack.callback(load.stop)
        bench = Bench(load, made, options.peers, options.seconds, options.rounds, 0.0, time.perf_counter())
        running = []
        for contender in variations(made, options.peers):
            running.append(bench.start(contender))
            stack.callback(running[-1].stop)
        found: dict[str, list[dict[str, float]]] = {one.contender.name: [] for one in running}
        for turn in range(options.rounds):
            for one in running if turn % 2 == 0 else reversed(running):
                able = measured_capacity(bench, one)
                found[one.contender.name].append({name: able[name] for name in ("candidates", "cpu_ms_each")})
    result["rounds"] = found
    write_text(options.output, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
