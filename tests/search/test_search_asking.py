import pytest

from xephang.errors import InputError
from xephang.search import Found, Results, Search


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"page": 0}, "page is 0; it must be 1 to"),
        ({"page": -1}, "page is -1"),
        ({"page": 1_000_001}, "page is 1000001"),
        ({"page_size": 0}, "page_size is 0; it must be 1 to 100"),
        ({"page_size": 101}, "page_size is 101"),
        ({"candidates": 0}, "candidates is 0; it must be 1 to 1,000"),
        ({"candidates": 1001}, "candidates is 1001"),
        ({"sort": "rẻ"}, "sort 'rẻ' is not known; sorts are relevance, price, -price"),
        ({"price": (-1, None)}, "can not be negative"),
        ({"price": (None, -0.5)}, "can not be negative"),
        ({"price": (float("nan"), None)}, "can not be negative"),
        ({"price": (500_000, 1000)}, "price: from 500,000 to 1,000 is nothing; swap them"),
        ({"filters": {"brand": "nike"}}, "'brand' takes a list of texts, got 'nike'"),
        ({"filters": {"size": [38]}}, r"'size' takes a list of texts, got \[38\]"),
        ({"filters": {38: ["size"]}}, "'38' takes a list of texts"),
    ],
)
def test_what_is_out_of_range_is_told(asked, message):
    with pytest.raises(InputError, match=message):
        Search("giày", **asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"page": 1_000_000, "page_size": 100, "candidates": 1000},
        {"price": (0, 0)},
        {"price": (5, 5)},
        {"price": (None, float("inf"))},
        {"filters": {"brand": []}},
        {"filters": {"brand": ("nike",), "size": ["38", "39"]}},
        {"ignore": ["price", "không có"]},
    ],
)
def test_what_is_in_range_is_taken(asked):
    assert Search("", **asked).query == ""


@pytest.mark.parametrize(("total", "size", "pages"), [(0, 20, 0), (1, 20, 1), (20, 20, 1), (21, 20, 2), (135, 10, 14)])
def test_pages_hold_all_that_was_found(total, size, pages):
    assert Results(Found("", "", total=total), (), 1, size, 0, {}).pages == pages
