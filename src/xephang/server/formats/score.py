"""The format of vLLM's score API: one text against another, or each of one list against its own of another."""

from typing import Any

from pydantic import Field

from xephang.server.asking import Answer, Asked, Refused
from xephang.server.formats import Body, Scored, Texts, check_count, check_texts, documents, read
from xephang.settings import Settings

NAME = "score"
STATUS = documents.STATUS


class ScoreRequest(Scored):
    """Queries and documents, one query for all or one for each."""

    text_1: str | Texts = Field(description="A query, or one for each document.", examples=["giay chay bo nu"])
    text_2: str | Texts = Field(description="Documents.", examples=[["Giày chạy bộ nữ đế êm", "Tủ giày gỗ 3 tầng"]])


class ScoreDatum(Body):
    """A pair's score."""

    index: int
    object: str
    score: float


class ScoreAnswer(Body):
    """Pairs' scores, in the order of the request."""

    id: str
    object: str
    model: str
    created: int
    data: list[ScoreDatum]
    usage: dict[str, int]


def parse(content: object, settings: Settings) -> Asked:
    """Read a request; see `Format.parse`."""
    found = read(ScoreRequest, content)
    queries = [found.text_1] if isinstance(found.text_1, str) else found.text_1
    texts = [found.text_2] if isinstance(found.text_2, str) else found.text_2
    for name, some in (("text_1", queries), ("text_2", texts)):
        check_count(settings, name, len(some))
        check_texts(settings, **{name: some})
    if len(queries) not in (1, len(texts)):
        raise Refused(
            "validation", f"text_1 has {len(queries):,} texts and text_2 {len(texts):,}; give one, or as many"
        )
    return Asked(
        tuple(queries),
        texts,
        logits=found.logits,
        cutting=found.cutting(settings.max_tokens),
    )


def answer(asked: Asked, answer: Answer, settings: Settings) -> Any:
    """Return the JSON of an answer; see `Format.answer`."""
    data = [
        {"index": one.index, "object": "score", "score": one.score}
        for one in sorted(answer.results, key=lambda result: result.index)
    ]
    return {
        "id": answer.id,
        "object": "list",
        "model": answer.model,
        "created": answer.created,
        "data": data,
        "usage": {"prompt_tokens": answer.tokens, "total_tokens": answer.tokens},
    }


error = documents.error
