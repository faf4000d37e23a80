"""How paths are added to the application, and what every one that changes something checks."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from xephang.server.asking import Refused

Endpoint = Callable[[Request], Awaitable[Response]]


def add_look(app: FastAPI, path: str, look: Endpoint, said: dict[str, Any]) -> None:
    """Add a path that is read, and its head.

    :param said: of it in the OpenAPI document.
    """
    # Starlette's route answers HEAD where it answers GET (RFC 9110, 9.1); FastAPI's, which does not, is what the
    # OpenAPI document is made from.
    app.router.add_route(path, look, methods=["GET"], include_in_schema=False)
    app.add_api_route(path, look, methods=["GET"], **said)


def check_site(request: Request) -> None:
    """Check that no page of another site asks, from a browser on a machine that may.

    :raises Refused: if one does.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused("unauthorized", "pages of other sites may not ask for this")
