from dataclasses import replace

import pytest
from stock import ways

from xephang.product import Product
from xephang.search import Shop, Suggestion


@pytest.fixture(scope="module")
def suggesting(tiny_model, tmp_path_factory):
    titles = [
        ("Giày chạy bộ nam", "Nike"),
        ("Giày chạy bộ nữ", "Nike"),
        ("Giày đá bóng", "Kamito"),
        ("Dép quai hậu", ""),
    ]
    products = [Product(id=str(at), title=title, brand=brand) for at, (title, brand) in enumerate(titles)]
    return Shop.build(tiny_model, products, tmp_path_factory.mktemp("gợi ý") / "hàng", lexicon="footwear")


def texts(shop, typed, limit=100):
    return [one.text for one in shop.suggest(typed, limit)]


def test_what_most_products_are_about_comes_first(suggesting):
    found = suggesting.suggest("giày", 100)
    assert found[0] == Suggestion("giày", 4), "of which a kind of it is one too"
    assert Suggestion("giày chạy bộ", 2) in found
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert {"giày chạy bộ nam", "giày chạy bộ nữ", "giày chạy bộ nike", "giày đá bóng"} <= {one.text for one in found}


@pytest.mark.parametrize("typed", ["giày chạ", "chạy b", "bộ n", "GIAY CHAY", "giay  chay", "giày-chạy"])
def test_a_suggestion_is_found_from_any_of_its_words_on(suggesting, typed):
    assert any(one.startswith("giày chạy bộ") for one in texts(suggesting, typed))


def test_the_way_it_is_typed_changes_nothing(suggesting):
    expected = suggesting.suggest("giày chạy", 5)
    assert expected
    for way, typed in ways("giày chạy").items():
        assert suggesting.suggest(typed, 5) == expected, way


@pytest.mark.parametrize(
    "typed",
    ["giayf chayj", "giayf chayj b", "gia2y cha5y", "GIAYF CHAYJ", "giày chayj", "giayf chay", "gia2y cha5y bo65 nu74"],
)
def test_keys_of_an_input_method_that_came_through_are_read(suggesting, typed):
    found = texts(suggesting, typed)
    assert found and all(one.startswith("giày chạy bộ") for one in found)


@pytest.mark.parametrize(
    "typed", ["", " ", "👟", "?!", "zzqwx", "giày chạy bộ nam nữ trẻ em", "\ud800", "x" * 10_000, "\t"]
)
def test_where_nothing_goes_on_nothing_is_suggested(suggesting, typed):
    assert suggesting.suggest(typed) == []


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_there_are_no_more_than_asked_for(suggesting, limit):
    assert texts(suggesting, "giày", limit) == texts(suggesting, "giày")[:limit]


def test_suggestions_come_and_go_with_their_products(changing):
    assert texts(changing, "guốc câu") == []
    new = Product(id="mới", title="Guốc", brand="Câu Lạc Bộ Zzq")
    changing.update([new, replace(new, id="hai"), Product(id="ba", title="Ủng", brand="Câu Cá")])
    assert {one.count for one in changing.suggest("zzq")} == {2}
    changing.delete(["mới"])
    assert {one.count for one in changing.suggest("zzq")} == {1}
    changing.delete(["hai"])
    assert changing.suggest("zzq") == []
    assert "ủng câu cá" in texts(changing, "câu cá")
