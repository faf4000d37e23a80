"""What the page says: everything in both languages, and nothing that nobody says."""

import re
from importlib.resources import files

import pytest

from xephang.lexicon import BUNDLED, Lexicon
from xephang.search.asking import SORTS
from xephang.server.page.rendering import STAGES
from xephang.server.page.state import VIEWS
from xephang.server.page.words import Words, table

PAGE = files("xephang.server.page")
SOURCES = {
    one.name: one.read_text(encoding="utf-8")
    for folder in ("", "templates", "static")
    for one in PAGE.joinpath(folder).iterdir()
    if one.name.endswith((".html", ".txt", ".py", ".js"))
}
MADE_UP = {
    *(f"page.{view}" for view in VIEWS),
    *(f"sort.{sort}" for sort in SORTS),
    *(f"stages.{stage}" for stage in (*STAGES, "rest")),
    *(f"grading.{letter}{grade}" for letter in "gm" for grade in range(4)),
    "constraints.filter",
    "constraints.boost",
}
"""Keys that templates put together."""


@pytest.mark.parametrize("key", table())
def test_a_text_is_there_in_both_languages_with_the_same_places(key):
    said = table()[key]
    assert {"vi", "en"} <= set(said) <= {"vi", "en", "en_one"}
    places = {language: sorted(set(re.findall(r"\{(\w+)\}", text))) for language, text in said.items()}
    assert len({str(found) for found in places.values()}) == 1
    assert all(text.strip() == text and text for text in said.values())


def test_every_key_that_is_asked_for_is_there():
    asked = {key for text in SOURCES.values() for key in re.findall(r'\bt\("([\w.-]+)"', text)}
    scripts = {
        f"script.{key}"
        for name, text in SOURCES.items()
        if name.endswith(".js")
        for key in re.findall(r'say\("(\w+)"', text)
    }
    whole = {key for key in asked if not key.endswith(".") and "%" not in key}
    assert len(whole) > 60 and len(scripts) > 5
    assert (whole | scripts | MADE_UP) - set(table()) == set()


def test_every_text_is_asked_for():
    asked = {key for text in SOURCES.values() for key in re.findall(r'\bt\("([\w.-]+)"', text)} | MADE_UP
    asked |= {f"script.{key}" for text in SOURCES.values() for key in re.findall(r'say\("(\w+)"', text)}
    assert {key for key in table() if not key.startswith("facets.")} - asked == set()


def test_one_and_many():
    assert [Words("en")("said.products", n=n) for n in (0, 1, 2, 1234)] == [
        "0 products", "1 product", "2 products", "1,234 products"
    ]  # fmt: skip
    assert [Words("vi")("said.products", n=n) for n in (1, 1234)] == ["1 sản phẩm", "1.234 sản phẩm"]


def test_braces_in_what_is_filled_in_stay():
    assert Words("vi")("page.title_of", query="{n} {query}") == "{n} {query} – Tìm hàng"


@pytest.mark.parametrize("bundled", BUNDLED)
def test_facets_of_bundled_lexicons_have_english_names(bundled):
    for facet, said in Lexicon.load(bundled).facets.items():
        assert Words("vi").facet(facet, said.name) == said.name
        assert Words("en").facet(facet, said.name) != said.name


def test_a_facet_of_a_shops_own_keeps_its_name():
    assert Words("en").facet("do-cung", "Độ cứng") == "Độ cứng"


def test_parts_are_given_as_they_are():
    assert Words("en").part("script")["graded"] == "Graded {grade}, {meaning}: {title}"
