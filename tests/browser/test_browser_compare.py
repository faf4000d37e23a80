"""First stage beside reranked."""

import re

import pytest
from playwright.sync_api import expect

PATH = "/?q=giay+chay+bo+nu&view=compare"


def places(page, side):
    """By product, the place that a column gives it."""
    found = page.locator(f".sides .{side} .row").evaluate_all(
        "(rows) => rows.map((row) => [row.dataset.id, Number(row.querySelector('.rank').textContent)])"
    )
    return dict(found)


def test_the_tab_keeps_the_query_and_shows_both_orders(open_page):
    page = open_page("/?q=giay+chay+bo+nu")
    page.get_by_role("link", name="So sánh").click()
    expect(page.get_by_role("heading", name=re.compile("^Bước đầu"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Đã xếp lại"))).to_be_visible()
    first, second = places(page, "first"), places(page, "second")
    assert list(first.values()) == list(second.values()) == list(range(1, len(first) + 1))
    assert first != second
    boxes = [page.locator(f".sides .{side}").bounding_box() for side in ("first", "second")]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    assert boxes[0]["y"] == boxes[1]["y"]


def test_moves_are_the_difference_of_both_places(open_page):
    page = open_page(PATH)
    first, second = places(page, "first"), places(page, "second")
    both = [id for id in second if id in first]
    assert both
    for id in both:
        moves = page.locator(f".sides [data-id='{id}'] .move")
        change = first[id] - second[id]
        said = f"▲ {change}lên {change} bậc" if change > 0 else f"▼ {-change}xuống {-change} bậc"
        expect(moves).to_have_text([said if change else "=giữ nguyên"] * 2)
    assert {first[id] == second[id] for id in both} | {True} == {True, False}


def test_what_comes_from_below_says_from_where(open_page):
    page = open_page(PATH)
    first, second = places(page, "first"), places(page, "second")
    fresh = [id for id in second if id not in first]
    assert fresh
    expect(page.locator(".results > .aside")).to_contain_text(f"{len(fresh)} trong {len(second)}")
    for id in fresh:
        change = int(page.locator(f".second [data-id='{id}'] .move [aria-hidden]").inner_text().split()[1])
        assert second[id] + change > len(first)


def test_lines_join_the_two_places_of_a_product(open_page):
    page = open_page(PATH)
    first, second = places(page, "first"), places(page, "second")
    lines = page.locator(".between path")
    expect(lines).to_have_count(len({*first, *second}))
    for id in [id for id in second if id in first][:5]:
        drawn = page.locator(f".between path[data-id='{id}']").get_attribute("d")
        numbers = [float(number) for number in re.findall(r"[\d.]+", drawn)]
        assert (numbers[1], numbers[-1]) == (first[id] - 0.5, second[id] - 0.5)


def test_a_score_is_the_same_on_both_sides(open_page):
    page = open_page(PATH)
    first, second = places(page, "first"), places(page, "second")
    for side in ("first", "second"):
        scores = page.locator(f".{side} .score").all_inner_texts()
        values = [float(re.search(r"\d,\d{3}", text)[0].replace(",", ".")) for text in scores]
        assert len(values) == len(first) and all(0 < value < 1 for value in values)
    for id in [id for id in second if id in first][:5]:
        both = page.locator(f".sides [data-id='{id}'] .score").all_inner_texts()
        assert len(both) == 2 and both[0] == both[1]


def test_facets_that_are_met_and_contradicted_are_told(open_page):
    page = open_page("/?q=giay+chay+bo+nu+trang&view=compare&ignore=gender%3Dnu")
    met = page.locator(".second [data-id='G-1'] .reasons .met")
    against = page.locator(".second [data-id='G-2'] .reasons .against")
    expect(met.filter(has_text="Màu")).to_contain_text("Trắng")
    expect(against.filter(has_text="Màu")).to_contain_text("Đen, không phải Trắng")
    expect(against.filter(has_text="Giới tính")).to_contain_text("Nam, không phải Nữ")


def test_the_time_of_each_stage_is_told_and_adds_up(open_page):
    page = open_page(PATH)
    said = page.locator(".stages dl > div").all_inner_texts()
    times = {text.split("\n")[0].strip(): text for text in said}
    assert {"đọc câu", "tìm", "đếm bộ lọc", "xếp lại", "lấy hàng", "tổng"} <= set(times)
    values = [float(re.search(r"([\d.]+,\d) ms", text)[1].replace(".", "").replace(",", ".")) for text in said]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.5)


def test_pointing_at_a_product_shows_it_on_both_sides(open_page):
    page = open_page(PATH)
    first, second = places(page, "first"), places(page, "second")
    id = next(id for id in second if id in first)
    page.locator(f".second [data-id='{id}'] h3").hover()
    expect(page.locator(".sides .twin")).to_have_count(3)
    expect(page.locator(f".first [data-id='{id}'].twin")).to_have_count(1)


def test_the_comparison_goes_on_beyond_the_first_twenty(open_page):
    page = open_page(PATH)
    page.get_by_role("link", name="Sau").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator(".second .rank").first).to_have_text("21")
    assert min(places(page, "first").values()) == 21


@pytest.mark.parametrize("path", ["/?view=compare", "/?view=compare&q=%F0%9F%91%9F"])
def test_without_words_there_is_nothing_to_compare(open_page, path):
    page = open_page(path)
    expect(page.locator(".results")).to_contain_text(re.compile("Gõ câu tìm|Không thấy"))
    expect(page.locator(".sides")).to_have_count(0)


def test_typing_goes_on_in_the_comparison(open_page):
    page = open_page(PATH)
    page.locator("#q").fill("giay chay bo nam")
    expect(page).to_have_url(re.compile(r"q=giay\+chay\+bo\+nam&view=compare"))
    expect(page.locator(".second [data-id='G-2']")).to_be_visible()
