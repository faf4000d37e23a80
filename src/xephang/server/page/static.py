"""The page's own files, under addresses that change with their content."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

_KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _File:
    content: bytes
    kind: str
    etag: str


class Static:
    """All files of `static/`, read once; modules that import each other lie under one address."""

    def __init__(self) -> None:
        found = sorted((one.name, one.read_bytes()) for one in files(__package__).joinpath("static").iterdir())
        self._files = {
            name: _File(content, _KINDS[name.rsplit(".", 1)[-1]], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
            for name, content in found
        }
        self.version = hashlib.sha256("".join(file.etag for file in self._files.values()).encode()).hexdigest()[:16]

    @property
    def modules(self) -> list[str]:
        """The scripts that others import: a browser that knows of them asks for all at once."""
        return [name for name in self._files if name.endswith(".js") and name != "page.js"]

    def url(self, name: str) -> str:
        """Return the address of a file."""
        assert name in self._files, name
        return f"/static/{self.version}/{name}"

    async def answer(self, request: Request) -> Response:
        """Answer with a file: kept for ever under its present address, asked for again under another one."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            return Response("there is no such file\n", 404, media_type="text/plain")
        present = request.path_params["version"] == self.version
        headers = {"etag": file.etag, "cache-control": _FOR_EVER if present else "no-cache"}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if file.etag in known or "*" in known:
            return Response(None, 304, headers)
        return Response(file.content, 200, headers, media_type=file.kind)
