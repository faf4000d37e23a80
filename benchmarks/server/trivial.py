"""What the generator itself can do: a server that does nothing, asked as the others are."""

import asyncio
import subprocess
import sys
import time
from typing import Any

from figures import quantile
from load import HOST, Load, Plan
from servers import free_port

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"results":[]}'
EXPECTED_RATES = (30.0, 300.0)


def ceiling(load: Load, traffic: str, seconds: float) -> dict[str, Any]:
    """Return requests a second in a closed loop, and how late answers are at rates such as are offered to others."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, str(port)])
    try:
        time.sleep(1.0)
        window = load.run(Plan(traffic, port, clients=32, seconds=seconds))
        found: dict[str, Any] = {"requests": len(window["status"]) / seconds}
        for rate in EXPECTED_RATES:
            window = load.run(Plan(traffic, port, rate=rate, seconds=seconds))
            late = {"p50_ms": quantile(window["latency"], 0.5) * 1e3, "p99_ms": quantile(window["latency"], 0.99) * 1e3}
            found[f"at {rate:g}"] = {**late, "latest_ms": window["latest"] * 1e3}
    finally:
        process.kill()
        process.wait()
    return found


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer everything alike, until the other side has gone."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def serve(port: int) -> None:
    """Serve without end."""
    async with await asyncio.start_server(answer, HOST, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
