"""Search, suggestions, and products by id."""

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from xephang.errors import InputError
from xephang.server import openapi_shop
from xephang.server.asking import Refused
from xephang.server.formats import check_texts, opened
from xephang.server.formats import search as search_format
from xephang.server.keys import RERANK
from xephang.server.paths import add_look
from xephang.server.service import Service, apart, json_response
from xephang.server.story import Story

_SUGGESTIONS, _MOST_SUGGESTIONS = 8, 20


def add_looking(app: FastAPI, service: Service) -> None:
    """Add what changes nothing."""

    async def search(request: Request) -> Response:
        return await service.respond(request, "search", RERANK, lambda story: _search(service, request, story))

    async def suggest(request: Request) -> Response:
        return await service.respond(request, "suggest", RERANK, lambda story: _suggest(service, request, story))

    async def product(request: Request) -> Response:
        return await service.respond(request, "products", RERANK, lambda story: _product(service, request))

    app.add_api_route("/v1/search", search, methods=["POST"], **openapi_shop.search())
    add_look(app, "/v1/suggest", suggest, openapi_shop.suggest())
    add_look(app, "/v1/products/{id:path}", product, openapi_shop.product())


async def _search(service: Service, request: Request, story: Story) -> Response:
    service.shop()
    async with service.bodies.reading(request) as body:
        content = await apart(len(body), opened, body)
        search = await apart(len(body), search_format.parse, content, service.settings)
    results = await service.search(request, search, story)
    name = service.hosting.current.name
    return await asyncio.to_thread(lambda: json_response(search_format.answer(results, story.id, name)))


async def _suggest(service: Service, request: Request, story: Story) -> Response:
    shop, asked = service.shop(), request.query_params
    query, limit = asked.get("q", ""), asked.get("limit", str(_SUGGESTIONS))
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 3 and 1 <= int(limit) <= _MOST_SUGGESTIONS):
        raise Refused("validation", f"limit is '{limit[:20]}'; it must be 1 to {_MOST_SUGGESTIONS}")
    check_texts(service.settings, q=[query])
    story.queries = [query]
    try:
        found = await asyncio.to_thread(shop.suggest, query, int(limit))
    except InputError as error:
        raise Refused("validation", str(error)) from None
    said = [{"text": one.text, "count": one.count} for one in found]
    return json_response({"object": "suggestions", "query": query, "suggestions": said})


async def _product(service: Service, request: Request) -> Response:
    id, compiled = request.path_params["id"], service.shop().compiled
    if id not in compiled:
        raise Refused("missing", f"there is no product '{id}'")
    found = await asyncio.to_thread(compiled.products, [id])
    return json_response({"object": "product", "id": id, "product": found[0].to_dict()})
