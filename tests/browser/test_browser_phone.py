"""A phone: 360 pixels wide, touched."""

import re

import pytest
from browsing import value_of
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
WIDEST = "Math.max(...[...document.querySelectorAll('body *')].map((e) => e.getBoundingClientRect().right))"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=giay+chay+bo+nu+duoi+500k+mau+den+size+38&brand=adidas&min=1000&max=90000000",
        "/?q=giay+chay+bo+nu&view=compare",
        "/?q=giay+chay+bo+nu&view=grade",
        "/?q=quai+vat",
        "/?q=quai+vat&view=compare",
        "/?q=quai+vat&view=grade&lang=en",
        "/?q=" + "dài" * 160,
        "/?q=khong+co+gi+xyzzyq&brand=" + "m" * 200,
    ],
)
def test_nothing_is_wider_than_the_screen(open_page, path):
    page = open_page(path, **PHONE)
    for fold in page.locator(".facets > summary").all():
        fold.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    heard = "document.querySelectorAll('.heard, .skip').forEach((one) => one.remove())"
    page.evaluate(heard)
    assert page.locator("main").evaluate(f"() => {WIDEST}") <= 360


def test_filters_wait_behind_their_title(open_page):
    page = open_page("/?q=giay", **PHONE)
    box = page.locator("#choose-gender-nam")
    expect(box).to_be_hidden()
    page.get_by_text("Bộ lọc", exact=True).tap()
    value_of(page, "gender", "nam").tap()
    expect(page).to_have_url(re.compile("gender=nam"))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    expect(box).to_be_checked()
    expect(box).to_be_visible()
    expect(page.locator(".facets > summary .count")).to_have_text("1")


def test_the_comparison_has_its_columns_behind_tabs(open_page):
    page = open_page("/?q=giay+chay+bo+nu&view=compare", **PHONE)
    first, second = page.locator(".sides .first"), page.locator(".sides .second")
    expect(second).to_be_visible()
    expect(first).to_be_hidden()
    page.get_by_role("radio", name="Bước đầu").check()
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    expect(first.locator(".move").first).to_be_visible()


def test_what_is_touched_is_large_enough(open_page):
    page = open_page("/?q=giay+chay+bo+nu+duoi+2tr&view=grade", **PHONE)
    page.get_by_text("Bộ lọc", exact=True).tap()
    small = page.locator("button:visible, .chip a:visible, .views a:visible, .facet li label:visible").evaluate_all(
        """(all) => all.map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
            .filter(([_, box]) => box.height < 24 || box.width < 24).map(([name]) => name)"""
    )
    assert small == []


def test_grading_by_touch(open_page, served):
    page = open_page("/?q=giay+chay+bo+nu+cham+tay&view=grade", **PHONE)
    button = page.locator(".hit[data-id='G-1'] button[data-set='3']")
    boxes = [one.bounding_box() for one in page.locator(".hit[data-id='G-1'] button").all()]
    assert len({round(box["y"]) for box in boxes}) == 1
    button.tap()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert [row["grade"] for row in served.grades() if row["query"] == "giay chay bo nu cham tay"] == [3]


def test_filters_stand_open_where_there_is_room(open_page):
    page = open_page("/?q=giay")
    expect(page.locator("#facets > summary")).to_be_hidden()
    expect(page.locator("#choose-gender-nam")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator("#choose-gender-nam")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.locator("#choose-gender-nam")).to_be_visible()
