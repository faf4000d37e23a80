"""How a lexicon reads: longest first, accents decide, contexts void, spans exact."""

import pytest

from xephang.lexicon import Facets, Lexicon, Mention

SHOP = Lexicon.parse_toml(
    """
name = "shop"
ignore = ["cao cấp", "đồ da"]

[facets.category]
name = "Loại"
[facets.category.values]
giay = { name = "Giày", title = ["giày", "giầy"] }
the-thao = { name = "Giày thể thao", parent = "giay", title = ["giày thể thao"] }
da-bong = { name = "Giày đá bóng", parent = "the-thao", title = ["giày đá bóng", "đá bóng"] }
cao-got = { name = "Giày cao gót", parent = "giay", title = ["giày cao gót", "cao gót"] }
bup-be = { name = "Giày búp bê", parent = "giay", title = ["búp bê"], not_after = ["con"], not_before = ["vải"] }
do-choi = { name = "Đồ", accessory = true, title = ["phụ kiện"], not_after = ["tặng kèm"] }
xi = { name = "Xi", parent = "do-choi", title = ["xi đánh giày"] }

[facets.material]
name = "Chất liệu"
nested = true
[facets.material.values]
da = { name = "Da", title = ["da"] }
da-bo = { name = "Da bò", parent = "da", title = ["da bò"] }
ni = { name = "Nỉ", title = ["nỉ"], accented = ["dạ"] }
cao-su = { name = "Cao su", title = ["cao su"], not_after = ["đế"] }

[facets.color]
name = "Màu"
several = true
[facets.color.values]
nau = { name = "Nâu", title = ["nâu", "màu nâu"] }
bo = { name = "Vàng bò", parent = "nau", title = ["vàng bò"] }
do = { name = "Đỏ", title = ["đỏ"] }
nau-do = { name = "Nâu đỏ", title = ["nâu đỏ"] }
vang = { name = "Vàng", title = ["vàng"], not_before = ["#"] }

[facets.brand]
name = "Hiệu"
[facets.brand.values]
bitis = { name = "Biti's", title = ["biti's", "bitis"] }
b21 = { name = "B21", title = ["b21"] }
ck = { name = "C&K", title = ["charles & keith"] }
nau = { name = "Nàu", title = ["thương hiệu da nâu"] }
"""
)


def read(text, facet):
    return SHOP.parse(text).ids(facet)


@pytest.mark.parametrize(
    ("text", "facet", "ids"),
    [
        ("giày thể thao", "category", ("the-thao",)),
        ("giay the thao", "category", ("the-thao",)),
        ("giày thể  thao", "category", ("the-thao",)),
        ("giày cao gót cao cấp", "category", ("cao-got",)),
        ("giày đá bóng", "category", ("da-bong",)),
        ("giầy", "category", ("giay",)),
        ("giày nâu đỏ", "color", ("nau-do",)),
        ("giày nâu, đỏ", "color", ("nau", "do")),
        ("giày nâu - đỏ", "color", ("nau", "do")),
        ("giày nâu/đỏ", "color", ("nau", "do")),
        ("giày nâu-đỏ", "color", ("nau-do",)),
        ("giày nâu (đỏ)", "color", ("nau", "do")),
        ("giày nâu, vàng bò", "color", ("nau", "bo")),
        ("Biti’s", "brand", ("bitis",)),
        ("BITI'S", "brand", ("bitis",)),
        ("Charles&Keith", "brand", ("ck",)),
        ("charles  &  keith", "brand", ("ck",)),
    ],
)
def test_the_longest_form_wins(text, facet, ids):
    assert read(text, facet) == ids


@pytest.mark.parametrize(
    ("text", "material"),
    [
        ("giày da", ("da",)),
        ("giày đá", ()),
        ("giày dạ", ("ni",)),
        ("giày dà", ()),
        ("giay da", ("da",)),
        ("giày đá bóng", ()),
        ("giay da bong", ()),
        ("giày da bóng", ("da",)),
        ("GIÀY DA BÒ", ("da-bo",)),
        ("giày nỉ", ("ni",)),
        ("giay ni", ("ni",)),
        ("nỉ vải ni", ("ni",)),
    ],
)
def test_accents_decide_where_there_are_any(text, material):
    assert read(text, "material") == material


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("giay cao got dep", ("cao-got",)),
        ("giày cao got", ("cao-got",)),
        ("giày thê thao", ("the-thao",)),
        ("giày thẻ thao", ("the-thao",)),
        ("giày thế thao", ("giay",)),
        ("giáy thể thao", ()),
        ("giay đẹp", ()),
        ("giay dep", ("giay",)),
        ("giay đá bong", ("da-bong",)),
    ],
)
def test_some_diacritics_may_be_missing_but_none_may_be_another(text, category):
    assert read(text, "category") == category


@pytest.mark.parametrize(
    ("text", "facet", "ids"),
    [
        ("giày búp bê", "category", ("bup-be",)),
        ("con búp bê", "category", ()),
        ("con bup be", "category", ()),
        ("búp bê vải", "category", ()),
        ("búp bê, vải", "category", ("bup-be",)),
        ("con, búp bê", "category", ("bup-be",)),
        ("xi tặng, kèm phụ kiện", "category", ("do-choi",)),
        ("đế cao su", "material", ()),
        ("de cao su", "material", ()),
        ("dép cao su", "material", ("cao-su",)),
        ("đồ da", "material", ()),
        ("vàng 18k", "color", ()),
        ("vàng k", "color", ("vang",)),
    ],
)
def test_a_context_voids_a_form(text, facet, ids):
    assert read(text, facet) == ids


@pytest.mark.parametrize(
    ("text", "brand"),
    [("B21", ("b21",)), ("mã B21x", ()), ("xb21", ()), ("B215", ()), ("b-21", ("b21",)), ("b,21", ())],
)
def test_a_form_is_no_part_of_a_longer_code(text, brand):
    assert read(text, "brand") == brand


def test_a_nested_facet_counts_inside_another_facets_form():
    read = SHOP.parse("thương hiệu da nâu")
    assert read.ids("brand") == ("nau",)
    assert read.ids("material") == ("da",)
    assert read.ids("color") == ()


@pytest.mark.parametrize(
    ("text", "category", "accessory"),
    [
        ("giày, giày thể thao", ("the-thao",), False),
        ("xi đánh giày cao gót", ("xi",), True),
        ("giày cao gót, xi đánh giày", ("cao-got",), False),
        ("giày tặng kèm phụ kiện", ("giay",), False),
        ("tặng kèm phụ kiện", (), False),
        ("phụ kiện và xi đánh giày", ("xi",), True),
    ],
)
def test_the_first_thing_named_is_the_thing_for_sale(text, category, accessory):
    read = SHOP.parse(text)
    assert read.ids("category") == category
    assert read.accessory is accessory


def test_a_descendant_inherits_contexts():
    assert read("xi đánh giày", "category") == ("xi",)
    assert "xi" not in read("tặng kèm xi đánh giày", "category")


def test_spans_refer_to_the_normalised_text():
    read = SHOP.parse("  GIÀY\u200b  ca\u0300nh,Na\u0302u  hoà ")
    assert read.text == "GIÀY cành,Nâu hòa"
    assert read.mentions == (
        Mention("category", "giay", "Giày", 0, 4, "GIÀY"),
        Mention("color", "nau", "Nâu", 10, 13, "Nâu"),
    )


def test_repeated_words_are_mentions_of_their_own():
    read = SHOP.parse("giày nâu, giày NÂU")
    assert [mention.surface for mention in read["color"]] == ["nâu", "NÂU"]
    assert read.ids("color") == ("nau",)


def test_mentions_stand_in_the_order_of_the_text():
    read = SHOP.parse("đỏ giày da nâu Bitis")
    assert [mention.start for mention in read.mentions] == sorted(mention.start for mention in read.mentions)
    assert [mention.id for mention in read.mentions] == ["do", "giay", "da", "nau", "bitis"]


@pytest.mark.parametrize("text", ["", " ", "\u200b", "!!!", "😀", "\ud800", "ﷺ", "123"])
def test_a_text_without_words_says_nothing(text):
    assert SHOP.parse(text).mentions == ()


def test_an_unknown_facet_has_no_mentions():
    assert SHOP.parse("giày")["colour"] == ()
    assert SHOP.parse("giày").ids("colour") == ()


def test_facets_as_json():
    assert SHOP.parse("giày").to_dict() == {
        "text": "giày",
        "accessory": False,
        "mentions": [{"facet": "category", "id": "giay", "name": "Giày", "start": 0, "end": 4, "surface": "giày"}],
    }
    assert Mention("size", "36-40", "36-40", 0, 5, "36-40", 36.0, 40.0).to_dict()["high"] == 40.0


def test_facets_of_nothing():
    assert Facets("").to_dict() == {"text": "", "accessory": False, "mentions": []}
