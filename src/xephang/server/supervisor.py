"""`serve`: a process that listens, has workers serve, and has another take the place of one that dies."""

import logging
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from xephang.errors import InputError, ModelError
from xephang.machine import allow_files, available_threads
from xephang.server import logs
from xephang.server.messages import Message, Served
from xephang.server.metrics import FOLDER
from xephang.server.worker import work
from xephang.settings import Settings

_log = logging.getLogger(__name__)
_PING_SECONDS = 2.0
_SILENT_SECONDS = 60.0
"""A worker that does not answer for so long is taken for dead."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
"""Seconds until a worker that keeps dying is started again."""
_STEADY_SECONDS = 60.0
"""A worker that has served for so long did not die at once."""
_OPENING_SECONDS = 600.0
"""How long a model may take to open."""


@dataclass(frozen=True, slots=True)
class Started:
    """What is said when the first worker serves."""

    settings: Settings
    host: str
    port: int
    served: Served


def serve(settings: Settings, *, started: Callable[[Started], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. SIGHUP opens the model anew in all workers at once.

    Call it on the main thread.

    :param started: called once, when the first worker serves.
    :raises InputError: if the address can not be listened on.
    :raises XephangError: if the model or the catalogue can not be opened.
    """
    settings = settings.with_threads(available_threads())
    allow_files(2 * settings.max_connections)
    logs.set_up(settings.log_level)
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(settings))
        os.environ[FOLDER] = stack.enter_context(tempfile.TemporaryDirectory(prefix="xephang-metrics-"))
        stack.callback(os.environ.pop, FOLDER)
        _Supervisor(settings, listening, started).run()


def _listen(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        with ExitStack() as stack:
            stack.callback(listening.close)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            stack.pop_all()
    except OSError as error:
        raise InputError(
            f"{settings.host}:{settings.port}: can not be listened on: {error.strerror}; give another --port or --host"
        ) from error
    listening.setblocking(False)
    return listening


@dataclass
class _Slot:
    """The place of one worker, whichever process has it."""

    process: Any = None
    pipe: Connection | None = None
    serving: bool = False
    heard: float = 0.0
    due: float = 0.0
    """When it may be started again."""
    pause: float = _FIRST_PAUSE
    since: float = 0.0
    """When it was told to serve."""
    prepared: str | None = None
    opened: bool = False

    @property
    def opening(self) -> bool:
        return self.process is not None and not self.opened


@dataclass
class _Reload:
    """A reload that is wanted, and once it runs its generation."""

    generation: int = 0
    began: float = 0.0
    asked_by: list[_Slot] = field(default_factory=list)


class _Supervisor:
    def __init__(self, settings: Settings, listening: socket.socket, started: Callable[[Started], None]) -> None:
        self._settings, self._listening, self._started = settings, listening, started
        # A process that has imported all once, of which workers are forked: they share that memory, and start at once.
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["onnxruntime", "xephang.server.worker"])
        self._generation: Any = self._context.Value("Q", 0)
        self._last_generation = 0
        self._slots = [_Slot() for _ in range(settings.workers)]
        self._fingerprint: str | None = None
        self._reload: _Reload | None = None
        self._next: _Reload | None = None
        self._ending = 0
        self._hung_up = False
        self._pinged = 0.0

    def run(self) -> None:
        """Keep the workers running until told to end."""
        awake, wakes = socket.socketpair()
        with awake, wakes, ExitStack() as stack:
            wakes.setblocking(False)
            before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
            stack.callback(signal.set_wakeup_fd, before)
            for number, handler in (
                (signal.SIGTERM, self._on_end),
                (signal.SIGINT, self._on_end),
                (signal.SIGHUP, self._on_hang_up),
            ):
                stack.callback(signal.signal, number, signal.signal(number, handler))
            stack.callback(self._kill)
            while not self._ending:
                self._start_missing()
                self._go_on_with_reload()
                self._ping()
                self._wait(awake, 0.5)
            self._end(awake)

    def _on_end(self, *_: object) -> None:
        self._ending += 1

    def _on_hang_up(self, *_: object) -> None:
        self._hung_up = True

    def _wait(self, awake: socket.socket, seconds: float) -> None:
        """Wait until something happens, and take note of it."""
        pipes = {slot.pipe: slot for slot in self._slots if slot.pipe is not None}
        for ready in wait([awake, *pipes], seconds):
            if ready is awake:
                awake.recv(4096)
            elif isinstance(ready, Connection):
                self._hear(pipes[ready])
        if self._hung_up:
            self._hung_up = False
            self._want_reload()

    def _want_reload(self) -> _Reload:
        """Return a reload that has not begun: one that runs may have read files that have changed since."""
        if self._reload is None:
            self._reload = _Reload()
        if not self._reload.generation:
            return self._reload
        self._next = self._next or _Reload()
        return self._next

    def _start_missing(self) -> None:
        for slot in self._slots:
            busy = self._reload is not None and self._reload.generation
            if slot.process is not None or busy or slot.due > time.monotonic():
                continue
            slot.pipe, theirs = self._context.Pipe()
            slot.process = self._context.Process(
                target=work, args=(self._settings, self._listening, theirs, self._generation), name="xephang-worker"
            )
            slot.serving, slot.opened, slot.prepared = False, False, None
            slot.heard = time.monotonic()
            slot.process.start()
            theirs.close()

    def _hear(self, slot: _Slot) -> None:
        assert slot.pipe is not None
        try:
            message: Message = slot.pipe.recv()
        except (EOFError, OSError):
            self._lost(slot)
            return
        slot.heard = time.monotonic()
        if message.kind == "opened" and message.served:
            self._opened(slot, message.served)
        elif message.kind == "failed":
            if self._fingerprint is None and not self._ending:
                raise (InputError if message.exit_code == InputError.exit_code else ModelError)(message.problem)
            _log.error("a worker can not open the model", extra={"problem": message.problem})
        elif message.kind == "reload":
            self._want_reload().asked_by.append(slot)
        elif self._reload and self._reload.generation == message.generation:
            if message.kind == "prepared" and message.served:
                slot.prepared = message.served.fingerprint
            elif message.kind == "unprepared":
                self._finish_reload(message.problem)

    def _opened(self, slot: _Slot, served: Served) -> None:
        """Have a worker serve, if it has the model that the others serve; else all switch to that first."""
        slot.opened = True
        if self._fingerprint is None:
            host, port = self._listening.getsockname()[:2]
            self._started(Started(self._settings, host, port, served))
        if served.fingerprint == self._fingerprint or not any(one.serving for one in self._slots):
            self._fingerprint = served.fingerprint
            self._let_serve(slot)
        else:
            _log.warning("the model's files have changed; all workers open them")
            self._want_reload()

    def _let_serve(self, slot: _Slot) -> None:
        self._tell(slot, Message("serve"))
        slot.serving, slot.since = True, time.monotonic()

    def _begin_reload(self, reload: _Reload, running: list[_Slot]) -> None:
        """Have all workers open the model; first those that are opening it now have to be ready."""
        if not running or any(slot.opening for slot in self._slots):
            return
        self._last_generation += 1
        reload.generation, reload.began = self._last_generation, time.monotonic()
        for slot in running:
            slot.prepared = None
            self._tell(slot, Message("prepare", reload.generation))

    def _go_on_with_reload(self) -> None:
        reload = self._reload
        if reload is None:
            return
        running = [slot for slot in self._slots if slot.opened]
        if not reload.generation:
            self._begin_reload(reload, running)
            return
        found = {slot.prepared for slot in running}
        if not running:
            self._finish_reload("the workers died while they opened the model")
        elif None in found:
            if time.monotonic() - reload.began > _OPENING_SECONDS:
                self._finish_reload(f"the model was not open within {_OPENING_SECONDS:g} s")
        elif len(found) > 1:
            self._finish_reload("the model's files changed while they were opened; reload again")
        else:
            self._generation.value, self._fingerprint = reload.generation, found.pop()
            for slot in running:
                if not slot.serving:
                    self._let_serve(slot)
            self._finish_reload("")

    def _finish_reload(self, problem: str) -> None:
        reload, self._reload, self._next = self._reload, self._next, None
        if problem:
            _log.error("not reloaded, the old model serves on", extra={"problem": problem})
        else:
            _log.info("reloaded", extra={"generation": self._generation.value})
        for slot in self._slots:
            self._tell(slot, Message("retire"))
            if slot.opened and not slot.serving:  # it has the model that the others could not open
                slot.process.kill()
        counting = next((slot for slot in self._slots if slot.serving), None)
        if counting:
            self._tell(counting, Message("count", problem=problem))
        for slot in reload.asked_by if reload else ():
            self._tell(slot, Message("reloaded", problem=problem))

    def _ping(self) -> None:
        now = time.monotonic()
        if now - self._pinged < _PING_SECONDS:
            return
        self._pinged = now
        for slot in self._slots:
            if slot.serving:
                self._tell(slot, Message("ping"))
            silent = _SILENT_SECONDS if slot.serving else _OPENING_SECONDS
            if slot.process is not None and now - slot.heard > silent:
                _log.error("a worker does not answer and is killed", extra={"worker": slot.process.pid})
                slot.process.kill()

    def _tell(self, slot: _Slot, message: Message) -> None:
        if slot.pipe is not None and slot.opened:
            with suppress(OSError):
                slot.pipe.send(message)

    def _lost(self, slot: _Slot) -> None:
        """Bury a worker, and have another one started; the more often it dies, the later."""
        slot.process.join(timeout=5)
        if slot.process.exitcode is None:
            slot.process.kill()
            slot.process.join()
        mark_process_dead(slot.process.pid)  # type: ignore[no-untyped-call]
        if not self._ending:
            _log.error("a worker died", extra={"worker": slot.process.pid, "exit_code": slot.process.exitcode})
        if self._fingerprint is None and not self._ending:
            raise ModelError(f"the worker ended with code {slot.process.exitcode} before it could serve")
        if slot.pipe is not None:
            slot.pipe.close()
        if slot.serving and time.monotonic() - slot.since > _STEADY_SECONDS:
            slot.pause = _FIRST_PAUSE
        slot.process = slot.pipe = None
        slot.serving = slot.opened = False
        slot.due = time.monotonic() + slot.pause
        slot.pause = min(_LONGEST_PAUSE, slot.pause * 2)

    def _end(self, awake: socket.socket) -> None:
        """Have all workers finish what they have in flight; a second signal, or time, ends them at once."""
        for slot in self._slots:
            if slot.process is not None:
                slot.process.terminate()
        self._listening.close()
        until = time.monotonic() + self._settings.drain_seconds + self._settings.shutdown_seconds + 5
        while any(slot.process for slot in self._slots) and time.monotonic() < until and self._ending < 2:
            self._wait(awake, 0.1)

    def _kill(self) -> None:
        for slot in self._slots:
            if slot.process is not None and slot.process.is_alive():
                slot.process.kill()
                slot.process.join()
