"""HTTP/1.1 as uvicorn speaks it, with a time limit for a request's head and for an answer's reading."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES = 32_768
"""The largest head of a request."""


class PatientProtocol(H11Protocol):
    """Close connections whose head does not arrive in time, or whose answer nobody reads.

    :cvar seconds: how long either may take.
    """

    seconds = 10.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
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
        """Say that what came is no HTTP, unless an answer is on its way already."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, for good if its answer is not read."""
        super().timeout_keep_alive_handler()
        self._end = self.loop.call_later(self.seconds, self.transport.abort)

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
