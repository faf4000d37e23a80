"""Two orders side by side."""

import pytest

from xephang.product import Product
from xephang.search import FacetValue, FacetVerdict, Found, Hit, Results
from xephang.server.page.comparing import AT_ONCE, compared
from xephang.server.page.rendering import distinct, page_links, shortened, stages


def results(first_ranks, unread=0):
    """Results whose first stage had them at these places; the last ones were not read by the reranker."""
    hits = tuple(
        Hit(
            f"p{first}",
            rank,
            first,
            None if rank > len(first_ranks) - unread else 1 / rank,
            1.0,
            Product(id=f"p{first}"),
            {},
        )
        for rank, first in enumerate(first_ranks, 1)
    )
    return Results(Found("q", "q", total=len(hits)), hits, 1, 100, len(hits) - unread, {})


def ids(hits):
    return [hit.id for hit in hits]


def test_each_column_has_its_own_order():
    found = compared(results([3, 1, 2]), 1)
    assert ids(found.first) == ["p1", "p2", "p3"]
    assert ids(found.second) == ["p3", "p1", "p2"]
    assert (found.rows, found.pages, found.page, found.fresh) == (3, 1, 1, 0)


def test_lines_go_from_place_to_place():
    found = compared(results([3, 1, 2]), 1)
    assert {line.id: (line.start, line.end, line.change, line.inside) for line in found.lines} == {
        "p1": (0.5, 1.5, -1, True),
        "p2": (1.5, 2.5, -1, True),
        "p3": (2.5, 0.5, 2, True),
    }


def test_lines_to_other_pages_run_out_at_the_edge():
    found = compared(results([30, *range(1, 30)]), 1)
    lines = {line.id: line for line in found.lines}
    assert found.fresh == 1
    assert (lines["p30"].start, lines["p30"].end, lines["p30"].inside, lines["p30"].change) == (20.0, 0.5, False, 29)
    assert (lines["p20"].start, lines["p20"].end, lines["p20"].inside) == (19.5, 20.0, False)
    second = {line.id: line for line in compared(results([30, *range(1, 30)]), 2).lines}
    assert (second["p20"].start, second["p20"].end, second["p20"].inside) == (0.0, 0.5, False)


@pytest.mark.parametrize(
    ("page", "is_", "first"), [(1, 1, "p1"), (2, 2, "p21"), (3, 3, "p41"), (4, 3, "p41"), (500, 3, "p41"), (0, 1, "p1")]
)
def test_pages_end_with_what_was_read(page, is_, first):
    found = compared(results(range(1, 46)), page)
    assert (found.page, found.pages, found.first[0].id) == (is_, 3, first)
    assert found.rows <= AT_ONCE


def test_what_was_not_read_is_not_compared():
    found = compared(results([2, 1, 3, 4], unread=2), 1)
    assert ids(found.first) == ["p1", "p2"]
    assert compared(results([1, 2], unread=2), 1).second == []
    assert compared(results([]), 7).pages == 0


@pytest.mark.parametrize(
    ("page", "pages", "links"),
    [
        (1, 1, [1]),
        (1, 2, [1, 2]),
        (1, 4, [1, 2, 3, 4]),
        (6, 20, [1, None, 4, 5, 6, 7, 8, None, 20]),
        (20, 20, [1, None, 18, 19, 20]),
        (4, 7, [1, 2, 3, 4, 5, 6, 7]),
        (400, 3, [1, None, 3]),
        (1, 50_000, [1, 2, 3, None, 500]),
        (500, 50_000, [1, None, 498, 499, 500]),
    ],
)
def test_pages_to_link_to(page, pages, links):
    assert page_links(page, pages) == links


def values(count, *chosen):
    return [FacetValue(f"v{n}", f"V{n}", 100 - n, f"v{n}" in chosen) for n in range(count)]


@pytest.mark.parametrize(
    ("found", "first", "rest"),
    [
        (values(0), 0, 0),
        (values(6), 6, 0),
        (values(7), 7, 0),
        (values(8), 6, 2),
        (values(10, "v9"), 7, 3),
        (values(8, "v7", "v6"), 8, 0),
    ],
)
def test_the_rarer_values_are_folded_away_but_for_what_is_chosen(found, first, rest):
    shown, folded = shortened(found)
    assert (len(shown), len(folded)) == (first, rest)
    assert not any(value.selected for value in folded)
    assert sorted(value.id for value in (*shown, *folded)) == sorted(value.id for value in found)


def test_what_reads_the_same_is_said_once():
    one, same = FacetVerdict("category", "Loại", "Sandal", "Sandal"), FacetVerdict("category", "Loại", "Dép", "Sandal")
    other = FacetVerdict("color", "Màu", "Đen", "")
    assert distinct([one, other, same, other]) == [one, other]


def test_stages_follow_each_other_and_end_with_the_rest():
    taken = {"understand": 1.0, "match": 2.0, "rerank": 4.0, "products": 1.5, "total": 10.0}
    found = list(stages(Results(Found("q", "q"), (), 1, 20, 0, taken)))
    assert found == [
        ("understand", 1.0, 0.0), ("match", 2.0, 1.0), ("rerank", 4.0, 3.0), ("products", 1.5, 7.0), ("rest", 1.5, 8.5)
    ]  # fmt: skip
    assert list(stages(Results(Found("q", "q"), (), 1, 20, 0, {}))) == []
