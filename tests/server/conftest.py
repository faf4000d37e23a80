"""The application on tiny models, in this process or on a port of this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from serving import PATIENCE, Gate, Running, SignallingServer, settings_of
from starlette.testclient import TestClient

from xephang import Reranker
from xephang.server import Settings, create_app
from xephang.server.held import Held
from xephang.server.scoring import Batch, Scorer
from xephang.server.worker import config


@pytest.fixture(scope="session")
def client(tiny_exported: Path) -> Iterator[TestClient]:
    """The application in this process, on the tiny model that reads query and product together."""
    with TestClient(create_app(settings_of(tiny_exported))) as client:
        yield client


@pytest.fixture(scope="session")
def apart_client(tiny_apart: Path) -> Iterator[TestClient]:
    """The application in this process, on the tiny model that reads products apart."""
    with TestClient(create_app(settings_of(tiny_apart))) as client:
        yield client


@pytest.fixture(scope="session")
def reranker(tiny_exported: Path) -> Reranker:
    """What `client` serves."""
    return Reranker.load(tiny_exported, threads=1)


@pytest.fixture(scope="session")
def apart_reranker(tiny_apart: Path) -> Reranker:
    """What `apart_client` serves."""
    return Reranker.load(tiny_apart, threads=1)


@pytest.fixture
def make_held(tiny_exported: Path) -> Callable[..., Held]:
    """Return a function that opens what a server holds, with an engine of its own."""

    def make(*, model: Path = tiny_exported, generation: int = 0, **given: Any) -> Held:
        return Held.open(settings_of(model, **given), generation)

    return make


@pytest.fixture
def make_scorer() -> Iterator[Callable[..., Scorer]]:
    """Return a function that starts a scorer; it ends with the test."""
    with ExitStack() as stack:

        def make(settings: Settings, measured: Callable[[Batch], None] = lambda _: None) -> Scorer:
            scorer = Scorer(settings, measured)
            stack.callback(scorer.close)
            return scorer

        yield make


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate to stand before an engine. Ask for it after what runs the engine: that ends only once it is open."""
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def make_client(tiny_exported: Path) -> Iterator[Callable[..., TestClient]]:
    """Return a function that makes an application of settings, in this process."""
    with ExitStack() as stack:

        def make(*, model: Path = tiny_exported, **given: Any) -> TestClient:
            app = create_app(settings_of(model, **given))
            return stack.enter_context(TestClient(app))

        yield make


@pytest.fixture
def serve_in_thread(tiny_exported: Path) -> Iterator[Callable[..., Running]]:
    """Return a function that serves on a free port, in a thread, as a worker does; it ends with the test."""
    with ExitStack() as stack:

        def serve(*, model: Path = tiny_exported, **given: Any) -> Running:
            settings = settings_of(model, **given)
            app = create_app(settings)
            listening = stack.enter_context(socket.create_server((settings.host, 0)))
            server = SignallingServer(config(app, settings))
            thread = threading.Thread(target=server.run, args=([listening],), name="server under test", daemon=True)

            def end() -> None:
                server.should_exit = True
                thread.join(timeout=PATIENCE)
                assert not thread.is_alive(), "the server does not end"

            thread.start()
            stack.callback(end)
            assert server.up.wait(PATIENCE), "the server does not start"
            return Running(app, *listening.getsockname()[:2])

        yield serve
