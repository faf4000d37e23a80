"""The page as a browser would take it apart, hostile names and texts included."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from xephang.evaluation import evaluate
from xephang.evaluation.html import html
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet

VOID = {"meta", "link", "br", "img", "input"}


class Page(HTMLParser):
    """What stands on a page: its elements, their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


@pytest.fixture
def hostile_page(given, hostile):
    judged = JudgmentSet.of(
        [Judgment(f"{hostile} {q}", f"{hostile} {d}", grade) for q in range(3) for d, grade in enumerate((0, 2, 3))],
        name=hostile,
    )
    slices = {hostile: {hostile: frozenset(["q1"])}}
    judged = JudgmentSet(judged.name, judged.candidates, slices)
    scores, claims = (3.0, 2.0, 1.0) * 3, (0.9, 0.5, 0.1) * 3
    systems = [given(hostile, scores, claims, hostile), given("🥿 giày", scores[::-1]), given(hostile * 9, scores)]
    return html(evaluate(systems, judged, resamples=100))


def test_nothing_hostile_becomes_an_element_or_an_attribute(hostile_page):
    page = Page(hostile_page)
    assert page.open == []
    assert "script" not in page.tags and "iframe" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.tags.count("style") == 1 + page.tags.count("svg")


def test_hostile_texts_are_readable_all_the_same(hostile_page, hostile):
    texts = Page(hostile_page).texts
    shown = hostile.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")
    assert any(text == f"{shown} 0" for text in texts)
    assert f"How well {shown} ranks" in texts


def test_the_page_asks_the_network_for_nothing(hostile_page):
    page = Page(hostile_page)
    assert not {"img", "link", "object", "embed", "base", "a"} & set(page.tags)
    links = [(name, value) for _, name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset")]
    assert all(value.startswith("#") for _, value in links)
    assert not re.search(r"@import|url\((?!#)", hostile_page)
    policy = [value for _, name, value in page.attributes if name == "content" and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_drawing_is_well_formed_and_its_ids_are_the_pages_only_ones(hostile_page):
    drawings = re.findall(r"<svg.*?</svg>", hostile_page, re.S)
    assert len(drawings) == 1 + 4 + 1
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img" and root.get("aria-label")
    ids = re.findall(r'\bid="([^"]*)"', "".join(drawings))
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', "".join(drawings))) <= set(ids)


def test_drawings_take_the_pages_colours(hostile_page):
    """Else they would be dark on dark."""
    drawings = "".join(re.findall(r"<svg.*?</svg>", hostile_page, re.S))
    used = set(re.findall(r"var\((--[\w-]+)\)", drawings))
    style = hostile_page[: hostile_page.index("</style>")]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    assert {"--ink", "--first", "--other", "--line"} <= used
    assert all(f"{name}:" in light and f"{name}:" in dark for name in used)
    assert re.findall(r"#[0-9a-f]{6}\b", drawings) == []


def test_names_are_text_in_drawings(hostile_page):
    drawing = re.findall(r"<svg.*?</svg>", hostile_page, re.S)[0]
    texts = [element.text for element in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    assert "🥿 giày" in texts and "nDCG@10" in texts
    assert any(text and text.endswith("…") for text in texts)


def test_a_name_is_no_formula(grades, given):
    page = html(evaluate([given("$x^2$", (2, 1)), given("a$b", (1, 2))], grades([3, 0]), bm25=False))
    drawings = re.findall(r"<svg.*?</svg>", page, re.S)
    assert ">$x^2$</text>" in drawings[0] and ">against a$b</text>" in drawings[1]


def test_figures_and_worst_queries_are_on_the_page(grades, given):
    judged = grades([3, 0, 1] + [0] * 9, [0, 3])
    page = html(evaluate([given("mine", (*range(12, 0, -1), 2, 1))], judged, bm25=False))
    texts = Page(page).texts
    assert {"How well mine ranks", "Worst queries", "query 1", "nDCG@10 0.631", "grade 3"} <= set(texts)
    assert "and 2 more, of grades 0 0" in texts
    assert not any("against the others" in text or "Calibration" in text for text in texts)


def test_the_same_evaluation_makes_the_same_page(grades, given):
    found = evaluate([given("a", (2, 1)), given("b", (1, 2))], grades([3, 0]), resamples=50)
    assert html(found) == html(found)


def test_many_queries_and_systems_still_make_a_page(grades, given):
    judged = grades(*([3, 0] for _ in range(120)))
    systems = [given(f"system {i}", (float(i), 3.0) * 120) for i in range(7)]
    assert html(evaluate(systems, judged, resamples=50)).count("<svg") == 1 + 8
