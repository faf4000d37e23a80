"""What the page shows, as its URL says it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from xephang.product.prices import UnreadablePrice, read_price
from xephang.search import Search
from xephang.search.asking import DEEPEST, SORTS, Sort
from xephang.text import normalise

View = Literal["list", "compare", "grade"]
Language = Literal["vi", "en"]
VIEWS: tuple[View, ...] = get_args(View)
LANGUAGES: tuple[Language, ...] = get_args(Language)
RESERVED = ("q", "min", "max", "ignore", "sort", "page", "view", "lang")
"""Parameters of the page's own; every other one is a facet's."""
ON_A_PAGE = 20
COMPARED = 100
"""How many candidates are compared, all in one answer: so the place of each in both orders is known."""
_LONGEST_QUERY = 500
_LONGEST_VALUE = 200
_MOST_VALUES = 50
LAST_PAGE = DEEPEST // ON_A_PAGE
"""There is nothing to see on later ones."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a URL of the page says.

    :param filters: by facet, the values chosen.
    :param ignore: keys of the query's constraints that shall not hold.
    :param problems: parameters that could not be read, and stand at their defaults.
    """

    query: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    ignore: tuple[str, ...] = ()
    sort: Sort = "relevance"
    page: int = 1
    view: View = "list"
    language: Language = "vi"
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: QueryParams, facets: Collection[str]) -> "State":
        """Read a URL's parameters; ones that nobody knows are left out, and prices the wrong way round are turned.

        :param facets: of the shop.
        """
        reading = _Reading(given)
        query = reading.query()
        filters = {name: reading.values(name) for name in facets if name not in RESERVED and name in given}
        low, high = reading.price("min"), reading.price("max")
        if low is not None and high is not None and low > high:
            low, high = high, low
        return cls(
            query=query,
            filters={name: values for name, values in filters.items() if values},
            low=low,
            high=high,
            ignore=reading.values("ignore"),
            sort=reading.choice("sort", SORTS, "relevance"),
            page=reading.page(),
            view=reading.choice("view", VIEWS, "list"),
            language=reading.choice("lang", LANGUAGES, "vi"),
            problems=tuple(reading.problems),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything was chosen beside the query."""
        return bool(self.filters) or self.low is not None or self.high is not None

    def search(self, most: int = COMPARED) -> Search:
        """Return what to ask the shop for.

        :param most: how many candidates may be reranked.
        """
        comparing = self.view == "compare"
        return Search(
            query=self.query,
            filters=self.filters,
            price=(self.low, self.high),
            ignore=self.ignore,
            sort="relevance" if comparing else self.sort,
            page=1 if comparing else self.page,
            page_size=COMPARED if comparing else ON_A_PAGE,
            candidates=min(COMPARED, most),
        )

    def url(self, **changes: Any) -> str:
        """Return the URL of this state with some of it changed; with another thing to look for, from its first page."""
        if set(changes) - {"page", "language"}:
            changes = {"page": 1, **changes}
        state = replace(self, **changes) if changes else self
        said = urlencode(state._parameters())
        return f"/?{said}" if said else "/"

    def without_value(self, facet: str, value: str) -> str:
        """Return the URL without one value of a facet."""
        left = tuple(one for one in self.filters.get(facet, ()) if one != value)
        rest = {name: values for name, values in self.filters.items() if name != facet}
        return self.url(filters={**rest, facet: left} if left else rest)

    def without_filters(self) -> str:
        """Return the URL of the query alone."""
        return self.url(filters={}, low=None, high=None)

    def ignoring(self, key: str) -> str:
        """Return the URL with one more constraint ignored."""
        return self.url(ignore=(*self.ignore, key))

    def heeding(self, key: str) -> str:
        """Return the URL with one constraint not ignored any more."""
        return self.url(ignore=tuple(one for one in self.ignore if one != key))

    def _parameters(self) -> list[tuple[str, str]]:
        said = [("q", self.query)]
        said += [(facet, value) for facet, values in self.filters.items() for value in values]
        said += [(name, f"{end:.0f}") for name, end in (("min", self.low), ("max", self.high)) if end is not None]
        said += [("ignore", key) for key in self.ignore]
        said += [("sort", self.sort.replace("relevance", "")), ("page", str(self.page) if self.page > 1 else "")]
        said += [("view", self.view.replace("list", "")), ("lang", self.language.replace("vi", ""))]
        return [(name, value) for name, value in said if value]


class _Reading:
    """Read one parameter after the other, and note what can not be read."""

    def __init__(self, given: QueryParams) -> None:
        self._given = given
        self.problems: list[str] = []

    def query(self) -> str:
        query = normalise(self._given.get("q", ""))
        if len(query) > _LONGEST_QUERY:
            self.problems.append("q")
        return query[:_LONGEST_QUERY].rstrip()

    def values(self, name: str) -> tuple[str, ...]:
        values = (normalise(value) for value in self._given.getlist(name))
        return tuple(dict.fromkeys(value for value in values if 0 < len(value) <= _LONGEST_VALUE))[:_MOST_VALUES]

    def price(self, name: str) -> float | None:
        try:
            price = read_price(self._given.get(name, "").strip())
        except UnreadablePrice:
            self.problems.append(name)
            return None
        return price if price is None or math.isfinite(price) else None

    def choice(self, name: str, choices: tuple[Any, ...], default: Any) -> Any:
        given = self._given.get(name) or default
        if given in choices:
            return given
        self.problems.append(name)
        return default

    def page(self) -> int:
        given = self._given.get("page") or "1"
        if given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= LAST_PAGE:
            return int(given)
        self.problems.append("page")
        return 1
