"""The written rules, as a table."""

from pathlib import Path

import pytest

from xephang import Product
from xephang.judgments.grading import grade
from xephang.lexicon import Lexicon, Match, Mention, Verdict, compare, read_product

M = Match
RULES = [
    (M.MATCHED, [], 3),
    (M.MATCHED, [M.MATCHED, M.MATCHED], 3),
    (None, [M.MATCHED], 3),
    (M.MATCHED, [M.UNKNOWN], 2),
    (M.MATCHED, [M.NEAR], 2),
    (M.MATCHED, [M.MATCHED, M.UNKNOWN, M.UNKNOWN], 2),
    (M.NEAR, [M.MATCHED], 2),
    (M.UNKNOWN, [], 2),
    (None, [M.UNKNOWN], 2),
    (M.MATCHED, [M.CONTRADICTED], 1),
    (M.MATCHED, [M.MATCHED, M.CONTRADICTED, M.CONTRADICTED], 1),
    (M.NEAR, [M.CONTRADICTED], 1),
    (M.UNKNOWN, [M.CONTRADICTED], 1),
    (M.VAGUE, [M.CONTRADICTED], 1),
    (None, [M.CONTRADICTED], 1),
    (M.VAGUE, [M.MATCHED], 1),
    (M.BESIDE, [], 1),
    (M.BESIDE, [M.MATCHED, M.UNKNOWN], 1),
    (M.BESIDE, [M.CONTRADICTED], 0),
    (M.OTHER, [], 0),
    (M.OTHER, [M.MATCHED, M.MATCHED], 0),
    (M.OTHER, [M.CONTRADICTED], 0),
]
FOOTWEAR = Lexicon.load("footwear")


def verdicts(kind, rest):
    mention = Mention("x", "x", "x", 0, 1, "x")
    found = [] if kind is None else [Verdict("category", kind, mention)]
    return found + [Verdict(f"facet-{at}", one, mention) for at, one in enumerate(rest)]


@pytest.mark.parametrize(("kind", "rest", "expected"), RULES)
def test_the_rules(kind, rest, expected):
    assert grade(verdicts(kind, rest), "category") == expected
    assert grade(verdicts(kind, rest[::-1])[::-1], "category") == expected


@pytest.mark.parametrize(("kind", "rest", "expected"), RULES)
def test_words_that_are_not_said_leave_it_plausible_at_best(kind, rest, expected):
    assert grade(verdicts(kind, rest), "category", unsaid=True) == min(expected, 2)


def test_words_that_are_all_that_is_asked_have_to_be_said():
    assumed = [Verdict("age", Match.CONTRADICTED, None)]
    assert grade([], "category") == 3
    assert grade([], "category", unsaid=True) == 0
    assert grade(assumed, "category") == 1
    assert grade(assumed, "category", unsaid=True) == 0


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("giày chạy bộ nữ", "Giày chạy bộ nữ Adidas", 3),
        ("giay chay bo nu", "Giày chạy bộ nữ Adidas", 3),
        ("giày chạy bộ nữ", "Giày chạy bộ Adidas", 2),
        ("giày chạy bộ nữ", "Giày chạy bộ nam", 1),
        ("giày chạy bộ nữ", "Giày đá bóng nữ", 1),
        ("giày chạy bộ nữ", "Giày đá bóng nam", 0),
        ("giày chạy bộ nữ", "Dây giày chạy bộ nữ", 0),
        ("giày chạy bộ", "Giày chạy bộ trẻ em", 1),
        ("giày adidas", "Giày chạy bộ", 1),
        ("giày size 38", "Giày size 36-40", 3),
    ],
)
def test_real_texts_are_graded_by_them(query, title, expected):
    found = compare(FOOTWEAR, FOOTWEAR.parse(query), FOOTWEAR.parse(title))
    assert grade(found, FOOTWEAR.leading) == expected


GUIDE = Path(__file__).parents[2] / "benchmarks" / "quality" / "GUIDE.md"
KNOWN_DIFFERENCES = {
    ("giay luoi nam da bo nau", 0): 1,  # a boot: the lexicon has boots and loafers as neighbours
    ("cao gót 7p mũi nhọn đen", 2): 1,  # "giày công sở" names no type; its category field is not believed over a title
    ("cao gót 7p mũi nhọn đen", 0): 1,  # "đế bằng" is no height to the lexicon
    ("converse trắng cổ cao", 1): 0,  # rules do not know what a brand makes, so they ask for the brand where no type is
    ("giày thể thao bé trai", 3): 2,  # "trẻ em" says no gender
    ("xịt khử mùi giày", 1): 0,  # accessories that serve one end are not related
    ("giày đi mưa nữ", 0): 1,  # what a text without a known type is, rules can not tell; the synthesis knows its own
}
"""By query and the guide's grade: what the rules make of that worked example."""


def worked_examples():
    text = GUIDE.read_text(encoding="utf-8").split("## Worked examples")[1].split("## Minimal pairs")[0]
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[2].isdigit():
            yield cells[0], [part.strip() for part in cells[1].split("·")], int(cells[2])


def test_rules_grade_the_guides_worked_examples_alike_but_for_what_is_known():
    found, expected = [], []
    for query, (title, brand, category), people in worked_examples():
        listing = read_product(FOOTWEAR, Product(id="1", title=title, brand=brand, category=category))
        found.append((query, title, grade(compare(FOOTWEAR, FOOTWEAR.parse(query), listing), FOOTWEAR.leading)))
        expected.append((query, title, KNOWN_DIFFERENCES.get((query, people), people)))
    assert len(found) == 25
    assert found == expected
