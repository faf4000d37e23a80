"""Filters, what is read from the query, prices, order, pages."""

import re

from browsing import value_of
from playwright.sync_api import expect


def total(page):
    return int(re.sub(r"\D", "", page.locator("#count").inner_text()))


def settled(page, url_part):
    expect(page).to_have_url(re.compile(re.escape(url_part)))
    expect(page.locator("#found[aria-busy]")).to_have_count(0)


def test_a_facet_narrows_to_as_many_as_it_said(open_page):
    page = open_page("/")
    everything = total(page)
    brand = value_of(page, "brand", "bitis")
    count = int(page.locator("label:has(#choose-brand-bitis) .count").inner_text())
    brand.check()
    settled(page, "brand=bitis")
    assert total(page) == count < everything
    expect(brand).to_be_checked()
    expect(brand).to_be_focused()
    assert all("biti" in text.lower() for text in page.locator(".hit").all_inner_texts())


def test_two_values_of_a_facet_are_either_and_two_facets_both(open_page):
    page = open_page("/?brand=adidas")
    adidas = total(page)
    value_of(page, "brand", "nike").check()
    settled(page, "brand=nike")
    both = total(page)
    assert both > adidas
    value_of(page, "gender", "nam").check()
    settled(page, "gender=nam")
    assert 0 < total(page) < both


def test_a_chip_takes_its_filter_away(open_page):
    page = open_page("/?brand=adidas&min=900000")
    chips = page.get_by_role("list", name="Đang lọc")
    expect(chips.locator(".value")).to_have_text(["Adidas", "từ 900.000 ₫"])
    chips.get_by_role("link", name="Bỏ lọc từ 900.000 ₫").click()
    settled(page, "/?brand=adidas")
    expect(chips.locator(".value")).to_have_text(["Adidas"])
    chips.get_by_role("link", name="Bỏ lọc Adidas").click()
    expect(chips).to_have_count(0)
    assert page.get_by_role("checkbox", checked=True).count() == 0


def test_more_values_unfold_and_stay_so(open_page):
    page = open_page("/")
    more = page.locator("#more-brand")
    more.locator("summary").click()
    last = more.get_by_role("checkbox").last.get_attribute("value")
    page.locator(f"#choose-brand-{last}").check()
    settled(page, f"brand={last}")
    expect(page.locator("#facet-brand").get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(more).to_have_attribute("open", "")


def test_what_the_query_insists_on_can_be_taken_back(open_page):
    page = open_page("/?q=giay+chay+bo+nu+duoi+1tr")
    chips = page.get_by_role("list", name="Đọc từ câu tìm")
    expect(chips).to_contain_text("dưới 1.000.000 ₫")
    expect(page.locator(".hit[data-id='G-1']")).to_have_count(0)
    chips.get_by_role("link", name="Đừng xét dưới 1.000.000 ₫").click()
    settled(page, "ignore=price")
    expect(page.locator(".hit[data-id='G-1']")).to_be_visible()
    expect(chips.locator(".off")).to_contain_text("không xét")
    chips.get_by_role("link", name="Xét lại dưới 1.000.000 ₫").click()
    expect(page).to_have_url(re.compile(r"1tr$"))
    expect(page.locator(".hit[data-id='G-1']")).to_have_count(0)


def test_an_ignored_constraint_is_kept_while_filters_change_and_goes_with_the_words(open_page):
    page = open_page("/?q=giay+chay+bo+duoi+1tr&ignore=price")
    page.locator("#sort").select_option("price")
    settled(page, "ignore=price")
    expect(page).to_have_url(re.compile("sort=price"))
    page.locator("#q").fill("giay chay bo")
    page.keyboard.press("Enter")
    settled(page, "q=giay+chay+bo&")
    page.locator("#sort").select_option("relevance")
    expect(page).to_have_url(re.compile(r"/\?q=giay\+chay\+bo$"))


def test_misspelt_words_are_told(open_page):
    page = open_page("/?q=giayf+adidas")
    expect(page.locator(".read")).to_contain_text("Đã đọc giayf là giày")


def test_prices_stand_as_shops_write_them(open_page):
    page = open_page("/?q=giay+chay+bo+nu+de+em+trang+adidas")
    card = page.locator(".hit[data-id='G-1']")
    expect(card.locator(".price")).to_have_text("1.250.000\u00a0₫")
    assert card.locator(".price").evaluate("(e) => getComputedStyle(e).fontVariantNumeric") == "tabular-nums"


def test_a_price_may_be_typed_as_people_write_it(open_page):
    page = open_page("/?q=giay")
    page.locator("#choose-min").fill("900k")
    page.locator("#choose-max").fill("1tr3")
    page.locator("#choose-max").press("Enter")
    settled(page, "max=1tr3")
    shown = [int(re.sub(r"\D", "", text)) for text in page.locator(".hit .price").all_inner_texts()]
    assert shown
    assert all(900_000 <= price <= 1_300_000 for price in shown)
    expect(page.locator("#choose-min")).to_have_value("900.000")


def test_a_price_that_is_being_typed_outlasts_an_answer(open_page):
    page = open_page("/?q=giay")
    page.locator("#choose-max").fill("1tr")
    page.evaluate("document.getElementById('sort').dispatchEvent(new Event('change', {bubbles: true}))")
    settled(page, "max=1tr")
    page.locator("#choose-max").press("End")
    page.keyboard.type("3")
    expect(page.locator("#choose-max")).to_have_value("1tr3")


def test_a_price_that_is_none_is_told_and_left_out(open_page):
    page = open_page("/?q=giay&min=vài+đồng")
    expect(page.locator(".notice")).to_contain_text("min")
    assert total(page) > 0


def test_sorting_by_price(open_page):
    page = open_page("/?brand=adidas")
    page.get_by_label("Sắp xếp").select_option("-price")
    settled(page, "sort=-price")
    texts = page.locator(".hit .price:not(.none)").all_inner_texts()
    shown = [int(re.sub(r"\D", "", text)) for text in texts]
    assert len(shown) > 2
    assert shown == sorted(shown, reverse=True)


def test_pages_go_on_where_the_last_one_ended(open_page):
    page = open_page("/")
    first = page.locator(".hit").evaluate_all("(all) => all.map((one) => one.dataset.id)")
    pages = page.get_by_role("navigation", name="Trang", exact=True)
    expect(pages.get_by_role("link", name="Trang 1", exact=True)).to_have_attribute("aria-current", "page")
    pages.get_by_role("link", name="Sau").click()
    settled(page, "page=2")
    expect(page.locator(".hit .rank").first).to_have_text("21")
    second = page.locator(".hit").evaluate_all("(all) => all.map((one) => one.dataset.id)")
    assert len(first) == len(second) == 20
    assert not set(first) & set(second)
    expect(page.locator("#said")).to_contain_text("trang 2/")
    page.locator("#q").fill("giay")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?q=giay$"))


def test_a_page_that_is_not_there_leads_back(open_page):
    page = open_page("/?q=giay+chay+bo+nu+adidas&page=400")
    page.get_by_role("link", name="Về trang đầu").click()
    expect(page.locator(".hit").first).to_be_visible()
