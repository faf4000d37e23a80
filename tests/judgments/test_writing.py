"""What is written is what the readers read, in either format, and half a file is never left."""

import json
import math
import unicodedata

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import InputError, RowError
from xephang.judgments import Judgment, JudgmentSet, Pair, read_judgments, read_pairs, write_judgments, write_pairs
from xephang.judgments.writing import check_output
from xephang.text import normalise

SUFFIXES = pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".JSONL"])
PAIR = {"sentence_0": "dép đi biển", "sentence_1": "Dép sandal | size 28", "label": 1}
GRADED = {"query": "ủng đi mưa", "document": "Ủng cao su | size 39", "grade": 2}


@SUFFIXES
def test_pairs_read_as_written(tmp_path, suffix):
    path = tmp_path / f"pairs{suffix}"
    rows = [{**PAIR, "label": label} for label in (1, 0, 0.25)]
    assert write_pairs(path, iter(rows)) == 3
    found = list(read_pairs(path))
    assert found == [Pair(row["sentence_0"], row["sentence_1"], row["label"]) for row in rows]
    assert [type(pair.label) for pair in found] == [int, int, float]


@SUFFIXES
def test_judgments_read_as_written_with_ids_and_slices(tmp_path, suffix):
    path = tmp_path / f"graded{suffix}"
    more = {"query_id": "q1", "document_id": "sku-1", "shape": None, "slice_facet": ["brand", "size"], "weight": 1}
    last = {**GRADED, "grade": 0, **more, "document_id": "sku-2", "shape": "head", "slice_facet": [], "weight": 0.5}
    assert write_judgments(path, [{**GRADED, **more}, last]) == 2
    assert [judgment.grade for judgment in read_judgments(path)] == [2, 0]
    found = JudgmentSet.read(path)
    assert [(c.query_id, c.document_id) for c in found.candidates] == [("q1", "sku-1"), ("q1", "sku-2")]
    assert found.slices == {"facet": {"brand": {"q1"}, "size": {"q1"}}, "shape": {"head": {"q1"}}}


@SUFFIXES
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(unicodedata.normalize("NFD", "giày chạy bộ"), id="NFD"),
        pytest.param("giay chay bo", id="no diacritics"),
        pytest.param("giÃ y", id="mojibake"),
        pytest.param("giày " * 2_000, id="10,000 characters"),
        pytest.param("👟 giày", id="emoji"),
        pytest.param("gi\u200bày", id="zero width"),
        pytest.param("half \ud83d", id="half a character"),
        pytest.param('a\tb\n"c"\u2028', id="line ends"),
    ],
)
def test_any_text_survives_in_its_normalised_form(tmp_path, suffix, text):
    path = tmp_path / f"graded{suffix}"
    write_judgments(path, [{**GRADED, "query": text}])
    assert list(read_judgments(path)) == [Judgment(normalise(text), GRADED["document"], 2)]


@pytest.mark.parametrize("name", ["out.csv", "out", "out.jsonl.gz", "out.parquet.tmp"])
def test_another_suffix_is_refused_before_a_row_is_asked_for(tmp_path, name):
    def rows():
        raise AssertionError("a row was asked for")
        yield

    with pytest.raises(InputError, match=r"name it with \.jsonl or \.parquet"):
        write_pairs(tmp_path / name, rows())
    assert list(tmp_path.iterdir()) == []


@SUFFIXES
@pytest.mark.parametrize(
    ("row", "field"),
    [
        pytest.param({**PAIR, "sentence_0": " \u200b"}, "sentence_0", id="empty query"),
        pytest.param({**PAIR, "sentence_1": 5}, "sentence_1", id="a number for a text"),
        pytest.param({**PAIR, "label": math.nan}, "label", id="no number"),
        pytest.param({"sentence_0": "a", "sentence_1": "b"}, "label", id="no label"),
        pytest.param({**PAIR, "more": 1}, "more", id="another column"),
    ],
)
def test_a_row_that_could_not_be_read_is_not_written(tmp_path, suffix, row, field):
    path = tmp_path / f"pairs{suffix}"
    path.write_text("as it was")
    with pytest.raises(RowError) as error:
        write_pairs(path, [PAIR, row])
    assert (error.value.row, error.value.field) == (2, field)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("grade", [4, -1, 1.5, "x", None])
def test_a_grade_that_is_none_is_not_written(tmp_path, grade):
    with pytest.raises(RowError, match="row 1, field 'grade'"):
        write_judgments(tmp_path / "x.jsonl", [{**GRADED, "grade": grade}])


@SUFFIXES
def test_no_rows_make_no_file(tmp_path, suffix):
    with pytest.raises(InputError, match="there are no rows to write"):
        write_pairs(tmp_path / f"x{suffix}", [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "value"), [(".jsonl", object()), (".jsonl", math.nan), (".parquet", object()), (".parquet", "\ud800")]
)
def test_a_value_that_the_format_lacks_is_refused(tmp_path, suffix, value):
    with pytest.raises(InputError, match="can not be written"):
        write_judgments(tmp_path / f"x{suffix}", [{**GRADED, "more": value}])
    assert list(tmp_path.iterdir()) == []


def test_parquet_columns_keep_their_type_over_many_batches(tmp_path):
    rows = ({**GRADED, "query_id": f"q{i}", "noise": "telex" if i > 24_000 else None} for i in range(25_000))
    assert write_judgments(tmp_path / "x.parquet", rows) == 25_000
    table = pq.read_table(tmp_path / "x.parquet")
    assert table["noise"].to_pylist()[-1] == "telex"
    mixed = ({**GRADED, "price": i if i < 24_000 else "much"} for i in range(25_000))
    with pytest.raises(InputError, match=r"rows 20,001 to 25,000: can not be written to Parquet"):
        write_judgments(tmp_path / "x.parquet", mixed)
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 25_000


def test_an_output_that_is_also_read_is_refused(tmp_path, monkeypatch):
    source = tmp_path / "log.jsonl"
    source.write_text("{}")
    monkeypatch.chdir(tmp_path)
    for path in ("log.jsonl", source):
        with pytest.raises(InputError, match="is read or written for something else"):
            check_output(path, source)
    with pytest.raises(InputError, match="it is a folder"):
        (tmp_path / "x.jsonl").mkdir()
        check_output(tmp_path / "x.jsonl")
    assert check_output("new.jsonl", source).name == "new.jsonl"


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from([0, 1, 2, 3]), st.sampled_from([".jsonl", ".parquet"]))
def test_whatever_is_written_is_read(tmp_path_factory, query, document, grade, suffix):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    row = {"query": query, "document": document, "grade": grade}
    if not normalise(query) or not normalise(document):
        with pytest.raises(RowError):
            write_judgments(path, [row])
        return
    write_judgments(path, [row])
    assert list(read_judgments(path)) == [Judgment(normalise(query), normalise(document), grade)]


def test_jsonl_is_plain_utf_8(tmp_path):
    write_pairs(tmp_path / "x.jsonl", [PAIR])
    text = (tmp_path / "x.jsonl").read_bytes().decode()
    assert "dép đi biển" in text and json.loads(text) == PAIR
