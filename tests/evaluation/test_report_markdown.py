import re

import pytest
from markdown_it import MarkdownIt

from xephang.evaluation import evaluate
from xephang.evaluation.markdown import markdown
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet


def tokens(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def headings(text):
    parsed = tokens(text)
    return [parsed[i + 1].content for i, token in enumerate(parsed) if token.type == "heading_open"]


def test_its_sections(shop, given):
    text = markdown(evaluate([given("a", (4, 3, 2, 1) * 4, (0.9, 0.5, 0.2, 0.1) * 4)], shop, resamples=50))
    assert headings(text) == [
        "How well a ranks",
        "Figures",
        "a against the others",
        "nDCG@10 by shape",
        "nDCG@10 by noise",
        "a by shape",
        "a by noise",
        "Calibration",
        "Worst queries",
        "dép tổ ong",
        "giày tây nam da",
        "giày chạy bộ nữ",
        "giay chay bo nu",
        "How it was measured",
    ]
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_figures_stand_in_tables(grades, given):
    text = markdown(evaluate([given("a", (2, 1)), given("b", (1, 2))], grades([3, 0]), bm25=False))
    assert re.search(r"^\| a +\| 1\.000 +\| 1\.000 – 1\.000 ", text, re.M)
    assert re.search(r"^\| b +\| nDCG@10 +\| \+0\.369 ", text, re.M)


def test_hostile_texts_break_nothing(given, hostile):
    judged = JudgmentSet.of(
        [Judgment(hostile, hostile + str(i), grade) for i, grade in enumerate((0, 3))], name=hostile
    )
    text = markdown(evaluate([given(hostile, (2, 1), (0.5, 0.1), hostile), given("b", (1, 2))], judged, resamples=50))
    parsed = tokens(text)
    assert not [token for token in parsed if token.type in ("html_block", "fence", "code_block")]
    inline = [child for token in parsed for child in token.children or ()]
    assert not [child for child in inline if child.type in ("html_inline", "link_open", "image", "code_inline")]
    assert not re.search("[\u202e\x07\ud800]", text)
    shown = hostile.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")
    assert f"How well {shown} ranks" in {"".join(c.content for c in t.children or ()) for t in parsed if t.children}


@pytest.mark.parametrize("bm25", [True, False])
def test_alone_there_is_no_comparison(grades, given, bm25):
    text = markdown(evaluate([given("a", (2, 1))], grades([3, 0]), bm25=bm25, resamples=50))
    assert ("against the others" in text) == bm25
