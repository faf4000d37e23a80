"""Numbers: sizes in lists and ranges, measures with units, and codes that are neither."""

import pytest

from xephang.lexicon import Lexicon

SIZES = """
[[facets.size.patterns]]
kind = "number"
min = 15
max = 50
step = 0.5
cues = ["size", "cỡ"]
skip = ["từ", "nữ"]
not_before = ["tờ"]
"""
BARE = 'bare = "range"\n'
SINGLE = 'bare = "single"\nnot_after = ["mã"]\n'
HEEL = """
[[facets.heel.patterns]]
kind = "measure"
min = 1
max = 20
units = { cm = 1, "phân" = 1, p = 1, mm = 0.1, "tấc" = 10 }
not_after = ["dài"]
"""
AGE = """
[[facets.age.patterns]]
kind = "measure"
min = 0.2
max = 15
step = 0.5
units = { "tuổi" = 1 }
prefix = "t-"
"""


def read(toml, text):
    lexicon = Lexicon.parse_toml(toml)
    (facet,) = lexicon.facets
    found = lexicon.parse(text)
    assert all(found.text[one.start : one.end] == one.surface for one in found.mentions)
    return [(one.id, one.surface) for one in found[facet]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("size 38", [("38", "38")]),
        ("SIZE:38", [("38", "38")]),
        ("size38", [("38", "38")]),
        ("co 38", [("38", "38")]),
        ("cỡ 38", [("38", "38")]),
        ("cỡ số 38", []),
        ("size từ 38", [("38", "38")]),
        ("size 38,39,40", [("38", "38"), ("39", "39"), ("40", "40")]),
        ("size 38 39", [("38", "38"), ("39", "39")]),
        ("size 38/39", [("38", "38"), ("39", "39")]),
        ("size 36-40", [("36-40", "36-40")]),
        ("size 36 - 40", [("36-40", "36 - 40")]),
        ("size 36–40", [("36-40", "36–40")]),
        ("size 36 đến 40", [("36-40", "36 đến 40")]),
        ("size 36 den 40", [("36-40", "36 den 40")]),
        ("size 36 tới 40", [("36-40", "36 tới 40")]),
        ("size 36 đen 40", [("36", "36")]),
        ("size 36-37-38", [("36", "36"), ("37", "37"), ("38", "38")]),
        ("size 36-38, 40", [("36-38", "36-38"), ("40", "40")]),
        ("size 36->40", [("36-40", "36->40")]),
        ("size 36-->40", [("36-40", "36-->40")]),
        ("size từ 35 nữ đến 42", [("35-42", "35 nữ đến 42")]),
        ("size 40-36", []),
        ("size 38.5", [("38.5", "38.5")]),
        ("size 38,5", [("38.5", "38,5")]),
        ("size 38.3", [("38", "38")]),
        ("size 7", []),
        ("size 60", []),
        ("size 380", []),
        ("size 038", []),
        ("size 38cm", []),
        ("size 38 tờ", []),
        ("xsize 38", []),
        ("38", []),
        ("36-40", []),
    ],
)
def test_announced_sizes(text, found):
    assert read(SIZES, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("36-40", [("36-40", "36-40")]),
        ("(36-40)", [("36-40", "36-40")]),
        ("từ 36 đến 40", [("36-40", "36 đến 40")]),
        ("36 nữ - 40", [("36-40", "36 nữ - 40")]),
        ("40-36", []),
        ("TX36-40", []),
        ("1418-36", []),
        ("36-40-", []),
        ("36-40 tờ", []),
        ("36", []),
        ("36, 40", []),
    ],
)
def test_ranges_without_a_cue(text, found):
    assert read(SIZES + BARE, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("giày nam 42", [("42", "42")]),
        ("42 nam", [("42", "42")]),
        ("trắng,42", [("42", "42")]),
        ("mã 42", []),
        ("AB42", []),
        ("42x", []),
        ("A-42", []),
        ("42 tờ", []),
        ("12,42", [("42", "42")]),
    ],
)
def test_lone_numbers_where_the_lexicon_takes_them(text, found):
    assert read(SIZES + SINGLE, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7cm", [("7", "7cm")]),
        ("7 cm", [("7", "7 cm")]),
        ("7CM", [("7", "7CM")]),
        ("7p", [("7", "7p")]),
        ("7 phân", [("7", "7 phân")]),
        ("7 phan", [("7", "7 phan")]),
        ("5-7cm", [("5-7", "5-7cm")]),
        ("5cm-7cm", [("5-7", "5cm-7cm")]),
        ("5 đến 7 phân", [("5-7", "5 đến 7 phân")]),
        ("7-5cm", []),
        ("3,5cm", [("3.5", "3,5cm")]),
        ("3.5 cm", [("3.5", "3.5 cm")]),
        ("5p5", [("5.5", "5p5")]),
        ("5p55", []),
        ("35mm", [("3.5", "35mm")]),
        ("1 tấc", [("10", "1 tấc")]),
        ("1 tấc5", [("15", "1 tấc5")]),
        ("30cm", []),
        ("0cm", []),
        ("7pcs", []),
        ("7", []),
        ("A7cm", []),
        ("1.7cm", [("1.7", "1.7cm")]),
        ("dài 7cm", []),
        ("7cm, 9cm", [("7", "7cm"), ("9", "9cm")]),
        ("7cm7cm", []),
    ],
)
def test_measures(text, found):
    assert read(HEEL, text) == found


def test_a_number_carries_its_ends():
    (age,) = Lexicon.parse_toml(AGE).parse("bé 3-4 tuổi").mentions
    assert (age.id, age.name, age.low, age.high) == ("t-3-4", "t-3-4", 3.0, 4.0)
    (age,) = Lexicon.parse_toml(AGE).parse("bé 3 tuổi").mentions
    assert (age.low, age.high) == (3.0, 3.0)


@pytest.mark.parametrize("text", ["bé 3.3 tuổi", "20 tuổi", "0 tuổi"])
def test_a_number_off_the_scale_is_none(text):
    assert read(AGE, text) == []
