"""`xephang serve` as processes, for tests that look at it from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

ROOT = Path(__file__).parents[2]
BODY = {"query": "giày chạy bộ nữ", "documents": ["giày chạy bộ nữ đế êm", "dép nam", "giày đá bóng"]}
PATIENCE = 60.0


@dataclass
class Serving:
    """A server of processes, with what it says on stderr."""

    process: subprocess.Popen[bytes]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                self.lines.append(line.decode().rstrip())

    def ended(self) -> int:
        """Wait until it has ended and all is read that it said."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    @property
    def url(self) -> str:
        return self.until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.said), "its address").group()

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that listen, but for the supervisor."""
        found = []
        for one in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if one.status() != psutil.STATUS_ZOMBIE and any(c.status == "LISTEN" for c in one.net_connections()):
                    found.append(one)
            except psutil.NoSuchProcess:
                pass
        return found

    def until(self, found: Callable[[], Any], what: str) -> Any:
        ends = time.monotonic() + PATIENCE
        while not (result := found()):
            assert time.monotonic() < ends, f"{what} does not come: {self.said}"
            assert self.process.poll() is None, f"it ended: {self.said}"
            time.sleep(0.02)
        return result

    def serves(self, count: int = 1) -> "Serving":
        self.until(lambda: len(self.workers) == count, f"{count} workers")
        return self

    def event(self, name: str) -> dict[str, Any]:
        return self.until(lambda: next((one for one in self.events if one["event"] == name), None), name)

    def ask(self, body: dict[str, Any] = BODY, **options: Any) -> httpx2.Response:
        return httpx2.post(f"{self.url}/v1/rerank", json=body, timeout=PATIENCE, **options)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.ended()


def starting(*arguments: object, **environment: str) -> Serving:
    """Start a server on a free port."""
    command = [sys.executable, "-m", "xephang", "serve", "--port", "0", "--threads", "1", "--drain-seconds", "0"]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"} | environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    return Serving(process)
