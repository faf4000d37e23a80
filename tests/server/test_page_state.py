"""The page's address: read, written, read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from xephang.search.asking import SORTS
from xephang.server.page.state import COMPARED, LANGUAGES, ON_A_PAGE, RESERVED, VIEWS, State

FACETS = ("brand", "color", "size", "gender")


def read(query):
    return State.read(QueryParams(query), FACETS)


def test_an_empty_address_is_the_default():
    assert read("") == State()
    assert State().url() == "/"


def test_everything_is_read():
    state = read(
        "q=gi%C3%A0y+ch%E1%BA%A1y&brand=nike&brand=adidas&size=38&min=100000&max=500000&ignore=price&ignore=size%3D38"
        "&sort=-price&page=3&view=grade&lang=en"
    )
    assert state == State(
        query="giày chạy",
        filters={"brand": ("nike", "adidas"), "size": ("38",)},
        low=100_000.0,
        high=500_000.0,
        ignore=("price", "size=38"),
        sort="-price",
        page=3,
        view="grade",
        language="en",
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=best", ["sort"]),
        ("view=grid", ["view"]),
        ("lang=fr", ["lang"]),
        ("page=0", ["page"]),
        ("page=-1", ["page"]),
        ("page=1.5", ["page"]),
        ("page=%D9%A3", ["page"]),
        ("page=99999999", ["page"]),
        ("page=501", ["page"]),
        ("min=abc", ["min"]),
        ("max=-5", ["max"]),
        ("min=nan&max=inf", ["min", "max"]),
        ("min=1e999", ["min"]),
        ("sort=x&view=y&lang=z&page=q&min=r&max=s", ["min", "max", "sort", "page", "view", "lang"]),
        ("q=" + "a" * 501, ["q"]),
    ],
)
def test_bad_values_fall_back_and_are_named(query, names):
    state = read(query)
    assert sorted(state.problems) == sorted(names)
    assert (state.sort, state.view, state.language, state.page, state.low, state.high) == (
        "relevance", "list", "vi", 1, None, None
    )  # fmt: skip


@pytest.mark.parametrize("query", ["nobody=knows", "brands=nike", "sort=", "view=&lang=&page=&min=&max=", "brand="])
def test_unknown_and_empty_parameters_are_left_out(query):
    assert read(query) == State()


@pytest.mark.parametrize(
    ("given", "price"),
    [
        ("500000", 5e5),
        ("500.000", 5e5),
        ("500k", 5e5),
        ("1tr2", 1.2e6),
        ("268.000đ", 268e3),
        (" 1 triệu ", 1e6),
        ("0", 0),
    ],
)
def test_prices_are_read_as_people_write_them(given, price):
    assert State.read(QueryParams({"min": given}), FACETS).low == price


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("  giay   chay ", "giay chay"),
        ("gia\u0300y", "giày"),
        ("ＧＩＡＹ", "GIAY"),
        ("gi\u200bay\u202e", "giay"),
        ("hoà", "hòa"),
        ("\x00\x07", ""),
    ],
)
def test_the_query_is_normalised(given, query):
    assert State.read(QueryParams({"q": given}), FACETS).query == query


def test_values_are_few_short_and_once_each():
    given = [("brand", f"b{n}") for n in range(80)] + [("brand", "b1"), ("color", "x" * 201), ("color", " đỏ ")]
    filters = State.read(QueryParams(given), FACETS).filters
    assert filters == {"brand": tuple(f"b{n}" for n in range(50)), "color": ("đỏ",)}


def test_a_facet_that_is_called_as_a_parameter_is_none():
    state = State.read(QueryParams("sort=price&page=2&q=a"), RESERVED)
    assert (state.filters, state.sort, state.page, state.query) == ({}, "price", 2, "a")


def test_a_change_goes_back_to_the_first_page():
    state = read("q=dep&page=4&brand=nike")
    assert state.url() == "/?q=dep&brand=nike&page=4"
    assert state.url(sort="price") == "/?q=dep&brand=nike&sort=price"
    assert state.url(language="en") == "/?q=dep&brand=nike&page=4&lang=en"
    assert state.url(page=5) == "/?q=dep&brand=nike&page=5"
    assert state.url(view="compare") == "/?q=dep&brand=nike&view=compare"


def test_one_filter_less():
    state = read("q=dep&brand=nike&brand=adidas&color=den&min=1000")
    assert state.without_value("brand", "nike") == "/?q=dep&color=den&brand=adidas&min=1000"
    assert state.without_value("color", "den") == "/?q=dep&brand=nike&brand=adidas&min=1000"
    assert state.without_value("size", "38") == state.url()
    assert state.without_filters() == "/?q=dep"
    assert state.filtered and not read("q=dep&ignore=price").filtered


def test_constraints_are_ignored_and_heeded():
    state = read("q=dep&ignore=price")
    assert state.ignoring("size=38") == "/?q=dep&ignore=price&ignore=size%3D38"
    assert state.heeding("price") == "/?q=dep"


def test_what_is_searched():
    search = read("q=dep&brand=nike&min=1000&ignore=price&sort=price&page=3").search()
    assert (search.query, search.filters, search.price) == ("dep", {"brand": ("nike",)}, (1000.0, None))
    assert (search.ignore, search.sort, search.page, search.page_size) == (("price",), "price", 3, ON_A_PAGE)


def test_the_comparison_asks_for_all_candidates_at_once():
    search = read("q=dep&view=compare&page=3&sort=price").search()
    assert (search.page, search.page_size, search.candidates, search.sort) == (1, COMPARED, COMPARED, "relevance")


def test_prices_the_wrong_way_round_are_turned():
    state = read("min=500k&max=200k")
    assert (state.low, state.high, state.problems) == (200_000, 500_000, ())


texts = st.text(max_size=30)


@given(
    query=texts,
    brands=st.lists(texts, max_size=3),
    ignore=st.lists(texts, max_size=3),
    prices=st.tuples(*[st.none() | st.integers(0, 10**9)] * 2).filter(lambda two: None in two or two[0] <= two[1]),
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 500),
    view=st.sampled_from(VIEWS),
    language=st.sampled_from(LANGUAGES),
)
def test_an_address_that_was_written_is_read_as_it_was(query, brands, ignore, prices, sort, page, view, language):
    low, high = (None if price is None else str(price) for price in prices)
    given = [("q", query), *(("brand", one) for one in brands), *(("ignore", one) for one in ignore)]
    given += [("min", low or ""), ("max", high or ""), ("sort", sort), ("page", str(page)), ("view", view)]
    state = State.read(QueryParams([*given, ("lang", language)]), FACETS)
    assert not state.problems
    assert state.url().isascii()
    assert read(state.url().partition("?")[2]) == state


@given(st.text(max_size=200))
def test_no_address_makes_it_fail(query):
    state = read(query)
    state.search()
    assert read(state.url().partition("?")[2]).url() == state.url()
