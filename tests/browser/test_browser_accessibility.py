"""What axe finds, what motion there is, what the page says of itself."""

from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 360, "height": 740}}
DARK = {"color_scheme": "dark"}
PAGES = [
    pytest.param("/", {}, id="empty"),
    pytest.param("/?q=giayf+chay+bo+nu+mau+den+duoi+2tr&brand=adidas&ignore=price", {}, id="results"),
    pytest.param("/?q=giay+chay+bo+nu&view=compare", {}, id="compare"),
    pytest.param("/?q=giay+chay+bo+nu&view=grade", {}, id="grading"),
    pytest.param("/?q=xyzzyqqq+adidas&brand=nike", {}, id="nothing"),
    pytest.param("/?q=quai+vat&min=x&page=0", {}, id="hostile"),
    pytest.param("/?q=giay+chay+bo+nu", PHONE, id="phone"),
    pytest.param("/?q=giay+chay+bo+nu&view=compare", PHONE, id="phone compare"),
    pytest.param("/?q=giay+chay+bo+nu&view=grade", PHONE, id="phone grading"),
    pytest.param("/?q=giayf+chay+bo+nu+mau+den+duoi+2tr&brand=adidas&ignore=price", DARK, id="dark results"),
    pytest.param("/?q=giay+chay+bo+nu+trang&view=compare&lang=en", DARK, id="dark compare"),
    pytest.param("/?q=giay+chay+bo+nu&view=grade&lang=en", DARK, id="dark grading"),
]


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["impact"], [node["html"][:160] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical", "moderate")
    ]


@pytest.mark.parametrize(("path", "options"), PAGES)
def test_axe_finds_nothing_serious(open_page, path, options):
    page = open_page(path, **options)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_things_are_chosen(open_page, scheme):
    page = open_page(f"/?q=giay+chay+bo+nu+{scheme}&view=grade", color_scheme=scheme)
    page.locator(".hit button[data-set='3']").first.click()
    expect(page.locator(".hit [aria-pressed='true']")).to_have_count(1)
    page.locator("#q").fill("giay")
    expect(page.locator("#suggestions [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    assert serious(page) == []


def test_one_main_heading_and_none_left_out(open_page):
    for path in ("/?q=giay", "/?q=giay&view=compare", "/?q=giay&view=grade", "/?q=xyzzyqqq"):
        page = open_page(path)
        levels = page.locator("h1, h2, h3").evaluate_all("(all) => all.map((one) => Number(one.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_moves_for_who_wants_no_motion(open_page):
    page = open_page("/?q=giay", reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].filter((one) => {
            const style = getComputedStyle(one);
            const times = style.transitionDuration.split(', ');
            return style.animationName !== 'none' || times.some((time) => parseFloat(time));
        }).length"""
    )
    assert moving == 0


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark_follow_the_system(open_page, scheme, dark):
    page = open_page("/", color_scheme=scheme)
    red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    assert (red < 60) == dark


def test_lines_leave_room_for_two_marks_on_a_letter(open_page):
    page = open_page("/?q=giay+chay+bo+nu")
    ratios = page.locator("h1, .hit h2, .facts, .reasons, .chip, #q, button").evaluate_all(
        """(all) => all.map((one) => {
            const style = getComputedStyle(one);
            return parseFloat(style.lineHeight) / parseFloat(style.fontSize);
        })"""
    )
    assert min(ratios) >= 1.39


def test_everything_still_fits_with_text_twice_as_large(open_page):
    page = open_page("/?q=giay+chay+bo+nu", viewport={"width": 640, "height": 450})
    page.evaluate(
        "document.documentElement.setAttribute('class', 'scripted'); document.documentElement.style.fontSize = '200%'"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
