"""Grades that staff give."""

import json
import re

import pytest
from browsing import until
from playwright.sync_api import expect

MEANINGS = {0: "khác", 1: "trái ý", 2: "tạm hợp", 3: "đúng ý"}


def path(query):
    """A query of its own for each test, as they share a file."""
    return f"/?q={query.replace(' ', '+')}&view=grade"


def rows(served, query):
    return [row for row in served.grades() if row["query"] == query]


def button(page, id, grade):
    return page.locator(f".hit[data-id='{id}'] button[data-set='{grade}']")


def test_a_grade_is_kept_in_the_file_and_shown_after_a_reload(open_page, served):
    page = open_page(path("giay chay bo nu em"))
    page.get_by_label("Người chấm").fill("Lan")
    button(page, "G-1", 3).click()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#done")).to_contain_text("đã chấm 1/")
    expect(page.locator("#said")).to_contain_text("Đã chấm 3, đúng ý: Giày chạy bộ nữ đế êm trắng")
    [row] = rows(served, "giay chay bo nu em")
    assert (row["document_id"], row["grade"], row["by"]) == ("G-1", 3, "Lan")
    assert row["product"]["title"] == "Giày chạy bộ nữ đế êm trắng"
    page.reload()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#done")).to_contain_text("đã chấm 1/")
    expect(page.get_by_label("Người chấm")).to_have_value("Lan")


def test_another_browser_sees_the_grades_too(open_page, served):
    query = "giay chay bo nu em nhe"
    button(open_page(path(query)), "G-1", 2).click()
    until(lambda: rows(served, query))
    expect(button(open_page(path(query)), "G-1", 2)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("grade", [0, 1, 2, 3])
def test_each_grade_says_what_it_means(open_page, served, grade):
    query = f"giay chay bo nu size {35 + grade}"
    page = open_page(path(query) + "&ignore=size%3D" + str(35 + grade))
    expect(button(page, "G-1", grade)).to_have_text(f"{grade} {MEANINGS[grade]}")
    group = page.locator(".hit[data-id='G-1']").get_by_role("group")
    assert "Chấm “Giày chạy bộ nữ đế êm trắng”" in group.get_attribute("aria-label")
    button(page, "G-1", grade).click()
    expect(button(page, "G-1", grade)).to_have_attribute("aria-pressed", "true")
    assert [row["grade"] for row in rows(served, query)] == [grade]


def test_a_grade_pressed_again_is_taken_back(open_page, served):
    page = open_page(path("giay chay bo nu adidas"))
    for pressed in ("true", "false"):
        button(page, "G-1", 1).click()
        expect(button(page, "G-1", 1)).to_have_attribute("aria-pressed", pressed)
    assert [row["grade"] for row in rows(served, "giay chay bo nu adidas")] == [1, None]


def test_undo_goes_back_step_by_step(open_page, served):
    query = "giay chay bo nu trang"
    page = open_page(path(query))
    for grade in (3, 1):
        button(page, "G-1", grade).click()
        expect(button(page, "G-1", grade)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".hit[data-id='G-1'] [aria-pressed='true']")).to_have_count(0)
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#said")).to_have_text("Không còn gì để hoàn tác")
    assert [row["grade"] for row in rows(served, query)] == [3, 1, 3, None]


def test_grades_are_of_one_query(open_page):
    page = open_page(path("giay chay bo nu de em"))
    button(page, "G-1", 3).click()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    page.locator("#q").fill("giay chay bo nu de em mau trang")
    page.keyboard.press("Enter")
    expect(page.locator("#found[data-query='giay chay bo nu de em mau trang']")).to_be_attached()
    expect(page.locator(".hit[data-id='G-1'] [aria-pressed='true']")).to_have_count(0)


def test_export_gives_the_standing_grades(open_page, served):
    page = open_page(path("giay chay bo nu xuat"))
    for grade in (0, 2):
        button(page, "G-1", grade).click()
        expect(button(page, "G-1", grade)).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải điểm về").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    found = [row for row in map(json.loads, lines) if row["query"] == "giay chay bo nu xuat"]
    assert [row["grade"] for row in found] == [2]
    assert download.value.suggested_filename == "judgments.jsonl"


def test_import_takes_good_rows_and_tells_of_bad_ones(open_page, served, tmp_path):
    query = "giay chay bo nu nhap"
    lines = [
        {"query": query, "product_id": "G-1", "grade": 3},
        {"query": query, "product_id": "G-1", "grade": 9},
        {"query": query, "product_id": "khong-co", "grade": 1},
    ]
    file = tmp_path / "grades.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    page = open_page(path(query))
    page.locator("#importing summary").click()
    page.get_by_label("Tệp JSONL").set_input_files(file)
    page.get_by_role("button", name="Nạp điểm").click()
    expect(page.locator("#trouble")).to_contain_text("Đã nạp 1 dòng, hỏng 2.")
    expect(page.locator("#trouble")).to_contain_text("grade")
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    assert [row["grade"] for row in rows(served, query)] == [3]


def test_import_of_something_else_is_refused(open_page, tmp_path):
    file = tmp_path / "grades.jsonl"
    file.write_bytes(b"\xff\xfe not json\n")
    page = open_page(path("giay chay bo nu hong"))
    page.watch.expected = ["Failed to load resource"]
    page.locator("#importing summary").click()
    page.get_by_label("Tệp JSONL").set_input_files(file)
    page.get_by_role("button", name="Nạp điểm").click()
    expect(page.locator("#trouble")).to_contain_text(re.compile("Đã nạp 0 dòng, hỏng 1|Không nạp được"))


def test_a_grade_that_is_not_stored_is_not_shown(open_page):
    page = open_page(path("giay chay bo nu mat mang"))
    page.watch.expected = ["Failed to load resource"]
    page.route("**/v1/judgments", lambda route: route.abort())
    button(page, "G-1", 3).click()
    expect(page.locator("#trouble")).to_contain_text("Chưa lưu được điểm")
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "false")


def test_the_rules_are_told(open_page):
    page = open_page(path("giay chay bo nu"))
    page.get_by_text("Ý nghĩa các điểm").click()
    for said in ("loại hàng khác hẳn", "trái điều đã hỏi", "không trái điều gì", "đủ mọi điều đã hỏi"):
        expect(page.locator("#rules")).to_contain_text(said)


def test_without_a_query_there_is_nothing_to_grade(open_page):
    page = open_page("/?view=grade")
    expect(page.locator(".notice")).to_have_text("Gõ câu tìm để chấm kết quả của câu đó.")
    expect(page.locator("button[data-set]")).to_have_count(0)


def test_a_grade_pressed_twice_quickly_is_taken_back(open_page, served):
    query = "giay chay bo nu nhanh"
    page = open_page(path(query))
    button(page, "G-1", 2).evaluate("(button) => { button.click(); button.click(); }")
    until(lambda: served.judgments.exists() and len(rows(served, query)) == 2)
    assert [row["grade"] for row in rows(served, query)] == [2, None]
    expect(button(page, "G-1", 2)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(button(page, "G-1", 2)).to_have_attribute("aria-pressed", "true")


def test_an_undo_that_fails_can_be_tried_again(open_page, served):
    query = "giay chay bo nu lai"
    page = open_page(path(query))
    page.watch.expected = ["Failed to load resource"]
    button(page, "G-1", 3).click()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "true")
    page.route("**/v1/judgments", lambda route: route.abort())
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#trouble")).to_contain_text("Chưa lưu được điểm")
    page.unroute("**/v1/judgments")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(button(page, "G-1", 3)).to_have_attribute("aria-pressed", "false")
    assert [row["grade"] for row in rows(served, query)] == [3, None]
