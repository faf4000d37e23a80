"""The application on tiny models, in this process or on a port of this machine."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from processes import Serving, starting
from serving import PATIENCE, Gate, Running, SignallingServer, demo_products, settings_of
from starlette.testclient import TestClient

from xephang import Reranker
from xephang.search import Shop
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


@pytest.fixture(scope="session")
def giay() -> Reranker:
    """The bundled model."""
    return Reranker.load("giay", threads=1)


@pytest.fixture(scope="session")
def search_folder(giay: Reranker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search folder of 150 products of the demo: never write into it, copy it."""
    return Shop.build(giay, demo_products(), tmp_path_factory.mktemp("search") / "shop").folder


@pytest.fixture(scope="session")
def shop(search_folder: Path, giay: Reranker) -> Shop:
    """What `shop_client` serves: never change it."""
    return Shop.open(search_folder, model=giay)


@pytest.fixture(scope="session")
def shop_client(search_folder: Path) -> Iterator[TestClient]:
    """The application in this process, on a search folder of the bundled model."""
    settings = settings_of(Path("giay"), catalogue=str(search_folder), refresh_seconds=3600.0)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def writing_client(search_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """As `shop_client`, on a folder of its own that may be changed, with grades taken."""
    folder = tmp_path_factory.mktemp("writing")
    shutil.copytree(search_folder, folder / "shop")
    settings = settings_of(
        Path("giay"), catalogue=str(folder / "shop"), judgments=str(folder / "grades.jsonl"), refresh_seconds=3600.0
    )
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def make_shop_client(
    make_client: Callable[..., TestClient], search_folder: Path, tmp_path: Path
) -> Callable[..., TestClient]:
    """Return a function that makes an application on a copy of the search folder, one copy for a test."""
    folder = shutil.copytree(search_folder, tmp_path / "shop")

    def make(**given: Any) -> TestClient:
        options = {"model": Path("giay"), "catalogue": str(folder), "refresh_seconds": 3600.0}
        return make_client(**options | given)

    return make


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


@pytest.fixture
def start() -> Iterator[Callable[..., Serving]]:
    """Return a function that starts a server of processes; whatever is left of it ends with the test."""
    started: list[Serving] = []

    def start(*arguments: object, **environment: str) -> Serving:
        started.append(starting(*arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        children = psutil.Process(one.process.pid).children(recursive=True) if one.process.poll() is None else []
        for process in [*children, one.process]:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.kill()
        one.ended()
