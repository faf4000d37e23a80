"""What every wire format is read into, and what it writes its answer from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xephang.documents import Document
from xephang.engines.tokens import WHOLE, Cutting

Kind = Literal[
    "validation",
    "empty",
    "malformed",
    "too large",
    "unauthorized",
    "missing",
    "conflict",
    "overloaded",
    "full",
    "timeout",
    "slow",
    "backend",
    "bug",
]
STATUS: Mapping[Kind, int] = {
    "validation": 422,
    "empty": 400,
    "malformed": 400,
    "too large": 413,
    "unauthorized": 401,
    "missing": 404,
    "conflict": 409,
    "overloaded": 429,
    "full": 503,
    "timeout": 504,
    "slow": 408,
    "backend": 424,
    "bug": 500,
}


_LONGEST = 1000
"""Characters of a message."""


class Refused(Exception):
    """Say why a request gets no answer.

    :param retry_after: seconds after which it could go better.
    """

    def __init__(self, kind: Kind, message: str, *, retry_after: float | None = None) -> None:
        short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]} …"
        self.kind, self.message, self.retry_after = kind, short, retry_after
        super().__init__(short)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, whatever format it came in.

    :param queries: one for all documents, or one for each.
    :param documents: or `ids` of the compiled catalogue's products in place of them.
    :param top_n: how many results; all without it.
    :param logits: logits in place of probabilities.
    :param whole: refuse products that would have to be cut.
    """

    queries: tuple[str, ...]
    documents: Sequence[Document] = ()
    ids: Sequence[str] | None = None
    top_n: int | None = None
    return_documents: bool = False
    explain: bool = False
    logits: bool = False
    cutting: Cutting = WHOLE
    whole: bool = False

    def __len__(self) -> int:
        return len(self.documents if self.ids is None else self.ids)

    def query(self, place: int) -> str:
        """Return the query of a document."""
        return self.queries[place if len(self.queries) > 1 else 0]


@dataclass(frozen=True, slots=True)
class Result:
    """One document's score.

    :param index: its place in the request.
    :param text: what the model read, where it was asked for.
    """

    index: int
    score: float
    text: str | None = None
    explanation: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    :param results: highest score first, as many as were asked for.
    :param created: seconds since 1970.
    :param tokens: that the model read, queries included.
    :param cut: documents that did not fit whole.
    """

    id: str
    model: str
    created: int
    results: Sequence[Result]
    tokens: int
    cut: int = 0
