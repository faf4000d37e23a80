"""Whatever is typed, nothing raises, and what is told of it holds."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stock import stock

from xephang.search import Search
from xephang.text import fold, normalise

WORDS = (
    "giày", "giay", "giayf", "gia2y", "dép", "nữ", "nam", "size", "38", "us 9", "36-40", "dưới", "500k", "từ", "đến",
    "1tr2", "adidas", "trắng", "XT-20", "👟", "\u200b", "\u0301", "\ud800", "\x00", "²", "ｇｉàｙ", "giÃ\xa0y", "ko",
    "k", "đ", "*", "=", "gender=nu", "\t", "\n", "İ", "ß", "ﬁ", "𝐠𝐢𝐚𝐲", "المتجر", "鞋", "-", "..", "x" * 60, "1" * 60,
    "'\"\\", "OR",
)  # fmt: skip
TYPED = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=8).map("".join),
    st.sampled_from([product.title[:120] for product in stock()]),
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "filters": st.dictionaries(
            st.sampled_from(["brand", "gender", "size", "color"]),
            st.lists(st.one_of(st.sampled_from(["nu", "38", "adidas", "*", "#"]), st.text(max_size=5)), max_size=3),
            max_size=2,
        ),
        "price": st.tuples(*[st.one_of(st.none(), st.floats(0, allow_nan=False), st.integers(0, 10**7))] * 2).map(
            lambda ends: ends if None in ends else tuple(sorted(ends))
        ),
        "ignore": st.lists(
            st.one_of(st.sampled_from(["price", "gender=nu", "size=38"]), st.text(max_size=5)), max_size=3
        ),
        "sort": st.sampled_from(["relevance", "price", "-price"]),
        "page": st.integers(1, 4),
        "page_size": st.integers(1, 100),
        "candidates": st.integers(1, 1000),
        "facets": st.booleans(),
    },
)
OFTEN = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@OFTEN
@given(query=TYPED, asked=ASKED)
def test_no_search_raises_and_what_it_says_holds(shop, query, asked):
    search = Search(query, first_stage_only=True, **asked)
    results = shop.search(search)
    found = results.found
    assert found.query == normalise(query[:2000])
    assert len(found.ids) == len(found.scores) == len(set(found.ids)) <= max(found.total, 0)
    assert len(found.prices) == (0 if search.sort == "relevance" else len(found.ids))
    assert len(results.hits) == max(0, min(search.page_size, found.total - (search.page - 1) * search.page_size))
    for one in (*found.constraints, *found.corrections):
        assert 0 <= one.start < one.end <= len(found.query)
        assert found.query[one.start : one.end] == one.text
    for hit in results.hits:
        for name, spans in hit.highlights.items():
            assert all(0 <= start < end <= len(hit.product.value(name)) for start, end in spans)
    low, high = search.price
    for hit in results.hits:
        assert (low is None and high is None) or (low or 0) <= hit.product.price <= (
            float("inf") if high is None else high
        )
    json.dumps(results.to_dict(), allow_nan=False)


@OFTEN
@given(typed=TYPED, limit=st.integers(1, 20))
def test_no_suggestion_raises_and_each_goes_on_with_what_was_typed(shop, typed, limit):
    begun = [fold(word).lower() for word in normalise(typed[:200]).split()]
    found = shop.suggest(typed, limit)
    assert len(found) <= limit
    assert len({one.text for one in found}) == len(found)
    for one in found:
        assert one.count > 0
        assert begun == [] or begun[0][:1] in fold(one.text).lower() or not begun[0][:1].isalnum()


@OFTEN
@given(query=TYPED)
def test_a_search_finds_the_same_twice_and_whatever_is_counted(shop, query):
    one, other = shop.find(Search(query)), shop.find(Search(query, facets=False))
    assert (one.ids, one.scores, one.total, one.constraints) == (
        other.ids,
        other.scores,
        other.total,
        other.constraints,
    )
    assert list(one.scores) == sorted(one.scores, reverse=True)
