"""A process that serves; it does what its supervisor says."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from contextlib import nullcontext
from multiprocessing.connection import Connection
from socket import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from xephang.errors import ModelError, XephangError
from xephang.server import logs
from xephang.server.app import create_app
from xephang.server.held import Held
from xephang.server.hosting import Hosting, Number
from xephang.server.messages import Message, Served
from xephang.server.protocol import HEAD_BYTES, PatientProtocol
from xephang.settings import Settings

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 30
_BACKLOG = 256
"""Connections that wait to be taken; where there are no more file descriptors, each of them costs a traceback."""


def work(settings: Settings, listening: socket, pipe: Connection, generation: Number) -> None:
    """Open the model, say so, and serve when told to; the body of a process."""
    logs.set_up(settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal's processes; the supervisor tells
    os.environ["RAYON_NUM_THREADS"] = str(settings.threads)  # the tokenizer's threads
    try:
        worker = _Worker(settings, listening, pipe, Hosting(settings, generation))
    except XephangError as error:
        pipe.send(Message("failed", problem=str(error), exit_code=error.exit_code))
        return
    asyncio.run(worker.run())


def served(held: Held) -> Served:
    """Return what is said of a model that is open."""
    reranker = held.reranker
    products = None if held.catalogue is None else len(held.catalogue)
    shop = held.shop is not None
    return Served(held.name, held.fingerprint, reranker.engine.name, reranker.activation, products, shop)


def config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn shall serve the application."""
    return uvicorn.Config(
        app,
        http=type("Protocol", (PatientProtocol,), {"seconds": settings.read_seconds, "most": settings.max_connections}),
        loop="asyncio",  # what PatientProtocol bounds the reads of; uvicorn takes uvloop where it is installed
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,  # type: ignore[arg-type]  # is given to asyncio.wait_for
        h11_max_incomplete_event_size=HEAD_BYTES,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """Leave signals to the worker."""

    def capture_signals(self) -> Any:
        return nullcontext()


class _Worker:
    def __init__(self, settings: Settings, listening: socket, pipe: Connection, hosting: Hosting) -> None:
        self._settings, self._listening, self._pipe, self._hosting = settings, listening, pipe, hosting
        self._app = create_app(settings, hosting, reload=self._reload)
        self._told, self._ending = asyncio.Event(), asyncio.Event()
        self._reloads: list[asyncio.Future[str]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = _Server(config(self._app, settings))

    async def run(self) -> None:
        """Serve until told to end, or until the supervisor is gone."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._ending.set)
        loop.add_reader(self._pipe.fileno(), self._listen)
        self._pipe.send(Message("opened", served=served(self._hosting.current)))
        ended = asyncio.create_task(self._end())
        await asyncio.wait(
            [asyncio.create_task(self._told.wait()), asyncio.create_task(self._ending.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._told.is_set():
            await self._server.serve(sockets=[self._listening])
        ended.cancel()
        loop.remove_reader(self._pipe.fileno())

    async def _end(self) -> None:
        """Once told to end: serve on for a while, not ready, then take no new connections and finish the others."""
        await self._ending.wait()
        self._app.state.service.draining = True
        self._reloaded("the server ends")
        _log.info("draining")
        await asyncio.sleep(self._settings.drain_seconds)
        self._server.should_exit = True

    def _listen(self) -> None:
        try:
            message: Message = self._pipe.recv()
        except (EOFError, OSError):  # the supervisor is gone
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._ending.set()
            return
        if message.kind == "serve":
            self._told.set()
        elif message.kind == "prepare":
            self._keep(self._prepare(message.generation))
        elif message.kind == "retire":
            self._hosting.retire()
        elif message.kind == "ping" and self._app.state.service.scorer.alive:
            self._pipe.send(Message("pong"))
        elif message.kind == "count":
            self._app.state.service.metrics.reload(message.problem)
        elif message.kind == "reloaded":
            self._reloaded(message.problem)

    def _reloaded(self, problem: str) -> None:
        """Tell those who asked for a reload what came of it."""
        for waiting in self._reloads:
            if not waiting.done():
                waiting.set_result(problem)
        self._reloads = []

    def _keep(self, running: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(running)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, generation: int) -> None:
        try:
            held = await asyncio.to_thread(self._hosting.prepare, generation)
            self._pipe.send(Message("prepared", generation, served=served(held)))
        except Exception as error:  # whatever it is, the present model serves on
            self._pipe.send(Message("unprepared", generation, problem=str(error)))

    async def _reload(self) -> None:
        if self._ending.is_set():
            raise ModelError("the server ends")
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reloads.append(waiting)
        self._pipe.send(Message("reload"))
        if problem := await waiting:
            raise ModelError(problem)
