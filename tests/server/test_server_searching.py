"""A search on its way: the queue, the deadline, hang-ups, and what is told about it."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import PATIENCE, until

from xephang.search import Shop
from xephang.server.logs import JsonLines

BODY = {"query": "giày bí mật", "candidates": 7}


@pytest.fixture
def client(make_shop_client):
    return make_shop_client()


class Barrier:
    """Hold up what scores stored products."""

    def __init__(self, client, monkeypatch):
        self.entered, self.opened, self.calls = threading.Event(), threading.Event(), 0
        engine = client.app.state.service.hosting.current.reranker.engine
        score = engine.score_each

        def waiting(*given, **options):
            self.calls += 1
            self.entered.set()
            assert self.opened.wait(PATIENCE)
            return score(*given, **options)

        monkeypatch.setattr(engine, "score_each", waiting)

    def wait(self):
        assert self.entered.wait(PATIENCE)


@pytest.fixture
def barrier(monkeypatch):
    made = []

    def make(client):
        made.append(Barrier(client, monkeypatch))
        return made[0]

    yield make
    for one in made:
        one.opened.set()


def ask(client, **body):
    return client.post("/v1/search", json=BODY | body)


def sample(client, name, **labels):
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for one in family.samples:
            if one.name == name and labels.items() <= one.labels.items():
                return one.value
    return 0.0


def test_more_searches_than_may_wait_are_refused_with_when_to_come_again(make_shop_client, barrier, monkeypatch):
    client = make_shop_client(max_waiting=1)
    scorer = client.app.state.service.scorer
    held = barrier(client)
    with ThreadPoolExecutor(2) as threads:
        early = threads.submit(ask, client)
        held.wait()
        waiting = threads.submit(ask, client, query="dép")
        until(lambda: scorer.waiting == 1, "that it waits")
        with monkeypatch.context() as patch:
            patch.setattr(Shop, "find", lambda *_: pytest.fail("what is refused is searched for"))
            refused = ask(client, query="sandal")
        unranked = [ask(client, query="sandal", first_stage_only=True), ask(client, query="")]
        held.opened.set()
        assert [early.result().status_code, waiting.result().status_code] == [200, 200]
    assert refused.status_code == 429
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert int(refused.headers["retry-after"]) >= 1
    assert [one.status_code for one in unranked] == [200, 200], "who needs no model need not wait for it"


def test_a_search_that_takes_too_long_is_given_up_and_leaves_the_queue(make_shop_client, barrier):
    client = make_shop_client(deadline=0.3)
    held = barrier(client)
    until(lambda: (ask(client), held.entered.is_set())[1], "that it comes to the model")
    response = ask(client, query="dép")
    assert response.status_code == 504
    assert response.json()["message"] == "no answer within 0.3 s; ask for fewer candidates at once"
    until(lambda: client.app.state.service.scorer.waiting == 0, "that it leaves the queue")
    held.opened.set()
    until(lambda: ask(client).status_code == 200, "an answer")


def test_a_first_stage_that_takes_too_long_is_given_up(make_shop_client, monkeypatch):
    client = make_shop_client(deadline=0.3)
    opened, find = threading.Event(), Shop.find
    monkeypatch.setattr(Shop, "find", lambda *given: opened.wait(PATIENCE) and find(*given))
    assert ask(client).status_code == 504
    opened.set()
    until(lambda: ask(client).status_code == 200, "an answer")


def test_a_client_that_goes_takes_its_search_with_it(serve_in_thread, search_folder, barrier):
    running = serve_in_thread(model="giay", catalogue=str(search_folder), refresh_seconds=3600.0)
    held = barrier(running)
    body = json.dumps(BODY | {"query": "dép"}).encode()
    head = b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client, ThreadPoolExecutor(1) as threads:
        early = threads.submit(ask, client)
        held.wait()
        with running.connect() as connection:
            connection.sendall(head + body)
            until(lambda: running.service.scorer.waiting == 1, "that it waits")
        until(lambda: running.service.scorer.waiting == 0, "that it leaves the queue")
        held.opened.set()
        assert early.result().status_code == 200
        assert held.calls == 1, "the model never saw the other"
        assert sample(client, "xephang_requests_total", format="search", status="499") == 1


def test_a_search_is_scored_with_others_and_each_pair_once(client):
    first = ask(client).json()
    again = ask(client).json()
    assert again["results"] == first["results"]
    assert sample(client, "xephang_cache_hits_total", cache="scores") == 7


def test_searches_are_counted(client):
    ask(client)
    ask(client, first_stage_only=True)
    ask(client, page=0)
    client.get("/v1/suggest?q=gi")
    client.get("/v1/products/none")
    client.post("/v1/products", content=b"")
    assert sample(client, "xephang_requests_total", format="changes", status="200") == 1
    assert sample(client, "xephang_requests_total", format="search", status="200") == 2
    assert sample(client, "xephang_requests_total", format="search", status="400") == 1
    assert sample(client, "xephang_requests_total", format="suggest", status="200") == 1
    assert sample(client, "xephang_requests_total", format="products", status="404") == 1
    assert sample(client, "xephang_first_stage_seconds_count") == 2
    assert sample(client, "xephang_candidates_sum") == 7
    assert sample(client, "xephang_refused_total", reason="missing") == 1


def said(caplog):
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    return [line for line in lines if line["event"] == "request"]


def test_the_log_tells_how_long_each_stage_took_and_no_query(client, caplog):
    caplog.set_level(logging.INFO, logger="xephang")
    assert ask(client).status_code == 200
    line = said(caplog)[-1]
    assert (line["path"], line["format"], line["status"], line["candidates"]) == ("/v1/search", "search", 200, 7)
    assert line["tokens"] > 0
    assert line["milliseconds"] >= line["first_stage_ms"] >= 0
    assert line["inference_ms"] > 0
    client.get("/v1/suggest?q=bí mật")
    client.get("/v1/judgments?query=bí mật")
    assert len(said(caplog)) == 3
    assert "mật" not in json.dumps(said(caplog), ensure_ascii=False)


def test_queries_are_logged_where_that_is_asked_for(make_shop_client, caplog):
    caplog.set_level(logging.INFO, logger="xephang")
    client = make_shop_client(log_queries=True)
    ask(client)
    client.get("/v1/suggest?q=dep")
    assert [line["queries"] for line in said(caplog)] == [["giày bí mật"], ["dep"]]


def test_a_model_that_fails_is_an_error_of_its_search(client, monkeypatch):
    def fail(*given, **options):
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(client.app.state.service.hosting.current.reranker.engine, "score_each", fail)
        response = ask(client)
    assert (response.status_code, response.json()["message"]) == (424, "the model failed: no memory")
    assert ask(client).status_code == 200


def test_a_mistake_of_ours_is_an_error_that_clients_can_read(client, monkeypatch, caplog):
    monkeypatch.setattr(Shop, "find", lambda *_: 1 / 0)
    response = ask(client)
    assert (response.status_code, response.json()["message"]) == (500, "the server failed; its log says why")
    assert "ZeroDivisionError" in caplog.text


def test_searches_and_changes_at_once_give_whole_answers(client):
    """Each answer's total is one that there was, and its products are those that it counts."""
    rows = [{"id": f"ZZ-{n}", "title": "Ủng zzyzx đi mưa"} for n in range(5)]
    there = {0, 5}

    def change(n):
        body = "\n".join(json.dumps({"delete": row["id"]} if n % 2 else row) for row in rows)
        return client.post("/v1/products", content=body).status_code

    def find(_):
        answer = ask(client, query="zzyzx").json()
        return answer["total"], len(answer["results"]), {one["product"]["title"] for one in answer["results"]}

    with ThreadPoolExecutor(4) as threads:
        changes = threads.submit(lambda: [change(n) for n in range(6)])
        answers = list(threads.map(find, range(40)))
        assert set(changes.result()) == {200}
    for total, shown, titles in answers:
        assert total == shown
        assert total in there
        assert titles <= {"Ủng zzyzx đi mưa"}
