"""How paths are added to the application, and what every one that changes something checks."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from xephang.server.asking import Refused
from xephang.settings import Settings

_HERE = ("localhost", "127.0.0.1", "::1")
Endpoint = Callable[[Request], Awaitable[Response]]


def add_look(app: FastAPI, path: str, look: Endpoint, said: dict[str, Any]) -> None:
    """Add a path that is read, and its head.

    :param said: of it in the OpenAPI document.
    """
    # Starlette's route answers HEAD where it answers GET (RFC 9110, 9.1); FastAPI's, which does not, is what the
    # OpenAPI document is made from.
    app.router.add_route(path, look, methods=["GET"], include_in_schema=False)
    app.add_api_route(path, look, methods=["GET"], **said)


def check_site(request: Request, settings: Settings) -> None:
    """Check that no page of another site asks, from a browser on a machine that may.

    :raises Refused: if one does.
    """
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin")
    host = request.headers.get("host", "")
    # Browsers that say nothing of the site, as all do over plain HTTP from another machine, still say the origin.
    foreign = site not in ("", "none", "same-origin") or (
        origin is not None and site != "same-origin" and _netloc(origin) != host.lower()
    )
    if foreign or (origin is not None and _is_open_here(settings) and _hostname(f"//{host}") not in _HERE):
        raise Refused("unauthorized", "pages of other sites may not ask for this")


def _is_open_here(settings: Settings) -> bool:
    """Say whether this machine alone may ask, without a key: a name that leads here is no reason to trust a page."""
    return not (settings.keys_file or settings.allow_anonymous)


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
