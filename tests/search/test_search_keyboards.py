"""Reading back what was typed with the input method switched off."""

import json
import re
import unicodedata
from collections import Counter
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.search.keyboards import readings
from xephang.search.spelling_syllables import is_bare_syllable, is_syllable
from xephang.text import fold, normalise

METHODS = [pytest.param(TELEX, id="telex"), pytest.param(VNI, id="vni")]
INITIALS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
RHYMES = "a ai ang anh ay ăn ân âu e eo ê êm ênh i iên iêu o oai oan on ô ông ơ ơi u ui uôn uy uyên ư ưa ương ươi y"
TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
TELEX_KEYS = "aeiouydwsfrxjzbcghklmnpqtv"


def demo_words():
    """The Vietnamese words of the demo catalogue's titles."""
    lines = (files("xephang.catalogue") / "demo.jsonl").read_text(encoding="utf-8").splitlines()
    found = {word for line in lines for word in re.findall(r"[^\W\d_]+", normalise(json.loads(line)["title"]).lower())}
    return sorted(word for word in found if not word.isascii() and is_syllable(word))


def toned(rhyme, tone):
    """Put a tone where the older spelling has it: on the marked vowel, or the first of two, or the last but one."""
    vowels = [place for place, letter in enumerate(rhyme) if fold(letter) in "aeiouy"]
    marked = [place for place in vowels if fold(rhyme[place]) != rhyme[place]]
    closed = vowels[-1] < len(rhyme) - 1
    place = marked[-1] if marked else vowels[1] if len(vowels) > 2 or (closed and len(vowels) > 1) else vowels[0]
    return unicodedata.normalize("NFC", rhyme[: place + 1] + tone + rhyme[place + 1 :])


syllables = st.builds(
    lambda initial, rhyme, tone: normalise(initial + toned(rhyme, tone)),
    st.sampled_from(INITIALS.split()),
    st.sampled_from(RHYMES.split()),
    st.sampled_from(TONES),
).filter(lambda word: not word.isascii() and is_syllable(word))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("giayf", {"giày"}),
        ("giafy", {"giày"}),
        ("gia2y", {"giày"}),
        ("giay2", {"giày"}),
        ("chayj", {"chạy"}),
        ("chajy", {"chạy"}),
        ("boj", {"bọ"}),
        ("booj", {"bộ"}),
        ("d9e61", {"đế"}),
        ("d9e6", {"đê"}),
        ("ddees", {"đế"}),
        ("truowtj", {"trượt"}),
        ("truwowtj", {"trượt"}),
        ("tru7o7t5", {"trượt"}),
        ("truo7t5", {"trượt"}),
        ("nuwx", {"nữ"}),
        ("nwx", {"nữ"}),
        ("nu74", {"nữ"}),
        ("did", {"đi"}),
        ("gif", {"gì"}),
        ("hoaf", {"hòa"}),
        ("thuys", {"thúy"}),
        ("quys", {"quý"}),
        ("toans", {"toán"}),
        ("nghieengs", {"nghiếng"}),
        ("nguwowif", {"người"}),
        ("zayf", {"zày"}),
        ("fair", {"fải"}),
        ("GIAYF", {"giày"}),
        ("Gia2y", {"giày"}),
    ],
)
def test_keys_are_read_as_what_they_type(typed, meant):
    assert set(readings(typed)) == meant


@pytest.mark.parametrize(
    "word",
    [
        "",
        "giay",
        "giày",
        "giàyf",
        "nike",
        "sandal",
        "adidas",
        "dde61",
        "thooi9",
        "d9i9",
        "xt20",
        "9060",
        "38",
        "t1",
        "12",
        "giayff",
        "size38",
        "gia2y2",
        "gia-f",
        "gia f",
        "зayf",
        "giayｆ",
        "👟f",
        "f",
        "j",
        "w1",
        "😀",
        "giay\u200bf",
        "\ud800f",
    ],
)
def test_what_no_keys_of_a_syllable_type_has_no_reading(word):
    assert readings(word) == ()


@pytest.mark.parametrize("word", ["a" * 10_000, "dd" * 5_000, "uow" * 3_333, "a1" * 5_000, "giayf" * 2_000, "w" * 11])
def test_long_words_have_no_reading(word):
    assert readings(word) == ()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("at_end", "together"), [*product((True, False), repeat=2)])
def test_every_word_of_the_demo_catalogue_is_read_back(method, at_end, together):
    words = demo_words()
    assert len(words) > 300
    lost = [word for word in words if word not in readings(keys(word, method, at_end=at_end, together=together))]
    assert lost == []


@given(word=syllables, method=st.sampled_from([TELEX, VNI]), at_end=st.booleans(), together=st.booleans())
@example(word="giếng", method=TELEX, at_end=False, together=False)
@example(word="quyển", method=VNI, at_end=False, together=False)
@example(word="khuỷu", method=TELEX, at_end=True, together=False)
def test_every_syllable_is_read_back(word, method, at_end, together):
    typed = keys(word, method, at_end=at_end, together=together)
    assert word in readings(typed)
    assert readings(typed.upper()) == readings(typed)


@given(st.text(TELEX_KEYS, max_size=12) | st.text(TELEX_KEYS + "123456789", max_size=12) | st.text(max_size=12))
def test_readings_are_syllables_with_marks_and_fewer_letters(word):
    for reading in readings(word):
        assert is_syllable(reading)
        assert not reading.isascii()
        assert len(reading) <= len(word)
        assert normalise(reading) == reading == reading.lower()


@given(st.text(TELEX_KEYS, min_size=1, max_size=9))
def test_typing_a_reading_again_gives_the_keys_in_some_order(word):
    for reading in readings(word):
        typed = {keys(reading, TELEX, at_end=a, together=b) for a, b in product((True, False), repeat=2)}
        # Of ư alone, w may stand for both.
        assert any(not Counter(word) - Counter(one) and {*(Counter(one) - Counter(word))} <= {"u"} for one in typed)


@pytest.mark.parametrize(
    "word", ["giày", "gì", "giếng", "quý", "quốc", "nghiêng", "yêu", "uống", "ở", "khuya", "đẹp", "xoong"]
)
def test_syllables_are_known(word):
    assert is_syllable(word)
    assert is_bare_syllable(fold(word))


@pytest.mark.parametrize(
    "word", ["", "nike", "đep", "cat", "giáỳ", "kà", "gê", "ngê", "qua\u0301\u0300", "str", "sneaker", "bạà", "ơơ"]
)
def test_what_breaks_the_rules_is_no_syllable(word):
    assert not is_syllable(word)


def test_words_that_stop_short_bear_two_tones_only():
    assert [word for word in ("đep", "đép", "đèp", "đẻp", "đẽp", "đẹp") if is_syllable(word)] == ["đép", "đẹp"]
