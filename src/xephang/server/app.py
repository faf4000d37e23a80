"""The application: what is at which path."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xephang.errors import XephangError
from xephang.server import openapi, openapi_shop
from xephang.server.asking import Refused
from xephang.server.formats import Format, documents, score, tei
from xephang.server.hosting import Hosting
from xephang.server.keys import ADMIN, METRICS, RERANK, Keys
from xephang.server.page import add_page
from xephang.server.paths import add_look, check_site
from xephang.server.service import REQUEST_ID, Service, json_response, new_request_id, refusal
from xephang.server.shop import add_shop
from xephang.settings import Settings
from xephang.version import __version__

Reload = Callable[[], Awaitable[None]]
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


def create_app(settings: Settings, hosting: Hosting | None = None, *, reload: Reload | None = None) -> FastAPI:
    """Return the application.

    :param hosting: the open model; opened as the settings say without it.
    :param reload: opens the model anew in all processes; in this one alone without it. Raises `XephangError`.
    """
    hosting = hosting or Hosting(settings)
    keys = Keys(Path(settings.keys_file) if settings.keys_file else None)
    service = Service(settings, hosting, keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keeping = asyncio.create_task(service.keep())
        yield
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        service.close()

    app = FastAPI(
        title="xephang",
        version=__version__,
        summary="Search and rerank the products of a Vietnamese shop, in the formats that rerank clients speak too.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.service = service
    _add_reranking(app, service)
    _add_looking(app, service)
    _add_administering(app, service, reload or _reload_here(service))
    add_shop(app, service)
    add_page(app, service)
    app.add_exception_handler(HTTPException, _http_error)
    openapi.describe(app, openapi_shop.MODELS)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["retry-after", "x-request-id"],
        )
    app.add_middleware(_Headers, service=service)
    return app


def _add_reranking(app: FastAPI, service: Service) -> None:
    async def rerank(request: Request) -> Response:
        return await service.rerank(request, _format_of)

    async def scores(request: Request) -> Response:
        return await service.rerank(request, lambda _: score)

    for path in openapi.RERANK_PATHS:
        app.add_api_route(path, rerank, methods=["POST"], **openapi.rerank(path))
    app.add_api_route("/score", scores, methods=["POST"], **openapi.score())


def _add_looking(app: FastAPI, service: Service) -> None:
    async def health(request: Request) -> Response:
        return json_response({"status": "ok"})

    async def ready(request: Request) -> Response:
        return json_response({"ready": service.ready}, 200 if service.ready else 503)

    async def models(request: Request) -> Response:
        held = service.hosting.current
        one = {"id": held.name, "object": "model", "created": 0, "owned_by": "xephang", "root": held.name}
        return _allowed(service, request, RERANK) or json_response({"object": "list", "data": [one]})

    async def info(request: Request) -> Response:
        return _allowed(service, request, RERANK) or json_response(_info(service))

    async def metrics(request: Request) -> Response:
        service.look()
        return _allowed(service, request, METRICS) or Response(
            await asyncio.to_thread(service.metrics.text), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    for path, look, said in (
        ("/health", health, openapi.status("Say that the process lives.")),
        ("/ready", ready, openapi.status("Say whether requests should come here.", 503)),
        ("/v1/models", models, openapi.status("List the one model.", 401)),
        ("/info", info, openapi.status("Describe the model and the limits, as TEI does.", 401)),
        ("/metrics", metrics, openapi.metrics()),
    ):
        add_look(app, path, look, said)


def _add_administering(app: FastAPI, service: Service, reload: Reload) -> None:
    @app.post("/admin/reload", **openapi.status("Open the model anew, and switch once it is checked.", 401, 424))
    async def reload_model(request: Request) -> Response:
        refused = _allowed(service, request, ADMIN)
        if refused:
            return refused
        try:
            check_site(request, service.settings)
            await reload()
        except Refused as other:
            return refusal(other, documents, _id(request))
        except XephangError as error:
            return refusal(Refused("backend", f"the old model serves on: {error}"), documents, _id(request))
        held = service.hosting.current
        return json_response({"model": held.name, "fingerprint": held.fingerprint, "generation": held.generation})


def _reload_here(service: Service) -> Reload:
    one_at_a_time = asyncio.Lock()

    async def reload() -> None:
        hosting = service.hosting
        async with one_at_a_time:
            try:
                held = await asyncio.to_thread(hosting.prepare, hosting.current.generation + 1)
            except XephangError as error:
                service.metrics.reload(str(error))
                raise
            hosting.switch(held.generation)
        service.metrics.reload("")

    return reload


def _allowed(service: Service, request: Request, role: str) -> Response | None:
    """Return the refusal of a request without a key for a role; None where it may go on."""
    try:
        service.authorise(request, role)
    except Refused as refused:
        return refusal(refused, documents, _id(request))
    return None


def _format_of(content: object) -> Format:
    """Tell TEI's format, which has `texts`, from the others."""
    if isinstance(content, bytearray):
        return tei if b'"texts"' in content else documents
    return tei if isinstance(content, dict) and "texts" in content else documents


def _info(service: Service) -> dict[str, Any]:
    held, settings = service.hosting.current, service.settings
    reranker = held.reranker
    return {
        "model_id": held.name,
        "model_sha": held.fingerprint,
        "model_dtype": reranker.engine.name,
        "model_type": {"reranker": {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}},
        "max_concurrent_requests": settings.max_waiting,
        "max_input_length": reranker.tokenizer.max_length,
        "max_batch_tokens": settings.batch_tokens,
        "max_batch_requests": None,
        "max_client_batch_size": settings.max_documents,
        "auto_truncate": True,
        "tokenization_workers": 1,
        "version": __version__,
        "products": None if held.catalogue is None else len(held.catalogue),
        "activation": reranker.activation,
        "search": held.shop is not None,
        "grading": service.judgments is not None,
    }


def _id(request: Request) -> str:
    return str(request.scope[REQUEST_ID])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = documents.error(Refused("validation", f"{request.method} {request.url.path}: {error.detail}"), _id(request))
    said["error"]["code"] = error.status_code
    return json_response(said, error.status_code, error.headers)


class _Headers:
    """Add to every response the request's id, and the headers that keep browsers from making anything else of it.

    A response may have said one of these itself, as the page does.

    While the server drains, each is its connection's last.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id = scope[REQUEST_ID] = new_request_id(Headers(scope=scope))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                own = [one for one in _HEADERS.items() if one[0] not in given] + [(b"x-request-id", id.encode())]
                closing = [(b"connection", b"close")] if self._service.draining else []
                message = {**message, "headers": [*message["headers"], *own, *closing]}
            await send(message)

        await self._app(scope, receive, sending)
