"""`xephang serve` as processes: start, reload, death of a worker, draining, the end."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from xephang.calibration import Calibration, Platt
from xephang.folder import ModelFolder

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


@pytest.fixture
def start() -> Iterator[Callable[..., Serving]]:
    """Return a function that starts a server; whatever is left of it ends with the test."""
    started: list[Serving] = []

    def starting(*arguments: object, **environment: str) -> Serving:
        command = [sys.executable, "-m", "xephang", "serve", "--port", "0", "--threads", "1", "--drain-seconds", "0"]
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"} | environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        started.append(Serving(process))
        return started[-1]

    yield starting
    for one in started:
        children = psutil.Process(one.process.pid).children(recursive=True) if one.process.poll() is None else []
        for process in [*children, one.process]:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.kill()
        one.ended()


@pytest.fixture
def model(tiny_exported, tmp_path) -> Path:
    """A model to write into."""
    return Path(shutil.copytree(tiny_exported, tmp_path / "model"))


def change(model: Path) -> None:
    """Make another model of a folder: one that gives other scores, and is sound."""
    calibration = Calibration(Platt(0.5, 1.0), 2, "test", "", 1, 2, 1, 0.2, 0.1)
    ModelFolder.open(model).with_calibration(calibration)


def scores(answer: httpx2.Response) -> dict[int, float]:
    assert answer.status_code == 200, answer.text
    return {one["index"]: one["relevance_score"] for one in answer.json()["results"]}


def test_it_says_what_it_serves_and_ends_well(start, model):
    server = start(model).serves()
    assert server.ask().json()["model"] == "model"
    assert httpx2.get(f"{server.url}/ready").json() == {"ready": True}
    said = server.event("serving")
    assert said["address"] == server.url
    assert said["model"].startswith("model (")
    assert {"catalogue", "processes", "formats", "limits", "keys"} <= set(said)
    assert server.end() == 0
    assert "Traceback" not in server.said


def test_requests_in_flight_are_finished_and_it_is_not_ready_meanwhile(start, model):
    server = start(model, "--drain-seconds", "1", "--batch-tokens", "16").serves()
    many = {**BODY, "documents": [f"giày số {i}" for i in range(1000)]}
    answers: list[httpx2.Response] = []
    asking = threading.Thread(target=lambda: answers.append(server.ask(many)))
    asking.start()
    with httpx2.Client(base_url=server.url) as client:
        assert client.get("/ready").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        server.event("draining")
        not_ready = client.get("/ready")
    asking.join()
    assert (not_ready.status_code, not_ready.json()) == (503, {"ready": False})
    assert len(answers[0].json()["results"]) == 1000
    assert server.ended() == 0


def test_a_killed_worker_is_replaced_and_the_others_serve_on(start, model):
    server = start(model, "--workers", "2").serves(2)
    first, second = server.workers
    first.kill()
    assert [scores(server.ask()) for _ in range(5)]
    server.until(lambda: len(server.workers) == 2 and first not in server.workers, "another worker")
    assert second in server.workers
    assert server.event("a worker died")["worker"] == first.pid
    assert [scores(server.ask()) for _ in range(5)]


def test_a_worker_that_is_left_alone_ends(start, model):
    server = start(model).serves()
    worker = server.workers[0]
    server.process.kill()
    worker.wait(PATIENCE)


def test_metrics_are_of_all_workers(start, model):
    server = start(model, "--workers", "2").serves(2)
    for _ in range(10):
        server.ask()
    text = httpx2.get(f"{server.url}/metrics").text
    assert 'xephang_requests_total{format="documents",status="200"} 10.0' in text
    assert len(re.findall(r"^xephang_memory_bytes\{", text, re.M)) == 2
    assert re.search(r'xephang_model_info\{fingerprint="[0-9a-f]{64}",model="model"\} 1\.0', text)


@pytest.mark.parametrize("how", ["signal", "call"])
def test_all_workers_take_up_a_changed_model_at_once(start, model, how):
    server = start(model, "--workers", "2").serves(2)
    before = scores(server.ask())
    change(model)
    assert scores(server.ask()) == before
    if how == "signal":
        server.process.send_signal(signal.SIGHUP)
        server.event("reloaded")
    else:
        answer = httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE)
        assert answer.json()["generation"] == 1
    after = [scores(server.ask()) for _ in range(10)]
    assert after[0] != before
    assert after == [after[0]] * 10


def test_a_broken_model_is_not_taken_up(start, model):
    server = start(model, "--workers", "2").serves(2)
    before = scores(server.ask())
    graph = model / "onnx" / "model_int8.onnx"
    content = graph.read_bytes()
    graph.unlink()
    answer = httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE)
    assert answer.status_code == 424
    assert "the old model serves on" in answer.json()["message"]
    assert [scores(server.ask()) for _ in range(5)] == [before] * 5
    graph.write_bytes(content)
    change(model)
    assert httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE).status_code == 200
    assert scores(server.ask()) != before


def test_a_new_worker_that_finds_another_model_has_all_take_it_up(start, model):
    """Otherwise two models would answer side by side."""
    server = start(model, "--workers", "2").serves(2)
    before = scores(server.ask())
    change(model)
    first = server.workers[0]
    first.kill()
    server.event("reloaded")
    server.until(lambda: len(server.workers) == 2, "two workers")
    after = [scores(server.ask()) for _ in range(10)]
    assert after[0] != before
    assert after == [after[0]] * 10


def test_the_only_worker_serves_again_whatever_has_become_of_the_model(start, model):
    server = start(model).serves()
    before = scores(server.ask())
    change(model)
    first = server.workers[0]
    first.kill()
    server.until(lambda: server.workers and first not in server.workers, "another worker")
    assert scores(server.ask()) != before


def test_reloads_go_on_after_all_workers_have_died_in_one(start, model):
    server = start(model).serves()
    change(model)
    server.process.send_signal(signal.SIGHUP)
    server.workers[0].kill()
    server.until(lambda: len(server.event("a worker died")) and server.workers, "another worker")
    assert scores(server.ask())
    assert httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE).status_code == 200


def test_it_can_be_ended_before_it_serves(start, model):
    server = start(model)
    server.until(lambda: psutil.Process(server.process.pid).children(), "a worker")
    assert server.end() in (0, -signal.SIGTERM)
    assert "Traceback" not in server.said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["no-such-model"], 1, "'no-such-model': no such folder", id="no model"),
        pytest.param(["--host", "0.0.0.0"], 2, "--keys-file FILE, or say --allow-anonymous", id="open to all"),
        pytest.param(["--host", "192.0.2.1", "--allow-anonymous"], 2, "can not be listened on", id="another's address"),
        pytest.param(["--keys-file", "missing.txt"], 2, "missing.txt: can not be read", id="no keys"),
        pytest.param(["--catalogue", "missing"], 2, "missing: holds no compiled catalogue", id="no catalogue"),
        pytest.param(["--config", "missing.toml"], 2, "missing.toml: can not be read", id="no file of settings"),
    ],
)
def test_what_can_not_be_served_is_said_in_a_sentence(start, arguments, code, said):
    server = start(*arguments)
    assert server.ended() == code
    assert said in server.said
    assert "Traceback" not in server.said


def test_a_port_that_is_taken_is_named(start, model):
    server = start(model).serves()
    port = server.url.rsplit(":", 1)[1]
    other = start(model, "--port", port)
    assert other.ended() == 2
    assert f"127.0.0.1:{port}: can not be listened on" in other.said
