import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang import Product
from xephang.errors import InputError, RowError
from xephang.judgments import Judgment
from xephang.judgments.judged import Candidate, JudgmentSet


def row(query="giày", document="Giày tây", grade=3, **more):
    return {"query": query, "document": document, "grade": grade, **more}


def test_queries_and_documents_get_ids_in_the_order_of_the_file(write):
    path = write("j.jsonl", row("b", "x"), row("a", "x", 0), row("b", "y", 1))
    found = JudgmentSet.read(path)
    assert [(c.query_id, c.document_id, c.grade) for c in found.candidates] == [
        ("q1", "d1", 3),
        ("q2", "d1", 0),
        ("q1", "d2", 1),
    ]
    assert found.queries == {"q1": "b", "q2": "a"}
    assert found.places == {"q1": (0, 2), "q2": (1,)}
    assert found.name == "j.jsonl" and len(found.sha256) == 64


def test_ids_of_the_file_are_kept_and_tell_equal_texts_apart(write):
    path = write(
        "j.jsonl",
        row(document="Giày", query_id="17", document_id="sku-1"),
        row(document="Giày", query_id="17", document_id="sku-2", grade=0),
    )
    found = JudgmentSet.read(path)
    assert [(c.query_id, c.document_id) for c in found.candidates] == [("17", "sku-1"), ("17", "sku-2")]


def test_numbers_are_ids_too(write):
    assert next(iter(JudgmentSet.read(write("j.jsonl", row(query_id=7))).queries)) == "7"


@pytest.mark.parametrize("name", ["query_id", "document_id"])
def test_ids_in_some_rows_only_are_refused(write, name):
    """An id that is made could be one that a later row has."""
    path = write("j.jsonl", row("a", "x"), row("b", "y", **{name: "q1"}))
    with pytest.raises(RowError, match=f"row 2, field '{name}': some rows have one and others none"):
        JudgmentSet.read(path)


def test_gaps_and_whole_numbers_in_a_table_are_read_as_such(tmp_path):
    """Tables hold a column of numbers with gaps as floats: NaN is no id, and 17.0 is 17."""
    table = {"query": ["giày"] * 3, "document": ["A", "B", "C"], "grade": [3, 0, 0]}
    gaps = [1.0, float("nan"), float("nan")]
    pq.write_table(pa.table(table | {"document_id": [1.0, 2.0, 17.0], "shape": gaps}), tmp_path / "j.parquet")
    found = JudgmentSet.read(tmp_path / "j.parquet")
    assert [c.document_id for c in found.candidates] == ["1", "2", "17"]
    assert found.slices == {"shape": {"1": {"q1"}}}
    pq.write_table(pa.table(table | {"document_id": gaps}), tmp_path / "j.parquet")
    with pytest.raises(RowError, match="row 2, field 'document_id': some rows have one and others none"):
        JudgmentSet.read(tmp_path / "j.parquet")
    pq.write_table(pa.table(table | {"document_id": [b"a", b"b", b"c"]}), tmp_path / "j.parquet")
    with pytest.raises(RowError, match="expected an id without spaces, got"):
        JudgmentSet.read(tmp_path / "j.parquet")


def test_decimal_grades_are_grades_and_truth_values_are_none(tmp_path, write):
    table = {"query": ["giày"] * 2, "document": ["A", "B"], "grade": [Decimal(3), Decimal(0)]}
    pq.write_table(pa.table(table), tmp_path / "j.parquet")
    assert [c.grade for c in JudgmentSet.read(tmp_path / "j.parquet").candidates] == [3, 0]
    with pytest.raises(RowError, match="expected a grade 0, 1, 2 or 3, got True"):
        JudgmentSet.read(write("j.jsonl", row(grade=True)))
    with pytest.raises(RowError, match="expected a number, got '0_3'"):
        JudgmentSet.read(write("j.csv", "query,document,grade", "giày,A,0_3"))


def test_one_document_id_with_two_texts_is_refused(write):
    path = write("j.jsonl", row("a", "Giày A", document_id="1"), row("b", "Dép B", document_id="1"))
    with pytest.raises(
        RowError, match="row 2, field 'document': document_id '1' was 'Giày A' before, and is 'Dép B' here"
    ):
        JudgmentSet.read(path)


def test_texts_are_normalised_before_they_are_compared(write):
    path = write("j.jsonl", row("giày  nữ", "Hoà"), row("giày nữ", "Hòa"))
    found = JudgmentSet.read(path)
    assert (len(found.candidates), found.repeated) == (1, 1)


def test_a_repeated_row_is_counted_and_left_out(write):
    found = JudgmentSet.read(write("j.jsonl", row(), row(), row(), row(document="other", grade=0)))
    assert (len(found.candidates), found.repeated) == (2, 2)


def test_two_grades_for_the_same_are_refused_with_both_rows(write):
    path = write("j.jsonl", row(), row("other"), row(grade=1))
    with pytest.raises(RowError, match=r"j\.jsonl, row 3, field 'grade': it is 1 here and 3 in row 1"):
        JudgmentSet.read(path)


def test_one_query_id_with_two_texts_is_refused(write):
    path = write("j.jsonl", row("a", query_id="1"), row("b", query_id="1"))
    with pytest.raises(RowError, match=r"row 2, field 'query': query_id '1' was 'a' before"):
        JudgmentSet.read(path)


@pytest.mark.parametrize("bad", ["a b", "a\tb", " a", ["a"], True, "\udc80"], ids=repr)
def test_an_id_that_no_trec_file_could_hold_is_refused(write, bad):
    path = write("j.jsonl", json.dumps({"query": "a", "document": "b", "grade": 1, "query_id": bad}))
    with pytest.raises(RowError, match="field 'query_id': expected an id without spaces"):
        JudgmentSet.read(path)


def test_columns_sort_queries_into_slices(write):
    path = write(
        "j.jsonl",
        row("a", shape="head", noise="clean", slice_season="mưa", price=5),
        row("b", shape="brand", noise="telex"),
        row("c", shape="head", noise=None),
    )
    assert JudgmentSet.read(path).slices == {
        "shape": {"brand": {"q2"}, "head": {"q1", "q3"}},
        "noise": {"clean": {"q1"}, "telex": {"q2"}},
        "season": {"mưa": {"q1"}},
    }


def test_a_list_sorts_a_query_into_several(write):
    path = write("j.jsonl", row("a", facet=["brand", "size"]), row("b", facet=["size", ""]), row("c", facet=[]))
    assert JudgmentSet.read(path).slices == {"facet": {"brand": {"q1"}, "size": {"q1", "q2"}}}


def test_a_query_of_two_noises_counts_in_both(write):
    path = write("j.jsonl", row("a", noise="typo"), row("a", noise="clean", document="b"))
    assert JudgmentSet.read(path).slices["noise"] == {"clean": {"q1"}, "typo": {"q1"}}


def test_a_slice_that_is_no_text_is_refused(write):
    with pytest.raises(RowError, match=r"row 1, field 'shape': expected a text, or a list of texts"):
        JudgmentSet.read(write("j.jsonl", row(shape={"a": 1})))


def test_csv_has_slices_too(write):
    path = write("j.csv", "query,document,grade,shape", "giày,Giày tây,3,head", "giày,Dép,0,head")
    assert JudgmentSet.read(path).slices == {"shape": {"head": {"q1"}}}


def test_columns_may_be_called_otherwise(write):
    path = write("j.csv", "q,d,g", "giày,Giày tây,3")
    found = JudgmentSet.read(path, {"query": "q", "document": "d", "grade": "g"})
    assert found.candidates == (Candidate("q1", "d1", "giày", "Giày tây", 3),)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([row(grade=4)], r"row 1, field 'grade': expected a grade 0, 1, 2 or 3", id="grade"),
        pytest.param(
            [row(), {"query": "x", "document": "y"}], "row 2, field 'grade': there is no such column", id="gone"
        ),
        pytest.param([row(query=" ")], "row 1, field 'query': expected a text", id="empty query"),
    ],
)
def test_a_bad_row_is_named(write, rows, says):
    with pytest.raises(RowError, match=says):
        JudgmentSet.read(write("j.jsonl", *rows))


def test_standard_input_can_not_be_read_twice():
    with pytest.raises(InputError, match="give a file"):
        JudgmentSet.read("-")


def test_judgments_in_memory():
    found = JudgmentSet.of([Judgment("a", "x", 3), Judgment("a", "y", 0)], name="mine")
    assert (found.name, found.sha256, len(found.candidates)) == ("mine", "", 2)
    assert found.judgments == (Judgment("q1", "d1", 3), Judgment("q1", "d2", 0))


def test_no_judgments_are_an_error():
    with pytest.raises(InputError, match="mine: there are no judgments"):
        JudgmentSet.of([], name="mine")


def test_a_product_is_shown_as_a_listing():
    product = Product(title="Giày tây", brand="Hải Âu", size="41")
    assert Candidate("1", "2", "giày", product, 3).text == "Giày tây | Hải Âu | size 41"
    assert Candidate("1", "2", "giày", "Giày tây", 3).text == "Giày tây"
