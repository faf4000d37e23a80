"""Put the page together from its templates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xephang.product import Product
from xephang.search import FacetValue, FacetVerdict, Results
from xephang.server.asking import Refused
from xephang.server.page.chips import chips_of
from xephang.server.page.comparing import Comparison, compared
from xephang.server.page.marks import dong, marked, number, plain_dong
from xephang.server.page.state import LANGUAGES, LAST_PAGE, VIEWS, State
from xephang.server.page.static import Static
from xephang.server.page.words import Words

STAGES = ("understand", "match", "facets", "rerank", "products")
_FACTS = ("brand", "category", "color", "size", "gender", "attribute")
_FIRST_VALUES = 6
_AROUND = 2
"""Pages linked to on each side of the present one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that one page shows.

    :param refused: why there are no results, where there are none.
    :param grades: what was graded, by product id; None where the server keeps no grades.
    :param again: the address to try again.
    """

    state: State
    model: str
    version: str
    results: Results | None = None
    refused: Refused | None = None
    grades: Mapping[str, int] | None = None
    again: str = "/"


@dataclass(frozen=True)
class Rendering:
    """The templates, opened once."""

    static: Static
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        """Open the templates: all text escaped, what is not there an error."""
        templates = Environment(
            loader=PackageLoader("xephang.server.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        templates.globals.update(
            static=self.static.url, modules=self.static.modules, views=VIEWS, facts=_FACTS, marked=marked, dong=dong,
            plain_dong=plain_dong, page_links=page_links, link=link, shortened=shortened, distinct=distinct,
            graded_here=graded_here, last_page=LAST_PAGE,
        )  # fmt: skip
        object.__setattr__(self, "_templates", templates)

    def html(self, shown: Shown, *, whole: bool) -> str:
        """Return the page, or the part of it that changes with each search."""
        state, t = shown.state, Words(shown.state.language)
        other = next(one for one in LANGUAGES if one != state.language)
        results = shown.results
        comparison = compared(results, state.page) if results and state.view == "compare" else None
        if comparison:
            state = replace(state, page=comparison.page)
        return self._templates.get_template("page.html" if whole else "found.html").render(
            shown=shown,
            state=state,
            results=results,
            comparison=comparison,
            t=t,
            other=other,
            summary=_summary(shown, comparison, t),
            chips=chips_of(state, results, t) if results else [],
            stages=list(stages(results)) if results else [],
            number=lambda value, digits=0: number(value, state.language, digits),
        )


def stages(results: Results) -> Iterator[tuple[str, float, float]]:
    """Yield each stage's name, its milliseconds, and when it began; last what is no stage's."""
    taken = results.milliseconds
    began = 0.0
    for name in STAGES:
        if name in taken:
            yield name, taken[name], began
            began += taken[name]
    rest = taken.get("total", began) - began
    if rest > 0:
        yield "rest", rest, began


def shortened(values: Sequence[FacetValue]) -> tuple[list[FacetValue], list[FacetValue]]:
    """Cut a facet's values in two: those chosen and the most frequent ones, and the rest."""
    first = [value for place, value in enumerate(values) if value.selected or place < _FIRST_VALUES]
    rest = [value for place, value in enumerate(values) if not value.selected and place >= _FIRST_VALUES]
    return (first, rest) if len(rest) > 1 else (list(values), [])


def distinct(verdicts: Sequence[FacetVerdict]) -> list[FacetVerdict]:
    """Return verdicts without those that read the same: a query may name a facet twice, a product answer once."""
    return list({(one.facet, one.offered or one.asked): one for one in reversed(verdicts)}.values())[::-1]


def graded_here(results: Results, grades: Mapping[str, int]) -> int:
    """Return how many of a page's products have a grade."""
    return sum(hit.id in grades for hit in results.hits)


def page_links(page: int, pages: int) -> list[int | None]:
    """Return the pages to link to, None for a gap: 1 … 4 5 6 7 8 … 20."""
    pages = min(pages, LAST_PAGE)
    wanted = {1, pages} | {one for one in range(page - _AROUND, page + _AROUND + 1) if 1 <= one <= pages}
    links: list[int | None] = []
    for one in sorted(wanted):
        last = links[-1] if links else 0
        if last is not None and one - last > 1:
            links.append(None)
        links.append(one)
    return links


def link(product: Product) -> str:
    """Return a product's address where its record has one that a browser may follow; else an empty text."""
    found: Any = product.extra.get("url") or product.extra.get("link")
    if not isinstance(found, str) or len(found) > 2000:
        return ""
    return found if found.lower().startswith(("https://", "http://")) else ""


def _summary(shown: Shown, comparison: Comparison | None, t: Words) -> str:
    """Return what is told to who can not see the results change."""
    if shown.refused:
        return t("errors.title")
    if shown.results is None or not shown.results.found.total:
        return t("said.none")
    said = [t("said.products", n=shown.results.found.total)]
    pages = comparison.pages if comparison else shown.results.pages
    if pages > 1:
        said.append(t("said.page_of", page=shown.state.page, pages=pages))
    return ", ".join(said)
