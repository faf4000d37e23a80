"""The server: rerank APIs over HTTP, one file for each wire format. Needs the `serve` extra."""

from importlib.util import find_spec

from xephang.errors import MissingExtraError

if any(find_spec(name) is None for name in ("fastapi", "uvicorn", "prometheus_client")):
    raise MissingExtraError("xephang.server", "serve")

from xephang.server.app import create_app
from xephang.server.supervisor import serve
from xephang.settings import Settings

__all__ = ["Settings", "create_app", "serve"]
