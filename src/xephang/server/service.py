"""What the routes share: who may ask, the body, the answer or the error, and what is told about it."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from xephang.server.answering import Answering, Timing
from xephang.server.asking import Answer, Asked, Refused
from xephang.server.body import Bodies
from xephang.server.formats import Format, documents, opened
from xephang.server.hosting import Hosting
from xephang.server.keys import RERANK, Keys
from xephang.server.metrics import Metrics
from xephang.server.scoring import Scorer
from xephang.server.tracing import Tracing
from xephang.settings import Settings

Value = TypeVar("Value")
_log = logging.getLogger(__name__)
REQUEST_ID = "xephang.request_id"
"""The key of a scope."""
FULL = "xephang.full"
"""The key of a scope that says that there are too many connections."""
_LARGE = 100_000
"""Bytes of a body that is read in a thread."""
_GONE = 499
"""The status that logs and metrics have for a client that did not wait, as nginx writes it."""


@dataclass
class Story:
    """What is told about one request."""

    id: str
    format: str = "other"
    status: int = 200
    reason: str | None = None
    timing: Timing = field(default_factory=Timing)
    asked: Asked | None = None
    answer: Answer | None = None
    began: float = field(default_factory=time.perf_counter)


class Service:
    """Answer requests with a model; see `create_app` for what is at which path."""

    def __init__(self, settings: Settings, hosting: Hosting, keys: Keys) -> None:
        self.settings, self.hosting, self.keys = settings, hosting, keys
        self.metrics, self.tracing = Metrics(), Tracing(settings.otlp_endpoint)
        self.scorer = Scorer(settings, self.metrics.batch)
        self.draining = False
        self._bodies = Bodies(settings)

    @property
    def ready(self) -> bool:
        """Whether new requests should come here."""
        return self.scorer.alive and not self.draining

    def close(self) -> None:
        """End the scorer's thread, and send what is left to tell."""
        self.scorer.close()
        self.tracing.close()

    async def keep(self) -> None:
        """Look for changes now and then, for ever."""
        while True:
            for look in (self.hosting.refresh, self.keys.refresh, self.look):
                try:
                    await asyncio.to_thread(look)
                except Exception:  # whatever it is, the next look may go well
                    _log.exception("a look for changes failed")
            await asyncio.sleep(self.settings.refresh_seconds)

    def look(self) -> None:
        """Take the state of things into the metrics."""
        self.metrics.look(self.hosting.current, self.scorer.waiting)

    def authorise(self, request: Request, role: str) -> None:
        """Check that a request has a key that may do something.

        :raises Refused: if it has none.
        """
        if not self.keys.allows(request.headers.get("authorization", ""), role):
            raise Refused("unauthorized", "no valid API key; send it in the header Authorization, after Bearer or bare")

    async def rerank(self, request: Request, choose: Callable[[object], Format]) -> Response:
        """Answer a request in its own format.

        :param choose: tells the format by the body's content; by its bytes where they are no JSON.
        """
        story = Story(request.scope[REQUEST_ID])
        format: Format = documents
        try:
            if FULL in request.scope:
                raise Refused("full", "too many connections; try again later", retry_after=1)
            self.authorise(request, RERANK)
            async with self._bodies.reading(request) as body:
                format = choose(body)
                content = await _apart(len(body), opened, body)
                format = choose(content)
                story.format = format.NAME
                story.asked = await _apart(len(body), format.parse, content, self.settings)
                story.answer = await self._answered(request, story.asked, story)
            response = json_response(format.answer(story.asked, story.answer, self.settings))
        except Refused as refused:
            response = refusal(refused, format, story.id)
            story.reason = refused.kind
        except ClientDisconnect:
            response, story.reason = Response(status_code=_GONE), "disconnected"
        except Exception:
            _log.exception("a request failed", extra={"request_id": story.id})
            response = refusal(Refused("bug", "the server failed; its log says why"), format, story.id)
            story.reason = "bug"
        story.status = response.status_code
        self._tell(request, story)
        return response

    async def _answered(self, request: Request, asked: Asked, story: Story) -> Answer:
        """Return the answer, unless its time is over or the client gone before.

        :raises Refused: if there is no answer.
        :raises ClientDisconnect: if there is nobody to have it.
        """
        answering = Answering(asked, self.hosting.current, self.scorer, story.id)
        story.timing = answering.timing
        answer = asyncio.create_task(answering.answer())
        gone = asyncio.create_task(_disconnected(request))
        left = self.settings.deadline - (time.perf_counter() - story.began)
        try:
            done, _ = await asyncio.wait({answer, gone}, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                return answer.result()
            if gone in done:
                raise ClientDisconnect
            raise Refused("timeout", f"no answer within {self.settings.deadline:g} s; ask for fewer documents at once")
        finally:
            gone.cancel()
            if not answer.done():
                answering.give_up()
                answer.cancel()

    def _tell(self, request: Request, story: Story) -> None:
        seconds = time.perf_counter() - story.began
        metrics, asked, answer, timing = self.metrics, story.asked, story.answer, story.timing
        metrics.requests.labels(story.format, story.status).inc()
        metrics.seconds.labels(story.format).observe(seconds)
        if story.reason == "timeout" or story.reason == "disconnected":
            metrics.dropped.labels("deadline" if story.reason == "timeout" else "disconnected").inc()
        elif story.reason:
            metrics.refused.labels(story.reason).inc()
        if asked and answer:
            metrics.candidates.observe(len(asked))
            metrics.tokens.observe(answer.tokens)
            metrics.queue.observe(timing.queue)
        said: dict[str, Any] = {
            "request_id": story.id,
            "path": request.url.path,
            "format": story.format,
            "status": story.status,
            "reason": story.reason,
            "candidates": len(asked) if asked else None,
            "tokens": answer.tokens if answer else None,
            "milliseconds": round(seconds * 1000, 1),
            "queue_ms": round(timing.queue * 1000, 1),
            "tokenise_ms": round(timing.tokenising * 1000, 1),
            "inference_ms": round(timing.inference * 1000, 1),
        }
        self.tracing.record(f"POST {request.url.path}", seconds, timing, request.headers, said)
        if self.settings.log_queries and asked:
            said["queries"] = list(asked.queries[:10])
        _log.info("request", extra={key: value for key, value in said.items() if value is not None})


async def _apart(size: int, run: Callable[..., Value], *given: Any) -> Value:
    """Run something that takes long where its input is large; in a thread then, so that others have their turn too."""
    return await asyncio.to_thread(run, *given) if size > _LARGE else run(*given)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def new_request_id(headers: Headers) -> str:
    """Return the id that the client gave its request, if it is a plain short one; else a new one."""
    given = headers.get("x-request-id", "")
    return given if 0 < len(given) <= 128 and given.isascii() and given.isprintable() else uuid4().hex


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of JSON in which every float has a decimal point or an exponent, and none is NaN."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, media_type="application/json")


def refusal(refused: Refused, format: Format, id: str) -> Response:
    """Return an error in a format.

    Where it stands for a request of which nothing more should be read, the connection is closed. Of others the protocol
    reads the rest and forgets it: who is still sending would not see the answer.
    """
    headers = {}
    if refused.retry_after is not None:
        headers["retry-after"] = str(max(1, round(refused.retry_after)))
    if refused.kind in ("slow", "malformed", "full"):
        headers["connection"] = "close"
    if refused.kind == "unauthorized":
        headers["www-authenticate"] = "Bearer"
    return json_response(format.error(refused, id), format.STATUS[refused.kind], headers)
