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
from xephang.server.service import refusal

HEAD_BYTES = 32_768
"""How much of a request's head may have arrived before it is whole."""
LOOKING = ("/health", "/ready", "/metrics")
"""Paths that are answered however many connections there are."""


class PatientProtocol(H11Protocol):
    """Close connections whose head does not arrive in time, or whose answer nobody reads.

    :cvar seconds: how long either may take.
    :cvar most: connections; what comes over others is refused, but for `LOOKING`.
    """

    seconds = 10.0
    most = 1000

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
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
            for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=said), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            pass
        self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request, and not for ever for the rest of the answered one's body."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and self._end is None:
            self._end = self.loop.call_later(self.seconds, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, for good if its answer is not read."""
        super().timeout_keep_alive_handler()
        self._end = self.loop.call_later(self.seconds, self.transport.abort)

    def _watch(self) -> None:
        if self._end is not None and self.conn.their_state is h11.IDLE:
            self._end.cancel()
            self._end = None
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
    """Return an application that refuses all but a look at how things are."""

    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in LOOKING:
            refused = Refused("full", "too many connections; try again later", retry_after=1)
            await refusal(refused, documents, uuid4().hex)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return full
