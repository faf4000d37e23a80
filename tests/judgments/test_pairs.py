"""Training rows, read from the three formats; a bad one is named by file, row and field."""

import csv
import json
import math
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError, RowError
from xephang.judgments import Pair, read_pairs
from xephang.text import normalise

ROWS = [
    {"sentence_0": "dép đi biển cho bé", "sentence_1": "Dép sandal trẻ em | size 28", "label": 1},
    {"sentence_0": "dép đi biển cho bé", "sentence_1": "Giày tây, da bò | size 41", "label": 0},
    {"sentence_0": "giày leo núi", "sentence_1": 'Giày "trekking" cổ cao | size 43', "label": 0.25},
]
PAIRS = [Pair(row["sentence_0"], row["sentence_1"], row["label"]) for row in ROWS]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows in the format that the suffix names."""
    if path.suffix == ".parquet":
        numbers = [{name: float(row[name]) for name in ("label", "grade") if name in row} for row in rows]
        pq.write_table(pa.Table.from_pylist([row | number for row, number in zip(rows, numbers, strict=True)]), path)
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_pairs_and_whole_labels_are_whole(tmp_path, suffix):
    found = list(read_pairs(write(tmp_path / f"rows{suffix}", ROWS)))
    assert found == PAIRS
    assert [type(pair.label) for pair in found] == [int, int, float]


def test_rows_are_streamed(tmp_path):
    path = write(tmp_path / "rows.jsonl", ROWS)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("no JSON\n")
    rows = read_pairs(path)
    assert [next(rows) for _ in ROWS] == PAIRS
    with pytest.raises(RowError, match="row 4"):
        next(rows)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_columns_under_other_names(tmp_path, suffix):
    rows = [{"q": r["sentence_0"], "sentence_1": r["sentence_1"], "label": r["label"], "id": "x"} for r in ROWS]
    assert list(read_pairs(write(tmp_path / f"rows{suffix}", rows), {"sentence_0": "q"})) == PAIRS


def test_a_mapped_column_that_nobody_asked_for(tmp_path):
    path = write(tmp_path / "rows.jsonl", ROWS)
    with pytest.raises(InputError, match=r"'query' is not one of sentence_0, sentence_1, label"):
        list(read_pairs(path, {"query": "q"}))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("texts", [("query", "document"), ("sentence_0", "sentence_1")])
def test_judgments_are_pairs_whose_labels_are_grades(tmp_path, suffix, texts):
    rows = [
        {"query_id": "q1", texts[0]: "giày", texts[1]: "giày nam", "grade": 3, "facets": "category"},
        {"query_id": "q1", texts[0]: "giày", texts[1]: "dép", "grade": 0, "facets": ""},
    ]
    found = list(read_pairs(write(tmp_path / f"rows{suffix}", rows)))
    assert found == [Pair("giày", "giày nam", 3, "q1"), Pair("giày", "dép", 0, "q1")]
    assert all(type(pair.label) is int for pair in found)


@pytest.mark.parametrize(("given", "read"), [(7, "7"), ("", ""), (None, ""), (" a ", "a")])
def test_a_query_id_may_be_a_number_or_missing(tmp_path, given, read):
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "query_id": given}]))
    assert pair.query_id == read


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_query_may_come_with_what_it_was_before_noise(tmp_path, suffix):
    rows = [
        {"query": "giay chạy", "document": "giày", "grade": 3, "clean": " giày chạy "},
        {"query": "dép", "document": "giày", "grade": 0, "clean": ""},
    ]
    found = list(read_pairs(write(tmp_path / f"rows{suffix}", rows)))
    assert [(pair.query, pair.clean) for pair in found] == [("giay chạy", "giày chạy"), ("dép", "dép")]


@pytest.mark.parametrize("row", [{}, {"clean": None}, {"clean": ""}], ids=["no column", "null", "empty"])
def test_a_query_without_noise_is_its_own_clean_one(tmp_path, row):
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], **row}]))
    assert pair.clean == pair.query
    assert pair == Pair(pair.query, pair.document, pair.label)


@pytest.mark.parametrize("value", [7, ["giày"], " ", True], ids=str)
def test_a_column_clean_of_something_else_is_passed_over(tmp_path, value):
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "clean": value}]))
    assert pair.clean == pair.query


@pytest.mark.parametrize("grade", [4, -1, 1.5, "cao", None])
def test_a_grade_is_0_to_3(tmp_path, grade):
    rows = [{"query": "a", "document": "b", "grade": 3}, {"query": "a", "document": "c", "grade": grade}]
    with pytest.raises(RowError, match=r"rows\.jsonl, row 2, field 'grade': expected a "):
        list(read_pairs(write(tmp_path / "rows.jsonl", rows)))


def test_a_query_id_that_is_a_list(tmp_path):
    with pytest.raises(RowError, match="field 'query_id': expected a text or a number, got "):
        list(read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "query_id": [1]}])))


def test_a_label_counts_where_there_is_a_grade_too_and_a_mapped_one_may_be_any_number(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"query": "a", "document": "b", "label": 0.5, "grade": 3}])
    assert list(read_pairs(path)) == [Pair("a", "b", 0.5)]
    mapped = write(tmp_path / "mapped.jsonl", [{"query": "a", "document": "b", "score": 7}])
    assert list(read_pairs(mapped, {"label": "score"})) == [Pair("a", "b", 7)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_missing_column_names_those_that_are_there(tmp_path, suffix):
    rows = [{"query": "a", "sentence_1": "b", "label": 1}]
    with pytest.raises(RowError) as error:
        list(read_pairs(write(tmp_path / f"rows{suffix}", rows)))
    assert (error.value.row, error.value.field) == (1, "sentence_0")
    assert "the row has query, sentence_1, label" in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("label", "có", id="label is a word"),
        pytest.param("label", "", id="label is empty"),
        pytest.param("label", None, id="label is null"),
        pytest.param("label", [1], id="label is a list"),
        pytest.param("label", "nan", id="label is not a number"),
        pytest.param("label", "1e999", id="label is infinite"),
        pytest.param("label", 10**400, id="label is too large to be one"),
        pytest.param("sentence_0", "", id="query is empty"),
        pytest.param("sentence_0", " \u200b\u00a0 ", id="query is nothing once normalised"),
        pytest.param("sentence_0", 42, id="query is a number"),
        pytest.param("sentence_1", None, id="document is null"),
        pytest.param("sentence_1", {"title": "x"}, id="document is an object"),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_field(tmp_path, field, value):
    path = write(tmp_path / "rows.jsonl", [ROWS[0], {**ROWS[1], field: value}])
    with pytest.raises(RowError) as error:
        list(read_pairs(path))
    assert (error.value.path, error.value.row, error.value.field) == (str(path), 2, field)
    assert "expected a" in error.value.problem


@pytest.mark.parametrize(
    ("value", "label"),
    [("1", 1), (" 0 ", 0), ("0.5", 0.5), (True, 1), (3, 3), (-1.5, -1.5), (2.0, 2), (1e300, 1e300)],
)
def test_labels_that_are_numbers(tmp_path, value, label):
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "label": value}]))
    assert pair.label == label
    assert type(pair.label) is type(label)


def test_texts_are_normalised_so_that_one_query_is_one_query(tmp_path):
    decomposed = unicodedata.normalize("NFD", "  giày  chạy bộ\u200b ")
    assert decomposed != unicodedata.normalize("NFC", decomposed)
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "sentence_0": decomposed}]))
    assert pair.query == "giày chạy bộ"


@pytest.mark.parametrize("name", ["absent.jsonl", "empty.jsonl", "rows.docx"])
def test_files_that_hold_no_rows(tmp_path, name):
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "rows.docx").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=name):
        list(read_pairs(tmp_path / name))


JSON_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(query=JSON_VALUES, document=JSON_VALUES, label=JSON_VALUES)
def test_any_row_is_read_or_named(tmp_path_factory, query, document, label):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps({"sentence_0": query, "sentence_1": document, "label": label}) + "\n", encoding="utf-8")
    try:
        (pair,) = read_pairs(path)
    except RowError as error:
        assert error.row == 1
    else:
        assert pair.query == normalise(query)
        assert pair.document == normalise(document)
        assert math.isfinite(pair.label)
