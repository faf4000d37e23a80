"""The formats of Cohere, Jina, infinity and vLLM, which are one: `{"query", "documents"}` in, `{"results"}` out."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from xephang.server import asking
from xephang.server.asking import Answer, Asked, Kind, Refused
from xephang.server.formats import Body, Count, FirstProblem, Most, Scored, Texts, check_count, check_texts, read
from xephang.settings import Settings

NAME = "documents"
STATUS: Mapping[Kind, int] = {**asking.STATUS, "validation": 400}
"""Some of the clients take what comes with 422 for a list."""
_CODES: dict[Kind, str] = {
    "validation": "invalid_request_error",
    "empty": "invalid_request_error",
    "malformed": "invalid_request_error",
    "too large": "invalid_request_error",
    "unauthorized": "authentication_error",
    "missing": "not_found_error",
    "conflict": "conflict_error",
    "overloaded": "rate_limit_error",
    "full": "service_unavailable_error",
    "timeout": "timeout_error",
    "slow": "timeout_error",
    "backend": "server_error",
    "bug": "server_error",
}
_MOST_EXPLAINED = 50


class DocumentsRequest(Scored):
    """A query, and documents or ids of the compiled catalogue's products to rank for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"type": "array", "minItems": 1}, other: {"type": "null"}}}
                for name, other in (("documents", "ids"), ("ids", "documents"))
            ]
        }
    )

    query: str = Field(examples=["giay chay bo nu"])
    documents: Annotated[list[str | dict[str, Any]], FirstProblem()] | None = Field(
        None,
        json_schema_extra={"minItems": 1},
        description='Texts, {"text": …}, or products by their fields.',
        examples=[["Tủ giày gỗ 3 tầng", {"title": "Giày chạy bộ nữ đế êm", "brand": "Biti's", "size": "38"}]],
    )
    ids: Texts | None = Field(None, description="Of the compiled catalogue, in place of documents.")
    top_n: Count | None = Field(None, description="The most results; 0 for all.", examples=[10])
    return_documents: bool | None = Field(False, description="Give each document's text back.")
    max_tokens_per_doc: Most | None = Field(None, description="Tokens of a document that are read.")
    explain: bool | None = Field(False, description="Say of each result which facets it meets, and what words add.")


class DocumentsResult(Body):
    """A document's score."""

    index: int
    relevance_score: float
    document: dict[str, Any] | str | None = None
    explanation: dict[str, Any] | None = None


class DocumentsAnswer(Body):
    """Documents' scores, highest first."""

    id: str
    object: str
    model: str
    created: int
    results: list[DocumentsResult]
    usage: dict[str, int]
    meta: dict[str, Any]


class DocumentsError(Body):
    """Why there is no answer, in every shape that clients read."""

    id: str
    message: str
    detail: str
    error: dict[str, Any]


def parse(content: object, settings: Settings) -> Asked:
    """Read a request; see `Format.parse`."""
    found = read(DocumentsRequest, content)
    if (found.documents is None) == (found.ids is None):
        raise Refused("validation", "give either documents, or ids of the compiled catalogue's products")
    given = found.documents if found.documents is not None else found.ids or []
    check_count(settings, "documents" if found.ids is None else "ids", len(given))
    check_texts(settings, query=[found.query], documents=given)
    shown = min(found.top_n or len(given), len(given))
    if found.explain and shown > _MOST_EXPLAINED:
        raise Refused(
            "validation", f"explain is for at most {_MOST_EXPLAINED} results, and {shown:,} are asked for; say top_n"
        )
    return Asked(
        (found.query,),
        found.documents or (),
        found.ids,
        top_n=shown,
        return_documents=bool(found.return_documents),
        explain=bool(found.explain),
        logits=found.logits,
        cutting=found.cutting(found.max_tokens_per_doc, settings.max_tokens),
    )


def answer(asked: Asked, answer: Answer, settings: Settings) -> Any:
    """Return the JSON of an answer; see `Format.answer`."""
    results = []
    for one in answer.results:
        result: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
        if asked.return_documents:
            result["document"] = one.text if settings.document_strings else {"text": one.text}
        if one.explanation is not None:
            result["explanation"] = one.explanation
        results.append(result)
    meta: dict[str, Any] = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    if answer.cut:
        meta["warnings"] = [f"{answer.cut:,} documents were longer than is read; their least important parts were cut"]
    return {
        "id": answer.id,
        "object": "rerank",
        "model": answer.model,
        "created": answer.created,
        "results": results,
        "usage": {"prompt_tokens": answer.tokens, "total_tokens": answer.tokens},
        "meta": meta,
    }


def error(refused: Refused, id: str) -> Any:
    """Return the JSON of an error; see `Format.error`."""
    kind = _CODES[refused.kind]
    return {
        "id": id,
        "message": refused.message,
        "detail": refused.message,
        "error": {"message": refused.message, "type": kind, "param": None, "code": STATUS[refused.kind]},
    }
