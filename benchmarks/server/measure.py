"""Measure xephang's server beside infinity and a plain FastAPI one, all taking turns in one run on one machine.

    make bench-server

All run at the same time, each with the machine's cores for itself while it is its turn; the others have nothing to do.
First a closed loop finds each one's capacity. Then requests arrive by chance at several rates; each round goes
through all servers and rates, every other round backwards. Then three times its capacity is offered to some, and small
probes tell how long a server takes to recover. Last, traffic with repetition is offered to ours.

Writes benchmarks/results/server.json; what each request took is in there. Figures of one rate are those of all its
rounds together.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import SOON
from load import Load
from prepare import prepare
from servers import Running, contenders, end_well, shown
from stages import (
    CLIENTS,
    OVERLOAD,
    WAIT,
    Bench,
    agreement,
    at_rates,
    measured_capacity,
    overload,
    repeated,
    repetition,
)
from traffic import SIZES, ZIPF
from trivial import ceiling

from xephang.files import write_text
from xephang.machine import cpu_name

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "server.json"
PACKAGES = (
    "fastapi",
    "numpy",
    "onnxruntime",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
    "uvicorn",
)
PEERS = ("fastapi", "infinity-emb", "numpy", "onnxruntime", "optimum", "torch", "transformers", "uvicorn")


def main() -> None:
    """Measure, and write what was found."""
    options = arguments()
    end_well()
    made = prepare(options.work, options.peers, products=options.products, queries=options.queries)
    with ExitStack() as stack:
        load = Load.start()
        stack.callback(load.stop)
        bench = Bench(
            load,
            made,
            options.peers,
            options.seconds,
            options.rounds,
            options.watch,
            time.perf_counter(),
            options.patience,
        )
        result: dict[str, Any] = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(options.peers),
            "settings": settings(options),
            "traffic": {"sizes": SIZES, "zipf": ZIPF, "seen_before": repetition(made)},
            "generator": ceiling(load, str(made.traffic("distinct")), min(3.0, options.seconds)),
        }
        bench.say(f"the generator does {result['generator']['requests']:,.0f} requests/s at most")
        running = []
        for contender in contenders(made, options.peers):
            running.append(bench.start(contender))
            stack.callback(running[-1].stop)
        result["servers"] = {one.contender.name: described(one) for one in running}
        result["same_scores"] = agreement(running, made)
        found = result["capacity"] = {one.contender.name: measured_capacity(bench, one) for one in running}
        result["rates"] = at_rates(bench, running, found)
        for one in running:
            result["servers"][one.contender.name]["memory_mb"] = one.memory_mb()
        result["zipf"] = repeated(bench, running)
        result["overload"] = overload(bench, running, found)
        result["took_seconds"] = time.perf_counter() - bench.began
    write_text(options.output, lines(result))
    bench.say(f"wrote {options.output.name}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, required=True, help="the Python that has what peers.txt lists")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "server", help="folder of what is made; kept")
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--seconds", type=float, default=6.0, help="of one window, at most")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--products", type=int, default=8000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--watch", type=float, default=30.0, help="seconds after an overload that are watched")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after which a client gives up")
    parser.add_argument("--quick", action="store_true", help="two minutes, to see that all works; no figures to quote")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds, options.watch, options.patience = 2.0, 1, 8.0, 8.0
    return options


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return how it was measured."""
    return {
        "seconds": options.seconds,
        "rounds": options.rounds,
        "clients": CLIENTS,
        "patience": options.patience,
        "soon": SOON,
        "wait": WAIT,
        "overload": OVERLOAD,
        "watched": options.watch,
        "products": options.products,
        "quick": options.quick,
    }


def machine(peers: Path) -> dict[str, object]:
    """Describe the machine, and what infinity stands on."""
    ask = f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in {PEERS}}}))"
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "peers": json.loads(subprocess.check_output([peers, "-c", ask], text=True)),
    }


def described(running: Running) -> dict[str, Any]:
    """Return what a server is."""
    own = running.contender
    variables = {name: value for name, value in own.environment.items() if "/" not in value}
    return {
        "family": own.family,
        "note": own.note,
        "command": shown(own),
        "environment": variables,
        "traffic": own.traffic,
        "ready_seconds": running.ready_seconds,
    }


def lines(result: dict[str, Any]) -> str:
    """Return JSON with a row of numbers on a line."""
    text = json.dumps(result, indent=1)
    return re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


if __name__ == "__main__":
    main()
