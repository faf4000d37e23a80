"""Drive a scoring with Ray Data: an actor a worker, its model opened once, a partition a task.

Rows do not pass through the driver or the object store: a task is the number of a partition, what comes back is what
is recorded of it, and workers read and write the files themselves.
"""

import logging
import os
import pickle
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from xephang.batch.job import Job
from xephang.batch.outcome import Outcome
from xephang.batch.plan import Partition, Plan
from xephang.batch.worker import Worker
from xephang.errors import InputError, MissingExtraError, XephangError

_STORE_BYTES = 100_000_000
"""Of a cluster that is started here; next to nothing goes through it."""
_PATIENCE = 5.0
"""Seconds in which a cluster has to answer at its address."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told what this machine does
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a warning about GPUs that nobody asked for
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}


def check_installed() -> None:
    """Check that there is Ray, with Ray Data.

    :raises MissingExtraError: if not.
    """
    if find_spec("ray") is None or find_spec("pandas") is None:
        raise MissingExtraError("scoring on Ray", "ray")


@dataclass(frozen=True)
class OnRay:
    """Have partitions scored by a cluster's workers.

    :param address: of a cluster, as `ray.init` takes it; with `ray://` all is told at the end only. Without one, that
        of this process, or else one is started on this machine and ended afterwards.
    :param workers: processes at once; as many as the cluster's CPUs allow, without it.
    """

    address: str | None = None
    workers: int | None = None

    def __call__(self, job: Job, plan: Plan, partitions: Iterable[Partition]) -> Iterator[Outcome]:
        """Yield what came of each partition, in the order in which they end.

        :raises XephangError: the first that a worker met. One that dies is replaced, and its partition scored again.
        """
        import ray
        from ray.util.client import ray as client

        waiting = [{"partition": pickle.dumps(one)} for one in partitions]
        threads = job.threads or 1
        with _connected(self.address, (self.workers or 0) * threads):
            room = _room(threads)
            work = (job, plan, waiting, min(self.workers or room, len(waiting)), threads)
            try:
                by_client = client.is_connected()  # type: ignore[no-untyped-call]
                yield from map(_opened, _there(work) if by_client else _scored(*work))
            except ray.exceptions.RayError as error:
                said = str(error).strip().splitlines()
                raise XephangError(f"Ray failed: {said[-1] if said else type(error).__name__}") from error


def _room(threads: int) -> int:
    """Return for how many workers of so many threads the cluster has CPUs.

    :raises InputError: if it has none for even one: Ray would wait for such a machine for ever.
    """
    import ray

    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    each = [int(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"]]
    if max(each, default=0) < threads:
        raise InputError(f"no machine of the cluster has {threads} CPUs; say fewer --threads")
    return sum(cpus // threads for cpus in each)


class _Scoring:
    """A worker as Ray Data wants it; what it meets on purpose comes back as a value, for Ray would retry or wrap it."""

    def __init__(self, job: Job, plan: Plan, threads: int) -> None:
        os.environ["RAYON_NUM_THREADS"] = str(threads)  # the tokenizer's threads
        self._worker: Worker | None = None
        try:
            self._worker = Worker(job, plan)
        except XephangError as error:
            self._error = error

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {"outcome": [pickle.dumps(self._one(pickle.loads(one))) for one in batch["partition"]]}

    def _one(self, partition: Partition) -> Outcome | XephangError:
        if self._worker is None:
            return self._error
        try:
            return self._worker.score(partition)
        except XephangError as error:
            return error


_Work = tuple[Job, Plan, list[dict[str, bytes]], int, int]
"""Partitions, how many workers, and how many threads each."""


def _opened(content: bytes) -> Outcome:
    """Return what came of a partition.

    :raises XephangError: if that is one.
    """
    found: Outcome | XephangError = pickle.loads(content)
    if isinstance(found, XephangError):
        raise found
    return found


def _there(work: _Work) -> list[bytes]:
    """Drive from within the cluster: Ray Data does not work through Ray's client. All comes back at the end."""
    import ray

    found: list[bytes] = ray.get(ray.remote(num_cpus=0)(_until_an_error).remote(work))
    return found


def _until_an_error(work: _Work) -> list[bytes]:
    found: list[bytes] = []
    for content in _scored(*work):
        found.append(content)
        if isinstance(pickle.loads(content), XephangError):
            break
    return found


def _scored(job: Job, plan: Plan, waiting: list[dict[str, bytes]], workers: int, threads: int) -> Iterator[bytes]:
    """Yield what came of each partition, pickled, in the order in which they end."""
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    scored = ray.data.from_items(waiting, override_num_blocks=len(waiting)).map_batches(
        _Scoring,
        fn_constructor_args=(job, plan, threads),
        batch_size=1,
        batch_format="numpy",
        num_cpus=threads,
        # Two in flight, so that a worker has the next one at hand, and the last ones are shared out evenly.
        compute=ray.data.ActorPoolStrategy(
            min_size=1, max_size=workers, initial_size=workers, max_tasks_in_flight_per_actor=2
        ),
    )
    for row in scored.iter_rows():
        yield row["outcome"]


@contextmanager
def _connected(address: str | None, cpus: int) -> Iterator[None]:
    import ray

    if ray.is_initialized():
        yield
        return
    _check_reachable(address)
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update({name: value for name, value in _QUIET.items() if before[name] is None})
    own: dict[str, Any] = (
        {} if address else {"num_cpus": cpus or None, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    )
    try:
        try:
            with _hushed():
                ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(f"no Ray cluster at {address or 'this machine'}: {error}") from error
        yield
    finally:
        ray.shutdown()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _check_reachable(address: str | None) -> None:
    """Check that something listens at a cluster's address: Ray tries for minutes, and then aborts the process.

    :raises InputError: if nothing does.
    """
    host, colon, port = (address or "").rpartition("://")[2].rpartition(":")
    if not (colon and port.isdigit()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"no Ray cluster at {address}: {error}") from None


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep off stderr what Ray's own code, which is not Python's, says when it starts: at which level it logs."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
