"""What the first stage finds, and in which order, by what a query asks for."""

import pytest

from xephang.product import Product
from xephang.search import Search, Shop
from xephang.search.matching import LOOSEST, WEIGHTS, Limits, run, text_query, within

PRODUCTS = [
    Product(id="laced", title="Giày sneaker nam cột dây vải bố", category="Giày sneaker", color="Trắng"),
    Product(id="laceless", title="Giày sneaker nam không dây", category="Giày sneaker", color="Đen"),
    Product(id="loafer", title="Giày mọi nữ mũi vuông da bò", category="Giày mọi", color="Nâu"),
    Product(id="running", title="Giày chạy bộ Adidas êm nhẹ", brand="Adidas", gender="Nam", color="Đỏ"),
    Product(id="other-brand", title="Giày chạy bộ kiểu adidas siêu êm nhẹ", brand="Bitis", color="Xanh"),
    Product(id="insole", title="Lót giày êm chân giày nam giày nữ", category="Miếng lót giày"),
    Product(id="sandal", title="Sandal trẻ em quai dán", category="Sandal", color="Hồng"),
    Product(id="both", title="Giày vải nam nữ thấp cổ", color="Kem"),
    Product(id="model", title="Giày tennis Gel Resolution 9", brand="Asics", gender="Nam"),
    Product(id="described", title="Boot cổ thấp", description="Da lộn Ý, hợp với mùa đông."),
]


@pytest.fixture(scope="module")
def few(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("few") / "shop"
    return Shop.build(tiny_model, PRODUCTS, folder, lexicon="footwear")


def found(shop, query, **asked):
    return list(shop.find(Search(query, facets=False, **asked)).ids)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("giày lười", "loafer"),
        ("giày buộc dây", "laced"),
        ("sneaker white", "laced"),
        ("giay mau do", "running"),
        ("adidas", "running"),
        ("giày adidas êm", "running"),
        ("lót giày", "insole"),
        ("dép cho bé", "sandal"),
        ("sandan hồng", "sandal"),
        ("gel resolution", "model"),
        ("boot mùa đông", "described"),
    ],
)
def test_what_is_asked_for_is_found_in_other_words_and_comes_first(few, query, best):
    assert found(few, query)[0] == best


def test_an_accessory_with_the_same_words_comes_after_the_shoes(few):
    ids = found(few, "giày nam")
    assert ids.index("insole") > max(map(ids.index, ("laced", "laceless", "both")))


@pytest.mark.parametrize(
    "query", ["giày for men", "nam giafyj", "giày xyzzq", "giày luwif", "cần tìm giày nam giá rẻ", "giày 987654"]
)
def test_a_word_that_nobody_has_takes_nothing_away(few, query):
    assert {"laced", "laceless", "both"} <= set(found(few, query))


def test_men_and_women_together_are_unisex(few):
    assert found(few, "giày unisex")[0] == "both"


def test_looser_queries_find_more_and_the_best_stays(few):
    first_stage = few.first_stage
    reading = first_stage.read(Search("giày sneaker buộc dây màu trắng"))
    limits = Limits({}, reading.price, reading.wishes).queries()
    totals, bests = [], []
    for looseness in range(LOOSEST + 1):
        query = within(text_query(reading, len(few), WEIGHTS, looseness), limits)
        best = run(first_stage.searcher, query, 100)
        totals.append(best.total)
        bests.append(best.ids[0])
    assert totals == sorted(totals)
    assert totals[0] < totals[-1]
    assert set(bests) == {"laced"}


def test_words_by_which_people_ask_need_not_be_in_a_product(few):
    reading = few.first_stage.read(Search("cần mua sneaker cho nam"))
    strict = run(few.first_stage.searcher, text_query(reading, len(few), WEIGHTS), 100)
    assert {"laced", "laceless"} <= set(strict.ids)


@pytest.mark.parametrize("query", ["giày", "giày nam size 38", "trắng đen đỏ", "adidas bitis asics", "a b c d e f g h"])
def test_scores_fall_and_no_product_comes_twice(few, query):
    result = few.find(Search(query, facets=False))
    assert list(result.scores) == sorted(result.scores, reverse=True)
    assert len(set(result.ids)) == len(result.ids)


def test_the_same_things_are_found_without_a_lexicon_by_their_words(tiny_model, tmp_path):
    empty = tmp_path / "empty.toml"
    empty.write_text(
        'name = "none"\n[facets.kind]\nname = "Kind"\n[facets.kind.values]\nx = { name = "zzz" }\n', "utf-8"
    )
    shop = Shop.build(tiny_model, PRODUCTS, tmp_path / "shop", lexicon=empty)
    assert found(shop, "giày chạy bộ adidas")[0] == "running"
    assert found(shop, "gel resolution")[0] == "model"
    assert set(found(shop, "giay")) >= {"laced", "loafer", "both"}
