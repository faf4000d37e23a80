"""The address holds all there is: steps back, copied addresses, both languages, no scripts, nothing found."""

import re

import pytest
from browsing import value_of
from playwright.sync_api import expect

HARD = "/?q=giay+chay+bo&brand=adidas&brand=nike&min=100000&max=2000000&sort=price&view=grade&lang=en"


def state(page):
    return {
        "query": page.locator("#q").input_value(),
        "ids": page.locator("[data-id]").evaluate_all("(all) => all.map((one) => one.dataset.id)"),
        "checked": page.get_by_role("checkbox", checked=True).evaluate_all("(all) => all.map((one) => one.value)"),
        "sort": page.locator("#sort").input_value(),
    }


def test_steps_back_and_forth_restore_what_was_shown(open_page):
    page = open_page("/?q=giay")
    first = state(page)
    value_of(page, "brand", "adidas").check()
    expect(page).to_have_url(re.compile("brand=adidas"))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    second = state(page)
    assert first != second
    page.locator("#q").fill("giay chay bo nu")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=giay.chay.bo.nu&brand=adidas"))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    for wanted in (second, first):
        page.go_back()
        expect(page.locator("#q")).to_have_value(wanted["query"])
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(len(wanted["checked"]))
        expect(page.locator("#found[aria-busy]")).to_have_count(0)
        assert state(page) == wanted
    page.go_forward()
    expect(page.locator("#choose-brand-adidas")).to_be_checked()
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    assert state(page) == second


def test_one_step_back_leads_out_of_a_word_that_was_typed(open_page):
    page = open_page("/?q=dep", clock=True)
    page.locator("#q").press("End")
    for word in (" nam", " den"):
        page.locator("#q").press_sequentially(word)
        page.clock.run_for(250)
        expect(page.locator("#found[aria-busy]")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?q=dep\+nam\+den$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?q=dep$"))
    expect(page.locator("#q")).to_have_value("dep")


def test_a_copied_address_shows_the_same_to_somebody_else(open_page):
    page = open_page("/?q=giay+chay")
    value_of(page, "brand", "adidas").check()
    expect(page).to_have_url(re.compile("brand=adidas"))
    page.get_by_label("Sắp xếp").select_option("price")
    expect(page).to_have_url(re.compile("sort=price"))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    path = page.url.removeprefix(page.watch.url)
    assert state(open_page(path)) == state(page)


@pytest.mark.parametrize("path", ["/?q=giay+chay+bo+nu", HARD, "/?q=giay&page=2", "/?q=giay+chay&view=compare"])
def test_without_scripts_the_same_is_shown(open_page, path):
    scripted, plain = open_page(path), open_page(path, java_script_enabled=False, wait=False)
    texts = [
        [page.locator(f"{part}:visible").all_inner_texts() for part in ("#count", "h2", "h3", ".price", ".chip .value")]
        for page in (scripted, plain)
    ]
    assert texts[0] == texts[1]
    assert plain.locator("#q").input_value() == scripted.locator("#q").input_value()


def test_without_scripts_forms_and_links_do_it(open_page):
    page = open_page("/", java_script_enabled=False, wait=False)
    page.locator("#q").fill("giay chay bo nu duoi 1tr")
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.locator("#facet-brand").get_by_role("checkbox").first.check()
    page.locator("#sort").select_option("price")
    page.get_by_role("button", name="Áp dụng").click()
    expect(page).to_have_url(re.compile(r"q=giay\+chay\+bo\+nu\+duoi\+1tr&.*brand=.*|brand="))
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.locator("#sort")).to_have_value("price")
    page.get_by_role("link", name="Đừng xét dưới 1.000.000 ₫").click()
    expect(page).to_have_url(re.compile("ignore=price"))
    page.get_by_role("link", name="So sánh").click()
    expect(page.get_by_role("heading", name="Đã xếp lại")).to_be_visible()


def test_english_on_a_switch_and_back(open_page):
    page = open_page("/?q=giay+chay+bo+nu&brand=adidas")
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    switch = page.get_by_role("link", name="English")
    expect(switch).to_have_attribute("hreflang", "en")
    switch.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("navigation", name="View")).to_contain_text("Compare")
    expect(page.locator("#facet-brand summary").first).to_have_text("Brand")
    expect(page.locator(".hit h2").first).to_have_attribute("lang", "vi")
    page.get_by_label("Sort").select_option("price")
    expect(page).to_have_url(re.compile("lang=en"))
    expect(page.locator("#count")).to_contain_text("product")
    page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    assert "sort=price" in page.url and "brand=adidas" in page.url and "lang" not in page.url
    expect(page.locator("#count")).to_contain_text("sản phẩm")


def test_where_nothing_is_found_another_query_is_offered(open_page):
    page = open_page("/?q=xyzzyqqq+adidas&brand=khong-co")
    expect(page.get_by_role("heading", name="Không thấy sản phẩm nào")).to_be_visible()
    help = page.locator(".nothing")
    expect(help).to_contain_text("Ý bạn là")
    expect(help).to_contain_text("Thử bỏ bớt")
    help.locator(".mean a").click()
    expect(page.locator("#q")).to_have_value("adidas")
    expect(page.locator("#found")).to_have_attribute("data-query", "adidas")  # until then links lead on from before
    page.locator(".nothing").get_by_role("link", name="Thương hiệu").click()
    expect(page.locator(".hit").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=adidas$"))


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/?page=-1&sort=best&view=x&lang=fr&min=abc&max=-5", id="bad values"),
        pytest.param("/?" + "&".join(f"brand={n}" for n in range(300)), id="many values"),
        pytest.param("/?q=" + "a" * 3000, id="long query"),
        pytest.param("/?q=%00%ff%fe&nobody=knows&q=twice", id="broken bytes"),
        pytest.param("/?min=1e999&max=nan&page=9999999999999999999999&q=%F0%9F%91%9F", id="numbers"),
        pytest.param("/?brand=%22%3E%3Cscript%3Ewindow.struck%3D5%3C%2Fscript%3E&ignore=%3Cb%3E", id="markup"),
    ],
)
def test_no_address_breaks_the_page(open_page, path):
    page = open_page(path)
    expect(page.locator("#count")).to_be_visible()
    assert page.evaluate("window.struck") is None
    page.locator("#q").fill("giay chay bo nu trang adidas")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_be_visible()


@pytest.mark.parametrize("way", ["back", "link"])
def test_the_same_text_typed_again_after_a_step_is_searched_for_again(open_page, way):
    page = open_page("/?q=dep", clock=True)
    box = page.locator("#q")
    box.press("End")
    box.press_sequentially(" namm")
    page.clock.run_for(250)
    expect(page).to_have_url(re.compile(r"\?q=dep\+namm$"))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    if way == "back":
        page.go_back()
    else:
        page.evaluate("""() => {
            const link = Object.assign(document.createElement("a"), { href: "/?q=dep" });
            link.dataset.go = "";
            document.getElementById("found").append(link);
            link.click();
        }""")
    expect(box).to_have_value("dep")
    expect(page.locator("#found[aria-busy]")).to_have_count(0)
    box.press("End")
    box.press_sequentially(" namm")
    page.clock.run_for(250)
    expect(page).to_have_url(re.compile(r"\?q=dep\+namm$"))


def test_a_link_pressed_before_the_answer_changes_what_it_says_and_keeps_what_was_typed(open_page):
    page = open_page("/?q=giay&brand=adidas&view=compare", clock=True)
    held = []
    page.route("**/?q=dep*", lambda route: held.append(route))
    chip = page.get_by_role("link", name="Bỏ lọc Adidas")
    page.locator("#q").fill("dep")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=dep&view=compare&brand=adidas$"))
    page.locator("#q").fill("dep nam")  # and of this the address knows nothing yet
    chip.click()
    expect(page).to_have_url(re.compile(r"\?q=dep\+nam&view=compare$"))
    expect(page.locator("#q")).to_have_value("dep nam")
    assert len(held) == 2
    held[1].continue_()
    expect(page.locator("#found")).to_have_attribute("data-query", "dep nam")
    expect(chip).to_have_count(0)
