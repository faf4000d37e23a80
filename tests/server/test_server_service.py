"""A request from its head to its answer: who may ask, what is refused, what is given up, and what is told about it."""

import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from serving import PATIENCE, until

from xephang.server.logs import JsonLines
from xephang.server.service import json_response

DOCUMENTS = {"query": "giày bí mật", "documents": ["dép"]}
TEI = {"query": "giày bí mật", "texts": ["dép"]}
SCORE = {"text_1": "giày bí mật", "text_2": "dép"}
IN_EACH_FORMAT = pytest.mark.parametrize(
    ("path", "body"), [("/rerank", DOCUMENTS), ("/rerank", TEI), ("/score", SCORE)], ids=["documents", "tei", "score"]
)


def held_of(client):
    return client.app.state.service.hosting.current


def assert_said(response, body, status, problem, kind):
    """Check an error in the format of its request."""
    assert response.status_code == status, response.text
    said = response.json()
    if body is TEI:
        assert said["error_type"] == kind[0]
        assert problem in said["error"]
    else:
        assert said["error"]["type"] == kind[1]
        assert problem in said["detail"]


# --- what is refused ---


@IN_EACH_FORMAT
def test_a_body_that_is_too_large_is_refused(make_client, path, body):
    client = make_client(max_body_mb=0.001)
    assert client.post(path, json=body).status_code == 200
    for large in (b" " * 1001, json.dumps(body).encode() + b" " * 2000):
        response = client.post(path, content=large)
        assert response.status_code == 413
        assert "larger than 0.001 MB; send fewer documents at once" in response.json()["detail"]


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large(make_client):
    sent = []

    def endless():
        while len(sent) < 100:
            sent.append(500)
            yield b" " * 500

    response = make_client(max_body_mb=0.001).post("/rerank", content=endless())
    assert response.status_code == 413


def test_a_body_that_comes_too_slowly_is_refused(serve_in_thread):
    running = serve_in_thread(read_seconds=0.1)
    with running.connect() as connection:
        connection.sendall(b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n" + b'{"query": "gi')
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert "the body did not arrive within 0.1 s" in json.loads(body)["detail"]


@IN_EACH_FORMAT
def test_more_requests_than_may_wait_are_refused_with_when_to_come_again(make_client, gate, path, body):
    client = make_client(max_waiting=1)
    service = client.app.state.service
    gate.before(held_of(client).reranker)
    with ThreadPoolExecutor(2) as threads:
        early = threads.submit(client.post, path, json=body)
        gate.wait()
        waiting = threads.submit(client.post, path, json=body)
        until(lambda: service.scorer.waiting == 1, "that it waits")
        refused = client.post(path, json=body)
        gate.open()
        assert [early.result().status_code, waiting.result().status_code] == [200, 200]
    assert_said(refused, body, 429, "too many requests wait", ("overloaded", "rate_limit_error"))
    assert int(refused.headers["retry-after"]) >= 1


@IN_EACH_FORMAT
def test_a_model_that_fails_is_an_error_of_its_request(make_client, gate, path, body):
    client = make_client()
    gate.before(held_of(client).reranker).open()
    gate.error = RuntimeError("no memory")
    assert_said(client.post(path, json=body), body, 424, "the model failed: no memory", ("backend", "server_error"))
    gate.error = None
    assert client.post(path, json=body).status_code == 200


@IN_EACH_FORMAT
def test_a_mistake_of_ours_is_an_error_that_clients_can_read_too(make_client, monkeypatch, caplog, path, body):
    client = make_client()
    monkeypatch.setattr(held_of(client).reranker, "activate", lambda *_: 1 / 0)
    response = client.post(path, json=body)
    assert_said(response, body, 500, "the server failed; its log says why", ("backend", "server_error"))
    assert "ZeroDivisionError" not in response.text
    assert "ZeroDivisionError" in caplog.text
    assert response.headers["x-content-type-options"] == "nosniff"


# --- what is given up ---


@IN_EACH_FORMAT
def test_a_request_that_takes_too_long_is_given_up_and_leaves_the_queue(make_client, gate, path, body):
    client = make_client(deadline=0.05)
    service = client.app.state.service
    gate.before(held_of(client).reranker)
    for _ in range(2):
        while True:
            refused = client.post(path, json=body)
            assert_said(refused, body, 504, "no answer within 0.05 s; ask for fewer", ("overloaded", "timeout_error"))
            if gate.entered.is_set():  # on a busy machine it may not even come to the model
                break
    until(lambda: service.scorer.waiting == 0, "that it leaves the queue")
    gate.open()
    until(lambda: client.post(path, json=body).status_code == 200, "an answer")


def test_a_client_that_goes_takes_its_request_with_it(serve_in_thread, gate):
    running = serve_in_thread()
    gate.before(running.service.hosting.current.reranker)
    body = json.dumps({"query": "giày", "documents": ["a", "b", "c"]}).encode()
    head = b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client, ThreadPoolExecutor(1) as threads:
        early = threads.submit(client.post, "/rerank", json=DOCUMENTS)
        gate.wait()
        with running.connect() as connection:
            connection.sendall(head + body)
            until(lambda: running.service.scorer.waiting == 1, "that it waits")
        until(lambda: running.service.scorer.waiting == 0, "that it leaves the queue")
        gate.open()
        assert early.result().status_code == 200
        assert gate.calls == [1], "the model never saw the other"
        metrics = client.get("/metrics").text
    assert 'xephang_dropped_total{reason="disconnected"} 1.0' in metrics
    assert 'xephang_requests_total{format="documents",status="499"} 1.0' in metrics


def test_a_client_that_goes_takes_its_explanation_with_it(serve_in_thread, gate):
    running = serve_in_thread(batch_tokens=1)
    gate.free = 2
    gate.before(running.service.hosting.current.reranker)
    body = json.dumps({"query": "giày nữ đỏ", "documents": ["a", "b"], "explain": True}).encode()
    with running.connect() as connection:
        connection.sendall(b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        gate.wait()
        assert running.service.scorer.waiting == 1
    until(lambda: running.service.scorer.waiting == 0, "that it leaves the queue")
    gate.open()
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client:
        assert client.post("/rerank", json=DOCUMENTS).status_code == 200
    assert len(gate.calls) == 2 + 1 + 1, "two documents, one run of the explanation, and the next request"


def test_a_client_that_goes_in_the_middle_of_its_body_is_no_error(serve_in_thread, caplog):
    running = serve_in_thread()
    with running.connect() as connection:
        connection.sendall(b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client:
        until(lambda: 'dropped_total{reason="disconnected"} 1.0' in client.get("/metrics").text, "that it is noticed")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_one_connection_takes_many_requests(serve_in_thread):
    running = serve_in_thread()
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client:
        for body in (DOCUMENTS, TEI, {"query": 1}, DOCUMENTS):
            client.post("/rerank", json=body)
        assert client.post("/rerank", json=TEI).status_code == 200


def test_many_clients_at_once_have_each_their_own_answer(serve_in_thread, reranker):
    running = serve_in_thread(batch_tokens=200)
    words = ["giày", "dép nam", "guốc", "sandal trẻ em", "giày đá bóng", ""]

    def ask(number):
        query, texts = words[number % 5], [*words[number % 6 :], f"size {number}"]
        expected = reranker.predict([(query, text) for text in texts])
        path, body, items, index, score = (
            ("/rerank", {"query": query, "texts": texts}, lambda said: said, "index", "score"),
            ("/rerank", {"query": query, "documents": texts}, lambda said: said["results"], "index", "relevance_score"),
            ("/score", {"text_1": query, "text_2": texts}, lambda said: said["data"], "index", "score"),
        )[number % 3]
        found = {one[index]: one[score] for one in items(client.post(path, json=body).json())}
        return [found[place] for place in range(len(texts))] == pytest.approx(list(expected), abs=1e-6)

    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client, ThreadPoolExecutor(12) as threads:
        assert all(threads.map(ask, range(90)))


# --- ids ---


@pytest.mark.parametrize("given", ["req-1", "a" * 128, "2f/3 =x"])
def test_a_request_keeps_the_id_that_it_came_with(client, given):
    response = client.post("/rerank", json=DOCUMENTS, headers={"x-request-id": given})
    assert (response.headers["x-request-id"], response.json()["id"]) == (given, given)


@pytest.mark.parametrize("given", [b"", b"a" * 129, "giày".encode(), b"a\tb"])
def test_an_id_that_could_do_harm_is_replaced(client, given):
    response = client.post("/rerank", json=DOCUMENTS, headers=[(b"x-request-id", given)])
    found = response.headers["x-request-id"]
    assert (len(found), found.isalnum(), response.json()["id"]) == (32, True, found)


def test_requests_without_an_id_get_one_each(client):
    assert len({client.post("/rerank", json=DOCUMENTS).headers["x-request-id"] for _ in range(5)}) == 5


# --- the log ---


@pytest.fixture
def lines(caplog):
    """Return a function that gives what is logged of requests, as the log writes it."""
    caplog.set_level(logging.DEBUG, "xephang")
    caplog.set_level(logging.DEBUG, "uvicorn")
    return lambda: [JsonLines().format(record) for record in caplog.records]


def told(lines):
    return [said for said in map(json.loads, lines()) if said["event"] == "request"]


@IN_EACH_FORMAT
def test_a_request_is_a_line_of_the_log(client, lines, path, body):
    client.post(path, json=body, headers={"x-request-id": "r-1"})
    said = told(lines)[-1]
    format = "score" if body is SCORE else "tei" if body is TEI else "documents"
    assert said.items() >= {
        "level": "info", "request_id": "r-1", "path": path, "format": format, "status": 200, "candidates": 1,
    }.items()  # fmt: skip
    assert said["tokens"] > 0
    assert all(said[name] >= 0 for name in ("milliseconds", "queue_ms", "tokenise_ms", "inference_ms"))
    assert "reason" not in said


def test_a_refusal_is_a_line_of_the_log_with_its_reason(make_client, lines):
    client = make_client(max_documents=1)
    client.post("/rerank", json={"query": "x", "texts": ["a", "b"]})
    client.post("/rerank", content=b"{")
    client.post("/rerank", json={"query": "x", "documents": []})
    said = [(one["format"], one["status"], one["reason"]) for one in told(lines)]
    assert said == [("tei", 422, "validation"), ("other", 400, "validation"), ("documents", 400, "empty")]


def test_no_query_no_document_and_no_key_is_in_the_log(make_client, lines, tmp_path, gate):
    (tmp_path / "keys.txt").write_text("khoa-bi-mat\n", encoding="utf-8")
    client = make_client(keys_file=str(tmp_path / "keys.txt"))
    secret = {"query": "giày bí mật " * 200, "documents": ["dép bí mật", {"title": 1, "x": "bí mật"}]}
    key = {"authorization": "Bearer khoa-bi-mat"}
    for body in (DOCUMENTS, TEI, secret, {"query": "bí mật", "texts": [{"bí mật": 1}]}, {"query": ["bí mật"]}):
        client.post("/rerank", json=body, headers=key)
        client.post("/rerank", json=body, headers={"authorization": "Bearer mat-khac"})
    client.post("/score", json=SCORE, headers=key)
    gate.before(held_of(client).reranker).open()
    gate.error = RuntimeError("no memory")
    client.post("/rerank", json={"query": "mới bí mật", "documents": ["bí mật"]}, headers=key)
    assert len(told(lines)) == 12
    whole = "\n".join(lines())
    for secret in ("bí mật", "b\\u00ed m\\u1eadt", "khoa-bi-mat", "mat-khac"):
        assert secret not in whole


def test_queries_are_in_the_log_where_that_is_set_and_documents_never(make_client, lines):
    client = make_client(log_queries=True)
    client.post("/rerank", json={"query": "giày đỏ", "documents": ["dép bí mật"]})
    client.post("/score", json={"text_1": [f"q{i}" for i in range(30)], "text_2": ["a"] * 30})
    found = told(lines)
    assert [one["queries"] for one in found] == [["giày đỏ"], [f"q{i}" for i in range(10)]]
    assert "b\\u00ed" not in "".join(lines())


# --- JSON ---


@pytest.mark.parametrize("value", [0.0, 1.0, 1e22, 1e-9, -3.0, 0.1, 123456789.0])
def test_a_float_is_never_written_as_an_integer(value):
    text = json_response({"score": value}).body.decode()[9:-1]
    assert float(text) == value
    assert "." in text or "e" in text


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_has_no_word_for_is_never_written(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_response({"score": value})


def test_texts_are_written_as_they_are():
    assert json_response({"a": "giày 👟 \u2028 \x00"}).body == '{"a":"giày 👟 \u2028 \\u0000"}'.encode()
    assert json_response("\ud83d").body == b'"?"', "half an emoji can not be sent"
    assert json_response([]).headers["content-type"] == "application/json"
