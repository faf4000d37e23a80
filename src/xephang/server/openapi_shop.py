"""What the OpenAPI document says of the paths of a search folder."""

from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from xephang.server.formats.documents import DocumentsError
from xephang.server.formats.search import SearchAnswer, SearchRequest
from xephang.server.openapi import answered, body, errors
from xephang.server.shop.bodies import (
    GradesAnswer,
    JudgmentAnswer,
    JudgmentRequest,
    JudgmentsAnswer,
    ProductAnswer,
    ProductsAnswer,
    SuggestionsAnswer,
)

LINES = "application/x-ndjson"


class Lines(Response):
    """JSON objects, one a line."""

    media_type = LINES


MODELS: tuple[type[BaseModel], ...] = (
    SearchRequest, SearchAnswer, ProductAnswer, ProductsAnswer, SuggestionsAnswer, JudgmentRequest, JudgmentAnswer,
    GradesAnswer, JudgmentsAnswer,
)  # fmt: skip
_LOOKING = (400, 401, 404, 424, 500, 503)
_READING = (400, 401, 404, 408, 413, 500, 503)
_QUERY = {"query": "giay chay bo nu duoi 500k", "page_size": 5}
_NARROWED = {
    "query": "giày chạy bộ",
    "filters": {"gender": ["nu"]},
    "price": {"min": 200000, "max": 800000},
    "sort": "price",
    "candidates": 50,
    "facets": False,
}
_FIRST = {"query": "sandal", "ignore": ["price"], "first_stage_only": True, "page": 2}
_PRODUCTS = (
    '{"id": "SP-1", "title": "Giày chạy bộ nữ đế êm", "brand": "Biti\'s", "size": "38", "price": 450000}\n'
    '{"delete": "SP-7"}\n'
)
_JUDGMENTS = '{"query": "giay chay bo nu", "product_id": "SP-1", "grade": 3}\n'


def search() -> dict[str, Any]:
    """Return what is said of searching."""
    examples = {
        "query": {"summary": "A query alone", "value": _QUERY},
        "narrowed": {"summary": "Filters, a price and another order", "value": _NARROWED},
        "first": {"summary": "The first stage alone, its second page", "value": _FIRST},
    }
    every = (400, 401, 404, 408, 413, 424, 429, 500, 503, 504)
    return _said(
        "Search the shop", "search", errors(DocumentsError, only=every), SearchAnswer, body((SearchRequest,), examples)
    )


def suggest() -> dict[str, Any]:
    """Return what is said of suggestions."""
    asked = [
        _parameter("q", {"type": "string"}, "What was typed until now.", example="gia"),
        _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 20, "default": 8}, "The most queries."),
    ]
    return _said("Complete a query", "suggest", _told(_LOOKING), SuggestionsAnswer, parameters=asked)


def product() -> dict[str, Any]:
    """Return what is said of one product."""
    asked = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]
    return _said("Read a product", "product", _told(_LOOKING), ProductAnswer, parameters=asked)


def products() -> dict[str, Any]:
    """Return what is said of changing products."""
    asked = [_parameter("dry_run", {"type": "boolean", "default": False}, "Check the rows, and change nothing.")]
    refused = _told((*_READING[:3], 409, *_READING[3:], 424))
    refused["400"] = answered("No row can be used; or the request can not be read.", ProductsAnswer, DocumentsError)
    said = 'JSONL: a line is a product, which is added or replaces the one of its id, or {"delete": "ID"}.'
    return _said(
        "Add, replace and delete products", "products", refused, ProductsAnswer, _lines(said, _PRODUCTS), asked
    )


def grade() -> dict[str, Any]:
    """Return what is said of grading."""
    value = {"query": "giay chay bo nu", "product_id": "SP-1", "grade": 3, "by": "lan"}
    examples = {"grade": {"summary": "An exact answer", "value": value}}
    return _said(
        "Grade a product for a query", "grade", _told(_READING), JudgmentAnswer, body((JudgmentRequest,), examples)
    )


def grades() -> dict[str, Any]:
    """Return what is said of grades."""
    asked = [_parameter("query", {"type": "string"}, "Whose grades are asked for.", example="giay chay bo nu")]
    return _said("Read the grades of a query", "grades", _told(_LOOKING), GradesAnswer, parameters=asked)


def export() -> dict[str, Any]:
    """Return what is said of the export."""
    said = _said("Export the judgments that stand", "export_judgments", _told(_LOOKING), GradesAnswer)
    given = {"description": "One judgment a line.", "content": {LINES: {"schema": {"type": "string"}}}}
    said["openapi_extra"]["responses"]["200"] = given
    return {**said, "response_class": Lines}


def take() -> dict[str, Any]:
    """Return what is said of the import."""
    refused = _told(_READING)
    refused["400"] = answered("No row can be used; or the request can not be read.", JudgmentsAnswer, DocumentsError)
    given = _lines("JSONL: one judgment a line, as the export has them.", _JUDGMENTS)
    return _said("Import judgments", "import_judgments", refused, JudgmentsAnswer, given)


def _said(
    summary: str,
    id: str,
    refused: dict[str, Any],
    answer: type[BaseModel],
    body: dict[str, Any] | None = None,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    extra: dict[str, Any] = {"responses": {"200": answered("So it is.", answer)} | refused}
    if body:
        extra["requestBody"] = body
    if parameters:
        extra["parameters"] = parameters
    return {"summary": summary, "operation_id": id, "openapi_extra": extra}


def _told(statuses: tuple[int, ...]) -> dict[str, Any]:
    return errors(DocumentsError, only=statuses)


def _parameter(name: str, schema: dict[str, Any], said: str, example: str | None = None) -> dict[str, Any]:
    found = {"name": name, "in": "query", "required": False, "schema": schema, "description": said}
    return found | ({"example": example} if example else {})


def _lines(said: str, example: str) -> dict[str, Any]:
    content = {LINES: {"schema": {"type": "string"}, "example": example}}
    return {"required": True, "description": said, "content": content}
