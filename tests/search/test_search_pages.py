"""Pages hold all that was found, once, whatever sorts it."""

import pytest
from stock import everything, stock

from xephang.search import Search, Shop, first_stage
from xephang.search.first_stage import ordered

PRICES = {product.id: product.price for product in stock()}
TINY = {"facets": False, "first_stage_only": True}


def all_pages(shop, search_with):
    """Return the hits of all pages, one behind the other."""
    hits, page = [], 1
    while True:
        results = shop.search(search_with(page))
        assert results.page == page
        if page > results.pages:
            assert results.hits == ()
            return hits, results.found.total
        hits += results.hits
        page += 1


@pytest.mark.parametrize("sort", ["relevance", "price", "-price"])
@pytest.mark.parametrize(
    ("query", "candidates"),
    [("", 100), ("", 7), ("giày", 100), ("giày nữ", 7), ("dép sandal size 38", 1), ("dưới 300k", 9)],
)
def test_pages_do_not_overlap_and_hold_everything(shop, query, candidates, sort):
    hits, total = all_pages(
        shop, lambda page: Search(query, page=page, page_size=13, candidates=candidates, sort=sort, **TINY)
    )
    ids = [hit.id for hit in hits]
    assert len(ids) == len(set(ids)) == total > 0
    assert [hit.rank for hit in hits] == list(range(1, total + 1))
    assert sorted(hit.first_rank for hit in hits) == list(range(1, total + 1))


@pytest.mark.parametrize("sort", ["relevance", "price", "-price"])
def test_pages_that_are_reranked_do_not_overlap_either(shop, sort):
    hits, total = all_pages(
        shop, lambda page: Search("giày nữ", page=page, page_size=9, candidates=12, sort=sort, facets=False)
    )
    assert len({hit.id for hit in hits}) == len(hits) == total > 12
    assert [hit.score is not None for hit in hits] == [True] * 12 + [False] * (total - 12)


@pytest.mark.parametrize("size", [1, 3, 50, 100])
def test_the_size_of_a_page_does_not_change_the_order(shop, size):
    hits, _ = all_pages(shop, lambda page: Search("sandal nữ", page=page, page_size=size, candidates=30, **TINY))
    assert [hit.id for hit in hits] == everything(shop, "sandal nữ")[: len(hits)]


@pytest.mark.parametrize(("sort", "sign"), [("price", 1), ("-price", -1)])
def test_an_empty_query_is_sorted_over_the_whole_shop(shop, sort, sign):
    hits, _ = all_pages(shop, lambda page: Search("", page=page, page_size=20, candidates=10, sort=sort, **TINY))
    prices = [hit.product.price for hit in hits]
    known = [price for price in prices if price is not None]
    assert known == sorted((one for one in PRICES.values() if one is not None), key=lambda one: sign * one)
    assert prices[len(known) :] == [None] * (len(prices) - len(known))


@pytest.mark.parametrize(("sort", "sign"), [("price", 1), ("-price", -1)])
def test_a_sort_by_price_orders_the_candidates_the_likely_ones_first(shop, sort, sign):
    results = shop.search(Search("giày chạy bộ nam", sort=sort, page_size=100, facets=False))
    groups = [
        (hit.score < first_stage.LIKELY, hit.product.price is None) for hit in results.hits if hit.score is not None
    ]
    assert groups == sorted(groups)
    for group in set(groups):
        prices = [
            hit.product.price
            for hit in results.hits
            if hit.score is not None and (hit.score < first_stage.LIKELY, hit.product.price is None) == group
        ]
        assert group[1] or prices == sorted(prices, key=lambda one: sign * one)
    assert {hit.id for hit in results.hits} == set(everything(shop, "giày chạy bộ nam"))


def test_the_most_that_can_be_paged_through_ends_the_pages(shop, monkeypatch):
    monkeypatch.setattr(first_stage, "DEEPEST", 30)
    assert len(shop.search(Search("", page=2, page_size=20, candidates=5, **TINY)).hits) == 10
    beyond = shop.search(Search("", page=3, page_size=20, candidates=5, **TINY))
    assert (beyond.hits, beyond.found.total) == ((), len(shop))


@pytest.mark.parametrize("page", [10, 1_000_000])
@pytest.mark.parametrize("query", ["", "giày nữ", "zzqwx"])
def test_a_page_beyond_the_end_is_empty(shop, page, query):
    results = shop.search(Search(query, page=page, page_size=100, first_stage_only=True))
    assert results.hits == ()
    assert results.found.total == shop.find(Search(query)).total


@pytest.mark.parametrize("query", ["", "👟🔥", "!?.,", "   ", "\u200b", "___"])
def test_a_query_without_words_browses_and_is_not_reranked(shop, query):
    search = Search(query, page_size=100)
    results = shop.search(search)
    assert results.found.total == len(shop)
    assert (results.reranked, shop.candidates(search, results.found)) == (0, ())
    assert {hit.score for hit in results.hits} == {None}


def test_a_query_of_only_a_price_browses_within_it(shop):
    results = shop.search(Search("dưới 200k", page_size=100))
    assert results.found.read == ""
    assert results.reranked == 0
    assert results.found.total == sum(price is not None and price <= 200_000 for price in PRICES.values())


@pytest.mark.parametrize("candidates", [5, 30])
def test_where_few_have_the_words_the_best_of_those_with_any_follow(shop, candidates):
    found = shop.find(Search("giày đá bóng sân cỏ nhân tạo kamito", candidates=candidates))
    assert "H-GLUED" in found.ids
    assert len(found.ids) >= candidates
    assert found.total <= max(candidates, shop.find(Search("giày đá bóng sân cỏ nhân tạo kamito", candidates=1)).total)


def test_the_page_of_a_small_shop_holds_all_of_it(tiny_model, tmp_path):
    shop = Shop.build(tiny_model, stock()[:1], tmp_path / "hàng")
    (hit,) = shop.search(Search("", page_size=1, candidates=1)).hits
    assert (hit.rank, hit.first_rank) == (1, 1)


def test_an_order_needs_no_scores(shop):
    search = Search("giày", sort="price", first_stage_only=True)
    found = shop.find(search)
    assert {id for id, _ in ordered(found, None, search)} == set(found.ids)
    assert ordered(found, [], search) == ordered(found, None, search)
