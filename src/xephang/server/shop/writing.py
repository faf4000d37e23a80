"""Add, replace and delete products: all of a request's at once, or none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from xephang.errors import BusyError, XephangError
from xephang.search import Shop
from xephang.server import openapi_shop
from xephang.server.asking import Refused
from xephang.server.faults import refused
from xephang.server.keys import ADMIN
from xephang.server.paths import check_site
from xephang.server.service import Service, json_response
from xephang.server.shop.changes import Changes, read_changes

_AGAIN = 5.0
"""Seconds after which another try to write may go well."""
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def add_writing(app: FastAPI, service: Service) -> None:
    """Add what changes products."""

    async def change(request: Request) -> Response:
        return await service.respond(request, "changes", ADMIN, lambda story: _change(service, request))

    app.add_api_route("/v1/products", change, methods=["POST"], **openapi_shop.products())


async def _change(service: Service, request: Request) -> Response:
    check_site(request, service.settings)
    shop, dry = service.shop(), _dry(request)
    async with service.bodies.reading(request) as body:
        changes = await asyncio.to_thread(read_changes, bytes(body), service.settings.max_characters)
        if dry:
            before = await asyncio.to_thread(_present, shop, changes)
        else:
            before = await _written(service, changes)
    said = changes.told(before)
    failed = changes.rows and said["failed"] == len(changes.rows)
    return await asyncio.to_thread(json_response, said, 400 if failed else 200)


def _dry(request: Request) -> bool:
    said = request.query_params.get("dry_run", "").lower()
    if said not in _YES + _NO:
        raise Refused("validation", f"dry_run is '{said[:20]}'; it must be true or false")
    return said in _YES


def _present(shop: Shop, changes: Changes) -> frozenset[str]:
    return frozenset(id for id in changes.last if id in shop.compiled)


async def _written(service: Service, changes: Changes) -> frozenset[str]:
    """Write changes, if there are any; return which of their ids were there before.

    :raises Refused: if somebody else writes, or it can not be written.
    """
    if not changes.last:
        return frozenset()
    async with _turn(service):
        folder = service.shop().folder
        try:
            before = await asyncio.to_thread(service.hosting.current.change, changes.products, changes.gone)
        except BusyError:
            raise Refused(
                "conflict", "another process is writing into the search folder; try again later", retry_after=_AGAIN
            ) from None
        except XephangError as error:
            raise refused(error, "nothing was changed: the search folder can not be used", folder) from error
        except OSError as error:
            raise Refused("backend", f"nothing was changed: {error.strerror or error}") from error
        await asyncio.to_thread(service.hosting.refresh)
    return before


@asynccontextmanager
async def _turn(service: Service) -> AsyncIterator[None]:
    """Wait until nobody else of this process writes.

    :raises Refused: if that takes too long.
    """
    try:
        async with asyncio.timeout(service.settings.deadline):
            await service.writing.acquire()
    except TimeoutError:
        raise Refused("conflict", "other changes are being written; try again later", retry_after=_AGAIN) from None
    try:
        yield
    finally:
        service.writing.release()
