"""The format of Hugging Face's text-embeddings-inference: `{"query", "texts"}` in, a bare array out."""

from typing import Any, Literal

from pydantic import Field

from xephang.engines.tokens import Cutting
from xephang.server import asking
from xephang.server.asking import Answer, Asked, Kind, Refused
from xephang.server.formats import Body, Texts, check_count, check_texts, read
from xephang.settings import Settings

NAME = "tei"
STATUS = asking.STATUS
_ERROR_TYPES: dict[Kind, str] = {
    "validation": "validation",
    "empty": "empty",
    "malformed": "validation",
    "too large": "validation",
    "unauthorized": "unauthorized",
    "missing": "validation",
    "conflict": "overloaded",
    "overloaded": "overloaded",
    "full": "overloaded",
    "timeout": "overloaded",
    "slow": "validation",
    "backend": "backend",
    "bug": "backend",
}


class TeiRequest(Body):
    """A query and the texts to rank for it."""

    query: str = Field(examples=["giày chạy bộ nữ êm chân"])
    texts: Texts = Field(
        examples=[["Giày chạy bộ nữ đế êm, siêu nhẹ", "Lót giày silicon êm chân", "Tủ giày gỗ 3 tầng"]],
    )
    raw_scores: bool | None = Field(False, description="Logits in place of probabilities.")
    return_text: bool | None = Field(False, description="Give each text back.")
    truncate: bool | None = Field(None, description="Cut texts that are too long; refuse them where false.")
    truncation_direction: Literal["Left", "Right", "left", "right"] | None = Field(
        "Right", description="Where a text that is too long loses: on the right, its least important part."
    )


class TeiRank(Body):
    """A text's score."""

    index: int
    score: float
    text: str | None = None


class TeiError(Body):
    """Why there is no answer."""

    error: str
    error_type: str


def parse(content: object, settings: Settings) -> Asked:
    """Read a request; see `Format.parse`."""
    found = read(TeiRequest, content)
    check_count(settings, "texts", len(found.texts))
    check_texts(settings, query=[found.query], texts=found.texts)
    left = (found.truncation_direction or "Right").lower() == "left"
    return Asked(
        (found.query,),
        found.texts,
        return_documents=bool(found.return_text),
        logits=bool(found.raw_scores),
        cutting=Cutting(settings.max_tokens, left=left),
        whole=found.truncate is False,
    )


def answer(asked: Asked, answer: Answer, settings: Settings) -> Any:
    """Return the JSON of an answer; see `Format.answer`."""
    return [
        {"index": one.index, "score": one.score}
        | ({"text": asked.documents[one.index]} if asked.return_documents else {})
        for one in answer.results
    ]


def error(refused: Refused, id: str) -> Any:
    """Return the JSON of an error; see `Format.error`."""
    return {"error": refused.message, "error_type": _ERROR_TYPES[refused.kind]}
