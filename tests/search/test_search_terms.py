import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.search.terms import LONGEST, codes, grams, terms
from xephang.text import fold, normalise


def words(text):
    return [term.lower for term in terms(normalise(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("👟🔥!?…", []),
        ("Giày chạy-bộ, NỮ", ["giày", "chạy", "bộ", "nữ"]),
        ("giày", ["giày"]),
        ("GIÀY ĐÁ BÓNG", ["giày", "đá", "bóng"]),
        ("ＤÉＰ　Ｌ１", ["dép", "l1"]),
        ("gi\u200bày", ["giày"]),
        ("XT-20 Biti's", ["xt", "20", "biti", "s"]),
        ("a_b__c", ["a", "b", "c"]),
        ("36.5/42,5", ["36", "5", "42", "5"]),
        ("🔥SALE🔥50%", ["sale", "50"]),
        ("giÃ\xa0y", ["giã", "y"]),
    ],
)
def test_a_text_is_cut_into_runs_of_letters_and_digits(text, expected):
    assert words(text) == expected


def test_a_word_stands_where_it_says_and_is_folded():
    text = normalise("Giày ĐẾ êm")
    for term in terms(text):
        assert text[term.start : term.end].lower() == term.lower
        assert fold(term.lower) == term.folded
    assert [term.folded for term in terms(text)] == ["giay", "de", "em"]


def test_a_word_beyond_the_longest_is_cut_and_its_place_is_whole():
    (only,) = terms("a" * 10_000)
    assert len(only.lower) == LONGEST
    assert (only.start, only.end) == (0, 10_000)


@given(st.text(max_size=60))
def test_terms_lie_in_the_text_one_behind_the_other(text):
    text, last = normalise(text), 0
    for term in terms(text):
        assert last <= term.start < term.end <= len(text)
        assert term.lower
        assert not any(map(str.isspace, term.lower))
        last = term.end


def all_codes(text):
    text = normalise(text)
    return set(codes(text, terms(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("XT-20", {"xt20"}),
        ("xt20", {"xt", "20"}),
        ("XT.20", {"xt20"}),
        ("XT/20", {"xt20"}),
        ("XT 20", set()),
        ("QK31V2", {"qk", "31", "v", "2"}),
        ("chạy-bộ", set()),
        ("giày 38-40", {"3840"}),
        ("", set()),
    ],
)
def test_codes_are_written_in_other_ways(text, expected):
    assert all_codes(text) == expected


@pytest.mark.parametrize(("one", "other"), [("XT20", "XT-20"), ("XT20", "xt 20"), ("AB-12", "ab 12"), ("Z9", "z-9")])
def test_of_two_ways_to_write_a_code_one_holds_what_the_other_asks_for(one, other):
    def held(text):
        return {term.folded for term in terms(normalise(text))} | all_codes(text)

    def asked(text):
        return {term.folded for term in terms(normalise(text))}

    assert asked(one) <= held(other) or asked(other) <= held(one)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("", []), ("a", ["^a$"]), ("nu", ["^nu", "nu$"]), ("giay", ["^gi", "gia", "iay", "ay$"])],
)
def test_grams_mark_the_ends_of_a_word(word, expected):
    assert grams(word) == expected
