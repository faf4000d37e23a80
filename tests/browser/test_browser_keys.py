"""A server that asks for an API key, one without a shop, and one that keeps no grades."""

import re

import pytest
from browsing import Served, serving
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def locked(shop_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text("shopper\nadmin owner\n", encoding="utf-8")
    with serving(shop_folder, folder / "grades.jsonl", "--keys-file", str(folder / "keys")) as served:
        yield served


def enter(page, key):
    page.get_by_label("Khóa API").fill(key)
    page.get_by_role("button", name="Vào").click()


def opened(open_page, locked: Served, path="/?q=giay+chay+bo+nu"):
    page = open_page(path, url=locked.url)
    page.watch.expected = ["401"]
    return page


def test_without_a_key_the_page_asks_for_one_and_says_nothing_else(open_page, locked):
    page = opened(open_page, locked)
    expect(page.get_by_label("Khóa API")).to_have_attribute("type", "password")
    expect(page.locator(".hit")).to_have_count(0)
    assert "Adidas" not in page.content()


def test_the_key_opens_the_page_and_stays_in_this_tab(open_page, locked):
    page = opened(open_page, locked)
    enter(page, "shopper")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert "shopper" not in page.url + page.content()
    page.reload()
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    page.locator("#q").fill("giay c")
    expect(page.locator("#suggestions [role=option]").first).to_be_visible()
    expect(opened(open_page, locked).get_by_label("Khóa API")).to_be_visible()


def test_a_wrong_key_is_told(open_page, locked):
    page = opened(open_page, locked)
    enter(page, "nobody")
    expect(page.locator("#trouble")).to_have_text("Khóa không đúng.")
    expect(page.get_by_label("Khóa API")).to_be_focused()
    enter(page, "shopper")
    expect(page.locator(".hit").first).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


def test_grades_are_sent_with_the_key(open_page, locked):
    page = opened(open_page, locked, "/?q=giay+chay+bo+nu&view=grade")
    enter(page, "shopper")
    button = page.locator(".hit[data-id='G-1'] button[data-set='2']")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải điểm về").click()
    assert '"grade":2' in download.value.path().read_text(encoding="utf-8").replace(" ", "")


def test_import_wants_an_admins_key_and_says_so(open_page, locked, tmp_path):
    file = tmp_path / "grades.jsonl"
    file.write_text('{"query": "dep", "product_id": "G-1", "grade": 0}\n', encoding="utf-8")
    page = opened(open_page, locked, "/?q=dep&view=grade")
    enter(page, "shopper")
    page.locator("#importing summary").click()
    page.get_by_label("Tệp JSONL").set_input_files(file)
    page.get_by_role("button", name="Nạp điểm").click()
    expect(page.locator("#trouble")).to_contain_text("Không nạp được")


def test_without_scripts_a_locked_page_says_what_it_needs(open_page, locked):
    page = open_page("/?q=giay", url=locked.url, java_script_enabled=False, wait=False)
    page.watch.expected = ["401"]
    expect(page.locator(".notice")).to_contain_text("cần JavaScript")
    expect(page.get_by_label("Khóa API")).to_be_hidden()


def test_a_server_without_a_shop_says_how_to_have_one(open_page, tmp_path):
    with serving(None, tmp_path / "none.jsonl") as served:
        page = open_page("/?q=giay", url=served.url)
        page.watch.expected = ["404"]
        expect(page.locator(".panel")).to_contain_text("xephang index")


def test_a_server_that_keeps_no_grades_says_so(open_page, shop_folder):
    with serving(shop_folder, None) as served:
        page = open_page("/?q=giay+chay+bo+nu&view=grade", url=served.url)
        expect(page.locator(".notice")).to_contain_text("--judgments")
        expect(page.locator(".hit").first).to_be_visible()
        expect(page.locator("button[data-set]")).to_have_count(0)
        expect(page).to_have_title(re.compile("giay chay bo nu"))
