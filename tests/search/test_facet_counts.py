"""Counts of facets, against counting each product's own terms."""

from collections import Counter

import pytest
from stock import everything, stock

from xephang.product import Product
from xephang.search import Search, Shop, facet_counts
from xephang.search.facet_terms import ANY, split

PRICES = {product.id: product.price for product in stock()}
QUERIES = ("", "giày", "giày nữ", "dép size 38 dưới 500k", "giày thể thao nam chạy bộ", "👟", "dưới 200k")
MOST = 40


def shown(shop, query, **asked):
    """Return each facet's values and their counts, and all that was found."""
    found = shop.find(Search(query, **asked))
    return {one.facet: {value.id: value.count for value in one.values} for one in found.facets}, found


def counted(ids, terms_of, facet):
    return Counter(value for id in ids for one, value in map(split, terms_of[id]) if one == facet and value != ANY)


def check(values, expected, selected=()):
    """Check that the most frequent values are there, and each with its count."""
    least = min((expected[value] for value in values if value not in selected), default=0)
    assert {value: count for value, count in values.items() if count} == {
        value: expected[value] for value in values if expected[value]
    }
    assert len(set(values) - set(selected)) >= min(MOST, len(expected)) - len(selected)
    if len(expected) > MOST:
        assert all(count <= least for value, count in expected.items() if value not in values)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("candidates", [1, 20, 1000])
def test_counts_are_those_of_the_products_found(shop, terms_of, query, candidates):
    facets, found = shown(shop, query, candidates=candidates)
    ids = everything(shop, query, candidates=candidates)
    assert len(ids) == found.total > 0
    for facet in shop.first_stage.facet_terms.shown():
        check(facets.get(facet, {}), counted(ids, terms_of, facet))


@pytest.mark.parametrize("candidates", [1, 1000])
@pytest.mark.parametrize(
    "filters",
    [
        {"gender": ["nu"]},
        {"gender": ["nam"], "size": ["40", "41"]},
        {"brand": ["new-balance"]},
        {"gender": ["nu"], "brand": ["không có"]},
    ],
)
@pytest.mark.parametrize("query", ["", "giày", "dép sandal"])
def test_a_facet_is_counted_as_if_it_did_not_filter_itself(shop, terms_of, query, filters, candidates):
    facets, found = shown(shop, query, filters=filters, candidates=candidates)
    ids = everything(shop, query, filters=filters, candidates=candidates)
    for facet in shop.first_stage.facet_terms.shown():
        others = {name: values for name, values in filters.items() if name != facet}
        within = everything(shop, query, filters=others, candidates=candidates) if facet in filters else ids
        check(facets.get(facet, {}), counted(within, terms_of, facet), filters.get(facet, ()))
    for one in found.facets:
        assert {value.id for value in one.values if value.selected} == set(filters.get(one.facet, ()))


def test_a_selected_value_is_shown_where_nothing_has_it(shop):
    facets, found = shown(shop, "giày", filters={"brand": ["không có"]})
    assert facets["brand"]["không có"] == 0
    assert sum(facets["brand"].values()) > 0, "what another choice would bring"
    assert (found.total, found.ids) == (0, ())


@pytest.mark.parametrize("candidates", [1, 1000])
@pytest.mark.parametrize("query", ["giày", "", "giày nữ size 38", "giày dưới 300k"])
def test_the_range_of_prices_is_that_of_any_price(shop, query, candidates):
    prices = [PRICES[id] for id in everything(shop, query, ignore=["price"]) if PRICES[id] is not None]
    for asked in ((None, None), (100_000, 200_000), (0, 1), (None, 10**9)):
        found = shop.find(Search(query, price=asked, candidates=candidates))
        low, high = found.price_range
        if candidates == 1000:
            assert (low, high) == (min(prices), max(prices))
        assert low <= high


def test_without_a_price_there_is_no_range(tiny_model, tmp_path):
    shop = Shop.build(tiny_model, [Product(id="1", title="Dép")], tmp_path / "hàng")
    assert shop.find(Search("dép")).price_range is None
    assert shop.find(Search("dép", price=(1, 2))).total == 0
    assert shop.find(Search("", sort="price")).prices == (None,)


def test_facets_may_be_left_out(shop):
    found = shop.find(Search("giày", facets=False, filters={"gender": ["nu"]}))
    assert (found.facets, found.price_range) == ((), None)


def test_facets_and_their_values_have_names_for_people_and_come_in_order(shop):
    found = shop.find(Search("giày"))
    order = shop.first_stage.facet_terms.shown()
    assert [one.facet for one in found.facets] == [facet for facet in order if facet in {f.facet for f in found.facets}]
    names = {one.facet: one for one in found.facets}
    assert {value.name for value in names["gender"].values} >= {"Nam", "Nữ"}
    counts = [value.count for value in names["color"].values]
    assert counts == sorted(counts, reverse=True)


def test_sizes_come_in_their_own_order(shop):
    sizes = next(one for one in shop.find(Search()).facets if one.facet == "size")
    numbers = [float(value.id) for value in sizes.values if value.id.replace(".", "").isdecimal()]
    assert numbers == sorted(numbers)
    assert len(numbers) > 10


@pytest.mark.parametrize("sizes", [["²", "½", "①"], ["٣", "2", "1"], ["M", "L", "XL", "38"], ["", "*", "=", "a=b"]])
def test_odd_sizes_are_counted_too(tiny_model, tmp_path, sizes):
    products = [Product(id=str(at), title="Dép", size=size) for at, size in enumerate(sizes)]
    shop = Shop.build(tiny_model, products, tmp_path / "hàng")
    found = shop.find(Search())
    values = {value.id: value.count for one in found.facets if one.facet == "size" for value in one.values}
    assert values == {size.lower(): 1 for size in sizes if size not in ("", "*")}


def test_what_is_deleted_is_not_counted(changing):
    before = {
        value.id: value.count for one in changing.find(Search()).facets if one.facet == "gender" for value in one.values
    }
    changing.delete(["H-WOMEN"])
    after = {
        value.id: value.count for one in changing.find(Search()).facets if one.facet == "gender" for value in one.values
    }
    assert after == {**before, "nu": before["nu"] - 1}


def test_only_what_filters_is_counted_apart(shop, monkeypatch):
    counted = []
    aggregated = facet_counts._aggregated
    monkeypatch.setattr(facet_counts, "_aggregated", lambda *given: counted.append(given) or aggregated(*given))
    shop.find(Search("giày", filters={"brand": ["nike"], "color": []}, price=(1, 2)))
    assert len(counted) == 3, "what is found, the brands, the prices"


def test_a_filter_may_name_a_value_as_people_do(shop):
    by_key = shop.find(Search("giày", filters={"brand": ["nike"]}))
    for name in ("Nike", "NIKE", " nike "):
        found = shop.find(Search("giày", filters={"brand": [name]}))
        assert found.ids == by_key.ids and found.facets == by_key.facets
    white = shop.find(Search("giày", filters={"color": ["trang"]}))
    assert shop.find(Search("giày", filters={"color": ["Trắng"]})).ids == white.ids
