"""What is told about a request: in the metrics, the trace and the log."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from xephang.server.answering import Timing
from xephang.server.metrics import Metrics
from xephang.server.tracing import Tracing

_log = logging.getLogger("xephang.server.service")
_MOST_QUERIES = 10
"""Of a request, in the log."""


@dataclass
class Story:
    """What is told about one request.

    :param format: that it came in, or what it asked for.
    :param candidates: how many documents were to be scored.
    :param tokens: that the model read; None where it read none.
    :param first_stage: seconds that a search took before anything was scored.
    """

    id: str
    format: str = "other"
    status: int = 200
    reason: str | None = None
    timing: Timing = field(default_factory=Timing)
    queries: Sequence[str] = ()
    candidates: int | None = None
    tokens: int | None = None
    first_stage: float | None = None
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return time.perf_counter() - self.began


def tell(story: Story, request: Request, metrics: Metrics, tracing: Tracing, *, queries: bool) -> None:
    """Count a request that has just ended, send its trace, and log it.

    :param queries: log their texts too.
    """
    seconds = story.seconds
    _count(story, metrics, seconds)
    said = _said(story, request, seconds)
    name = f"{request.method} {_path(request)}"
    tracing.record(name, seconds, story.timing, request.headers, said, first_stage=story.first_stage)
    if queries and story.queries:
        said["queries"] = list(story.queries[:_MOST_QUERIES])
    _log.info("request", extra={key: value for key, value in said.items() if value is not None})


def _count(story: Story, metrics: Metrics, seconds: float) -> None:
    metrics.requests.labels(story.format, story.status).inc()
    metrics.seconds.labels(story.format).observe(seconds)
    if story.reason == "timeout" or story.reason == "disconnected":
        metrics.dropped.labels("deadline" if story.reason == "timeout" else "disconnected").inc()
    elif story.reason:
        metrics.refused.labels(story.reason).inc()
    if story.first_stage is not None:
        metrics.first_stage.observe(story.first_stage)
    if story.candidates is not None and story.tokens is not None:
        metrics.candidates.observe(story.candidates)
        metrics.tokens.observe(story.tokens)
        metrics.queue.observe(story.timing.queue)


def _said(story: Story, request: Request, seconds: float) -> dict[str, Any]:
    timing, first = story.timing, story.first_stage
    return {
        "request_id": story.id,
        "path": request.url.path,
        "format": story.format,
        "status": story.status,
        "reason": story.reason,
        "candidates": story.candidates,
        "tokens": story.tokens,
        "milliseconds": round(seconds * 1000, 1),
        "first_stage_ms": None if first is None else round(first * 1000, 1),
        "queue_ms": round(timing.queue * 1000, 1),
        "tokenise_ms": round(timing.tokenising * 1000, 1),
        "inference_ms": round(timing.inference * 1000, 1),
    }


def _path(request: Request) -> str:
    """Return the path with the name of what it ends with in its place: spans of all products are called the same."""
    path: str = request.scope["path"]
    for name, value in request.path_params.items():
        path = f"{path.removesuffix(str(value))}{{{name}}}"
    return path
