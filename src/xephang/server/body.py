"""A request's body, read under limits of size, of time, and of all bodies' memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from xephang.server.asking import Refused
from xephang.settings import Settings

_BODIES = 16
"""As many bodies of the largest size may be in memory at once."""


class Bodies:
    """Read bodies."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._seconds = int(settings.max_body_mb * 1e6), settings.read_seconds
        self._held = 0

    @asynccontextmanager
    async def reading(self, request: Request) -> AsyncIterator[bytearray]:
        """Yield a request's body; its memory counts until the block ends.

        :raises Refused: if it is too large, comes too slowly, or too much is in memory already.
        :raises ClientDisconnect: if the client has gone.
        """
        if "content-length" in request.headers and "transfer-encoding" in request.headers:  # RFC 9112, 6.3
            raise Refused("malformed", "Content-Length and Transfer-Encoding are both given; send one of them")
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._most:
            raise self._too_large()
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    async for chunk in request.stream():
                        self._take(chunk, body)
            except TimeoutError:
                raise Refused("slow", f"the body did not arrive within {self._seconds:g} s; send it faster") from None
            yield body
        finally:
            self._held -= len(body)

    def _take(self, chunk: bytes, body: bytearray) -> None:
        body += chunk
        self._held += len(chunk)
        if len(body) > self._most:
            raise self._too_large()
        if self._held > self._most * _BODIES:
            raise Refused("overloaded", "too many large requests at once; try again later", retry_after=1)

    def _too_large(self) -> Refused:
        return Refused("too large", f"the body is larger than {self._most / 1e6:g} MB; send fewer documents at once")
