"""A product's facets, from all of its fields."""

import pytest

from xephang.lexicon import Lexicon, read_product
from xephang.product import Product

FOOTWEAR = Lexicon.load("footwear")
CASES = [
    (Product(title="Giày tây nam", category="Sandal"), {"category": ("tay",)}),
    (Product(title="Xả kho mẫu mới", category="Giày sandal nữ"), {"category": ("sandal",), "gender": ("nu",)}),
    (Product(title="Giày tây", brand="Bitis"), {"category": ("tay",), "brand": ("bitis",)}),
    (Product(title="Giày Adidas", brand="Nike"), {"brand": ("adidas",)}),
    (Product(title="Giày", brand="Nam Nữ Shop"), {"gender": ()}),
    (Product(title="Giày đỏ", color="Đen"), {"color": ("do",)}),
    (Product(title="Giày", color="Đen"), {"color": ("den",)}),
    (Product(title="Giày", size="36-40"), {"size": ("36-40",)}),
    (Product(title="Giày", size="38"), {"size": ("38",)}),
    (Product(title="Giày", gender="Nữ"), {"gender": ("nu",)}),
    (Product(title="Giày chống nước", attributes=("Êm chân",)), {"feature": ("chong-nuoc", "em-chan")}),
    (Product(title="Giày", description="Màu đỏ, da bò"), {"color": (), "material": ()}),
    (Product(title=""), {"category": ()}),
]


@pytest.mark.parametrize(("product", "facets"), CASES)
def test_the_title_comes_first_and_fields_add(product, facets):
    read = read_product(FOOTWEAR, product)
    assert {facet: read.ids(facet) for facet in facets} == facets


def test_the_title_says_whether_it_is_an_accessory_and_the_category_only_where_the_title_does_not():
    assert read_product(FOOTWEAR, Product(title="Bàn chải giày", category="Giày tây")).accessory
    assert not read_product(FOOTWEAR, Product(title="Giày tây", category="Bàn chải giày")).accessory
    assert read_product(FOOTWEAR, Product(title="Hàng mới về", category="Bàn chải giày")).accessory


def test_spans_of_the_title_are_spans_of_the_text():
    read = read_product(FOOTWEAR, Product(title="Giày  TÂY nam", brand="Bitis"))
    (kind,) = read["category"]
    assert read.text[kind.start : kind.end] == kind.surface == "Giày TÂY"


def test_hostile_titles_are_read():
    for title in ("Giày đỏ " * 1250, "👠" * 500, "\u200bgia\u0300y đo\u0309", ""):
        read = read_product(FOOTWEAR, Product(title=title, brand="x" * 10_000))
        assert all(mention.facet in FOOTWEAR.facets for mention in read.mentions)
