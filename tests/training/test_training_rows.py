"""The rows that each kind of loss gets, on an example made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError
from xephang.judgments import Pair
from xephang.training.rows import to_dataset

PAIRS = [
    Pair("q1", "a", 2),
    Pair("q2", "x", 0),
    Pair("q1", "b", 0),
    Pair("q1", "c", 1),
    Pair("q2", "y", 1),
    Pair("q3", "z", 1),
]


def rows(shape, pairs=PAIRS, num_labels=3):
    return to_dataset(pairs, shape, num_labels).to_list()


@pytest.mark.parametrize("shape", ["pairs", "classes"])
def test_pairs_and_classes_are_the_rows_in_their_order(shape):
    assert rows(shape) == [{"sentence_0": p.query, "sentence_1": p.document, "label": p.label} for p in PAIRS]
    assert to_dataset(PAIRS, shape, 3).column_names == ["sentence_0", "sentence_1", "label"]


def test_chances_are_the_rows_too():
    pairs = [Pair("q", "a", 1), Pair("q", "b", 0), Pair("q", "c", 0.25)]
    assert [row["label"] for row in rows("chances", pairs)] == [1, 0, 0.25]


def test_triplets_are_each_positive_with_each_negative_of_its_query():
    assert rows("triplets") == [
        {"query": "q1", "positive": "a", "negative": "b"},
        {"query": "q1", "positive": "c", "negative": "b"},
        {"query": "q2", "positive": "y", "negative": "x"},
    ]


def test_margins_are_each_two_documents_of_a_query_that_differ():
    assert rows("margins") == [
        {"query": "q1", "document_0": "a", "document_1": "b", "label": 2.0},
        {"query": "q1", "document_0": "a", "document_1": "c", "label": 1.0},
        {"query": "q1", "document_0": "c", "document_1": "b", "label": 1.0},
        {"query": "q2", "document_0": "y", "document_1": "x", "label": 1.0},
    ]


def test_lists_are_queries_with_all_their_documents():
    assert rows("lists") == [
        {"query": "q1", "docs": ["a", "b", "c"], "labels": [2.0, 0.0, 1.0]},
        {"query": "q2", "docs": ["x", "y"], "labels": [0.0, 1.0]},
    ]


def test_graded_lists_are_all_queries_whatever_their_grades():
    assert rows("graded lists") == [
        {"query": "q1", "docs": ["a", "b", "c"], "labels": [2, 0, 1]},
        {"query": "q2", "docs": ["x", "y"], "labels": [0, 1]},
        {"query": "q3", "docs": ["z"], "labels": [1]},
    ]


def test_where_a_teacher_is_its_query_has_no_noise():
    pairs = [
        Pair("giay chay", "a", 2, "1", clean="giày chạy"),
        Pair("giay chay", "b", 0, "1", clean="giày chạy"),
        Pair("giay chay", "c", 1, "2", clean="giấy chảy"),
        Pair("dép", "d", 3),
    ]
    found = to_dataset(pairs, "graded lists", 1, taught=True)
    assert found.column_names == ["query", "docs", "labels", "asked"]
    assert found["query"][:] == ["giay chay", "giay chay", "dép"]
    assert found["asked"][:] == ["giày chạy", "giấy chảy", "dép"]
    assert to_dataset(pairs, "graded lists", 1).column_names == ["query", "docs", "labels"]


def test_rows_of_one_query_id_are_one_list_and_a_query_asked_twice_is_two():
    pairs = [Pair("q", "a", 1, "1"), Pair("q", "b", 0, "2"), Pair("q", "c", 0, "1"), Pair("q", "d", 1, "2")]
    pairs += [Pair("q", "e", 1), Pair("q", "f", 0)]
    assert [row["docs"] for row in rows("lists", pairs)] == [["a", "c"], ["b", "d"], ["e", "f"]]


@pytest.mark.parametrize("shape", ["triplets", "margins", "lists", "graded lists"])
def test_a_query_id_of_two_queries_is_refused(shape):
    with pytest.raises(InputError, match="query_id '1' stands for two queries, 'q' and 'p'; give each its own"):
        rows(shape, [Pair("q", "a", 1, "1"), Pair("p", "b", 0, "1")])


@pytest.mark.parametrize("label", [4, -1, 0.5])
def test_a_label_that_is_no_grade_is_named_by_its_row(label):
    with pytest.raises(InputError, match=f"training row 2: label {label}, where this loss takes whole numbers from 0"):
        rows("graded lists", [Pair("q", "a", 0), Pair("q", "b", label)])


@pytest.mark.parametrize("shape", ["triplets", "margins", "lists"])
def test_a_query_with_one_kind_of_document_teaches_nothing(shape):
    with pytest.raises(InputError, match="no query has what this loss learns from"):
        rows(shape, [Pair("q3", "z", 1), Pair("q4", "z", 0), Pair("q4", "w", 0)])


@pytest.mark.parametrize(
    ("shape", "label"), [("chances", 1.5), ("chances", -1), ("classes", 3), ("classes", -1), ("classes", 0.5)]
)
def test_a_label_outside_is_named_by_its_row(shape, label):
    with pytest.raises(InputError, match=f"training row 2: label {label}, "):
        rows(shape, [Pair("q", "a", 0), Pair("q", "b", label)])


LABELLED = st.lists(
    st.builds(Pair, st.sampled_from("pqr"), st.sampled_from("abcdef"), st.integers(0, 3) | st.floats(0, 3)), min_size=1
)


@given(LABELLED)
def test_margins_are_positive_and_lists_lose_no_document_of_a_query_they_keep(pairs):
    try:
        margins, lists = rows("margins", pairs), rows("lists", pairs)
    except InputError:
        assert all(len({p.label for p in pairs if p.query == query}) == 1 for query in "pqr" if _has(pairs, query))
        return
    assert all(row["label"] > 0 for row in margins)
    for row in lists:
        found = [p for p in pairs if p.query == row["query"]]
        assert row["docs"] == [p.document for p in found]
        assert row["labels"] == [p.label for p in found]


def _has(pairs, query):
    return any(pair.query == query for pair in pairs)
