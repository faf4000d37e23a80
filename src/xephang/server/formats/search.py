"""The format of searches: what is asked, and a page of what was found."""

from typing import Annotated, Any, Literal

from pydantic import Field

from xephang.errors import InputError
from xephang.search import Results, Search
from xephang.search.asking import MOST_CANDIDATES, MOST_ON_A_PAGE, Sort
from xephang.server.asking import Refused
from xephang.server.formats import WHOLE_NUMBER, Body, FirstProblem, check_texts, read
from xephang.settings import Settings

_MOST_EXPLAINED = 50
_CANDIDATES, _PAGE_SIZE = 100, 20
_Name = Annotated[str, Field(max_length=200)]
_Names = Annotated[list[_Name], FirstProblem(), Field(max_length=100)]
_Price = Annotated[float, Field(ge=0)]


class PriceRange(Body):
    """Prices in đồng, both ends included."""

    min: _Price | None = None
    max: _Price | None = None


class SearchRequest(Body):
    """A query, and what to make of what it finds."""

    query: str = Field(description="What the shopper typed; an empty one finds everything.", examples=["giay chay bo"])
    filters: Annotated[dict[_Name, _Names], Field(max_length=50)] | None = Field(
        None, description="By facet, the values of which a product must have one.", examples=[{"brand": ["nike"]}]
    )
    price: PriceRange | None = None
    ignore: _Names | None = Field(
        None, description="Keys of constraints that the query names and that shall not hold.", examples=[["price"]]
    )
    sort: Sort | None = Field("relevance", description='"-price" has the dearest first.')
    page: Annotated[int, Field(ge=1, le=1_000_000), WHOLE_NUMBER] | None = Field(1, description="From 1.")
    page_size: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE), WHOLE_NUMBER] | None = _PAGE_SIZE
    candidates: Annotated[int, Field(ge=1, le=MOST_CANDIDATES), WHOLE_NUMBER] | None = Field(
        None, description="How many of the first stage's best the reranker reads; 100, or max_documents if it is less."
    )
    facets: bool | None = Field(True, description="Count the facets' values.")
    explain: bool | None = Field(
        False, description=f"Say what each word adds to the page's results, {_MOST_EXPLAINED} at most."
    )
    first_stage_only: bool | None = Field(False, description="Do not rerank.")


class SearchConstraint(Body):
    """Something that the query insists on: `ignore` takes its key."""

    key: str
    facet: str
    name: str
    text: str
    start: int
    end: int
    mode: Literal["filter", "boost"]
    active: bool


class SearchCorrection(Body):
    """A word that was read as another one."""

    text: str
    start: int
    end: int
    read: str


class SearchFacetValue(Body):
    """A value, and how many of the products found have it."""

    id: str
    name: str
    count: int
    selected: bool


class SearchFacet(Body):
    """A facet's values, most frequent first."""

    facet: str
    name: str
    values: list[SearchFacetValue]


class SearchVerdict(Body):
    """A facet that the query asks for, and what the product says of it."""

    facet: str
    name: str
    asked: str
    offered: str


class SearchResult(Body):
    """A product found; `score` is the reranker's, and null where it did not read it."""

    id: str
    rank: int
    first_rank: int
    score: float | None
    first_score: float
    product: dict[str, Any]
    highlights: dict[str, list[Annotated[list[int], Field(min_length=2, max_length=2)]]]
    matched: list[SearchVerdict]
    contradicted: list[SearchVerdict]
    explanation: dict[str, Any] | None = None


class SearchAnswer(Body):
    """A page of what was found."""

    id: str
    object: Literal["search"]
    model: str
    query: str
    read: str
    total: int
    page: int
    page_size: int
    pages: int
    reranked: int
    constraints: list[SearchConstraint]
    corrections: list[SearchCorrection]
    did_you_mean: str
    facets: list[SearchFacet]
    price_range: dict[str, float] | None
    results: list[SearchResult]
    milliseconds: dict[str, float]


def parse(content: object, settings: Settings) -> Search:
    """Read a request's JSON.

    :raises Refused: if it can not be read, or is more than the settings allow.
    """
    found = read(SearchRequest, content)
    check_texts(settings, query=[found.query])
    if (found.candidates or 0) > settings.max_documents:
        raise Refused(
            "validation", f"candidates: {found.candidates:,} are asked for and {settings.max_documents:,} allowed"
        )
    size = found.page_size or _PAGE_SIZE
    if found.explain and size > _MOST_EXPLAINED:
        raise Refused(
            "validation", f"explain is for at most {_MOST_EXPLAINED} results, and page_size is {size}; ask for fewer"
        )
    price = found.price or PriceRange()
    return search_of(
        query=found.query,
        filters=found.filters or {},
        price=(price.min, price.max),
        ignore=found.ignore or (),
        sort=found.sort or "relevance",
        page=found.page or 1,
        page_size=size,
        candidates=found.candidates or min(_CANDIDATES, settings.max_documents),
        facets=found.facets is not False,
        explain=bool(found.explain),
        first_stage_only=bool(found.first_stage_only),
    )


def search_of(**fields: Any) -> Search:
    """Return a search.

    :raises Refused: if a value is out of its range.
    """
    try:
        return Search(**fields)
    except InputError as error:
        raise Refused("validation", str(error)) from None


def answer(results: Results, id: str, model: str) -> dict[str, Any]:
    """Return the JSON of an answer."""
    return {"id": id, "object": "search", "model": model, **results.to_dict()}
