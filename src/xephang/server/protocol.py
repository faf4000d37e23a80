"""HTTP/1.1 as uvicorn speaks it, with limits of time and number for connections, and errors that clients can read."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from xephang.server.asking import Refused
from xephang.server.formats import documents
from xephang.server.service import FULL

HEAD_BYTES = 32_768
"""How much of a request's head may have arrived before it is whole."""


SPARE = 50
"""Connections over the limit that are told so; others are closed at once."""
_LEAST_RATE = 16_384
"""Bytes of an answer that have to be read in a second."""


class PatientProtocol(H11Protocol):
    """Close connections whose head does not arrive in time, or whose answer nobody reads.

    :cvar seconds: how long either may take.
    :cvar most: connections; the application is told of what comes over others.
    """

    seconds = 10.0
    most = 1000

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # of asyncio's: how much is read, and so parsed, in one go
            transport.max_size = HEAD_BYTES
        if len(self.connections) > self.most + SPARE:
            transport.abort()
            return
        if len(self.connections) > self.most:
            self.app = _full(self.app)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        for timer in (self._head, self._end):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read, and wait on if a head is still not whole."""
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Say that what came is no HTTP, unless an answer is on its way already; then close."""
        said = json.dumps(documents.error(Refused("malformed", msg), uuid4().hex)).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(said))), ("connection", "close")]
        try:
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=said),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            pass
        self.transport.close()
        self._linger()

    def on_response_complete(self) -> None:
        """Wait for the next request, and neither for the rest of this one's body nor for its reader for ever."""
        super().on_response_complete()
        self._linger()

    def _linger(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(self.seconds, self._check)

    def _check(self) -> None:
        """Abort a connection whose answer is not read, or whose request goes on behind it."""
        self._end = None
        left = self.transport.get_write_buffer_size()
        goes_on = self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete
        if 0 < left <= self._unread - self.seconds * _LEAST_RATE:
            self._linger()
        elif left or goes_on or self.transport.is_closing():
            self.transport.abort()

    def _watch(self) -> None:
        incomplete = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if incomplete and self._head is None:
            self._head = self.loop.call_later(self.seconds, self._too_slow)
        elif not incomplete and self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self.transport.abort()


def _full(app: ASGIApp) -> ASGIApp:
    """Return an application that is told that there are too many connections."""

    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        scope[FULL] = True
        await app(scope, receive, send)

    return full
