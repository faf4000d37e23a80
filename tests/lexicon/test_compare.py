"""A query's facets held against a product's."""

import unicodedata

import pytest

from xephang.lexicon import Lexicon, Match, compare
from xephang.text import fold

FOOTWEAR, BAGS = Lexicon.load("footwear"), Lexicon.load("bags")
THINGS = [
    ("giày chạy bộ", "Giày chạy bộ nữ", Match.MATCHED),
    ("giày thể thao", "Giày chạy bộ nữ", Match.MATCHED),
    ("giày chạy bộ", "Giày thể thao nữ", Match.UNKNOWN),
    ("giày chạy bộ", "Giày nữ size 38", Match.VAGUE),
    ("giày chạy bộ", "Adidas nữ size 38", Match.VAGUE),
    ("giày chạy bộ", "", Match.VAGUE),
    ("giày lười", "Giày tây nam", Match.NEAR),
    ("giày chạy bộ", "Giày đá bóng", Match.BESIDE),
    ("giày thể thao", "Giày tây nam", Match.BESIDE),
    ("giày chạy bộ", "Giày cao gót", Match.OTHER),
    ("giày chạy bộ", "Dép tổ ong", Match.OTHER),
    ("giày", "Dép tổ ong", Match.BESIDE),
    ("giày sneaker", "Bàn chải giày sneaker", Match.OTHER),
    ("bàn chải giày", "Giày sneaker trắng", Match.OTHER),
    ("bàn chải giày", "Bàn chải giày", Match.MATCHED),
    ("giày chạy bộ", "Giày chạy bộ, giày tây", Match.MATCHED),
]
FACETS = [
    ("giày đỏ", "Giày đỏ", "color", Match.MATCHED),
    ("giày đỏ", "Giày đỏ đen", "color", Match.MATCHED),
    ("giày đỏ", "Giày đen", "color", Match.CONTRADICTED),
    ("giày đỏ", "Giày", "color", Match.UNKNOWN),
    ("giày màu be", "Giày màu kem", "color", Match.NEAR),
    ("giày nam", "Giày unisex", "gender", Match.MATCHED),
    ("giày unisex", "Giày nam", "gender", Match.CONTRADICTED),
    ("giày cặp", "Giày nam nữ", "gender", Match.MATCHED),
    ("giày nữ", "Giày cao gót nam", "gender", Match.CONTRADICTED),
    ("sandal đế xuồng", "Sandal cao gót gót nhọn", "heel", Match.CONTRADICTED),
    ("giày nam", "Giày nữ", "gender", Match.CONTRADICTED),
    ("giày nữ", "Giày cao gót", "gender", Match.MATCHED),
    ("giày nam", "Giày cao gót", "gender", Match.CONTRADICTED),
    ("giày adidas", "Giày adidas", "brand", Match.MATCHED),
    ("giày adidas", "Giày nike", "brand", Match.CONTRADICTED),
    ("giày adidas", "Giày", "brand", Match.CONTRADICTED),
    ("giày da", "Giày da bò", "material", Match.MATCHED),
    ("giày da bò", "Giày da", "material", Match.UNKNOWN),
    ("giày da bò", "Giày da pu", "material", Match.CONTRADICTED),
    ("giày da bò", "Giày cao su", "material", Match.UNKNOWN),
    ("giày size 38", "Giày size 38", "size", Match.MATCHED),
    ("giày size 38", "Giày size 36-40", "size", Match.MATCHED),
    ("giày size 38", "Giày size 39-43", "size", Match.CONTRADICTED),
    ("giày size 38", "Giày", "size", Match.UNKNOWN),
    ("giày cao gót 7cm", "Giày cao gót 8cm", "heel", Match.MATCHED),
    ("giày cao gót 7cm", "Giày cao gót 9cm", "heel", Match.CONTRADICTED),
    ("giày chống nước", "Giày êm chân", "feature", Match.UNKNOWN),
    ("giày mũi nhọn", "Giày mũi vuông", "feature", Match.CONTRADICTED),
    ("giày trẻ em", "Giày người lớn", "age", Match.CONTRADICTED),
    ("giày trẻ em", "Giày", "age", Match.CONTRADICTED),
]
BAG_CASES = [
    ("balo", "Balo laptop 15.6 inch", "category", Match.MATCHED),
    ("balo", "Túi xách nữ", "category", Match.BESIDE),
    ("clutch", "Ví dài nữ", "category", Match.NEAR),
    ("vali", "Bọc vali", "category", Match.OTHER),
    ("vali 20 inch", "Vali size 20-24", "size", Match.MATCHED),
    ("vali 20 inch", "Vali 28 inch", "size", Match.CONTRADICTED),
    ("balo 40 lít", "Balo 38L", "volume", Match.MATCHED),
    ("balo 40 lít", "Balo 25L", "volume", Match.CONTRADICTED),
    ("balo nam", "Balo unisex", "gender", Match.MATCHED),
    ("balo đen", "Balo đỏ", "color", Match.CONTRADICTED),
    ("balo mikkor", "Balo Sakos", "brand", Match.CONTRADICTED),
    ("túi da", "Túi canvas", "material", Match.CONTRADICTED),
    ("vali du lịch", "Vali", "use", Match.MATCHED),
]


def match(lexicon, query, title, facet):
    (found,) = [one for one in compare(lexicon, lexicon.parse(query), lexicon.parse(title)) if one.facet == facet]
    return found.match


@pytest.mark.parametrize(("query", "title", "expected"), THINGS)
def test_what_the_thing_is(query, title, expected):
    assert match(FOOTWEAR, query, title, "category") is expected


@pytest.mark.parametrize(("query", "title", "facet", "expected"), FACETS)
def test_every_other_facet(query, title, facet, expected):
    assert match(FOOTWEAR, query, title, facet) is expected


@pytest.mark.parametrize(("query", "title", "facet", "expected"), BAG_CASES)
def test_bags_have_relations_too(query, title, facet, expected):
    assert match(BAGS, query, title, facet) is expected


@pytest.mark.parametrize(("query", "title", "facet", "expected"), FACETS)
@pytest.mark.parametrize("written", [fold, lambda text: unicodedata.normalize("NFD", text)], ids=["folded", "NFD"])
def test_how_diacritics_are_written_makes_no_difference(query, title, facet, expected, written):
    assert match(FOOTWEAR, written(query), written(title), facet) is expected


@pytest.mark.parametrize(
    ("title", "contradicted"),
    [
        ("Giày trẻ em", True),
        ("Giày người lớn", False),
        ("Giày trẻ em, giày người lớn", False),
        ("Giày học sinh", False),
        ("Giày", False),
    ],
)
def test_grown_ups_are_meant_where_no_age_is_asked(title, contradicted):
    found = [one for one in compare(FOOTWEAR, FOOTWEAR.parse("giày"), FOOTWEAR.parse(title)) if one.facet == "age"]
    assert [(one.match, one.asked) for one in found] == [(Match.CONTRADICTED, None)] * contradicted
    assert all(one.offered for one in found)


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("converse vàng", "Dây giày Converse vàng", Match.OTHER),
        ("converse vàng", "Giày Nike vàng", Match.BESIDE),
        ("converse vàng", "Giày Converse vàng", None),
        ("converse vàng", "Giày Converse đỏ", None),
        ("size 39 màu đen", "Giày đen size 39", None),
    ],
)
def test_a_query_that_does_not_name_the_thing_still_means_no_accessory_and_no_other_brand(query, title, expected):
    found = compare(FOOTWEAR, FOOTWEAR.parse(query), FOOTWEAR.parse(title))
    said = [one for one in found if one.facet == "category"]
    assert [(one.match, one.asked) for one in said] == ([(expected, None)] if expected is not None else [])


def test_verdicts_come_in_the_lexicons_order_one_for_each_value_asked():
    asked = FOOTWEAR.parse("giày đỏ, đỏ, đen adidas size 38")
    verdicts = compare(FOOTWEAR, asked, FOOTWEAR.parse("Giày Adidas đỏ"))
    assert [(one.facet, one.asked.id, one.match) for one in verdicts] == [
        ("category", "giay", Match.MATCHED),
        ("brand", "adidas", Match.MATCHED),
        ("color", "do", Match.MATCHED),
        ("color", "den", Match.CONTRADICTED),
        ("size", "38", Match.UNKNOWN),
    ]
    assert [mention.surface for mention in verdicts[2].offered] == ["đỏ"]


@pytest.mark.parametrize("text", ["", "🔥" * 50, "​", "giày " * 2000, "GiÃ y thá»ƒ thao", "12345 67890"])
def test_any_two_texts_can_be_compared(text):
    for query, title in ((text, "Giày đỏ"), ("giày đỏ nam size 38", text), (text, text)):
        verdicts = compare(FOOTWEAR, FOOTWEAR.parse(query), FOOTWEAR.parse(title))
        assert all(isinstance(one.match, Match) for one in verdicts)


def test_nothing_asked_is_nothing_judged():
    assert compare(FOOTWEAR, FOOTWEAR.parse("xin chào"), FOOTWEAR.parse("Giày đỏ nam")) == ()
