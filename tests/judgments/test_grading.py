"""The written rules, as a table."""

import pytest

from xephang.judgments.grading import grade
from xephang.lexicon import Lexicon, Match, Mention, Verdict, compare

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
