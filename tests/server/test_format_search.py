"""The format of searches: what is read, what is refused, and with which words."""

import json
import math

import pytest

from xephang.search import Search
from xephang.server import Settings
from xephang.server.asking import Refused
from xephang.server.formats import opened, search


def parse(settings=None, **body):
    return search.parse({"query": "giày"} | body, settings or Settings())


def refused(settings=None, **body):
    with pytest.raises(Refused) as error:
        parse(settings, **body)
    assert error.value.kind == "validation"
    return error.value.message


def test_a_query_alone_is_a_search():
    assert parse() == Search(query="giày", filters={}, ignore=())


def test_everything_that_can_be_asked_is_read():
    assert parse(
        query="giay chay bo",
        filters={"brand": ["nike", "adidas"], "gender": ["nu"]},
        price={"min": 0, "max": 500_000.5},
        ignore=["price", "size=38"],
        sort="-price",
        page=2,
        page_size=50,
        candidates=7,
        facets=False,
        explain=True,
        first_stage_only=True,
    ) == Search(
        query="giay chay bo",
        filters={"brand": ["nike", "adidas"], "gender": ["nu"]},
        price=(0.0, 500_000.5),
        ignore=["price", "size=38"],
        sort="-price",
        page=2,
        page_size=50,
        candidates=7,
        facets=False,
        explain=True,
        first_stage_only=True,
    )


NULLS = ("filters", "price", "ignore", "sort", "page", "page_size", "candidates", "facets", "explain")


@pytest.mark.parametrize("name", [*NULLS, "first_stage_only"])
def test_what_is_null_is_as_if_it_were_not_there(name):
    assert parse(**{name: None}) == parse()


def test_what_nobody_knows_is_passed_over():
    assert parse(model="giay", top_n=3, query_id=[1], extra={"a": None}) == parse()


def test_an_empty_query_is_a_search_for_everything():
    assert parse(query="").query == ""


@pytest.mark.parametrize("whole", [3, 3.0])
@pytest.mark.parametrize("name", ["page", "page_size", "candidates"])
def test_a_whole_number_may_have_a_point(name, whole):
    value = getattr(parse(**{name: whole}), name)
    assert (value, type(value)) == (3, int)


@pytest.mark.parametrize(
    ("price", "ends"),
    [
        ({}, (None, None)),
        ({"min": None, "max": None}, (None, None)),
        ({"max": 500_000}, (None, 500_000)),
        ({"min": 100_000}, (100_000, None)),
    ],
)
def test_a_price_may_have_one_end(price, ends):
    assert parse(price=price).price == ends


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"query": None}, "query: Input should be a valid string"),
        ({"query": 7}, "query: Input should be a valid string"),
        ({"query": ["giày"]}, "query: Input should be a valid string"),
        ({"filters": ["brand"]}, "filters: Input should be a valid dictionary"),
        ({"filters": {"brand": "nike"}}, "filters: Input should be a valid list"),
        ({"filters": {"brand": [1]}}, "filters: Input should be a valid string"),
        ({"filters": {"b": ["x" * 201]}}, "filters: String should have at most 200 characters"),
        ({"filters": {"b" * 201: ["x"]}}, "filters: String should have at most 200 characters"),
        ({"filters": {"b": ["x"] * 101}}, "filters: List should have at most 100 items"),
        ({"filters": {str(n): [] for n in range(51)}}, "filters: Dictionary should have at most 50 items"),
        ({"price": 500_000}, "price: "),
        ({"price": {"min": "0"}}, "price: "),
        ({"price": {"min": -1}}, "price: Input should be greater than or equal to 0"),
        ({"price": {"max": True}}, "price: "),
        ({"price": {"min": 5, "max": 3}}, "price: from 5 to 3 is nothing; swap them"),
        ({"ignore": "price"}, "ignore: Input should be a valid list"),
        ({"ignore": [None]}, "ignore[0]: Input should be a valid string"),
        ({"sort": "cheap"}, "sort: Input should be 'relevance', 'price' or '-price'"),
        ({"sort": ["price"]}, "sort: "),
        ({"page": 0}, "page: Input should be greater than or equal to 1"),
        ({"page": 1.5}, "page: "),
        ({"page": "2"}, "page: Input should be a valid integer"),
        ({"page": True}, "page: Input should be a valid integer"),
        ({"page": 1_000_001}, "page: Input should be less than or equal to 1000000"),
        ({"page": 10**400}, "page: "),
        ({"page_size": 0}, "page_size: "),
        ({"page_size": 101}, "page_size: Input should be less than or equal to 100"),
        ({"candidates": 0}, "candidates: "),
        ({"candidates": 1001}, "candidates: Input should be less than or equal to 1000"),
        ({"facets": "yes"}, "facets: Input should be a valid boolean"),
        ({"explain": 1}, "explain: Input should be a valid boolean"),
        ({"explain": True, "page_size": 51}, "explain is for at most 50 results, and page_size is 51; ask for fewer"),
        ({"first_stage_only": "false"}, "first_stage_only: Input should be a valid boolean"),
    ],
)
def test_what_can_not_be_is_refused_by_its_name(body, problem):
    assert problem in refused(**body)


@pytest.mark.parametrize("content", [None, [], "giày", 1, True, {}, {"q": "giày"}, [{"query": "giày"}]])
def test_what_is_no_search_is_refused(content):
    with pytest.raises(Refused) as error:
        search.parse(content, Settings())
    assert error.value.kind == "validation"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("end", ["min", "max"])
def test_a_price_that_is_no_number_is_refused(end, number):
    assert "price" in refused(price={end: number})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "-1e999", "1" + "0" * 400])
def test_numbers_beyond_all_bounds_are_refused_as_they_come(text):
    with pytest.raises(Refused):
        search.parse(opened(bytearray(b'{"query": "a", "price": {"max": %s}}' % text.encode())), Settings())


def test_a_lone_surrogate_is_no_json():
    with pytest.raises(Refused, match="the body is no JSON"):
        opened(bytearray(b'{"query": "gi\\ud800y"}'))


def test_more_characters_than_are_allowed_are_refused():
    assert parse(query="ă" * 100_000).query == "ă" * 100_000
    assert refused(query="ă" * 100_001) == ("query has 100,001 characters; 100,000 are allowed: shorten it")
    assert "10 are allowed" in refused(Settings(max_characters=10), query="giày chạy bộ")


def test_no_more_candidates_are_read_than_documents_are_allowed():
    few = Settings(max_documents=30)
    assert parse(few).candidates == 30
    assert parse(few, candidates=30).candidates == 30
    assert refused(few, candidates=31) == "candidates: 31 are asked for and 30 allowed"
    assert parse().candidates == 100


def test_what_a_search_can_not_be_is_refused_too():
    with pytest.raises(Refused, match="sort 'cheap' is not known") as error:
        search.search_of(query="a", sort="cheap")
    assert error.value.kind == "validation"
    with pytest.raises(Refused, match="page is 0; it must be 1 to 1,000,000"):
        search.search_of(page=0)
    assert search.search_of(query="a") == Search("a")


def test_the_schema_says_what_is_refused():
    schema = search.SearchRequest.model_json_schema()
    assert schema["required"] == ["query"]
    said = json.dumps(schema)
    for bound in ('"maximum": 1000000', '"maximum": 100', '"maximum": 1000', '"maxProperties": 50', '"maxItems": 100'):
        assert bound in said
