from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.product import Product
from xephang.search.highlighting import highlights
from xephang.search.reading import Reading, Word
from xephang.text import fold, normalise


def word(text, **more):
    lower = normalise(text).lower()
    return Word(lower, fold(lower), 0, len(lower), **more)


def marked(product, *words):
    """Return the parts of each field that are hit."""
    found = highlights(product, Reading("", "", words).found_by)
    return {name: [product.value(name)[start:end] for start, end in spans] for name, spans in found.items()}


PRODUCT = Product(
    id="1", title="Giày CHẠY bộ nữ, êm", brand="Động Lực", category="Giày", attributes=("Đế êm", "Nhẹ"), color="Trắng"
)


@pytest.mark.parametrize("typed", ["giày", "GIAY", "giầy", "Giạy", normalize("NFD", "giày")])
def test_a_word_hits_whatever_its_diacritics_and_case(typed):
    assert marked(PRODUCT, word(typed)) == {"title": ["Giày"], "category": ["Giày"]}


def test_neighbours_are_one_span():
    assert marked(PRODUCT, word("giày"), word("chạy"), word("bộ"), word("êm")) == {
        "title": ["Giày CHẠY bộ", "êm"],
        "category": ["Giày"],
        "attribute": ["êm"],
    }


def test_every_field_may_be_hit():
    found = marked(PRODUCT, word("dong"), word("trang"), word("nhe"))
    assert found == {"brand": ["Động"], "color": ["Trắng"], "attribute": ["Nhẹ"]}


def test_what_a_word_may_have_been_meant_for_is_hit_too():
    assert marked(PRODUCT, word("chayj", others=(("chay", 0.9), ("chay bo", 0.4)))) == {"title": ["CHẠY bộ"]}


def test_parts_of_words_are_not_hit():
    assert marked(PRODUCT, word("gi"), word("luc luc")) == {"brand": ["Lực"]}


@pytest.mark.parametrize(
    "title",
    [
        normalize("NFD", "Giày chạy bộ"),
        "Giày\u200b chạy   bộ",
        "ＧＩÀＹ　chạy bộ",
        "👟Giày🔥 chạy bộ",
        " \tGiày chạy bộ\n",
    ],
)
def test_spans_are_those_of_the_normalised_field(title):
    product = Product(id="1", title=title)
    hit = "".join(marked(product, word("giày"))["title"])
    assert fold(hit).lower() == "giay"


def test_nothing_is_hit_by_nothing():
    assert highlights(PRODUCT, ()) == {}
    assert highlights(Product(id="1"), {"giay"}) == {}
    assert marked(Product(id="1", title="🔥"), word("giày")) == {}


def test_a_title_of_ten_thousand_characters_is_hit_throughout():
    product = Product(id="1", title="giày đẹp " * 1111)
    assert len(highlights(product, {"giay"})["title"]) == 1111


VIETNAMESE = st.text(alphabet="giàyđếbộêmưØ ²ΐ-/.🔥\u0301\u200bAB12İ", max_size=30)


@given(title=VIETNAMESE, typed=VIETNAMESE)
def test_spans_lie_in_the_field_apart_and_fold_match_a_word(title, typed):
    product = Product(id="1", title=title)
    wanted = {fold(one.lower()) for one in normalise(typed).split()}
    text, last = product.value("title"), -1
    for start, end in highlights(product, wanted).get("title", ()):
        assert last < start < end <= len(text)
        last = end
        for part in text[start:end].split(" "):
            assert fold(part.lower()) in wanted
