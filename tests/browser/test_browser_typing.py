"""Searching while somebody types: a pause, input methods, answers that come too late."""

import pytest
from browsing import Watch
from playwright.sync_api import Page, expect

PAUSE = 250


def watch(page: Page) -> Watch:
    return page.watch


def test_typing_searches_once_after_a_pause(open_page):
    page = open_page("/", clock=True)
    before = len(watch(page).searches())
    page.locator("#q").press_sequentially("giay chay bo")
    page.clock.run_for(PAUSE - 1)
    assert len(watch(page).searches()) == before
    page.clock.run_for(1)
    expect(page.locator(".hit mark").first).to_be_visible()
    assert watch(page).searches()[before:] == ["/?q=giay+chay+bo"]
    page.clock.run_for(10 * PAUSE)
    assert len(watch(page).searches()) == before + 1


def test_every_letter_starts_the_pause_anew(open_page):
    page = open_page("/", clock=True)
    before = len(watch(page).asked())
    for letter in "giay":
        page.locator("#q").press_sequentially(letter)
        page.clock.run_for(100)
    assert [one for one in watch(page).asked()[before:] if one.startswith("/?")] == []
    page.clock.run_for(PAUSE)
    expect(page).to_have_url(f"{watch(page).url}/?q=giay")


@pytest.mark.parametrize(
    "typed", ["giay chay bo nu", "GIÀY CHẠY BỘ NỮ", "giayf chayj booj nuwx", "gia2y cha5y bo65 nu74"]
)
def test_however_it_is_typed_the_same_words_are_marked(open_page, typed):
    page = open_page("/")
    page.locator("#q").fill(typed)
    marks = page.locator(".hit[data-id='G-1'] h2 mark")
    expect(marks).to_have_text(["Giày chạy bộ nữ"])


def test_nothing_is_sent_while_an_input_method_composes(open_page):
    page = open_page("/", clock=True)
    box = page.locator("#q")
    box.focus()
    devtools = page.context.new_cdp_session(page)
    before = len(watch(page).asked())
    for text in ("g", "gi", "gia", "giay", "giayf", "giày"):
        devtools.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        page.clock.run_for(5 * PAUSE)
    expect(box).to_have_value("giày")
    assert watch(page).asked()[before:] == []
    devtools.send("Input.insertText", {"text": "giày"})
    page.clock.run_for(PAUSE)
    expect(page.locator(".hit mark").first).to_be_visible()
    expect(box).to_have_value("giày")
    assert "/?q=gi%C3%A0y" in watch(page).searches()


def test_a_pause_that_runs_when_composing_begins_is_given_up(open_page):
    page = open_page("/", clock=True)
    page.locator("#q").press_sequentially("dep ")
    page.clock.run_for(PAUSE - 50)
    before = len(watch(page).searches())
    page.evaluate("document.getElementById('q').dispatchEvent(new CompositionEvent('compositionstart'))")
    page.clock.run_for(20 * PAUSE)
    assert len(watch(page).searches()) == before
    page.evaluate("document.getElementById('q').dispatchEvent(new CompositionEvent('compositionend'))")
    page.clock.run_for(PAUSE)
    expect(page).to_have_url(f"{watch(page).url}/?q=dep")


def test_enter_while_composing_does_not_search(open_page):
    page = open_page("/", clock=True)
    page.locator("#q").focus()
    page.evaluate(
        """() => {
            const q = document.getElementById('q');
            q.dispatchEvent(new CompositionEvent('compositionstart'));
            q.value = 'gia';
            q.dispatchEvent(new InputEvent('input', {isComposing: true, bubbles: true}));
            q.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}));
        }"""
    )
    before = len(watch(page).searches())
    page.clock.run_for(20 * PAUSE)
    assert len(watch(page).searches()) == before


def test_an_answer_that_comes_too_late_is_dropped(open_page):
    page = open_page("/")
    held = []
    page.route("**/?q=dep", lambda route: held.append(route))
    with page.expect_request("**/?q=dep"):
        page.locator("#q").fill("dep")
    page.locator("#q").fill("giay chay bo nu")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    for route in held:
        route.fulfill(body="<div id='found' data-title='old' data-said='old'>old</div>", content_type="text/html")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    assert held
    expect(page).to_have_title("giay chay bo nu – Tìm hàng")


def test_what_was_found_is_told_to_screen_readers(open_page):
    page = open_page("/")
    said = page.locator("#said")
    expect(said).to_have_attribute("aria-live", "polite")
    page.locator("#q").fill("giay chay bo nu trang adidas")
    page.keyboard.press("Enter")
    count = page.locator("#count")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    expect(said).to_contain_text(count.inner_text())


def test_without_a_network_the_page_says_so_and_goes_on(open_page):
    page = open_page("/?q=dep")
    watch(page).expected = ["Failed to load resource"]
    page.route("**/?q=giay", lambda route: route.abort())
    page.locator("#q").fill("giay")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("Không gọi được máy chủ")
    page.unroute("**/?q=giay")
    page.locator("#q").fill("giay chay bo nu")
    page.keyboard.press("Enter")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


def test_an_answer_of_somebody_else_is_not_shown(open_page):
    page = open_page("/?q=dep")
    watch(page).expected = ["Failed to load resource"]
    page.route("**/?q=giay", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.locator("#q").fill("giay")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("Không gọi được máy chủ")
    expect(page.locator("#found")).to_have_attribute("data-query", "dep")
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
