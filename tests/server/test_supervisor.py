"""`xephang serve` as processes: start, reload, death of a worker, draining, the end."""

import re
import shutil
import signal
import threading
from pathlib import Path

import httpx2
import psutil
import pytest
from processes import BODY, PATIENCE

from xephang.calibration import Calibration, Platt
from xephang.folder import ModelFolder


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
