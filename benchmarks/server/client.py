"""A small HTTP client that costs little: connections are kept alive, and one is opened where none is free."""

import asyncio
import time
from dataclasses import dataclass, field

LONGEST_IDLE = 2.0
"""Seconds after which an idle connection is not used again: servers close theirs after five."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    :param status: of HTTP; 0 where no whole answer came.
    :param why: no answer came: "timeout", "closed" (in the middle) or "unreachable".
    :param port: ours, of the connection.
    """

    status: int
    body: bytes = b""
    why: str = ""
    port: int = 0


class Closed(Exception):
    """The other side closed the connection in the middle of an answer."""


@dataclass(slots=True)
class Connection:
    """One connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    @property
    def port(self) -> int:
        """Our port."""
        name = self.writer.get_extra_info("sockname")
        return int(name[1]) if name else 0

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not self.reader.at_eof() and time.monotonic() - self.used < LONGEST_IDLE

    async def ask(self, message: bytes) -> tuple[int, bytes, bool]:
        """Send a request; return status, body, and whether the connection stays open."""
        self.writer.write(message)
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            fields = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
            body = await self._body(fields)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Closed from error
        self.used = time.monotonic()
        return int(lines[0].split(b" ", 2)[1]), body, fields.get(b"connection") != b"close"

    async def _body(self, fields: dict[bytes, bytes]) -> bytes:
        if fields.get(b"transfer-encoding") != b"chunked":
            return await self.reader.readexactly(int(fields.get(b"content-length", b"0")))
        parts = []
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readuntil(b"\r\n")
        return b"".join(parts)

    def close(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


@dataclass(slots=True)
class Client:
    """Send requests to one server.

    :param patience: seconds after which a request is given up.
    :param keep_alive: whether a connection is used again.
    """

    host: str
    port: int
    patience: float = 30.0
    keep_alive: bool = True
    idle: list[Connection] = field(default_factory=list)

    def message(self, path: str, body: bytes, method: str = "POST") -> bytes:
        """Return a request's bytes."""
        kept = "keep-alive" if self.keep_alive else "close"
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: {kept}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def post(self, path: str, body: bytes) -> Reply:
        """Send a request and wait for its answer."""
        return await self._ask(self.message(path, body))

    async def get(self, path: str) -> Reply:
        """Ask for a page."""
        return await self._ask(self.message(path, b"", "GET"))

    async def connect(self) -> Connection:
        """Return a connection, a kept one if there is any."""
        while self.idle:
            one = self.idle.pop()
            if one.usable:
                return one
            one.close()
        return Connection(*await asyncio.open_connection(self.host, self.port, limit=2**20))

    async def _ask(self, message: bytes) -> Reply:
        connection = None
        try:
            async with asyncio.timeout(self.patience):
                connection = await self.connect()
                status, body, stays = await connection.ask(message)
        except (TimeoutError, Closed, OSError) as error:
            kind = "timeout" if isinstance(error, TimeoutError) else "closed" if connection else "unreachable"
            port = connection.port if connection else 0
            if connection:
                connection.close()
            return Reply(0, why=kind, port=port)
        port = connection.port
        if stays and self.keep_alive:
            self.idle.append(connection)
        else:
            connection.close()
        return Reply(status, body, port=port)

    def close(self) -> None:
        """Close what is kept."""
        while self.idle:
            self.idle.pop().close()
