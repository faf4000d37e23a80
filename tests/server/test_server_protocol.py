"""Connections, byte by byte: heads that do not come, what is no HTTP, and more of them than there may be."""

import json
from contextlib import suppress

import httpx2
import pytest
from serving import PATIENCE, until

BODY = b'{"query": "gi\xc3\xa0y", "texts": ["d\xc3\xa9p"]}'
ANSWERED = b"HTTP/1.1 200 "
REQUEST = b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


def answer(connection):
    """Read one answer."""
    whole = b""
    while not whole.endswith(b"}]"):
        chunk = connection.recv(65536)
        assert chunk, f"the connection ends after {whole!r}"
        whole += chunk
    return whole


def answers(connection):
    """Read until the server closes the connection."""
    whole = b""
    while chunk := connection.recv(65536):
        whole += chunk
    return whole


def test_a_connection_that_says_nothing_is_closed(serve_in_thread):
    with serve_in_thread(read_seconds=0.1).connect() as connection:
        assert answers(connection) == b""


def test_a_head_that_stops_coming_is_not_waited_for_even_if_a_byte_comes_now_and_then(serve_in_thread):
    with serve_in_thread(read_seconds=0.3).connect() as connection:
        connection.sendall(b"POST /rerank HTTP/1.1\r\n")
        connection.settimeout(0.05)
        sent = 0
        while sent < 1000:
            try:
                assert connection.recv(100) == b""
                break
            except TimeoutError:
                connection.sendall(b"x")
                sent += 1
            except ConnectionResetError:
                break
        assert sent < 1000


def test_the_time_for_a_head_begins_anew_with_each_request(serve_in_thread):
    running = serve_in_thread(read_seconds=0.5)
    with running.connect() as connection:
        for _ in range(3):
            connection.sendall(REQUEST)
            assert answer(connection).startswith(ANSWERED)
        connection.sendall(REQUEST[:20])
        assert answers(connection) == b""


def test_requests_may_come_all_at_once(serve_in_thread):
    with serve_in_thread().connect() as connection:
        connection.sendall(REQUEST * 3 + REQUEST.replace(b"host: x", b"host: x\r\nconnection: close"))
        assert answers(connection).count(ANSWERED) == 4


NONE = {
    "text": b"giay\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "a length below nought": b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("sent", NONE.values(), ids=NONE)
def test_what_is_no_http_is_answered_in_json_and_the_connection_closed(serve_in_thread, sent):
    with serve_in_thread(read_seconds=5.0).connect() as connection:
        connection.sendall(sent)
        head, _, body = answers(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in head.lower()
    said = json.loads(body)
    assert said["error"]["code"] == 400
    assert said["detail"] == said["message"] != ""


def test_a_client_may_ask_before_it_sends_its_body(serve_in_thread):
    """As curl does of large ones."""
    running = serve_in_thread(max_body_mb=0.001)
    head = REQUEST[: -len(BODY) - 2] + b"expect: 100-continue\r\n\r\n"
    with running.connect() as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        assert answer(connection).startswith(ANSWERED)
    with running.connect() as connection:
        connection.sendall(head.replace(b"length: %d" % len(BODY), b"length: 2000"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_who_sends_too_much_sees_why(serve_in_thread):
    running = serve_in_thread(max_body_mb=0.1)
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as client:
        for content in (b" " * 3_000_000, iter([b" " * 50_000] * 60)):
            response = client.post("/rerank", content=content)
            assert response.status_code == 413
            assert "larger than 0.1 MB" in response.json()["detail"]
        assert client.post("/rerank", content=BODY).status_code == 200


def test_a_head_that_is_too_long_ends_the_connection(serve_in_thread):
    running = serve_in_thread()
    with running.connect() as connection, suppress(ConnectionError):
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 200_000 + b"\r\n\r\n")
        assert ANSWERED not in answers(connection)
    with running.connect() as connection:
        connection.sendall(REQUEST)
        assert answer(connection).startswith(ANSWERED)


def test_more_connections_than_there_may_be_are_refused_but_not_a_look(serve_in_thread):
    running = serve_in_thread(max_connections=1)
    limits = httpx2.Limits(max_keepalive_connections=0)
    with running.connect() as first, httpx2.Client(base_url=running.url, timeout=PATIENCE, limits=limits) as client:
        first.sendall(REQUEST)
        assert answer(first).startswith(ANSWERED)
        refused = client.post("/rerank", json={"query": "giày", "documents": ["dép"]})
        assert refused.status_code == 503
        assert refused.json()["error"]["type"] == "service_unavailable_error"
        assert refused.headers["retry-after"] == "1"
        for path in ("/health", "/ready", "/metrics"):
            assert client.get(path).status_code == 200
        first.close()
        until(
            lambda: client.post("/rerank", json={"query": "giày", "documents": ["dép"]}).status_code == 200,
            "room for another",
        )
