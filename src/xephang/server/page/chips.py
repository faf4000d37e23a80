"""What results are filtered by at present, each with the address without it."""

from collections.abc import Iterator
from dataclasses import dataclass

from xephang.search import Results
from xephang.server.page.marks import dong
from xephang.server.page.state import State
from xephang.server.page.words import Words


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that was chosen.

    :param url: of the page without it.
    """

    facet: str
    name: str
    url: str


def chips_of(state: State, results: Results, t: Words) -> list[Chip]:
    """Return the filters chosen, in the URL's order, prices last."""
    return [*_values(state, results, t), *_prices(state, t)]


def _values(state: State, results: Results, t: Words) -> Iterator[Chip]:
    facets = {facet.facet: facet for facet in results.found.facets}
    for facet, values in state.filters.items():
        counted = facets.get(facet)
        names = {value.id: value.name for value in counted.values} if counted else {}
        name = t.facet(facet, counted.name if counted else facet)
        for value in values:
            yield Chip(name, names.get(value, value), state.without_value(facet, value))


def _prices(state: State, t: Words) -> Iterator[Chip]:
    name = t("filters.price")
    if state.low is not None:
        yield Chip(name, t("filters.price_from", price=dong(state.low)), state.url(low=None))
    if state.high is not None:
        yield Chip(name, t("filters.price_to", price=dong(state.high)), state.url(high=None))
