"""Whatever the text, parsing never raises and its spans hold."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.lexicon import BUNDLED, Lexicon
from xephang.text import fold, normalise

LEXICONS = {name: Lexicon.load(name) for name in BUNDLED}
FOOTWEAR = LEXICONS["footwear"]
WORDS = sorted({form for facet in FOOTWEAR.facets.values() for value in facet.values.values() for form in value.title})
PLAIN_CATEGORIES = ("giày thể thao", "dép tổ ong", "xăng đan", "giày cao gót", "giày búp bê", "bốt", "giày chạy bộ")
pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["size 36-40", "7cm", "5p5", "sz40", "38, 39", "US 9", "3 tuổi", "-", ",", "/", "(", "số", "từ"]),
    st.text(max_size=8),
    st.integers(0, 99999).map(str),
)
titles = st.lists(pieces, max_size=12).map(" ".join) | st.text(max_size=60)


def check(read):
    assert read.text == normalise(read.text)
    for mention in read.mentions:
        assert 0 <= mention.start < mention.end <= len(read.text)
        assert read.text[mention.start : mention.end] == mention.surface
    for facet in {mention.facet for mention in read.mentions}:
        own = read[facet]
        assert all(one.end <= other.start for one, other in pairwise(own))


@pytest.mark.parametrize("name", BUNDLED)
@settings(max_examples=300, deadline=None)
@given(text=titles)
def test_spans_are_in_bounds_exact_and_apart(name, text):
    check(LEXICONS[name].parse(text))


@settings(max_examples=200, deadline=None)
@given(text=titles)
def test_every_value_is_one_of_the_lexicons_or_a_number(text):
    for mention in FOOTWEAR.parse(text).mentions:
        assert (mention.id in FOOTWEAR.facets[mention.facet].values) == (mention.low is None)
        if mention.low is not None and mention.high is not None:
            assert mention.low <= mention.high


@settings(max_examples=200, deadline=None)
@given(text=titles)
def test_decomposed_and_composed_text_read_the_same(text):
    assert FOOTWEAR.parse(unicodedata.normalize("NFD", text)) == FOOTWEAR.parse(unicodedata.normalize("NFC", text))


@settings(max_examples=200, deadline=None)
@given(text=titles)
def test_parsing_what_was_parsed_says_the_same(text):
    read = FOOTWEAR.parse(text)
    assert FOOTWEAR.parse(read.text) == read


@settings(max_examples=200, deadline=None)
@given(
    first=st.sampled_from(PLAIN_CATEGORIES),
    rest=st.lists(st.sampled_from(["nam", "nữ", "màu đen", "7cm", "size 38", "cao cấp", "chính hãng"]), max_size=4),
)
def test_dropping_diacritics_loses_no_unambiguous_category(first, rest):
    text = " ".join([first, *rest])
    assert set(FOOTWEAR.parse(text).ids("category")) <= set(FOOTWEAR.parse(fold(text)).ids("category"))


@settings(max_examples=100, deadline=None)
@given(text=titles)
def test_a_category_is_named_with_its_most_precise_value_only(text):
    ids = FOOTWEAR.parse(text).ids("category")
    assert not any(FOOTWEAR.is_a("category", one, other) for one in ids for other in ids if one != other)


def test_a_text_of_many_thousand_words_is_read():
    read = FOOTWEAR.parse("giày size 38 đen " * 1000)
    assert len(read["color"]) == 1000
    check(read)
