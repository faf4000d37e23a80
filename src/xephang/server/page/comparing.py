"""First stage beside reranked: two columns of places, and lines between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from xephang.search import Hit, Results

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Line:
    """From a place of the first column to one of the second, in rows from the top.

    :param inside: whether both places are shown; where not, the line runs out at the edge.
    :param change: places won.
    """

    id: str
    start: float
    end: float
    inside: bool
    change: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One page of both orders.

    :param fresh: how many of the second column stand beyond the first one.
    """

    first: Sequence[Hit]
    second: Sequence[Hit]
    lines: Sequence[Line]
    fresh: int
    page: int
    pages: int

    @property
    def rows(self) -> int:
        """How long the columns are."""
        return max(len(self.first), len(self.second))


def compared(results: Results, page: int) -> Comparison:
    """Lay one page of the two orders side by side.

    :param results: all the candidates that were reranked, on one page.
    """
    read = [hit for hit in results.hits if hit.score is not None]
    pages = -(-len(read) // AT_ONCE)
    page = max(1, min(page, pages))
    start, end = (page - 1) * AT_ONCE, page * AT_ONCE
    by_first = sorted(read, key=lambda hit: hit.first_rank)
    first, second = by_first[start:end], read[start:end]
    left = {hit.id: place for place, hit in enumerate(by_first)}
    right = {hit.id: place for place, hit in enumerate(read)}
    shown = dict.fromkeys(hit.id for hit in (*first, *second))
    lines = [_line(id, left[id] - start, right[id] - start, max(len(first), len(second))) for id in shown]
    fresh = len({hit.id for hit in second} - {hit.id for hit in first})
    return Comparison(first, second, lines, fresh, page, pages)


def _line(id: str, left: int, right: int, rows: int) -> Line:
    inside = 0 <= left < rows and 0 <= right < rows
    return Line(id, _height(left, rows), _height(right, rows), inside, left - right)


def _height(place: int, rows: int) -> float:
    return min(max(place + 0.5, 0.0), float(rows))
