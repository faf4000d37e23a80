"""The servers that are measured: how each is started, what was set, and how it is stopped."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
from load import HOST
from prepare import Made

NAIVE = Path(__file__).with_name("naive.py")
READY_SECONDS = 300.0
BATCH = "32"
"""infinity's default."""
TUNING = Path(__file__).parents[1] / "results" / "server-tuning.json"


@dataclass(frozen=True)
class Contender:
    """A server to be started.

    :param family: whose load it shares: "six" (one model for all) or "giay" (ours).
    :param command: `{port}` is put in.
    :param ready: the page that answers 200 once it serves.
    :param traffic: the requests that it is asked.
    :param note: what was set, and why.
    """

    name: str
    family: str
    command: Sequence[str]
    traffic: str = "distinct"
    ready: str = "/health"
    environment: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def xephang(name: str, family: str, *flags: str, traffic: str = "distinct", note: str = "") -> Contender:
    """Return one of ours."""
    command = (sys.executable, "-m", "xephang", "serve", *flags, "--port", "{port}", "--log-level", "error")
    return Contender(name, family, command, traffic, ready="/ready", note=note)


def infinity(name: str, peers: Path, folder: Path, *flags: str, queue: int | None = None, note: str = "") -> Contender:
    """Return infinity, told what it can be told; its own warm-up is left to the traffic that all are warmed up with.

    :param queue: pairs that may wait, beyond which it answers 429; its default is 32,000.
    """
    command = (
        str(peers.parent / "infinity_emb"), "v2", "--model-id", str(folder), "--device", "cpu", "--no-model-warmup",
        "--host", HOST, "--port", "{port}", "--log-level", "error", *flags,
    )  # fmt: skip
    environment = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "INFINITY_HOME": str(folder.parent / "infinity")}
    if queue is not None:
        environment["INFINITY_QUEUE_SIZE"] = str(queue)
    return Contender(name, "six", command, environment=environment, note=note)


def engines(made: Made) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Return infinity's engines by name: the folder that each serves, and its flags."""
    torch = ("--engine", "torch", "--no-compile")
    return {
        "torch": (made.six, (*torch, "--no-bettertransformer")),
        "torch, better transformer": (made.six, (*torch, "--bettertransformer")),
        "torch, compiled": (made.six, ("--engine", "torch", "--compile", "--no-bettertransformer")),
        "onnx": (made.folder / "six-onnx", ("--engine", "optimum")),
        "onnx int8": (made.folder / "six-onnx-int8", ("--engine", "optimum")),
    }


def best(names: Sequence[str], default: str) -> tuple[str, str]:
    """Return which of some engines did most when tune.py tried them, and its batch size; defaults where it did not."""
    tried = json.loads(TUNING.read_text(encoding="utf-8")) if TUNING.exists() else {"quick": True}
    if tried["quick"]:
        return default, BATCH
    able = {
        tuple(name.rsplit(", ", 1)): statistics.median(one["candidates"] for one in rounds)
        for name, rounds in tried["rounds"].items()
        if name.rsplit(", ", 1)[0] in names
    }
    engine, batch = max(able, key=lambda name: able[name])
    return engine, batch


def infinities(made: Made, peers: Path) -> list[Contender]:
    """Return infinity on torch, on ONNX, and with int8 weights, each at the settings that were best for it."""
    wanted = {
        "infinity torch": best(["torch", "torch, better transformer", "torch, compiled"], "torch, better transformer"),
        "infinity onnx": best(["onnx"], "onnx"),
        "infinity onnx int8": best(["onnx int8"], "onnx int8"),
    }
    found = []
    for name, (engine, batch) in wanted.items():
        folder, flags = engines(made)[engine]
        note = f"{engine}, batches of {batch}"
        found.append(infinity(name, peers, folder, *flags, "--batch-size", batch, note=note))
    return found


def contenders(made: Made, peers: Path) -> list[Contender]:
    """Return all that are measured side by side."""
    six, catalogue = str(made.six), str(made.catalogue)
    return [
        Contender(
            "naive", "six", (sys.executable, str(NAIVE), six, "{port}"),
            note="sentence-transformers, torch, fp32; FastAPI, one request at a time",
        ),
        *infinities(made, peers),
        xephang("xephang", "six", six, "--precision", "fp32", note="ONNX, fp32, defaults"),
        xephang("xephang int8", "six", six, "--precision", "int8", note="ONNX, int8, defaults"),
        xephang("giay, texts", "giay", "giay", note="the bundled model, texts that it has not seen"),
        xephang(
            "giay, ids", "giay", "giay", "--catalogue", catalogue, traffic="distinct-ids",
            note="the bundled model, products compiled ahead",
        ),
    ]  # fmt: skip


@dataclass
class Running:
    """A server that runs.

    :param ready_seconds: from its start until it said that it serves.
    """

    contender: Contender
    port: int
    process: "subprocess.Popen[bytes]"
    log: IO[bytes]
    ready_seconds: float = 0.0

    @classmethod
    def start(cls, contender: Contender, logs: Path) -> "Running":
        """Start a server and wait until it is ready.

        :raises SystemExit: if it does not get ready.
        """
        port = free_port()
        command = [part.replace("{port}", str(port)) for part in contender.command]
        logs.mkdir(parents=True, exist_ok=True)
        path = logs / f"{contender.name.replace(', ', '-').replace(' ', '-')}.log"
        log = path.open("wb")
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **contender.environment}, stdout=log, stderr=log, start_new_session=True
        )
        running = cls(contender, port, process, log)
        while not answers(port, contender.ready):
            if process.poll() is not None or time.perf_counter() - started > READY_SECONDS:
                running.stop()
                raise SystemExit(f"{contender.name} does not get ready; its log is {path}")
            time.sleep(0.1)
        running.ready_seconds = time.perf_counter() - started
        return running

    def processes(self) -> list[psutil.Process]:
        """Return the server's process and all below it."""
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        return []

    def memory_mb(self) -> float:
        """Return what all its processes hold, pages that they share counted once."""
        total = 0.0
        for one in self.processes():
            with suppress(psutil.Error):
                total += one.memory_full_info().pss / 1e6
        return total

    def cpu_seconds(self) -> float:
        """Return what processor time all its processes have used."""
        total = 0.0
        for one in self.processes():
            with suppress(psutil.Error):
                used = one.cpu_times()
                total += used.user + used.system
        return total

    def stop(self) -> None:
        """End it; with force if it takes longer than ten seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()


def shown(contender: Contender) -> list[str]:
    """Return a command without the folders of this machine."""
    return [part if "/" not in part else Path(part).name for part in contender.command]


def end_well() -> None:
    """Have SIGTERM end this process as an error would, so that it stops the servers that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def answers(port: int, page: str) -> bool:
    """Say whether a page answers 200."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{page}", timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def post(port: int, body: Mapping[str, object], path: str = "/rerank") -> dict[str, object]:
    """Ask once, as simply as can be."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        found: dict[str, object] = json.loads(reply.read())
    return found
