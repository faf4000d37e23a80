"""Grades that staff give to results: one by one, or as a file in and out."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from xephang.catalogue.row import BadRow
from xephang.errors import InputError
from xephang.judgments.log import JudgmentLog
from xephang.judgments.log_import import STATUSES, GradedRow
from xephang.product import Product
from xephang.search import Shop
from xephang.server import openapi_shop
from xephang.server.asking import Refused
from xephang.server.faults import refused
from xephang.server.formats import check_texts, opened, read
from xephang.server.keys import ADMIN, RERANK
from xephang.server.paths import add_look, check_site
from xephang.server.service import Service, apart, json_response
from xephang.server.shop.bodies import JudgmentRequest
from xephang.server.shop.lines import lines, problem_of
from xephang.server.story import Story

_AT_ONCE = 500
"""Rows of an export that are read in one go."""


def add_grading(app: FastAPI, service: Service) -> None:
    """Add what takes and gives judgments."""

    async def grade(request: Request) -> Response:
        return await service.respond(request, "judgments", RERANK, lambda story: _grade(service, request, story))

    async def grades(request: Request) -> Response:
        return await service.respond(request, "judgments", RERANK, lambda story: _grades(service, request, story))

    async def export(request: Request) -> Response:
        return await service.respond(request, "judgments", RERANK, lambda story: _export(service))

    async def take(request: Request) -> Response:
        return await service.respond(request, "judgments", ADMIN, lambda story: _import(service, request))

    app.add_api_route("/v1/judgments", grade, methods=["POST"], **openapi_shop.grade())
    add_look(app, "/v1/judgments", grades, openapi_shop.grades())
    add_look(app, "/v1/judgments/export", export, openapi_shop.export())
    app.add_api_route("/v1/judgments/import", take, methods=["POST"], **openapi_shop.take())


async def _grade(service: Service, request: Request, story: Story) -> Response:
    check_site(request, service.settings)
    log, shop = _log(service), service.shop()
    async with service.bodies.reading(request) as body:
        content = await apart(len(body), opened, body)
        asked = await apart(len(body), read, JudgmentRequest, content)
    check_texts(service.settings, query=[asked.query], product_id=[asked.product_id])
    story.queries = [asked.query]
    product = await asyncio.to_thread(_found, shop, asked.product_id)
    if product is None and asked.grade is None:  # what is gone from the shop can be taken back
        product = Product(id=asked.product_id)
    if product is None:
        raise Refused("missing", f"there is no product '{asked.product_id}'")
    try:
        row = await asyncio.to_thread(log.add, asked.query, product, asked.grade, asked.by or "")
    except InputError as error:
        raise refused(error, "the grade was not kept", log.path) from error
    kept = {name: row[name] for name in ("query", "grade", "graded_at", "by") if name in row}
    return json_response({"object": "judgment", "product_id": product.id, **kept})


async def _grades(service: Service, request: Request, story: Story) -> Response:
    _log(service)
    query = request.query_params.get("query", "")
    check_texts(service.settings, query=[query])
    story.queries = [query]
    return json_response({"object": "judgments", "query": query, "grades": await service.graded(query)})


async def _export(service: Service) -> Response:
    log = _log(service)
    try:
        rows = await asyncio.to_thread(log.rows)
        first = await asyncio.to_thread(_exported, rows)  # while there still is a status to say what is wrong
    except InputError as error:
        raise refused(error, "the grades can not be read", log.path) from error
    named = {"content-disposition": 'attachment; filename="judgments.jsonl"'}
    return StreamingResponse(_chunks(first, rows), headers=named, media_type=openapi_shop.LINES)


async def _chunks(first: bytes, rows: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = await asyncio.to_thread(_exported, rows)


def _exported(rows: Iterator[dict[str, Any]]) -> bytes:
    """Return the next rows as lines; nothing after the last one."""
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in islice(rows, _AT_ONCE))
    return "".join(lines).encode("utf-8", "replace")


async def _import(service: Service, request: Request) -> Response:
    check_site(request, service.settings)
    log, shop = _log(service), service.shop()
    async with service.bodies.reading(request) as body:
        try:
            rows = await asyncio.to_thread(_imported, log, shop, bytes(body))
        except InputError as error:
            raise refused(error, "the grades were not kept, or not all of them", log.path) from error
    counts: dict[str, int] = {status: sum(row.status == status for row in rows) for status in STATUSES}
    said = {"object": "judgments", **counts, "rows": [row.to_dict() for row in rows]}
    return json_response(said, 400 if rows and counts["failed"] == len(rows) else 200)


def _imported(log: JudgmentLog, shop: Shop, body: bytes) -> list[GradedRow]:
    return log.import_rows(list(_rows(body)), lambda id: _found(shop, id))  # all are read before one is kept


def _rows(body: bytes) -> Iterator[Mapping[str, Any] | InputError]:
    for item in lines(body):
        if isinstance(item, BadRow):
            yield InputError(problem_of(item.error.row, item.error.field, item.error.problem))
        else:
            yield item.values


def _found(shop: Shop, id: str) -> Product | None:
    return shop.compiled.products([id])[0] if id in shop.compiled else None


def _log(service: Service) -> JudgmentLog:
    if service.judgments is None:
        raise Refused("missing", "grading is off: start the server with --judgments FILE")
    return service.judgments
