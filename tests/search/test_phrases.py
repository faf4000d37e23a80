import pytest

from xephang.lexicon import Lexicon
from xephang.product import Product
from xephang.search.facet_terms import FacetTerms
from xephang.search.phrases import beginnings, phrases, shown


@pytest.fixture(scope="module")
def footwear():
    return FacetTerms(Lexicon.load("footwear"))


PLAIN = FacetTerms(None)


def wholes(product, facet_terms):
    return {shown(one) for one in phrases(product, facet_terms.of_product(product), facet_terms)}


def begun(product, facet_terms):
    """Return what can be typed to find each of a product's phrases."""
    return {one.partition("\t")[0] for one in phrases(product, facet_terms.of_product(product), facet_terms)}


def test_a_thing_is_suggested_alone_and_with_what_it_is(footwear):
    found = wholes(Product(id="1", title="Giày chạy bộ nam màu đen", brand="Nike"), footwear)
    assert {"giày chạy bộ", "giày chạy bộ nike", "giày chạy bộ nam", "giày chạy bộ đen", "nike"} <= found


def test_a_phrase_is_found_from_each_of_its_words_on(footwear):
    found = begun(Product(id="1", title="Giày chạy bộ nam"), footwear)
    assert {"giay chay bo nam", "chay bo nam", "bo nam", "nam"} <= found


def test_without_a_lexicon_category_and_brand_make_phrases():
    found = wholes(Product(id="1", title="Túi đeo chéo", category="Túi xách", brand="Lesac", color="Đỏ"), PLAIN)
    assert found == {"túi xách", "túi xách lesac", "túi xách đỏ", "lesac"}


def test_where_nothing_says_what_the_thing_is_the_title_s_first_words_do():
    assert wholes(Product(id="1", title="Một hai ba bốn năm sáu bảy"), PLAIN) == {"một hai ba bốn năm"}


def test_what_stands_between_words_does_not_keep_them_from_being_found():
    product = Product(id="1", title="x", category="Balo/Túi  &  Ví (nam)", brand="A.B-C's")
    assert "balo tui vi nam" in begun(product, PLAIN)
    assert "a b c s" in begun(product, PLAIN)
    assert {"balo/túi & ví (nam)", "a.b-c's"} <= wholes(product, PLAIN)


@pytest.mark.parametrize(
    "product",
    [Product(id="1"), Product(id="1", title="🔥🔥"), Product(id="1", title="\u200b", attributes=("êm",))],
)
def test_a_product_without_words_has_no_phrases(product):
    assert phrases(product, PLAIN.of_product(product), PLAIN) == []


def test_of_a_product_with_many_values_some_make_phrases(footwear):
    colours = ["đen", "trắng", "đỏ", "vàng", "xanh", "nâu", "xám", "hồng", "tím", "cam", "be", "kem", "bạc"]
    product = Product(id="1", title="Giày chạy bộ giày đá bóng giày tây " + " ".join(f"màu {one}" for one in colours))
    assert len(wholes(product, footwear)) <= 24


def test_each_phrase_is_kept_once(footwear):
    product = Product(id="1", title="Dép dép DÉP de\u0301p", category="Dép", brand="Dép")
    found = phrases(product, footwear.of_product(product), footwear)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Giày  CH", ("giay ch",)),
        ("giayf ch", ("giayf ch", "giay ch")),
        ("gia2y đa1", ("gia2y da1", "giay da1")),
        ("nike 42", ("nike 42",)),
        ("👟 \ud800", ()),
        ("", ()),
    ],
)
def test_what_was_typed_stands_before_what_its_keys_mean(typed, expected):
    assert beginnings(typed) == expected
