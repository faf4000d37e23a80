"""What is asked of a shop's search, and what is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from xephang.errors import InputError
from xephang.explaining import Explanation
from xephang.product import Product

Sort = Literal["relevance", "price", "-price"]
SORTS: tuple[str, ...] = get_args(Sort)
MOST_CANDIDATES = 1000
MOST_ON_A_PAGE = 100
DEEPEST = 10_000
"""The most results of a search that can be paged through."""
PRICE = "price"
"""The key of the constraint on prices."""


@dataclass(frozen=True, slots=True)
class Search:
    """One request.

    :param query: what the shopper typed; an empty one finds everything.
    :param filters: by facet, the values of which a product must have one.
    :param price: from and to, in đồng, both included; None for no end.
    :param ignore: keys of constraints that the query names and that shall not hold (`Constraint.key`).
    :param sort: what orders the candidates: by price, those come first that are more likely relevant than not.
        "-price" has the dearest first.
    :param page: from 1.
    :param candidates: how many of the first stage's best the reranker reads; pages beyond them keep its order.
    :param facets: count the facets' values.
    :param explain: say what each word of the query adds to the results of the page.
    :param first_stage_only: do not rerank.
    """

    query: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    price: tuple[float | None, float | None] = (None, None)
    ignore: Sequence[str] = ()
    sort: Sort = "relevance"
    page: int = 1
    page_size: int = 20
    candidates: int = 100
    facets: bool = True
    explain: bool = False
    first_stage_only: bool = False

    def __post_init__(self) -> None:
        """Check the ranges.

        :raises InputError: if a value is out of its range.
        """
        if self.sort not in SORTS:
            raise InputError(f"sort '{self.sort}' is not known; sorts are {', '.join(SORTS)}")
        for name, value, most in (
            ("page", self.page, 1_000_000),
            ("page_size", self.page_size, MOST_ON_A_PAGE),
            ("candidates", self.candidates, MOST_CANDIDATES),
        ):
            if not 1 <= value <= most:
                raise InputError(f"{name} is {value}; it must be 1 to {most:,}")
        for facet, values in self.filters.items():
            if isinstance(values, str) or not all(isinstance(value, str) for value in (facet, *values)):
                raise InputError(f"filters: '{facet}' takes a list of texts, got {values!r}; write ['adidas']")
        low, high = self.price
        if (low is not None and not low >= 0) or (high is not None and not high >= 0):
            raise InputError("price: its ends can not be negative; give đồng")
        if low is not None and high is not None and low > high:
            raise InputError(f"price: from {low:,.0f} to {high:,.0f} is nothing; swap them")


@dataclass(frozen=True, slots=True)
class Constraint:
    """Something that the query insists on, and how that was taken.

    :param key: what `Search.ignore` names it by: "gender=nu", "size=38", "price".
    :param name: for people, in Vietnamese: "Nữ", "size 38", "dưới 500.000 ₫".
    :param text: the query's words for it, at `start` to `end` of `Reading.query`.
    :param mode: a filter leaves out what contradicts it; a boost only ranks what meets it higher.
    :param active: whether it holds; not where it was ignored, or where nothing would be left.
    """

    key: str
    facet: str
    name: str
    text: str
    start: int
    end: int
    mode: Literal["filter", "boost"] = "filter"
    active: bool = True


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that was read as another one: of a misspelling, raw Telex, VNI or teencode.

    :param text: as typed, at `start` to `end` of `Reading.query`.
    :param read: as it was read, with diacritics.
    """

    text: str
    start: int
    end: int
    read: str


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet, and how many of the products found have it."""

    id: str
    name: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """A facet's values, most frequent first."""

    facet: str
    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the first stage found.

    :param query: the query, normalised.
    :param read: what the reranker reads: the query with misspellings read right and without the words about prices.
    :param did_you_mean: a query to offer in place of this one, which has words that no product has; empty for none.
    :param found_by: folded words: products are found by these.
    :param ids: products, best first, as many as were asked for by page and candidates.
    :param scores: the first stage's, as many.
    :param prices: as many, where the search sorts by them.
    :param total: how many products match.
    :param price_range: the lowest and the highest price of what matches; None where none has a price.
    :param milliseconds: by stage: "understand", "match", "facets".
    """

    query: str
    read: str
    constraints: tuple[Constraint, ...] = ()
    corrections: tuple[Correction, ...] = ()
    did_you_mean: str = ""
    found_by: frozenset[str] = frozenset()
    ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    prices: tuple[float | None, ...] = ()
    total: int = 0
    facets: tuple[FacetCounts, ...] = ()
    price_range: tuple[float, float] | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetVerdict:
    """One facet that the query asks for and the product meets or contradicts, in words for people.

    :param name: the facet's ("Màu").
    :param asked: what is asked for ("Trắng"); empty for what is only assumed, as that grown-ups are meant.
    :param offered: what the product says ("Đen"); empty where it is silent.
    """

    facet: str
    name: str
    asked: str
    offered: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One product found.

    :param rank: its place in the order shown, from 1 over all pages.
    :param first_rank: its place in the first stage's order, from 1.
    :param score: the reranker's; None where it was not read by it.
    :param first_score: the first stage's, BM25 with boosts.
    :param highlights: by field ("title", "brand", "category", …), the parts that the query's words hit: start and end
        in the normalised field, `product.value(field)`.
    """

    id: str
    rank: int
    first_rank: int
    score: float | None
    first_score: float
    product: Product
    highlights: Mapping[str, tuple[tuple[int, int], ...]]
    matched: tuple[FacetVerdict, ...] = ()
    contradicted: tuple[FacetVerdict, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found.

    :param reranked: how many candidates the reranker read.
    :param milliseconds: by stage, "rerank", "products", "explain" and "total" beside those of `Found`.
    """

    found: Found
    hits: tuple[Hit, ...]
    page: int
    page_size: int
    reranked: int
    milliseconds: Mapping[str, float]

    @property
    def pages(self) -> int:
        """How many pages there are to see."""
        return -(-min(self.found.total, DEEPEST) // self.page_size)

    def after(self, **stages: float) -> "Results":
        """Return the page as it is after further stages, which took so many milliseconds."""
        total = self.milliseconds["total"] + sum(stages.values())
        return replace(self, milliseconds={**self.milliseconds, **stages, "total": total})

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON can hold it; see `docs/searching.md`."""
        from xephang.search.plain import plain

        return plain(self)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A query that begins, or goes on, with what was typed.

    :param text: with diacritics.
    :param count: how many products it is about.
    """

    text: str
    count: int
