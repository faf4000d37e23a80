"""BM25 against the formula, computed by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.evaluation.bm25 import Bm25Index, words

DOCUMENTS = ["giày chạy bộ nữ", "giày tây", "dép giày giày"]


def by_hand(times, length, mean, holding, documents, k1, b):
    idf = math.log(1 + (documents - holding + 0.5) / (holding + 0.5))
    return idf * times * (k1 + 1) / (times + k1 * (1 - b + b * length / mean))


def test_one_word_that_one_document_has():
    index = Bm25Index.of(DOCUMENTS, folded=False)
    # 3 documents of 4, 2 and 3 words, mean 3; "tây" stands once in the one of 2; k1 1.2, b 0.75
    wanted = math.log(1 + 2.5 / 1.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 3))
    assert index.scores("tây", [0, 1, 2]) == pytest.approx([0, wanted, 0])


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.9, 0.4), (2.0, 0.0)])
def test_words_are_summed_and_repetition_saturates(k1, b):
    index = Bm25Index.of(DOCUMENTS, folded=False, k1=k1, b=b)
    shoe = [by_hand(n, length, 3, 3, 3, k1, b) for n, length in ((1, 4), (1, 2), (2, 3))]
    slipper = by_hand(1, 3, 3, 1, 3, k1, b)
    assert index.scores("dép giày", [0, 1, 2]) == pytest.approx([shoe[0], shoe[1], shoe[2] + slipper])


def test_a_word_that_the_query_repeats_counts_as_often():
    index = Bm25Index.of(DOCUMENTS, folded=False)
    assert index.scores("tây tây", [1]) == pytest.approx(2 * index.scores("tây", [1]))


@pytest.mark.parametrize(
    ("folded", "query", "finds"),
    [
        pytest.param(False, "giày", True, id="accented"),
        pytest.param(False, "giay", False, id="accented does not find what is typed without diacritics"),
        pytest.param(True, "giay", True, id="folded"),
        pytest.param(True, "giày", True, id="folded on both sides"),
        pytest.param(False, "GIÀY", True, id="capitals"),
        pytest.param(False, "gia\u0300y", True, id="decomposed"),
    ],
)
def test_what_it_finds(folded, query, finds):
    assert bool(Bm25Index.of(DOCUMENTS, folded=folded).scores(query, [1])[0] > 0) == finds


def test_rare_words_tell_more():
    index = Bm25Index.of([*DOCUMENTS, "ủng cao su"], folded=False)
    assert index.idf("giày") < index.idf("tây") < index.idf("never")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Giày (NỮ) - size 37", ["giày", "nữ", "size", "37"]),
        ("Đế/đen", ["đế", "đen"]),
        ("🔥 -- !", []),
    ],
)
def test_words(text, found):
    assert words(text, folded=False) == found


def test_folded_words():
    assert words("Giày ĐẾ đen", folded=True) == ["giay", "de", "den"]


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=4), st.booleans())
def test_any_text_has_a_finite_score_that_is_not_negative(query, documents, folded):
    index = Bm25Index.of(documents, folded=folded)
    assert all(math.isfinite(score) and score >= 0 for score in index.scores(query, range(len(documents))))
