"""Connections that mean harm: slow ones, silent ones, those that never end, that go, and that do not listen."""

import json
import logging
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psutil
import pytest
from serving import PATIENCE, until

from xephang.server.protocol import SPARE

BODY = json.dumps({"query": "giay", "texts": ["dep"]}).encode()
HEAD = b"POST /rerank HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
REQUEST = HEAD % len(BODY) + BODY
SHORT = 0.3
"""Seconds of patience of the servers here."""


@pytest.fixture
def running(serve_in_thread, caplog):
    """A server with little patience, that is well before and after, and has let go of all connections."""
    running = serve_in_thread(read_seconds=SHORT, max_wait=1e6)
    assert status(running) == 200
    yield running
    assert status(running) == 200
    until(lambda: connections(running) == 0, "that it lets go of all connections")
    assert running.service.scorer.waiting == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]


def connections(running):
    """Return how many the server holds; its clients' ends, in this process too, have other ports."""
    held = psutil.Process().net_connections("tcp")
    return sum(one.laddr.port == running.port and one.status != psutil.CONN_LISTEN for one in held)


def read_all(connection):
    """Read until the server closes the connection."""
    whole = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            whole += chunk
    return whole


def status(running):
    with running.connect() as connection:
        connection.sendall(REQUEST.replace(b"host: x", b"host: x\r\nconnection: close"))
        return int(read_all(connection)[9:12])


def drip(connection, piece):
    """Send a piece again and again, for ever or until the server has enough; return what it had said."""
    said = b""
    connection.settimeout(0.02)
    for _ in range(3000):
        try:
            connection.sendall(piece)
            if not (chunk := connection.recv(65536)):
                return said
            said += chunk
        except TimeoutError:
            continue
        except OSError:
            return said
    raise AssertionError("it never has enough")


CHUNKS = b"transfer-encoding: chunked\r\n\r\n"
ENDLESS = {
    "a head's line": (b"POST /rer", b"a", b""),
    "a head": (b"POST /rerank HTTP/1.1\r\n", b"x: y\r\n", b""),
    "empty lines": (b"", b"\r\n", b"HTTP/1.1 400"),
    "a body in chunks": (b"POST /rerank HTTP/1.1\r\nhost: x\r\n" + CHUNKS, b"1\r\n{\r\n", b"HTTP/1.1 408"),
    "a chunk's length": (b"POST /rerank HTTP/1.1\r\nhost: x\r\n" + CHUNKS, b"0", b"HTTP/1.1 4"),
    "a body": (HEAD % 1_000_000, b"{", b"HTTP/1.1 408"),
    "a body that is too large": (HEAD % 10**12, b"{", b"HTTP/1.1 413"),
    "chunks for nobody": (b"POST /x HTTP/1.1\r\nhost: x\r\n" + CHUNKS, b"1\r\n{\r\n", b"HTTP/1.1 404"),
    "a body for nobody": (b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n", b"{", b"HTTP/1.1 404"),
    "a body for a look": (b"GET /health HTTP/1.1\r\nhost: x\r\n" + CHUNKS, b"1\r\n{\r\n", b"HTTP/1.1 200"),
    "a body for another method": (b"PUT /rerank HTTP/1.1\r\nhost: x\r\n" + CHUNKS, b"1\r\n{\r\n", b"HTTP/1.1 405"),
    "trailers": (b"POST /x HTTP/1.1\r\nhost: x\r\n" + CHUNKS + b"0\r\n", b"x: y\r\n", b"HTTP/1.1 404"),
}


def test_what_comes_without_end_is_ended(running):
    def dripped(begin, piece):
        with running.connect() as connection:
            connection.sendall(begin)
            return drip(connection, piece)

    with ThreadPoolExecutor(len(ENDLESS)) as threads:
        said = {name: threads.submit(dripped, begin, piece) for name, (begin, piece, _) in ENDLESS.items()}
    wanted = {name: answer for name, (*_, answer) in ENDLESS.items()}
    assert {name: one.result()[: len(wanted[name]) or 1] for name, one in said.items()} == wanted


def test_a_client_without_a_key_does_not_send_without_end(serve_in_thread, tmp_path):
    (tmp_path / "keys").write_text("secret")
    running = serve_in_thread(read_seconds=SHORT, keys_file=str(tmp_path / "keys"))
    with running.connect() as connection:
        connection.sendall(b"POST /rerank HTTP/1.1\r\nhost: x\r\n" + CHUNKS)
        assert drip(connection, b"1\r\n{\r\n").startswith(b"HTTP/1.1 401")


def test_many_silent_connections_keep_nobody_out_and_are_closed(running):
    with ExitStack() as stack:
        silent = [stack.enter_context(running.connect()) for _ in range(300)]
        assert status(running) == 200
        for connection in silent:
            assert read_all(connection) == b""


def test_connections_far_over_the_limit_are_closed_at_once(serve_in_thread):
    running = serve_in_thread(max_connections=3, read_seconds=PATIENCE)
    with ExitStack() as stack:
        held = [stack.enter_context(running.connect()) for _ in range(3 + SPARE)]
        until(lambda: connections(running) == len(held), "that all are there")
        with running.connect() as another:
            assert read_all(another) == b""
        held[-1].sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert held[-1].recv(12) == b"HTTP/1.1 200"


def test_half_a_connection_is_no_connection(running):
    for sent in (b"", HEAD % len(BODY), HEAD % len(BODY) + BODY[:5], REQUEST):
        with running.connect() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection)[:12] in (b"", b"HTTP/1.1 200")


LARGE = json.dumps({"query": "giày", "documents": [f"giày {i}" for i in range(200)]}).encode()
WHOLE = HEAD % len(LARGE) + LARGE
PLACES = [0, 1, 10, len(HEAD), len(WHOLE) - len(LARGE), len(WHOLE) - len(LARGE) + 1, len(WHOLE) // 2, len(WHOLE)]


@pytest.mark.parametrize("abruptly", [False, True], ids=["closing", "resetting"])
def test_clients_may_go_at_any_place(running, abruptly):
    for place in PLACES:
        for _ in range(3):
            with running.connect() as connection:
                if abruptly:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(WHOLE[:place])
    until(lambda: connections(running) == 0, "that all have gone")


def test_requests_behind_one_that_is_given_up_are_given_up_too(running):
    for _ in range(5):
        with running.connect() as connection:
            connection.sendall(WHOLE * 5)


UNREAD = json.dumps({"query": "a", "texts": ["\1" * 100_000] * 10, "return_text": True}).encode()
"""Its answer is six million bytes, more than any buffer takes, and the model has nothing to do for it."""


def test_answers_that_nobody_reads_are_thrown_away(running):
    with ExitStack() as stack:
        for line in (b"", b"connection: close\r\n"):
            deaf = stack.enter_context(socket.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((running.host, running.port))
            deaf.sendall(HEAD.replace(b"host: x\r\n", b"host: x\r\n" + line) % len(UNREAD) + UNREAD)
        until(lambda: connections(running) == 2, "that both are there")
        until(lambda: connections(running) == 0, "that both are cut off")


def test_a_client_that_reads_has_all_of_a_large_answer(running):
    with running.connect() as connection:
        connection.sendall(HEAD.replace(b"host: x", b"host: x\r\nconnection: close") % len(UNREAD) + UNREAD)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert len(json.loads(body)) == 10


def test_a_client_that_still_sends_sees_why_it_is_refused(running):
    """As Python's urllib, which sends all before it reads anything."""
    large = b" " * 9_000_000
    for sent, found in (
        (HEAD % len(large) + large, b"HTTP/1.1 413"),
        (HEAD.replace(b"/rerank", b"/nowhere") % len(large) + large, b"HTTP/1.1 404"),
    ):
        with running.connect() as connection:
            connection.sendall(sent)
            assert connection.recv(12) == found


def test_large_bodies_at_once_are_bounded(serve_in_thread):
    """Sixteen bodies of the largest size may be in memory; who comes later is asked to come again."""
    running = serve_in_thread(max_body_mb=0.1, read_seconds=20.0)
    with ExitStack() as stack:
        for _ in range(16):
            connection = stack.enter_context(running.connect())
            connection.sendall(HEAD % 100_000 + b" " * 99_999)
        until(lambda: running.service.bodies._held == 16 * 99_999, "that all are in memory")
        with running.connect() as late:
            late.sendall(HEAD % 99_999 + b" " * 99_998)
            assert late.recv(12) == b"HTTP/1.1 429"
        with running.connect() as small:
            small.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
            assert small.recv(12) == b"HTTP/1.1 200"
    until(lambda: running.service.bodies._held == 0, "that their memory is given back")
    assert status(running) == 200
