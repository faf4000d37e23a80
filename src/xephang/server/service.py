"""What the routes share: who may ask, the body, the answer or the error, and what is told about it."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from xephang.errors import InputError
from xephang.judgments.log import JudgmentLog
from xephang.search import Results, Search, Shop
from xephang.server.answering import Answering, Timing
from xephang.server.asking import Refused
from xephang.server.body import Bodies
from xephang.server.faults import refused
from xephang.server.formats import Format, documents, opened
from xephang.server.hosting import Hosting
from xephang.server.keys import RERANK, Keys
from xephang.server.metrics import Metrics
from xephang.server.scoring import Scorer
from xephang.server.searching import Searching, shop_of
from xephang.server.story import Story, tell
from xephang.server.tracing import Tracing
from xephang.settings import Settings

Value = TypeVar("Value")
Given = TypeVar("Given", covariant=True)
_log = logging.getLogger(__name__)
REQUEST_ID = "xephang.request_id"
"""The key of a scope."""
FULL = "xephang.full"
"""The key of a scope that says that there are too many connections."""
_LARGE = 100_000
"""Bytes of a body that is read in a thread."""
_GONE = 499
"""The status that logs and metrics have for a client that did not wait, as nginx writes it."""


class Answers(Protocol[Given]):
    """What answers a request in its own time.

    :param less: what to ask for less of where it takes too long.
    """

    less: str
    timing: Timing

    async def answer(self) -> Given:
        """Return the answer.

        :raises Refused: if there is none.
        """

    def give_up(self) -> None:
        """Have nothing of it done any more."""


class Service:
    """Answer requests with a model; see `create_app` for what is at which path."""

    def __init__(self, settings: Settings, hosting: Hosting, keys: Keys) -> None:
        self.settings, self.hosting, self.keys = settings, hosting, keys
        self.metrics, self.tracing = Metrics(), Tracing(settings.otlp_endpoint)
        self.scorer = Scorer(settings, self.metrics.batch)
        self.judgments = JudgmentLog(Path(settings.judgments)) if settings.judgments else None
        self.writing = asyncio.Lock()
        self.draining = False
        self.bodies = Bodies(settings)

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

    async def respond(
        self,
        request: Request,
        name: str,
        role: str,
        answer: Callable[[Story], Awaitable[Response]],
        *,
        refuse: Callable[[Refused, Story], Response] | None = None,
    ) -> Response:
        """Answer a request of somebody who may ask, or say why not, and tell about it.

        :param name: what it asks for, as metrics and the log call it.
        :param answer: raises `Refused` where there is no answer.
        :param refuse: makes a response of that; without it, the documents' format does.
        """
        story = Story(request.scope[REQUEST_ID], name)
        refuse = refuse or _refuse
        try:
            if FULL in request.scope:
                raise Refused("full", "too many connections; try again later", retry_after=1)
            self.authorise(request, role)
            response = await answer(story)
        except Refused as no:
            response, story.reason = refuse(no, story), no.kind
        except ClientDisconnect:
            response, story.reason = Response(status_code=_GONE), "disconnected"
        except Exception:
            _log.exception("a request failed", extra={"request_id": story.id})
            response = refuse(Refused("bug", "the server failed; its log says why"), story)
            story.reason = "bug"
        story.status = response.status_code
        tell(story, request, self.metrics, self.tracing, queries=self.settings.log_queries)
        return response

    async def rerank(self, request: Request, choose: Callable[[object], Format]) -> Response:
        """Answer a request in its own format.

        :param choose: tells the format by the body's content; by its bytes where they are no JSON.
        """
        format: Format = documents

        async def answer(story: Story) -> Response:
            nonlocal format
            async with self.bodies.reading(request) as body:
                format = choose(body)
                content = await apart(len(body), opened, body)
                format = choose(content)
                story.format = format.NAME
                asked = await apart(len(body), format.parse, content, self.settings)
                story.queries, story.candidates = asked.queries, len(asked)
                answering = Answering(asked, self.hosting.current, self.scorer, story.id)
                answered = await self.in_time(request, answering, story)
                story.tokens = answered.tokens
            return json_response(format.answer(asked, answered, self.settings))

        return await self.respond(
            request, "other", RERANK, answer, refuse=lambda r, story: refusal(r, format, story.id)
        )

    async def search(self, request: Request, search: Search, story: Story) -> Results:
        """Return a page of what a search finds in the shop.

        :raises Refused: if there is no answer, or no shop.
        :raises ClientDisconnect: if there is nobody to have it.
        """
        story.queries = [search.query]
        held = self.hosting.current
        return await self.in_time(request, Searching(search, shop_of(held), held, self.scorer, story), story)

    async def graded(self, query: str) -> dict[str, int]:
        """Return the grades that stand for a query, by product; none where none are taken.

        :raises Refused: if they can not be read.
        """
        if self.judgments is None:
            return {}
        try:
            return await asyncio.to_thread(self.judgments.standing, query)
        except InputError as error:
            raise refused(error, "the grades can not be read", self.judgments.path) from error

    def shop(self) -> Shop:
        """Return the shop that is served, as it is now.

        :raises Refused: if none is.
        """
        return shop_of(self.hosting.current)

    async def in_time(self, request: Request, answering: Answers[Given], story: Story) -> Given:
        """Return the answer, unless its time is over or the client gone before.

        :raises Refused: if there is no answer.
        :raises ClientDisconnect: if there is nobody to have it.
        """
        story.timing = answering.timing
        answer = asyncio.ensure_future(answering.answer())
        gone = asyncio.create_task(_disconnected(request))
        left = self.settings.deadline - story.seconds
        try:
            done, _ = await asyncio.wait({answer, gone}, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                return answer.result()
            if gone in done:
                raise ClientDisconnect
            raise Refused(
                "timeout", f"no answer within {self.settings.deadline:g} s; ask for fewer {answering.less} at once"
            )
        finally:
            gone.cancel()
            if not answer.done():
                answering.give_up()
                answer.cancel()


async def apart(size: int, run: Callable[..., Value], *given: Any) -> Value:
    """Run something that takes long where its input is large; in a thread then, so that others have their turn too."""
    return await asyncio.to_thread(run, *given) if size > _LARGE else run(*given)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refuse(refused: Refused, story: Story) -> Response:
    return refusal(refused, documents, story.id)


def new_request_id(headers: Headers) -> str:
    """Return the id that the client gave its request, if it is a plain short one; else a new one."""
    given = headers.get("x-request-id", "")
    return given if 0 < len(given) <= 128 and given.isascii() and given.isprintable() else uuid4().hex


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of JSON in which every float has a decimal point or an exponent, and none is NaN."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, media_type="application/json")


def refusal(refused: Refused, format: Format, id: str) -> Response:
    """Return an error in a format."""
    return json_response(format.error(refused, id), format.STATUS[refused.kind], refusal_headers(refused))


def refusal_headers(refused: Refused) -> dict[str, str]:
    """Return the headers that a refusal has in whatever it is written.

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
    return headers
