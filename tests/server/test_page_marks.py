"""Texts as HTML, marked and escaped; prices and numbers."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.server.page.marks import dong, marked, number, plain_dong

HOSTILE = [
    "<script>alert(1)</script>",
    "\"quoted\" 'text' & more",
    "</bdi></mark><h1>",
    "<!-- <![CDATA[ ]]> -->",
    "&lt;b&gt; &amp;amp;",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eđảo\u2067",
    "👟🔥",
]


def plain(markup):
    return html.unescape(re.sub(r"<(/?)(bdi|mark)>", "", str(markup)))


def test_spans_are_marked():
    assert str(marked("Giày chạy bộ", [(0, 4), (10, 12)])) == "<bdi><mark>Giày</mark> chạy <mark>bộ</mark></bdi>"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("spans", [[], [(0, 3)], [(2, 9)], [(0, 1000)]])
def test_texts_stay_texts(text, spans):
    shown = marked(text, spans)
    assert plain(shown) == text
    assert not re.search(r"<(?!/?(bdi|mark)>)", str(shown))


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(3, 1)], "abcdef"),
        ([(2, 2)], "abcdef"),
        ([(4, 99)], "abcd[ef]"),
        ([(-5, 2)], "[ab]cdef"),
        ([(9, 12)], "abcdef"),
        ([(0, 3), (2, 5)], "[abc][de]f"),
        ([(3, 5), (0, 2)], "[ab]c[de]f"),
        ([(0, 6), (1, 2)], "[abcdef]"),
    ],
)
def test_spans_that_can_not_be_do_no_harm(spans, shown):
    text = str(marked("abcdef", spans)).removeprefix("<bdi>").removesuffix("</bdi>")
    assert text.replace("<mark>", "[").replace("</mark>", "]") == shown


def test_long_texts_are_cut():
    shown = marked("rất êm " * 1000, [(0, 3), (200, 260), (5000, 5003)])
    assert plain(shown) == ("rất êm " * 1000)[:240].rstrip() + "…"
    assert str(shown).count("<mark>") == 2
    assert plain(marked("x" * 240)) == "x" * 240
    assert plain(marked("x" * 61, (), 60)) == "x" * 60 + "…"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=5))
def test_nothing_is_lost_whatever_is_marked(text, spans):
    shown = str(marked(text, spans))
    assert plain(shown) == text
    assert shown.count("<mark>") == shown.count("</mark>") <= len(spans)


@pytest.mark.parametrize(
    ("price", "shown"),
    [(1_250_000.0, "1.250.000\u00a0₫"), (0.0, "0\u00a0₫"), (999.4, "999\u00a0₫"), (1e12, "1.000.000.000.000\u00a0₫")],
)
def test_prices(price, shown):
    assert dong(price) == shown
    assert plain_dong(price) == shown.removesuffix("\u00a0₫")


@pytest.mark.parametrize(
    ("value", "digits", "vi", "en"),
    [(1234567, 0, "1.234.567", "1,234,567"), (0.926, 2, "0,93", "0.93"), (12.34, 1, "12,3", "12.3"), (0, 0, "0", "0")],
)
def test_numbers_in_both_languages(value, digits, vi, en):
    assert number(value, "vi", digits) == vi
    assert number(value, "en", digits) == en
