"""Products whose texts want to be more than texts."""

import pytest
from browsing import HOSTILE, LONG
from playwright.sync_api import expect

from xephang.text import normalise

VIEWS = ("list", "compare", "grade")
OURS = {
    *("A", "ARTICLE", "B", "BDI", "BODY", "BUTTON", "DD", "DETAILS", "DIV", "DL", "DT", "EM", "FIELDSET", "FOOTER"),
    *("FORM", "H1", "H2", "H3", "HEAD", "HEADER", "HTML", "INPUT", "LABEL", "LEGEND", "LI", "LINK", "MAIN", "MARK"),
    *("META", "NAV", "NOSCRIPT", "OL", "OPTION", "P", "S", "SCRIPT", "SECTION", "SELECT", "SMALL", "SPAN", "SUMMARY"),
    *("TITLE", "UL", "path", "rect", "svg"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_texts_stay_texts(open_page, view):
    page = open_page(f"/?q=quai+vat&view={view}")
    for product in HOSTILE:
        expect(page.locator("article").filter(has_text=normalise(product.title)[:60]).first).to_be_attached()
    assert page.evaluate("window.struck") is None
    used = page.evaluate("[...new Set([...document.querySelectorAll('*')].map((one) => one.tagName))]")
    assert set(used) <= OURS
    assert page.locator("script").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("[onerror], [onmouseover], [style], a[href^='javascript']").count() == 0


@pytest.mark.parametrize("product", HOSTILE, ids=lambda product: normalise(product.id))
def test_the_title_is_shown_as_it_is(open_page, product):
    page = open_page("/?q=quai+vat")
    cards = page.locator(".hit").evaluate_all(
        "(all) => all.map((one) => [one.dataset.id, one.querySelector('h2').textContent])"
    )
    shown = dict(cards)[product.id].strip()
    wanted = normalise(product.title)
    assert shown == wanted if len(wanted) <= 240 else shown.endswith("…") and wanted.startswith(shown[:-1])


def test_a_long_title_takes_no_more_room_than_two_lines(open_page):
    page = open_page("/?q=quai+vat")
    heading = page.locator(".hit[data-id='H-4'] h2")
    line = heading.evaluate("(one) => parseFloat(getComputedStyle(one).lineHeight)")
    assert heading.bounding_box()["height"] <= 2 * line + 1
    assert len(heading.inner_text()) < 300 < len(LONG)


def test_text_that_turns_direction_turns_nothing_else(open_page):
    page = open_page("/?q=quai+vat")
    card = page.locator(".hit[data-id='H-3']")
    title, price = card.locator("h2").bounding_box(), card.locator(".side").bounding_box()
    rank = card.locator(".rank").bounding_box()
    assert rank["x"] < title["x"] < price["x"]
    assert card.evaluate("(one) => getComputedStyle(one).direction") == "ltr"
    assert all(mark not in card.inner_text() for mark in "\u202e\u2067\u200b")


def test_only_web_addresses_are_linked_to(open_page):
    page = open_page("/?q=quai+vat")
    links = page.locator(".facts a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", 'https://shop.example/?a=1&b="c"')
    expect(links).to_have_attribute("rel", "noopener noreferrer")


def test_strange_ids_are_graded_like_others(open_page, served):
    page = open_page("/?q=quai+vat+ma+la&view=grade")
    id = HOSTILE[6].id
    card = page.locator(".hit").filter(has_text="{{ 7 * 7 }}").first
    assert card.get_attribute("data-id") == id
    card.locator("button[data-set='1']").click()
    expect(card.locator("button[data-set='1']")).to_have_attribute("aria-pressed", "true")
    assert [row["document_id"] for row in served.grades() if row["query"] == "quai vat ma la"] == [id]
    page.reload()
    expect(card.locator("button[data-set='1']")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    "query",
    [
        "<script>window.struck=1</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "%0d%0aX: y",
        "\u202egiay",
        "🙂" * 200,
    ],
)
def test_hostile_queries_stay_texts(open_page, query):
    page = open_page("/")
    page.locator("#q").fill(query)
    page.keyboard.press("Enter")
    expect(page.locator("#found[data-query]")).to_have_attribute("data-query", normalise(query))
    page.reload()
    expect(page.locator("#q")).to_have_value(normalise(query))
    assert page.evaluate("window.struck") is None
    assert page.locator("img").count() == 0
