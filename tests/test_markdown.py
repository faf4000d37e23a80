import html
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from xephang.markdown import LONGEST, cell, code, details, escape, fence, table

CASES = json.loads((Path(__file__).parent / "card" / "hostile.json").read_text(encoding="utf-8"))
TEXTS = [pytest.param(case["text"], id=case["label"]) for case in CASES]
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = st.text(
    st.one_of(st.sampled_from("|`\\<>&*_~$[]()!#-:\n\r\t\u2028\u202e\u200f\x00\x85\ud800 êđ🔥/"), st.characters())
)
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = "".join(map(chr, [*range(9), *range(14, 28), 31, *range(127, 133), *range(134, 160), 0x61C, 0x200E, 0x200F]))
_UNSEEN += "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def reading(text: str, line_end: str) -> str:
    """What a reader of the card is to see of a text."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    text = line_end.join(_LINE_END.split(text)).replace("\t", " ")
    return "".join(f"⟨U+{ord(c):04X}⟩" if c in _UNSEEN else c for c in text)


def cells(markdown: str) -> list[list[str]]:
    """The rendered HTML of each cell of each row, as a Markdown reader finds them."""
    rows = re.findall(r"<tr>(.*?)</tr>", MARKDOWN.render(markdown), re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]


def shown_in(cell_html: str) -> str:
    inner = re.fullmatch(r"<code>(.*)</code>", cell_html, re.DOTALL)
    assert inner, f"not one run of code: {cell_html}"
    assert not re.search(r"<(?!br>)", inner[1]), f"markup inside the code: {cell_html}"
    return html.unescape(inner[1].replace("<br>", "\n"))


def check_row(text: str) -> None:
    drawn = table(["query", "product", "label"], [[cell(text), cell("Dép"), cell("1")]] * 2)
    found = cells(drawn)
    assert [len(row) for row in found] == [3, 3, 3]
    short = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    assert shown_in(found[1][0]) == reading(short, "\n")
    assert found[2][1:] == ["<code>Dép</code>", "<code>1</code>"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_sample_keeps_its_cell_and_reads_as_it_was(text):
    check_row(text)


@given(HOSTILE)
def test_any_sample_keeps_its_cell_and_reads_as_it_was(text):
    check_row(text)


@pytest.mark.parametrize("text", TEXTS)
def test_escaped_text_is_one_line_of_plain_text(text):
    shown = escape(f"x{text}x")
    assert len(shown.splitlines()) == 1
    rendered = MARKDOWN.render(shown)
    assert html.unescape(rendered.removeprefix("<p>").removesuffix("</p>\n")) == reading(f"x{text}x", " ")


@given(HOSTILE)
def test_any_escaped_text_holds_no_markup(text):
    rendered = MARKDOWN.renderInline(escape(f"x{text}x"))
    assert "<" not in rendered
    assert html.unescape(rendered) == reading(f"x{text}x", " ")


@given(HOSTILE)
def test_any_inline_code_reads_as_its_text(text):
    rendered = MARKDOWN.renderInline(code(f"x{text}x"))
    assert shown_in(rendered) == reading(f"x{text}x", " ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("num_train_epochs", "`num_train_epochs`", id="a name is a plain span"),
        pytest.param("onnx/model.onnx", "`onnx/model.onnx`", id="a path too"),
        pytest.param("a`b", "<code>a&#96;b</code>", id="a backtick is none"),
        pytest.param("a | b", "<code>a \\| b</code>", id="nor is a pipe"),
    ],
)
def test_code_is_a_backtick_span_only_where_that_is_safe(text, expected):
    assert code(text) == expected


def test_vietnamese_stays_readable_in_the_raw_card():
    assert escape("Giày đá bóng sân cỏ (đế TF), size 42: 350.000đ") == "Giày đá bóng sân cỏ (đế TF), size 42: 350.000đ"
    assert escape("snake_case stays") == "snake_case stays"


def test_a_long_sample_is_shortened_and_marked_and_one_of_full_length_is_not():
    assert shown_in(MARKDOWN.renderInline(cell("é" * LONGEST))) == "é" * LONGEST
    assert shown_in(MARKDOWN.renderInline(cell("é" * (LONGEST + 1)))) == "é" * LONGEST + "…"


def test_a_long_sample_is_shortened_before_it_is_escaped_so_that_no_entity_is_torn():
    assert shown_in(MARKDOWN.renderInline(cell("<" * 5_000))) == "<" * LONGEST + "…"


@given(HOSTILE)
def test_a_fence_ends_only_where_its_text_does(text):
    before = "Trước.\n\n"
    tokens = MARKDOWN.parse(f"{before}{fence(text, 'text')}\n\nSau.")
    assert [token.type for token in tokens if token.level == 0] == [
        "paragraph_open",
        "paragraph_close",
        "fence",
        "paragraph_open",
        "paragraph_close",
    ]


def test_a_table_is_aligned_for_readers_of_the_raw_text():
    assert table(["", "query"], [["type", "string"], ["details", "x"]]).splitlines() == [
        "|         | query  |",
        "|:--------|:-------|",
        "| type    | string |",
        "| details | x      |",
    ]


def test_a_table_without_rows_is_still_a_table():
    assert cells(table(["a", "b"], [])) == [["a", "b"]]


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises((ValueError, IndexError)):
        table(["a", "b"], [["1", "2", "3"]])


def test_markdown_inside_details_is_still_markdown():
    rendered = MARKDOWN.render(details("- một\n- hai"))
    assert rendered.count("<li>") == 2
    assert rendered.strip().endswith("</details>")
