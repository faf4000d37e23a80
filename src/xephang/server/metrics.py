"""What Prometheus reads; several worker processes add up through `PROMETHEUS_MULTIPROC_DIR`."""

import os
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from xephang.machine import resident_bytes
from xephang.server.asking import Kind
from xephang.server.held import CACHES, Held
from xephang.server.scoring import Batch

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_TOKENS = (16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384, 65536, 262144)
_FILL = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Metrics:
    """A server's metrics, in a registry of their own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._served: tuple[str, str] | None = None

        def histogram(name: str, help: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"xephang_{name}", help, labels, buckets=buckets, registry=registry)

        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(f"xephang_{name}", help, labels, registry=registry)

        self.requests = counter("requests", "Requests, by wire format and HTTP status.", "format", "status")
        self.seconds = histogram("request_seconds", "From a request's head to its answer.", _SECONDS, "format")
        self.first_stage = histogram("first_stage_seconds", "Of a search, before anything is scored.", _SECONDS)
        self.queue = histogram("queue_seconds", "From the queue's end to the first batch.", _SECONDS)
        self.tokenising = histogram("tokenise_seconds", "Of a batch.", _SECONDS)
        self.inference = histogram("inference_seconds", "Of a batch.", _SECONDS)
        self.batch_tokens = histogram("batch_tokens", "Tokens of a batch, by estimate.", _TOKENS)
        self.batch_fill = histogram("batch_fill", "Tokens of a batch as a share of batch_tokens.", _FILL)
        self.candidates = histogram("candidates", "Documents of a request.", _COUNTS)
        self.tokens = histogram("tokens", "Tokens of a request that the model read.", _TOKENS)
        self.hits = counter("cache_hits", "What was looked for and kept.", "cache")
        self.misses = counter("cache_misses", "What was looked for and not kept.", "cache")
        self.dropped = counter("dropped", "Requests given up after they had been accepted.", "reason")
        self.refused = counter("refused", "Requests refused, by the kind of reason.", "reason")
        self.reloads = counter("reloads", "Reloads of the model.", "outcome")
        self.waiting = Gauge(
            "xephang_waiting_requests", "Requests in the queue.", registry=registry, multiprocess_mode="livesum"
        )
        self.memory = Gauge(
            "xephang_memory_bytes", "Resident memory of a worker.", registry=registry, multiprocess_mode="liveall"
        )
        self.model = Gauge(
            "xephang_model_info",
            "1 for the model that is served.",
            ("model", "fingerprint"),
            registry=registry,
            multiprocess_mode="livemax",
        )

        for labelled, values in (
            (self.reloads, ("done", "failed")),
            (self.dropped, ("deadline", "disconnected")),
            (self.refused, get_args(Kind)),
            (self.hits, CACHES),
            (self.misses, CACHES),
        ):
            for value in values:
                labelled.labels(value)  # from now on at 0: a rate needs to have seen it before it rises

    def reload(self, problem: str) -> None:
        """Count a reload, which failed where there was a problem."""
        self.reloads.labels("failed" if problem else "done").inc()

    def batch(self, batch: Batch) -> None:
        """Count a batch."""
        self.tokenising.observe(batch.tokenising)
        self.inference.observe(batch.inference)
        self.batch_tokens.observe(batch.tokens)
        self.batch_fill.observe(batch.fill)
        for counter, counts in ((self.hits, batch.hits), (self.misses, batch.misses)):
            for cache, count in counts.items():
                counter.labels(cache).inc(count)

    def look(self, held: Held, waiting: int) -> None:
        """Take the state of things that are not counted as they happen."""
        self.waiting.set(waiting)
        self.memory.set(resident_bytes())
        if self._served and self._served != (held.name, held.fingerprint):
            self.model.labels(*self._served).set(0)
        self._served = held.name, held.fingerprint
        self.model.labels(*self._served).set(1)

    def text(self) -> bytes:
        """Return what Prometheus reads, of all workers."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
