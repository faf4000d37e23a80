"""What the OpenAPI document says of each path: bodies with examples, answers, errors."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from xephang.server.formats import Body
from xephang.server.formats.documents import DocumentsAnswer, DocumentsError, DocumentsRequest
from xephang.server.formats.score import ScoreAnswer, ScoreRequest
from xephang.server.formats.tei import TeiError, TeiRank, TeiRequest

RERANK_PATHS = ("/rerank", "/v1/rerank", "/v2/rerank")
_ERRORS = {
    400: "There is nothing to rank; or the request can not be read, or is more than is allowed.",
    401: "A valid API key is missing.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    422: "As 400, in the format of text-embeddings-inference.",
    424: "The model failed.",
    429: "Too much waits already; the header Retry-After says when to try again.",
    500: "The server failed.",
    503: "Too many connections.",
    504: "There was no answer in time.",
}
_OTHERS = {404: "It is not there.", 409: "Somebody else is writing; the header Retry-After says when to try again."}
_TEI = {
    "query": "giày chạy bộ nữ êm chân",
    "texts": ["Giày chạy bộ nữ đế êm, siêu nhẹ", "Lót giày silicon êm chân", "Tủ giày gỗ 3 tầng"],
}
_DOCUMENTS = {
    "model": "giay",
    "query": "giay chay bo nu",
    "documents": ["Tủ giày gỗ 3 tầng", {"title": "Giày chạy bộ nữ đế êm", "brand": "Biti's", "size": "38"}],
    "top_n": 1,
    "return_documents": True,
}
_SCORE = {"text_1": "giay chay bo nu", "text_2": ["Giày chạy bộ nữ đế êm", "Tủ giày gỗ 3 tầng"]}


class Ranks(RootModel[list[TeiRank]]):
    """Texts' scores, highest first, in a bare array."""


_MODELS: tuple[type[BaseModel], ...] = (
    TeiRequest, Ranks, TeiError, DocumentsRequest, DocumentsAnswer, DocumentsError, ScoreRequest, ScoreAnswer,
)  # fmt: skip


def rerank(path: str) -> dict[str, Any]:
    """Return what is said of a path that reranks."""
    examples = {
        "documents": {"summary": "Cohere, Jina, infinity, vLLM; products too", "value": _DOCUMENTS},
        "tei": {"summary": "text-embeddings-inference", "value": _TEI},
    }
    return {
        "summary": "Rank documents for a query",
        "operation_id": "rerank" + path.replace("/", "_"),
        "openapi_extra": {
            "requestBody": body((DocumentsRequest, TeiRequest), examples),
            "responses": {"200": answered("Scores, highest first.", DocumentsAnswer, Ranks)}
            | errors(DocumentsError, TeiError),
        },
    }


def score() -> dict[str, Any]:
    """Return what is said of the path that scores pairs."""
    return {
        "summary": "Score pairs",
        "operation_id": "score",
        "openapi_extra": {
            "requestBody": body((ScoreRequest,), {"score": {"summary": "vLLM", "value": _SCORE}}),
            "responses": {"200": answered("Scores, in the order given.", ScoreAnswer)} | errors(DocumentsError),
        },
    }


def status(summary: str, *errors: int) -> dict[str, Any]:
    """Return what is said of a path without a body whose answer is a small object."""
    content = {"application/json": {"schema": {"type": "object"}}}
    answers = {"200": {"description": "So it is.", "content": content}}
    answers |= {str(code): {"description": _ERRORS.get(code, "No."), "content": content} for code in errors}
    return {"summary": summary.rstrip("."), "openapi_extra": {"responses": answers}}


def metrics() -> dict[str, Any]:
    """Return what is said of the metrics' path."""
    said = status("Metrics for Prometheus", 401)
    said["openapi_extra"]["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return {**said, "response_class": PlainTextResponse}


def describe(app: FastAPI, others: tuple[type[BaseModel], ...] = ()) -> None:
    """Add to the application's document the bodies' schemas, and how keys are sent.

    :param others: models of paths that are not described here.
    """
    generated = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            said = generated()
            _, schemas = models_json_schema(
                [(model, "validation") for model in (*_MODELS, *others)], ref_template="#/components/schemas/{model}"
            )
            components = said.setdefault("components", {})
            components["schemas"] = schemas["$defs"]
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for path, methods in said["paths"].items():
                for operation in methods.values():
                    if path not in (*RERANK_PATHS, "/score"):
                        operation["responses"].pop("422", None)
                    if "401" in operation["responses"]:
                        operation["security"] = [{"key": []}, {}]
        return dict(app.openapi_schema or {})

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _any_of(models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    return _reference(models[0]) if len(models) == 1 else {"anyOf": [_reference(model) for model in models]}


def body(models: tuple[type[Body], ...], examples: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a body of JSON."""
    return {"required": True, "content": {"application/json": {"schema": _any_of(models), "examples": examples}}}


def answered(description: str, *models: type[BaseModel]) -> dict[str, Any]:
    """Return what is said of an answer of JSON."""
    return {"description": description, "content": {"application/json": {"schema": _any_of(models)}}}


def errors(*models: type[BaseModel], only: Iterable[int] = tuple(_ERRORS)) -> dict[str, Any]:
    """Return what is said of statuses of errors."""
    return {str(code): answered((_ERRORS | _OTHERS)[code], *models) for code in only}
