"""Bodies and answers of the paths that look at products, change them and grade them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from xephang.judgments.log_import import Status
from xephang.server.formats import WHOLE_NUMBER, Body

_Grade = Annotated[int, Field(ge=0, le=3), WHOLE_NUMBER]


class ProductAnswer(Body):
    """A product, under the names that catalogues have."""

    object: Literal["product"]
    id: str
    product: dict[str, Any]


class ProductRow(Body):
    """What became of one row; `problem` says why it failed."""

    row: int
    id: str | None = None
    status: Literal["created", "replaced", "deleted", "failed"]
    problem: str | None = None


class ProductsAnswer(Body):
    """What became of each row, and how many of each kind there were."""

    object: Literal["products"]
    created: int
    replaced: int
    deleted: int
    failed: int
    rows: list[ProductRow]


class SuggestedQuery(Body):
    """A query, and how many products it is about."""

    text: str
    count: int


class SuggestionsAnswer(Body):
    """Queries that go on with what was typed, the most promising first."""

    object: Literal["suggestions"]
    query: str
    suggestions: list[SuggestedQuery]


class JudgmentRequest(Body):
    """How well a product answers a query: 3 exactly, 2 well, 1 a little, 0 not at all; null takes a grade back."""

    query: str = Field(examples=["giay chay bo nu"], json_schema_extra={"pattern": r"\S"})
    product_id: str = Field(examples=["SP-1"])
    grade: _Grade | None = Field(examples=[3])
    by: Annotated[str, Field(max_length=100)] | None = Field(None, description="Who says so.", examples=["lan"])


class JudgmentAnswer(Body):
    """A grade as it was written."""

    object: Literal["judgment"]
    query: str
    product_id: str
    grade: int | None
    graded_at: str
    by: str | None = None


class GradesAnswer(Body):
    """The grades that stand for a query, by product."""

    object: Literal["judgments"]
    query: str
    grades: dict[str, int]


class JudgmentRow(Body):
    """What became of one row; `problem` says more of those that came to nothing."""

    row: int
    status: Status
    query: str
    document_id: str
    problem: str | None = None


class JudgmentsAnswer(Body):
    """What became of each row, and how many of each kind there were."""

    object: Literal["judgments"]
    created: int
    replaced: int
    removed: int
    unchanged: int
    older: int
    failed: int
    rows: list[JudgmentRow]
