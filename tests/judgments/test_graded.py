"""Graded judgments, read from files."""

import csv
import json
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang.errors import InputError, RowError
from xephang.judgments import Judgment, read_judgments

ROWS = [
    {"query": "sandal nữ", "document": "Sandal nữ quai mảnh | size 37", "grade": 3},
    {"query": "sandal nữ", "document": "Sandal nam | size 42", "grade": 1},
    {"query": "ủng đi mưa", "document": "Giày vải | size 40", "grade": 0},
    {"query": "ủng đi mưa", "document": "Ủng cao su | size 39", "grade": 2},
]
JUDGMENTS = [Judgment(row["query"], row["document"], row["grade"]) for row in ROWS]


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_jsonl(tmp_path):
    assert list(read_judgments(write_jsonl(tmp_path / "dev.jsonl", ROWS))) == JUDGMENTS


def test_csv_with_grades_as_text(tmp_path):
    with (tmp_path / "dev.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(ROWS[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(ROWS)
    assert list(read_judgments(tmp_path / "dev.csv")) == JUDGMENTS


def test_parquet_with_grades_as_floats(tmp_path):
    pq.write_table(
        pa.Table.from_pylist([{**row, "grade": float(row["grade"])} for row in ROWS]), tmp_path / "dev.parquet"
    )
    found = list(read_judgments(tmp_path / "dev.parquet"))
    assert found == JUDGMENTS
    assert all(type(judgment.grade) is int for judgment in found)


def test_columns_under_other_names(tmp_path):
    rows = [{"câu": r["query"], "sản phẩm": r["document"], "điểm": r["grade"]} for r in ROWS]
    columns = {"query": "câu", "document": "sản phẩm", "grade": "điểm"}
    assert list(read_judgments(write_jsonl(tmp_path / "dev.jsonl", rows), columns)) == JUDGMENTS


@pytest.mark.parametrize("grade", [4, -1, 1.5, "2.5", "cao", None, "", [3], "inf"])
def test_a_grade_that_is_none_is_named_by_file_row_and_field(tmp_path, grade):
    path = write_jsonl(tmp_path / "dev.jsonl", [*ROWS[:2], {**ROWS[2], "grade": grade}])
    with pytest.raises(RowError) as error:
        list(read_judgments(path))
    assert (error.value.path, error.value.row, error.value.field) == (str(path), 3, "grade")


def test_a_mapped_bad_grade_is_named_as_the_file_calls_it(tmp_path):
    path = write_jsonl(tmp_path / "dev.jsonl", [{"query": "a", "document": "b", "điểm": 9}])
    with pytest.raises(RowError, match="row 1, field 'điểm': expected a grade 0, 1, 2 or 3, got 9"):
        list(read_judgments(path, {"grade": "điểm"}))


@pytest.mark.parametrize("field", ["query", "document"])
def test_an_empty_text_is_refused(tmp_path, field):
    path = write_jsonl(tmp_path / "dev.jsonl", [{**ROWS[0], field: " \n"}])
    with pytest.raises(RowError, match=f"row 1, field '{field}'"):
        list(read_judgments(path))


def test_a_missing_column_names_those_that_are_there(tmp_path):
    path = write_jsonl(tmp_path / "dev.jsonl", [{"query": "a", "document": "b", "label": 1}])
    with pytest.raises(RowError, match="field 'grade': there is no such column; the row has query, document, label"):
        list(read_judgments(path))


def test_an_unknown_mapping_is_refused(tmp_path):
    with pytest.raises(InputError, match="'label' is not one of query, document, grade"):
        list(read_judgments(write_jsonl(tmp_path / "dev.jsonl", ROWS), {"label": "grade"}))


def test_decomposed_texts_are_composed(tmp_path):
    rows = [{**row, "query": unicodedata.normalize("NFD", row["query"])} for row in ROWS]
    assert rows[0]["query"] != ROWS[0]["query"]
    assert list(read_judgments(write_jsonl(tmp_path / "dev.jsonl", rows))) == JUDGMENTS
