"""Requests framed to mislead, byte by byte: what two readers could read differently is refused, and that is all."""

import json
import logging
import os

import pytest

BODY = json.dumps({"query": "giay", "texts": ["dep"]}).encode()
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"content-length: %d\r\n" % len(BODY)
CLOSE = b"connection: close\r\n"


def head(*lines, method=b"POST", path=b"/rerank", version=b"HTTP/1.1", host=b"host: x\r\n"):
    return b"%b %b %b\r\n%b%b\r\n" % (method, path, version, host, b"".join(lines))


def answers(running, sent):
    """Send bytes, and read until the server closes the connection; return the statuses and the last body."""
    whole = b""
    with running.connect() as connection:
        try:
            connection.sendall(sent)
            while chunk := connection.recv(65536):
                whole += chunk
        except ConnectionError:
            pass  # it was closed before all had been sent, or read
    parts = whole.split(b"HTTP/1.1 ")[1:]
    return [int(part[:3]) for part in parts], parts[-1].partition(b"\r\n\r\n")[2] if parts else b""


def all_answers(running, table):
    return {name: answers(running, sent)[0] for name, sent in table.items()}


@pytest.fixture
def running(serve_in_thread, caplog):
    """A server that is well before and after, with no traceback in its log."""
    running = serve_in_thread(read_seconds=5.0)
    yield running
    assert answers(running, head(LENGTH, CLOSE) + BODY)[0] == [200]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]


AMBIGUOUS = {
    "two lengths": head(b"content-length: 5\r\n", LENGTH) + BODY,
    "a list of lengths": head(b"content-length: 5, %d\r\n" % len(BODY)) + BODY,
    "a length and chunks": head(LENGTH, b"transfer-encoding: chunked\r\n") + CHUNKED,
    "chunks and a length": head(b"transfer-encoding: chunked\r\n", LENGTH) + CHUNKED,
    "two codings": head(b"transfer-encoding: chunked\r\n" * 2) + CHUNKED,
    "a coding that is none": head(b"transfer-encoding: xchunked\r\n") + CHUNKED,
    "a coding that is hidden": head(b"transfer-encoding: \x0bchunked\r\n") + CHUNKED,
    "a coding before chunks": head(b"transfer-encoding: gzip, chunked\r\n") + CHUNKED,
    "identity": head(b"transfer-encoding: identity\r\n") + BODY,
    "a space before the colon": head(b"content-length : 5\r\n") + BODY,
    "a NUL": head(b"x-a: \0\r\n", LENGTH) + BODY,
    "a return without a line feed": head(b"x-a: b\rc: d\r\n", LENGTH) + BODY,
    "no host": head(LENGTH, host=b"") + BODY,
    "two hosts": head(LENGTH, b"host: y\r\n") + BODY,
    "a space in the path": head(LENGTH, path=b"/rerank /score") + BODY,
    "a letter in the path": head(LENGTH, path="/à".encode()) + BODY,
    "a fragment without an end": head(b"transfer-encoding: chunked\r\n") + b"5\r\nabcdeXX",
    "a chunk below nought": head(b"transfer-encoding: chunked\r\n") + b"-5\r\n",
    "a chunk of plus five": head(b"transfer-encoding: chunked\r\n") + b"+5\r\nabcde\r\n0\r\n\r\n",
    "a chunk without end": head(b"transfer-encoding: chunked\r\n") + b"F" * 30 + b"\r\n",
    **{
        f"a length of {length[:20]!r}": head(b"content-length: %b\r\n" % length) + BODY
        for length in (b"-1", b"+5", b"0x10", b"1e3", b"9" * 21, b"9" * 5000, b"", b"abc", b"5 5", b"\xb2", b"1_0")
    },
}


def test_what_two_readers_could_read_differently_is_refused(running):
    assert not {name: found for name, found in all_answers(running, AMBIGUOUS).items() if found != [400]}


NO_HTTP = {
    "HTTP 0.9": b"GET /health\r\n\r\n",
    "noise": os.urandom(1000).replace(b"\n", b"") + b"\r\n\r\n",
    "NULs": b"\0" * 100_000,
    "line feeds": b"\r\n" * 100_000,
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(range(128, 192)) * 3,
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "SMTP": b"EHLO example.com\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 200_000,
    "a header without end": b"GET /health HTTP/1.1\r\nx: " + b"a" * 200_000,
    "headers without end": b"GET /health HTTP/1.1\r\n" + b"x: y\r\n" * 40_000,
    "a head of 70 kB in one go": head(b"x: " + b"a" * 70_000 + b"\r\n", CLOSE, path=b"/health", method=b"GET"),
}


def test_what_is_no_http_is_refused(running):
    assert not {name: found for name, found in all_answers(running, NO_HTTP).items() if found != [400]}


def test_the_next_protocol_is_not_spoken(running):
    assert answers(running, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")[0] == [404, 400]
    for wanted in (b"websocket", b"h2c"):
        lines = b"upgrade: %b\r\nconnection: upgrade, close\r\n" % wanted
        assert answers(running, head(lines, LENGTH) + BODY)[0] == [200]
    asked = head(b"upgrade: websocket\r\n", LENGTH, b"connection: upgrade\r\n") + BODY
    assert answers(running, asked + head(LENGTH, CLOSE) + BODY)[0] == [200, 200]


FINE = {
    "the same length twice": head(LENGTH, LENGTH, CLOSE) + BODY,
    "chunks": head(b"Transfer-Encoding: Chunked\r\n", CLOSE) + CHUNKED,
    "a chunk a byte": head(b"transfer-encoding: chunked\r\n", CLOSE)
    + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)
    + b"0\r\nx-a: b\r\n\r\n",
    "HTTP 1.0": head(LENGTH, version=b"HTTP/1.0", host=b"") + BODY,
    "a host that is none": head(LENGTH, CLOSE, host=b"host: [\r\n") + BODY,
    "a host of signs": head(LENGTH, CLOSE, host=b"host: a b]@/?#:x\r\n") + BODY,
    "no host's name": head(LENGTH, CLOSE, host=b"host: \r\n") + BODY,
    "a question": head(LENGTH, CLOSE, path=b"/rerank?a=%00&%ff[]={}") + BODY,
    "a letter in other words": head(LENGTH, CLOSE, path=b"/rer%61nk") + BODY,
    "many headers": head(*(b"x%d: \r\n" % i for i in range(3000)), LENGTH, CLOSE) + BODY,
    "headers of odd bytes": head(b"x-request-id: a\xe9b\r\nauthorization: \xff\xfe\r\n", LENGTH, CLOSE) + BODY,
}


def test_what_is_odd_but_plain_is_answered(running):
    assert not {name: found for name, found in all_answers(running, FINE).items() if found != [200]}


NOWHERE = {
    path: head(LENGTH, CLOSE, path=path.encode()) + BODY
    for path in (
        "//rerank",
        "/../rerank",
        "/rerank/",
        "/rerank;x",
        "/%ff",
        "*",
        "http://x/rerank",
        "rerank",
        "/" * 9000,
    )
}


def test_other_paths_are_not_there(running):
    assert not {name: found for name, found in all_answers(running, NOWHERE).items() if found != [404]}


def test_a_client_that_asks_whether_it_may_send_its_body_is_told(running):
    wait = b"expect: 100-continue\r\n"
    assert answers(running, head(wait, LENGTH, CLOSE) + BODY)[0] == [100, 200]
    assert answers(running, head(wait, b"content-length: 9000000\r\n", CLOSE))[0] == [413]
    assert answers(running, head(b"expect: 200-ok\r\n", LENGTH, CLOSE) + BODY)[0] == [200]


def test_each_of_many_requests_at_once_has_its_answer_in_its_turn(running):
    good, bad, gone = head(LENGTH) + BODY, head(b"content-length: 2\r\n") + b"{]", head(path=b"/x", method=b"GET")
    sent = (good + bad + gone) * 20 + head(LENGTH, CLOSE) + BODY
    assert answers(running, sent)[0] == [200, 400, 404] * 20 + [200]


def test_what_follows_a_request_is_not_taken_for_another_ones_body(running):
    smuggled = head(LENGTH, CLOSE, path=b"/admin/reload")
    statuses, body = answers(running, head(b"content-length: %d\r\n" % len(smuggled), CLOSE) + smuggled)
    assert statuses == [400]
    assert b"no JSON" in body
    assert answers(running, head(LENGTH) + BODY + b"garbage\r\n\r\n")[0] == [200, 400]
    assert answers(running, head(LENGTH, CLOSE) + BODY + head(LENGTH) + BODY)[0] == [200]


def test_every_refusal_says_why_in_json(running):
    for sent in (*AMBIGUOUS.values(), *NO_HTTP.values(), *NOWHERE.values()):
        said = json.loads(answers(running, sent)[1])
        assert said["detail"] == said["message"] == said["error"]["message"] != ""
