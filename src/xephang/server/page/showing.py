"""Answer for the page: read its URL, search, and write the answer as HTML, refusals too."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from xephang.errors import InputError
from xephang.search import Search
from xephang.server.asking import Refused
from xephang.server.formats import documents
from xephang.server.keys import RERANK
from xephang.server.page.rendering import Rendering, Shown
from xephang.server.page.state import COMPARED, State
from xephang.server.service import Service, refusal_headers
from xephang.server.story import Story
from xephang.settings import Settings
from xephang.version import __version__

FRAGMENT = "x-xephang-fragment"
"""The header by which the page's script asks for results alone."""
POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip


class Page:
    """The search page of a service's shop."""

    def __init__(self, service: Service, rendering: Rendering) -> None:
        self._service, self._rendering = service, rendering

    async def answer(self, request: Request) -> Response:
        """Answer with the whole page, or with its results alone."""

        async def found(story: Story) -> Response:
            state = State.read(request.query_params, self._facets())
            results = await self._service.search(request, _search(state, self._service.settings), story)
            grading = state.view == "grade" and self._service.judgments is not None
            grades = await self._service.graded(results.found.query) if grading else None
            shown = replace(self._shown(state), results=results, grades=grades)
            return await asyncio.to_thread(self._html, request, shown)

        def refused(refused: Refused, story: Story) -> Response:
            again = f"/?{request.url.query}" if request.url.query else "/"
            shown = replace(self._shown(State.read(request.query_params, ())), refused=refused, again=again)
            return self._html(request, shown, documents.STATUS[refused.kind], refusal_headers(refused))

        return await self._service.respond(request, "page", RERANK, found, refuse=refused)

    def _facets(self) -> Collection[str]:
        return self._service.shop().first_stage.facet_terms.shown()

    def _shown(self, state: State) -> Shown:
        return Shown(state, self._service.hosting.current.name, __version__)

    def _html(
        self, request: Request, shown: Shown, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        text = self._rendering.html(shown, whole=request.headers.get(FRAGMENT) != "results")
        said = {"content-security-policy": POLICY, "vary": FRAGMENT, "content-language": shown.state.language}
        return HTMLResponse(text.encode("utf-8", "replace"), status, {**said, **(headers or {})})


def _search(state: State, settings: Settings) -> Search:
    """Return what to ask for.

    :raises Refused: if the shop would not take it.
    """
    try:
        return state.search(min(COMPARED, settings.max_documents))
    except InputError as error:
        raise Refused("validation", str(error)) from error
