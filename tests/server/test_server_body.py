"""How much of requests' bodies may be in memory, and for how long."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request

from xephang.server import Settings
from xephang.server.asking import Refused
from xephang.server.body import Bodies


def request_of(*chunks, headers=(), end=True):
    """Return a request whose body comes in pieces; an exception among them is the client's going."""
    waiting = list(chunks)

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        chunk = waiting.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting) or not end}

    return Request({"type": "http", "headers": list(headers)}, receive)


async def read(bodies, request):
    async with bodies.reading(request) as body:
        return body


def refusal_of(bodies, request):
    with pytest.raises(Refused) as caught:
        asyncio.run(read(bodies, request))
    return caught.value.kind


def test_a_body_comes_in_pieces():
    assert asyncio.run(read(Bodies(Settings()), request_of(b'{"a":', b"", b"1}"))) == b'{"a":1}'
    assert asyncio.run(read(Bodies(Settings()), request_of(b""))) == b""


def test_the_largest_body_is_read_and_a_byte_more_is_not():
    bodies = Bodies(Settings(max_body_mb=0.001))
    assert len(asyncio.run(read(bodies, request_of(b"a" * 600, b"b" * 400)))) == 1000
    assert refusal_of(bodies, request_of(b"a" * 600, b"b" * 401)) == "too large"
    assert refusal_of(bodies, request_of(end=False, headers=[(b"content-length", b"1001")])) == "too large"


@pytest.mark.parametrize("length", [b"", b"abc", b"-5", b"\xb2"])
def test_a_length_that_is_none_says_nothing(length):
    assert asyncio.run(read(Bodies(Settings()), request_of(b"{}", headers=[(b"content-length", length)]))) == b"{}"


def test_a_body_that_stops_coming_is_refused():
    assert refusal_of(Bodies(Settings(read_seconds=0.02)), request_of(b"{", end=False)) == "slow"


def test_a_client_that_goes_is_no_body():
    with pytest.raises(ClientDisconnect):
        asyncio.run(read(Bodies(Settings()), request_of(b"{", None)))


def test_two_lengths_are_refused():
    headers = [(b"content-length", b"2"), (b"transfer-encoding", b"chunked")]
    assert refusal_of(Bodies(Settings()), request_of(b"{}", headers=headers)) == "malformed"


def test_all_bodies_together_have_a_limit_and_give_their_room_back():
    bodies = Bodies(Settings(max_body_mb=0.001))

    async def many(left, seen):
        if left:
            async with bodies.reading(request_of(b"a" * 1000)):
                seen.append(left)
                await many(left - 1, seen)

    async def ask():
        seen = []
        with pytest.raises(Refused) as caught:
            await many(20, seen)
        return len(seen), caught.value

    for _ in range(3):
        count, refused = asyncio.run(ask())
        assert count == 16
        assert (refused.kind, refused.retry_after) == ("overloaded", 1)
    for bad in (request_of(b"a" * 1001), request_of(b"a" * 500, b"a" * 501)):
        assert refusal_of(bodies, bad) == "too large"
    asyncio.run(many(16, []))
