"""What the server's tests share: settings of tiny models, a server in a thread, and an engine that waits."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from xephang import Reranker, demo_catalogue
from xephang.compiled import CompiledCatalogue
from xephang.product import Product
from xephang.server import Settings
from xephang.server.service import Service

PATIENCE = 60.0
"""Seconds after which something that ought to happen has not."""


def settings_of(model: Path, **given: Any) -> Settings:
    return Settings(**{"model": str(model), "threads": 1} | given)


@dataclass(frozen=True)
class Running:
    """A server in a thread of this process."""

    app: FastAPI
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def service(self) -> Service:
        return self.app.state.service

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)


class SignallingServer(uvicorn.Server):
    """Say when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@dataclass
class Gate:
    """Hold an engine up until `opened` is set; `entered` is set as soon as it is asked for anything.

    :param calls: how many pairs it was asked for each time.
    :param free: so many calls are not held up.
    :param error: raise it in place of logits.
    """

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    calls: list[int] = field(default_factory=list)
    free: int = 0
    error: Exception | None = None

    def before(self, reranker: Reranker) -> "Gate":
        """Stand before the `logits` of a reranker's engine."""
        engine = reranker.engine
        through = type(engine).logits

        def logits(pairs: Any, **options: Any) -> Any:
            self.calls.append(len(pairs))
            if len(self.calls) <= self.free:
                return through(engine, pairs, **options)  # type: ignore[arg-type]
            self.entered.set()
            assert self.opened.wait(PATIENCE), "nobody opens the gate"
            if self.error:
                raise self.error
            return through(engine, pairs, **options)  # type: ignore[arg-type]

        engine.logits = logits  # type: ignore[method-assign]
        return self

    def wait(self) -> None:
        assert self.entered.wait(PATIENCE), "nothing comes"

    def open(self) -> None:
        self.opened.set()


def shoe(number: int, version: int = 0) -> Product:
    """Return a product; another version of it reads otherwise."""
    said = number + 31 * version
    kinds = ("Giày chạy bộ", "Giày đá bóng", "Sandal", "Dép trẻ em", "Guốc")
    return Product(
        id=f"p{number}",
        title=f"{kinds[said % 5]} {('trắng', 'đen', 'đỏ', 'vàng')[said % 4]}",
        brand=("Nike", "Adidas", "")[said % 3],
        size=str(30 + said % 15),
        attributes=("Chống trượt", "Đế êm", "Nhẹ")[: said % 4],
    )


def compiled_of(model: Path, folder: Path, storage: str = "fast") -> CompiledCatalogue:
    """Compile thirty products, p0 to p29."""
    return CompiledCatalogue.build(
        Reranker.load(model, threads=1), [shoe(number) for number in range(30)], folder, storage=storage
    )


def demo_products(count: int = 150) -> list[Product]:
    """Return the first products of the demo's catalogue."""
    return list(islice(demo_catalogue(), count))


def until(happens: Callable[[], object], what: str) -> None:
    """Wait for what an event can not tell."""
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, f"{what} does not happen"
        time.sleep(0.002)
