"""What a query or a caller insists on, held against each product's own terms."""

import pytest
from stock import everything, stock

from xephang.errors import InputError
from xephang.search import Search

PRICES = {product.id: product.price for product in stock()}


def meets(terms, facet, value):
    """Say whether a product says what is asked for, or nothing of it."""
    mark = f"{facet}#=*" if facet == "size" else f"{facet}=*"
    return f"{facet}={value}" in terms or mark not in terms


@pytest.mark.parametrize(
    ("query", "facet", "value"),
    [
        ("giày nữ", "gender", "nu"),
        ("giày nam", "gender", "nam"),
        ("dép nữ đi trong nhà", "gender", "nu"),
        ("giày size 38", "size", "38"),
        ("giày chạy bộ size 43", "size", "43"),
        ("sandal sz 36.5", "size", "36.5"),
        ("giay nu", "gender", "nu"),
        ("giafy nuwx", "gender", "nu"),
    ],
)
def test_what_contradicts_is_left_out_and_what_is_silent_stays(shop, terms_of, query, facet, value):
    found, without = set(everything(shop, query)), set(everything(shop, query, ignore=[f"{facet}={value}"]))
    assert all(meets(terms_of[id], facet, value) for id in found)
    assert {id for id in without if meets(terms_of[id], facet, value)} <= found
    assert without - found, "to ignore it brings back what contradicts it"
    assert [id for id in found if f"{facet}={value}" not in terms_of[id]], "or nothing that is silent was found"


def test_two_values_of_one_facet_are_either(shop, terms_of):
    found = set(everything(shop, "giày size 35 size 44"))
    assert all(meets(terms_of[id], "size", 35) or meets(terms_of[id], "size", 44) for id in found)
    assert {"H-WOMEN", "H-MEN", "H-ALL", "H-SILENT"} <= found
    assert not {"H-CODE", "H-HALF"} & found


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        ("giày dưới 200k", 0, 200_000),
        ("giày trên 1 triệu", 1_000_000, 9e9),
        ("giày từ 200k đến 500k", 200_000, 500_000),
        ("dưới 100k", 0, 100_000),
        ("giayf duoi 200k", 0, 200_000),
    ],
)
def test_a_price_leaves_out_what_costs_otherwise_or_has_none(shop, query, low, high):
    found = everything(shop, query)
    without = everything(shop, query, ignore=["price"])
    assert set(found) == {id for id in without if PRICES[id] is not None and low <= PRICES[id] <= high}
    assert 0 < len(found) < len(without)
    assert "H-SILENT" not in found


@pytest.mark.parametrize(
    "price", [(None, 199_000), (199_000, 199_000), (199_000, None), (0, 1e9), (None, float("inf"))]
)
def test_both_ends_of_a_caller_s_price_are_included(shop, price):
    low, high = (price[0] or 0, 9e9 if price[1] is None else price[1])
    found = everything(shop, price=price)
    assert set(found) == {id for id, one in PRICES.items() if one is not None and low <= one <= high}
    assert "H-WOMEN" in found


def test_a_caller_s_price_goes_before_the_query_s(shop):
    search = Search("giày dưới 200k", price=(None, 900_000), candidates=1000)
    found = shop.find(search)
    assert set(found.ids) == set(everything(shop, "giày dưới 200k", price=(None, 900_000), ignore=["price"]))
    (told,) = found.constraints
    assert (told.key, told.active) == ("price", False)


@pytest.mark.parametrize(
    "filters",
    [
        {"gender": ["nu"]},
        {"gender": ["nu", "nam"]},
        {"size": ["38"]},
        {"size": ["38"], "gender": ["nu"]},
        {"brand": ["new balance", "new-balance"]},
        {"gender": []},
    ],
)
@pytest.mark.parametrize("query", ["", "giày", "giày dép sandal cho nữ"])
def test_a_product_must_have_one_of_each_filter_s_values(shop, terms_of, query, filters):
    found = everything(shop, query, filters=filters)
    assert set(found) == {
        id
        for id in everything(shop, query)
        if all({f"{facet}={one}" for one in values} & terms_of[id] for facet, values in filters.items() if values)
    }
    assert found


@pytest.mark.parametrize("filters", [{"brand": ["không có"]}, {"brand": ["\ud800"]}, {"brand": [""]}])
def test_what_nobody_has_finds_nothing(shop, filters):
    found = shop.find(Search("giày", filters=filters))
    assert (found.total, found.ids, found.price_range) == (0, (), None)


@pytest.mark.parametrize("facet", ["không có", "Brand", "price", "", "\ud800"])
def test_what_is_no_facet_is_told_with_those_that_are(shop, facet):
    with pytest.raises(InputError, match="is no facet here; facets are category, brand, "):
        shop.find(Search("giày", filters={"brand": ["nike"], facet: ["gì"]}))


def states(found):
    return {one.key: one.active for one in found.constraints}


@pytest.mark.parametrize(
    ("query", "kept", "dropped"),
    [
        ("giày nữ size 38 dưới 1k", {"gender=nu", "size=38"}, {"price"}),
        ("giày tây nam size 38 dưới 2k", {"gender=nam", "size=38"}, {"price"}),
        ("giày nữ trắng adidas dưới 1k", {"gender=nu", "brand=adidas", "color=trang"}, {"price"}),
        ("giày nữ dưới 500k", {"gender=nu", "price"}, set()),
    ],
)
def test_where_nothing_would_be_left_as_little_as_needed_is_let_go(shop, query, kept, dropped):
    found = shop.find(Search(query, price=(None, None)))
    assert found.total > 0
    assert states(found) == dict.fromkeys(kept, True) | dict.fromkeys(dropped, False)


def test_a_size_that_nobody_has_leaves_what_says_nothing_of_sizes(shop, terms_of):
    found = shop.find(Search("giày nam size 48", candidates=1000))
    assert states(found) == {"gender=nam": True, "size=48": True}
    assert not [id for id in found.ids if "size#=*" in terms_of[id]]


def test_a_caller_s_filters_are_never_let_go(shop, terms_of):
    found = shop.find(Search("giày nữ size 38", filters={"gender": ["nam"], "size": ["43"]}))
    assert all({"gender=nam", "size=43"} <= terms_of[id] for id in found.ids)
    assert not shop.find(Search("giày nữ", filters={"brand": ["không có"]})).ids


def test_where_nothing_has_the_words_all_constraints_are_told_to_hold(shop):
    found = shop.find(Search("zzqwxk nữ size 38", filters={"brand": ["không có"]}))
    assert found.total == 0
    assert states(found) == {"gender=nu": True, "size=38": True}


def test_filters_do_not_change_the_order(shop):
    order = {id: at for at, id in enumerate(everything(shop, "giày thể thao"))}
    found = everything(shop, "giày thể thao", filters={"gender": ["nam"]}, price=(None, 900_000))
    assert found == sorted(found, key=order.__getitem__)


def test_what_a_boost_asks_for_comes_first(shop, terms_of):
    brands = {id for id, terms in terms_of.items() if "color=do" in terms}
    first = shop.find(Search("giày màu đỏ", candidates=1000)).ids[:3]
    assert set(first) <= brands


@pytest.mark.parametrize(
    ("query", "filters", "meant"),
    [
        ("zzqwx", {}, ""),
        ("giày zzqwx", {"brand": ["không có"]}, "giày"),
        ("giay zzqwx nu", {"brand": ["không có"]}, "giay nu"),
        ("giày", {"brand": ["không có"]}, ""),
        ("", {"brand": ["không có"]}, ""),
    ],
)
def test_where_nothing_is_found_a_query_of_the_known_words_is_offered(shop, query, filters, meant):
    found = shop.find(Search(query, filters=filters))
    assert (found.total, found.did_you_mean) == (0, meant)


@pytest.mark.parametrize(
    ("query", "meant"), [("giày zzqwx nữ dưới 900k", "giày nữ dưới 900k"), ("giày nữ", ""), ("giayf nuwx", "")]
)
def test_it_is_offered_too_where_the_known_words_alone_find_something(shop, query, meant):
    found = shop.find(Search(query))
    assert found.total > 0 and found.did_you_mean == meant
