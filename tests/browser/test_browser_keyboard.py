"""Everything by keys alone."""

import re

from playwright.sync_api import expect


def focused(page):
    return page.evaluate("document.activeElement.dataset.id ?? document.activeElement.id")


def test_a_whole_search_without_a_mouse(open_page):
    page = open_page("/")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("giay chay bo nu")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=giay\+chay\+bo\+nu"))
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "checkbox":
            break
    chosen = focused(page)
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    assert focused(page) == chosen
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "giay chay bo nu"


def test_the_skip_link_comes_first_and_leads_to_the_results(open_page):
    page = open_page("/?q=giay")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Đến kết quả")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused(page) == "found"
    before = len(page.watch.asked())
    page.go_back()
    expect(page).to_have_url(re.compile("q=giay$"))
    assert len(page.watch.asked()) == before


def test_focus_is_seen_wherever_it_goes(open_page):
    page = open_page("/?q=giay+chay+bo+nu&view=grade")
    unseen = []
    for _ in range(45):
        page.keyboard.press("Tab")
        drawn, name = page.evaluate(
            """() => {
                const one = document.activeElement, style = getComputedStyle(one);
                const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
                return [drawn, one.outerHTML.slice(0, 80)];
            }"""
        )
        if not drawn:
            unseen.append(name)
    assert unseen == []


def test_suggestions_are_a_listbox_for_the_box(open_page):
    page = open_page("/")
    box, options = page.locator("#q"), page.locator("#suggestions [role=option]")
    box.press_sequentially("giay c")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    texts = page.locator("[role=option]").evaluate_all("(all) => all.map((one) => one.dataset.text)")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value(texts[0])
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#found")).to_have_attribute("data-query", texts[0])


def test_escape_closes_the_suggestions_and_keeps_the_text(open_page):
    page = open_page("/")
    page.locator("#q").press_sequentially("dep")
    expect(page.locator("#suggestions [role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("dep")


def test_a_suggestion_may_be_clicked(open_page):
    page = open_page("/")
    page.locator("#q").press_sequentially("giay")
    option = page.locator("#suggestions [role=option]").nth(1)
    text = option.get_attribute("data-text")
    option.click()
    expect(page.locator("#q")).to_have_value(text)
    expect(page.locator("#found")).to_have_attribute("data-query", text)


def test_grading_without_a_mouse(open_page, served):
    query = "giay chay bo nu phim tat"
    page = open_page(f"/?q={query.replace(' ', '+')}&view=grade")
    ids = page.locator(".hit").evaluate_all("(all) => all.map((one) => one.dataset.id)")
    page.keyboard.press("j")
    assert focused(page) == ids[0]
    for key, place in (("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        page.keyboard.press(key)
        assert focused(page) == ids[place]
    for grade in (3, 0):
        page.keyboard.press(str(grade))
        expect(page.locator("#said")).to_contain_text(f"Đã chấm {grade}")
    assert focused(page) == ids[2]
    expect(page.locator(".hit [aria-pressed='true']")).to_have_count(2)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("Đã bỏ điểm")
    found = [(row["document_id"], row["grade"]) for row in served.grades() if row["query"] == query]
    assert found == [(ids[0], 3), (ids[1], 0), (ids[1], None)]


def test_digits_in_the_box_are_digits(open_page, served):
    page = open_page("/?q=giay+chay+bo+nu&view=grade")
    before = len(served.grades()) if served.judgments.exists() else 0
    page.keyboard.press("/")
    page.keyboard.press("End")
    page.keyboard.type(" size 38 j/k u")
    expect(page.locator("#q")).to_have_value("giay chay bo nu size 38 j/k u")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_attribute("data-query", "giay chay bo nu size 38 j/k u")
    assert (len(served.grades()) if served.judgments.exists() else 0) == before


def test_keys_of_the_browser_stay_its_own(open_page):
    page = open_page("/?q=giay+chay+bo+nu&view=grade")
    page.locator(".hit").first.focus()
    page.keyboard.press("Control+3")
    page.keyboard.press("Control+u")
    expect(page.locator(".hit").first.locator("[aria-pressed='true']")).to_have_count(0)
