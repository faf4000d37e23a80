"""What is told of all that was found: counts, prices, and the order when browsing."""

import pytest

from xephang.search import Search
from xephang.search.asking import DEEPEST
from xephang.search.postgresql import PostgresFirstStage


def ids(first_stage, query="", **options):
    """The ids found."""
    return list(first_stage.find(Search(query, **options)).ids)


def counts(found, facet):
    """How often each value of a facet was found."""
    return {value.id: value.count for one in found.facets if one.facet == facet for value in one.values}


def test_prices_come_with_what_is_found(stocked, shop):
    first_stage = stocked("Giày", "Giày")
    shop.execute("UPDATE hang SET gia = NULL WHERE ma = 1")
    found = first_stage.find(Search("giày", sort="price"))
    assert dict(zip(found.ids, found.prices, strict=True)) == {"1": None, "2": 2000.0}
    assert found.price_range == (2000.0, 2000.0)


def test_values_of_a_list_or_parted_by_signs_are_counted_each(url, shop):
    shop.execute("CREATE TABLE hang (id int PRIMARY KEY, name text, size text, color text[])")
    shop.execute("INSERT INTO hang VALUES (1, 'Giày', '38, 39;40|41', '{Đỏ,Đen}'), (2, 'Giày', '39', NULL)")
    first_stage = PostgresFirstStage.create(url, "hang")
    assert ids(first_stage, "giày", filters={"size": ["41"]}) == ["1"]
    assert ids(first_stage, "giày", filters={"size": ["39"], "color": ["đỏ"]}) == ["1"]
    assert ids(first_stage, "giày", filters={"size": ["3"]}) == []
    sizes = {one.facet: [(value.id, value.count) for value in one.values] for one in first_stage.find(Search()).facets}
    assert sizes["size"] == [("39", 2), ("38", 1), ("40", 1), ("41", 1)]


def test_what_has_few_of_the_words_fills_up_the_candidates_and_is_no_more(stocked):
    first_stage = stocked(*["Giày lười nam da"] * 3, *["Giày lười"] * 4, *["Dép nam"] * 30, *["Ủng"] * 60)
    found = first_stage.find(Search("giày lười nam da", candidates=20))
    assert {*found.ids[:3]} == {"1", "2", "3"} and {*found.ids[3:7]} == {"4", "5", "6", "7"}
    assert found.total == len(found.ids) == 20
    assert first_stage.find(Search("giày lười nam da", candidates=3)).total == 3
    assert found.price_range == (1000.0, max(int(id) for id in found.ids) * 1000.0)
    (brand,) = (one for one in found.facets if one.facet == "brand")
    assert [value.count for value in brand.values] == [20]


def test_a_facet_s_own_filter_does_not_narrow_its_counts_among_the_best(stocked, shop):
    first_stage = stocked(*["Giày lười nam"] * 2, *["Giày lười"] * 9, *["Dép nam"] * 9, *["Ủng"] * 60)
    shop.execute("UPDATE hang SET thuong_hieu = 'Ananas' WHERE ma % 2 = 0")
    free = first_stage.find(Search("giày lười nam", candidates=30))
    assert counts(free, "brand") == {"ananas": 10, "bata": 10}
    found = first_stage.find(Search("giày lười nam", filters={"brand": ["bata"]}, candidates=30))
    assert found.total == 10 and counts(found, "brand") == counts(free, "brand")
    (brand,) = (one for one in found.facets if one.facet == "brand")
    assert {value.id: value.selected for value in brand.values} == {"ananas": False, "bata": True}


def test_another_facet_s_filter_narrows_the_counts(stocked, shop):
    first_stage = stocked(*["Giày lười nam"] * 2, *["Giày lười"] * 9, *["Dép nam"] * 9, *["Ủng"] * 60)
    shop.execute("ALTER TABLE hang ADD mau text")
    shop.execute("DROP VIEW xephang.products")
    shop.execute(
        "CREATE VIEW xephang.products AS SELECT ma AS id, ten AS title, thuong_hieu AS brand, mau AS color FROM hang"
    )
    shop.execute("UPDATE hang SET mau = CASE WHEN ma <= 11 THEN 'Đen' ELSE 'Đỏ' END, thuong_hieu = 'B' || ma % 2")
    found = first_stage.find(Search("giày lười nam", filters={"brand": ["b1"], "color": ["đen"]}, candidates=30))
    assert counts(found, "brand") == {"b0": 5, "b1": 6} and counts(found, "color") == {"đen": 6, "đỏ": 4}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("price", ["3", "2", "1", "4"]), ("-price", ["1", "2", "3", "4"]), ("relevance", ["1", "2", "3", "4"])],
)
@pytest.mark.parametrize("query", ["", "  ", "👟"], ids=["empty", "spaces", "emoji"])
def test_browsing_is_in_the_order_of_prices(stocked, shop, query, sort, expected):
    first_stage = stocked("Giày", "Dép", "Ủng", "Guốc")
    shop.execute("UPDATE hang SET gia = CASE WHEN ma < 4 THEN 9000 - ma END")
    found = first_stage.find(Search(query, sort=sort))
    assert list(found.ids) == expected
    prices = {"1": 8999.0, "2": 8998.0, "3": 8997.0, "4": None}
    assert found.prices == (() if sort == "relevance" else tuple(prices[id] for id in expected))
    assert found.price_range == (8997.0, 8999.0)


def test_browsing_by_price_goes_on_over_pages(stocked):
    first_stage = stocked(*["Giày"] * 9)
    found = [ids(first_stage, sort="-price", page=page, page_size=3, candidates=1) for page in (1, 2, 3)]
    assert found == [[str(number) for number in range(9, 9 - 3 * page, -1)] for page in (1, 2, 3)]


def test_a_query_with_words_is_in_the_order_of_what_they_find(stocked):
    """The reranker's candidates are the best; they are sorted when they have been read."""
    first_stage = stocked("Dép lê", "Giày lười nam", "Giày")
    assert ids(first_stage, "giày lười nam", sort="-price") == ids(first_stage, "giày lười nam")


def test_as_deep_as_any_first_stage(stocked, shop):
    first_stage = stocked("Giày")
    shop.execute("ALTER TABLE hang DISABLE TRIGGER ALL")
    shop.execute(
        "INSERT INTO xephang.search SELECT 'x' || i, search, facets, i, changed "
        "FROM xephang.search, generate_series(1, 10050) i"
    )
    found = first_stage.find(Search(sort="-price", page=1000, page_size=100, facets=False))
    assert (len(found.ids), found.total, found.ids[0]) == (DEEPEST, 10_051, "x10050")
