"""A search folder served by real processes: changes, grades, kills."""

import json
import shutil
import signal
import socket
from urllib.parse import urlsplit

import httpx2
import pytest
from processes import PATIENCE

from xephang.search import Shop

BOOT = {"id": "BOOT-1", "title": "Ủng đi mưa zzyzx cao cổ"}


@pytest.fixture
def folder(search_folder, tmp_path):
    return shutil.copytree(search_folder, tmp_path / "shop")


@pytest.fixture
def serve(start, folder):
    def serve(*arguments, workers=1):
        given = ["giay", "--catalogue", folder, "--workers", workers, "--refresh-seconds", "0.05", *arguments]
        return start(*given).serves(workers)

    return serve


def totals(url, count=12):
    """Ask on connections of their own, so that all workers come to answer; return the totals, by worker unknown."""
    found = []
    for _ in range(count):
        answer = httpx2.post(f"{url}/v1/search", json={"query": ""}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["total"])
    return found


def change(url, *rows):
    return httpx2.post(f"{url}/v1/products", content="\n".join(map(json.dumps, rows)), timeout=PATIENCE)


def test_it_says_where_its_page_is_and_all_workers_see_a_change(serve, tmp_path):
    server = serve("--judgments", tmp_path / "grades.jsonl", workers=2)
    said = server.event("serving")
    assert said["page"] == f"{server.url}/"
    assert said["catalogue"].endswith("150 products to search, and by id")
    assert said["grades"].endswith("grades.jsonl")
    assert "/v1/search" in said["formats"]
    assert change(server.url, BOOT).json()["created"] == 1
    server.until(lambda: set(totals(server.url)) == {151}, "a look of all workers")
    given = {"query": "ủng", "product_id": "BOOT-1", "grade": 3}
    assert httpx2.post(f"{server.url}/v1/judgments", json=given, timeout=PATIENCE).status_code == 200
    for _ in range(8):
        answer = httpx2.get(f"{server.url}/v1/judgments", params={"query": "ủng"}, timeout=PATIENCE)
        assert answer.json()["grades"] == {"BOOT-1": 3}
    assert server.end() == 0
    assert "Traceback" not in server.said


def test_a_worker_that_is_killed_while_it_writes_leaves_one_of_the_two_states(serve, folder, giay):
    server = serve()
    rows = [BOOT | {"id": f"BOOT-{n}", "title": f"Ủng zzyzx số {n}"} for n in range(2000)]
    body = "\n".join(map(json.dumps, rows)).encode()
    worker = server.workers[0]
    head = b"POST /v1/products HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    at, parts = urlsplit(server.url), folder / "parts"
    there = set(parts.iterdir())
    with socket.create_connection((at.hostname, at.port), timeout=PATIENCE) as connection:
        connection.sendall(head + body)
        server.until(lambda: set(parts.iterdir()) - there, "a part")
        worker.send_signal(signal.SIGKILL)
    server.until(lambda: server.workers and server.workers[0].pid != worker.pid, "another worker")
    assert set(totals(server.url, 2)) <= {150, 2150}
    assert len(Shop.open(folder)) in (150, 2150)
    assert change(server.url, BOOT).status_code == 200
    assert Shop.open(folder, model=giay).search("zzyzx").found.total >= 1
    server.end()


def test_a_reload_of_a_folder_that_is_gone_leaves_the_old_one_serving(serve, folder):
    server = serve(workers=2)
    folder.rename(folder.with_name("away"))
    refused = httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE)
    assert refused.status_code == 424
    assert "the old model serves on" in refused.json()["detail"]
    assert set(totals(server.url)) == {150}
    folder.with_name("away").rename(folder)
    assert httpx2.post(f"{server.url}/admin/reload", timeout=PATIENCE).status_code == 200
    assert server.end() == 0


def test_a_log_of_grades_that_can_not_be_used_ends_it_at_once(start, folder, tmp_path):
    (tmp_path / "grades.jsonl").write_text('{"query": "a"}\n', encoding="utf-8")
    server = start("giay", "--catalogue", folder, "--judgments", tmp_path / "grades.jsonl")
    assert server.ended() == 2
    assert "so it is no log; name another file" in server.said
    assert "Traceback" not in server.said
