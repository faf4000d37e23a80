"""`price_cases.json` holds the labelled cases; here is what holds for all of them, and for every text."""

import json
import unicodedata
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.judgments.noise import NOISE
from xephang.search.price_cues import canonical, cues
from xephang.search.price_tokens import tokens
from xephang.search.price_words import PriceWish, read_price_wish
from xephang.text import fold, normalise

CASES = json.loads(Path(__file__).with_name("price_cases.json").read_text(encoding="utf-8"))
POSITIVE = [pytest.param(case, id=case["label"]) for case in CASES["positive"]]
NEGATIVE = [pytest.param(case["query"], id=case["label"]) for case in CASES["negative"]]
ACCENTED = [param for param in POSITIVE if not param.values[0]["query"].isascii()]
AMBIGUOUS = {"up to, with đến"}
"""Unaccented, den is black before it is up to."""
PIECES = [*cues().kinds, *cues().units, *cues().numbers, "500k", "200", "38", "1tr2", "1.500.000đ", "giày", "nữ", " "]


def bounds(wish):
    return wish and (wish.low, wish.high)


def expected(case):
    if "about" in case:
        return pytest.approx((case["about"] * 0.8, case["about"] * 1.2))
    return case["low"], case["high"]


@pytest.mark.parametrize("case", POSITIVE)
def test_a_price_is_read(case):
    query = normalise(case["query"])
    wish = read_price_wish(query)
    assert bounds(wish) == expected(case)
    assert query[wish.start : wish.end] == case["text"]
    assert wish.name == case["name"]


@pytest.mark.parametrize("query", NEGATIVE)
def test_what_is_no_price_is_not_read_as_one(query):
    assert read_price_wish(normalise(query)) is None


@pytest.mark.parametrize("case", POSITIVE)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_the_form_of_the_text_does_not_matter(case, form):
    assert bounds(read_price_wish(normalise(unicodedata.normalize(form, case["query"])))) == expected(case)


@pytest.mark.parametrize("case", POSITIVE)
def test_capitals_do_not_matter(case):
    assert bounds(read_price_wish(normalise(case["query"].upper()))) == expected(case)


@pytest.mark.parametrize("case", [param for param in ACCENTED if param.id not in AMBIGUOUS])
def test_diacritics_may_be_missing(case):
    assert bounds(read_price_wish(fold(normalise(case["query"])))) == expected(case)


@pytest.mark.parametrize("case", ACCENTED)
@pytest.mark.parametrize("method", [TELEX, VNI], ids=["telex", "vni"])
def test_the_input_method_may_have_been_off(case, method):
    query = normalise(case["query"])
    for at_end, together in product((True, False), repeat=2):
        typed = keys(query, method, at_end=at_end, together=together)
        assert bounds(read_price_wish(typed)) == expected(case), typed


@pytest.mark.parametrize("case", [param for param in POSITIVE if not param.id.startswith("alone")])
def test_words_around_a_price_are_left_out_of_its_span(case):
    query = normalise(f"giày adidas nữ {case['query']}")
    wish = read_price_wish(query)
    assert query[wish.start : wish.end] == case["text"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("dưới 500k", "dưới 500.000 ₫"),
        ("<= 1tr", "dưới 1.000.000 ₫"),
        ("trên 300k", "từ 300.000 ₫"),
        ("200-500k", "200.000 – 500.000 ₫"),
        ("tầm 1tr25", "khoảng 1.250.000 ₫"),
        ("dưới 99.500đ", "dưới 99.500 ₫"),
    ],
)
def test_names_are_for_people(query, name):
    assert read_price_wish(query).name == name


def test_of_two_wishes_that_make_a_range_both_hold():
    assert read_price_wish("giày trên 200k, dưới 500k") == PriceWish(200_000, 500_000, 5, 25, "200.000 – 500.000 ₫")


@given(st.text(max_size=60))
@example("İ dưới 500k")
@example("ß 500k \u0301")
@example("1" * 12 + "k")
@example("dưới " + "9" * 400)
@example("\ud800 dưới 500k")
def test_no_text_raises_and_spans_are_within_it(text):
    wish = read_price_wish(text)
    assert wish is None or 0 <= wish.start < wish.end <= len(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
@example("500k - 500k - 500k -")
@example("giá giá giá giá giá 200")
@example("dưới dưới dưới 500k trở xuống trở lên")
def test_any_order_of_such_words_gives_a_sensible_wish_or_none(text):
    wish = read_price_wish(text)
    if wish is None:
        return
    assert wish.low is not None or wish.high is not None
    assert wish.low is None or wish.high is None or 0 < wish.low <= wish.high
    assert not text[wish.start].isspace()
    assert not text[wish.end - 1].isspace()


@given(
    st.sampled_from(CASES["positive"]),
    st.sampled_from(sorted(NOISE.keys() - {"typo"})),
    st.randoms(use_true_random=False),
)
def test_noise_never_makes_a_price_of_what_is_none(case, kind, random):
    """A cue may be lost, but every amount that is read was written."""
    wish = read_price_wish(NOISE[kind](random, normalise(case["query"])))
    if wish is None:
        return
    ends = {wish.low, wish.high} if not wish.name.startswith("khoảng") else {round(wish.low + wish.high) / 2}
    assert ends <= {case.get("low"), case.get("high"), case.get("about"), None}


@pytest.mark.parametrize(
    "text",
    [
        piece * (10_000 // len(piece))
        for piece in (
            "1",
            "1.",
            "1.000.",
            "500k ",
            "500k-",
            "gia 1 ",
            "- ",
            "tu ",
            "dưới ",
            "1 trieu ",
            "<",
            "mot tram ",
        )
    ],
    ids=lambda text: text[:8],
)
def test_ten_thousand_characters_are_read_to_the_end(text):
    wish = read_price_wish(f"{text.strip()} giày dưới 500k")
    assert wish is not None
    assert wish.end <= len(text) + len(" giày dưới 500k")


def test_every_cue_is_found_as_one_token():
    for phrase in cues().kinds:
        plain, starts, ends = canonical(phrase)
        (token,) = tokens(plain)
        assert (starts[token.start], ends[token.end - 1]) == (0, len(phrase))


def test_every_unit_makes_an_amount():
    for unit, worth in cues().units.items():
        number = "500.000" if worth == 1 else "50"
        (token,) = tokens(canonical(f"{number}{unit}")[0])
        assert token.value == (500_000 if worth == 1 else 50 * worth)


def test_a_raw_word_keeps_the_place_of_what_was_typed():
    plain, starts, ends = canonical("x duwowis y")
    assert plain == "x duoi y"
    assert starts == [0, 1, 2, 2, 2, 2, 9, 10]
    assert ends == [1, 2, 9, 9, 9, 9, 10, 11]


@pytest.mark.parametrize("word", ["đen", "giả", "tủ", "cổ", "tôi", "đuôi"])
def test_words_that_only_look_alike_without_diacritics_are_blanked_out(word):
    assert canonical(word)[0] == "_" * len(word)
