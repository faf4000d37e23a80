"""The search page at `/`, and its files under `/static/`."""

from fastapi import FastAPI

from xephang.server.page.rendering import Rendering
from xephang.server.page.showing import Page
from xephang.server.page.static import Static
from xephang.server.service import Service

__all__ = ["add_page"]


def add_page(app: FastAPI, service: Service) -> None:
    """Add the page to an application.

    Its files need no key: they say nothing of the shop.
    """
    static = Static()
    page = Page(service, Rendering(static))
    app.router.add_route("/static/{version}/{name}", static.answer, methods=["GET"], include_in_schema=False)
    app.router.add_route("/", page.answer, methods=["GET"], include_in_schema=False)
