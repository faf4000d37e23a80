from unicodedata import normalize

import pytest

from xephang.lexicon import Lexicon
from xephang.product import Product
from xephang.search.facet_terms import ANY, FacetTerms, split, term


@pytest.fixture(scope="module")
def footwear():
    return FacetTerms(Lexicon.load("footwear"))


@pytest.fixture(scope="module")
def bags():
    return FacetTerms(Lexicon.load("bags"))


PLAIN = FacetTerms(None)


def mention(facet_terms, query, facet):
    (found,) = facet_terms.lexicon.parse(query)[facet]
    return found


@pytest.mark.parametrize(("facet", "value"), [("brand", "a=b"), ("size", "us-9"), ("màu", "*"), ("x", "")])
def test_a_term_is_split_into_what_it_was_made_of(facet, value):
    assert split(term(facet, value)) == (facet, value)


@pytest.mark.parametrize("write", [lambda text: normalize("NFD", text), str.upper, str.lower, lambda t: f" {t}\u200b "])
def test_a_product_s_terms_do_not_depend_on_how_it_is_written(footwear, write):
    product = Product(id="1", title="Giày chạy bộ nữ màu trắng size 38", brand="Động Lực")
    other = Product(id="1", title=write(product.title), brand=write(product.brand))
    assert footwear.of_product(other) == footwear.of_product(product)


def test_a_product_answers_to_its_value_and_to_what_that_is_a_kind_of(footwear):
    found = footwear.of_product(Product(id="1", title="Giày chạy bộ nữ"))
    lexicon = footwear.lexicon
    (thing,) = lexicon.parse("giày chạy bộ")[lexicon.leading]
    for above in (thing.id, *lexicon.facets[lexicon.leading].ancestors(thing.id)):
        assert term(lexicon.leading, above) in found


def test_a_thing_for_both_answers_to_either(footwear):
    found = footwear.of_product(Product(id="1", title="Giày", gender="Unisex"))
    assert {"gender=nam", "gender=nu"} <= set(found)


def test_what_a_product_says_anything_of_is_marked(footwear):
    found = footwear.of_product(Product(id="1", title="Giày nữ size 38"))
    assert "gender=*" in found
    assert "size#=*" in found
    silent = footwear.of_product(Product(id="1", title="Giày"))
    assert not [one for one in silent if one.startswith(("gender", "size"))]


def test_a_range_of_sizes_answers_to_each(footwear):
    found = set(footwear.of_product(Product(id="1", title="Giày nữ", size="36-40")))
    assert {f"size={size}" for size in range(36, 41)} <= found
    assert not {"size=35", "size=41", "size=36.5"} & found


def test_scales_are_kept_apart(footwear):
    found = footwear.of_product(Product(id="1", title="Giày us 9"))
    assert "size=us-9" in found
    assert "size#us-=*" in found
    assert "size#=*" not in found
    assert footwear.silent(mention(footwear, "giày size 38", "size")) == "size#=*"
    assert footwear.silent(mention(footwear, "giày us 9", "size")) == "size#us-=*"


@pytest.mark.parametrize(
    ("query", "size"),
    [("size 36-40", "36.5"), ("size 36-40", "40"), ("size 36-40", "36"), ("size 38", "36-40"), ("size 38.5", "38.5")],
)
def test_a_query_s_sizes_meet_a_product_s(footwear, query, size):
    asked = set(footwear.asked(mention(footwear, query, "size")))
    assert asked & set(footwear.of_product(Product(id="1", title="Giày", size=size)))


@pytest.mark.parametrize(("query", "size"), [("size 36-40", "35.5"), ("size 36-40", "40.5"), ("size 38", "39-41")])
def test_a_query_s_sizes_do_not_meet_others(footwear, query, size):
    asked = set(footwear.asked(mention(footwear, query, "size")))
    assert not asked & set(footwear.of_product(Product(id="1", title="Giày", size=size)))


def test_constraints_have_a_key_and_a_name_for_people(footwear):
    women, size = mention(footwear, "giày nữ", "gender"), mention(footwear, "giày size 38", "size")
    assert (footwear.key(women), footwear.said(women)) == ("gender=nu", "Nữ")
    assert footwear.key(size) == "size=38"
    assert "38" in footwear.said(size)


def test_a_brand_that_the_lexicon_does_not_know_is_a_facet_all_the_same(footwear):
    assert "brand=xưởng nhà làm" in footwear.of_product(Product(id="1", title="Giày", brand=" XƯỞNG nhà  làm "))
    known = footwear.of_product(Product(id="1", title="Giày", brand="NIKE"))
    assert [one for one in known if one.startswith("brand=") and not one.endswith(ANY)] == ["brand=nike"]


def test_without_a_lexicon_the_product_s_own_fields_are_facets():
    product = Product(id="1", title="Túi", brand="Lesac", category="Túi xách", color="Đỏ", size="Lớn", gender="Nữ")
    assert set(PLAIN.of_product(product)) == {
        one
        for facet, value in (
            ("brand", "lesac"), ("category", "túi xách"), ("color", "đỏ"), ("size", "lớn"), ("gender", "nữ"),
        )
        for one in (f"{facet}={value}", f"{facet}=*")
    }  # fmt: skip
    assert PLAIN.shown() == ["category", "brand", "color", "size", "gender"]
    assert PLAIN.name("brand", "lesac") == "Lesac"
    assert PLAIN.facet_name("color") == "Màu"


@pytest.mark.parametrize("value", ["²", "①", "1.", ".", "*", "=", "a=b", "3.5.1", "٣", "x" * 10_000, "½", "#", "us-"])
@pytest.mark.parametrize("name", ["brand", "size"])
def test_odd_values_are_terms_too(name, value):
    found = PLAIN.of_product(Product(id="1", title="Túi", **{name: value}))
    assert all(split(one)[0].partition("#")[0] == name for one in found)
    assert found


def test_other_lexicons_bring_their_own_facets(bags):
    found = bags.of_product(Product(id="1", title="Balo laptop 15.6 inch chống nước màu đen"))
    assert any(one.startswith(f"{bags.lexicon.leading}=") for one in found)
    assert bags.shown() == list(bags.lexicon.facets)


def test_facets_have_names_for_people(footwear):
    assert footwear.facet_name("gender") == footwear.lexicon.facets["gender"].name
    assert footwear.facet_name("nhà kho") == "nhà kho"
    assert footwear.name("gender", "nu") == "Nữ"
    assert footwear.name("brand", "xưởng nhà làm") == "Xưởng Nhà Làm"
    assert footwear.name("brand", "361°") == "361°"
