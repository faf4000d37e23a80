"""What the bundled footwear lexicon reads out of titles and queries that this project's authors made up."""

import json
import unicodedata
from pathlib import Path

import pytest

from xephang.lexicon import Lexicon
from xephang.text import fold

CASES = json.loads((Path(__file__).parent / "footwear_cases.json").read_text(encoding="utf-8"))
FOOTWEAR = Lexicon.load("footwear")
by_text = pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
ACCESSORIES = ("lot-giay", "lot-got", "day-giay", "xi", "ban-chai", "khu-mui", "ve-sinh", "tat", "tui-giay")


def found(text, facets):
    read = FOOTWEAR.parse(text)
    return {facet: sorted(read.ids(facet)) for facet in facets}


def expected(case):
    return {facet: sorted(ids) for facet, ids in case["facets"].items()}


@by_text
def test_a_text_says_what_it_says(case):
    assert found(case["text"], case["facets"]) == expected(case)


@by_text
def test_decomposed_unicode_says_the_same(case):
    assert found(unicodedata.normalize("NFD", case["text"]), case["facets"]) == expected(case)


@by_text
def test_shouting_says_the_same(case):
    assert found(case["text"].upper(), case["facets"]) == expected(case)


@pytest.mark.parametrize("case", [case for case in CASES if not case.get("accents")], ids=lambda case: case["text"])
def test_a_text_without_diacritics_says_the_same(case):
    assert found(fold(case["text"]), case["facets"]) == expected(case)


@by_text
def test_every_mention_is_where_it_says(case):
    read = FOOTWEAR.parse("  " + unicodedata.normalize("NFD", case["text"]) + "\u200b ")
    assert all(read.text[one.start : one.end] == one.surface for one in read.mentions)


def test_cases_reach_every_facet():
    assert {facet for case in CASES for facet in case["facets"]} == set(FOOTWEAR.facets)
    assert len(CASES) >= 200


@pytest.mark.parametrize("facet", FOOTWEAR.facets)
def test_every_form_of_a_value_alone_finds_that_value_or_a_kind_of_it(facet):
    """Forms that a context word or a longer phrase of the lexicon voids are no use, and none may be in the file."""
    lost = []
    for form in FOOTWEAR.facets[facet].forms():
        ids = FOOTWEAR.parse(" ".join(form.words)).ids(facet)
        if not any(FOOTWEAR.is_a(facet, one, form.value) for one in ids):
            lost.append((form.value, " ".join(form.words), ids))
    assert lost == []


@pytest.mark.parametrize(
    ("text", "accessory"),
    [
        ("bàn chải đánh giày sneaker", True),
        ("giày sneaker tặng kèm bàn chải", False),
        ("Lót giày cao gót", True),
        ("giày cao gót", False),
        ("ban chai danh giay", True),
        ("túi đựng giày thể thao", True),
        ("áo thun", False),
        ("", False),
    ],
)
def test_an_accessory_is_told_from_the_shoe_it_is_for(text, accessory):
    assert FOOTWEAR.parse(text).accessory is accessory


@pytest.mark.parametrize("value", ACCESSORIES)
def test_accessories_hang_from_the_tree(value):
    assert FOOTWEAR.is_a("category", value, "phu-kien")
    assert not FOOTWEAR.is_a("category", value, "giay")


@pytest.mark.parametrize(
    ("value", "other", "is_one"),
    [
        ("chay-bo", "the-thao", True),
        ("chay-bo", "giay", True),
        ("da-bong-tf", "da-bong", True),
        ("the-thao", "chay-bo", False),
        ("chay-bo", "chay-bo", True),
        ("sandal", "giay", True),
        ("sandal", "dep", True),
        ("kep", "giay", False),
        ("no-such", "giay", False),
    ],
)
def test_the_tree_of_categories(value, other, is_one):
    assert FOOTWEAR.is_a("category", value, other) is is_one


def test_the_lexicon_is_broad():
    sizes = {key: len(facet.values) for key, facet in FOOTWEAR.facets.items()}
    assert sizes["category"] >= 80
    assert sizes["brand"] >= 150
    assert sizes["color"] >= 25
    assert sizes["material"] >= 40
