"""Rows that hold a product in place of a text: rendered when they are read, or named as rows that can not be used."""

import csv
import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang.errors import InputError, RowError
from xephang.judgments import JudgmentSet, read_judgments, read_pairs
from xephang.judgments.documents import Documents
from xephang.product import LISTING, SEED, Product

RECORD = {"title": "Giày chạy bộ nữ", "brand": "Nike", "size": "37", "attributes": ["Đệm êm", "Chống trượt"]}
SHOE = Product.from_dict(RECORD)
ROWS = [{"sentence_0": "giày chạy", "product": RECORD, "label": 1}]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows in the format that the suffix names, a record as this format can hold it."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows([{k: json.dumps(v) if isinstance(v, dict) else v for k, v in r.items()} for r in rows])
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("template", [LISTING, SEED], ids=["listing", "seed"])
def test_a_record_is_rendered_by_the_template(tmp_path, suffix, template):
    (pair,) = read_pairs(write(tmp_path / f"rows{suffix}", ROWS), documents=Documents(template))
    rendered = template.render(SHOE)
    assert (pair.document, pair.cut_first) == (rendered.text, rendered.cut_first)


def test_judgments_take_products_too(tmp_path):
    path = write(tmp_path / "dev.jsonl", [{"query": "giày chạy", "product": RECORD, "grade": 3}])
    (judgment,) = read_judgments(path, documents=Documents(SEED))
    rendered = SEED.render(SHOE)
    assert (judgment.document, judgment.cut_first, judgment.grade) == (rendered.text, rendered.cut_first, 3)


@pytest.mark.parametrize("one", ["A-7", 7, 7.0], ids=str)
def test_an_id_is_looked_up_in_the_catalogue(tmp_path, one):
    path = write(tmp_path / "rows.jsonl", [{"sentence_0": "giày chạy", "product_id": one, "label": 0}])
    (pair,) = read_pairs(path, documents=Documents(LISTING, {"A-7": SHOE, "7": SHOE}))
    assert pair.document == LISTING.render(SHOE).text


def test_a_record_goes_before_an_id_and_an_id_of_a_catalogue_before_a_text(tmp_path):
    other = Product(title="Dép lê")
    both = {"sentence_0": "giày", "sentence_1": "một câu", "label": 1, "product_id": "x"}
    path = write(tmp_path / "rows.jsonl", [both, {**both, "product": RECORD}, {**both, "product_id": None}])
    documents = [pair.document for pair in read_pairs(path, documents=Documents(LISTING, {"x": other}))]
    assert documents == ["Dép lê", LISTING.render(SHOE).text, "một câu"]
    assert [pair.document for pair in read_pairs(path)] == ["một câu", LISTING.render(SHOE).text, "một câu"]


def test_a_column_of_that_name_which_is_a_text_is_no_record(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{**ROWS[0], "sentence_1": "Dép lê | đen", "product": "Dép lê"}])
    (pair,) = read_pairs(path)
    assert (pair.document, pair.cut_first) == ("Dép lê | đen", ())


def test_columns_under_other_names(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"q": "giày", "món": RECORD, "mã": "", "label": 1}])
    (pair,) = read_pairs(path, {"sentence_0": "q", "product": "món", "product_id": "mã"})
    assert pair.document == LISTING.render(SHOE).text


@pytest.mark.parametrize(
    "title",
    [
        pytest.param(unicodedata.normalize("NFD", "Giày chạy bộ"), id="NFD"),
        pytest.param("Giày chạy bộ".encode().decode("cp1252", "replace").replace("�", "\x81"), id="mojibake"),
        pytest.param("giay chay bo", id="no diacritics"),
        pytest.param("Giày\u200b chạy 👟 bộ", id="zero width and emoji"),
        pytest.param("Giày " * 2_000, id="10,000 characters"),
    ],
)
def test_a_record_is_read_as_serving_reads_it(tmp_path, title):
    (pair,) = read_pairs(write(tmp_path / "rows.jsonl", [{**ROWS[0], "product": {"title": title}}]))
    assert pair.document == LISTING.render(Product.from_dict({"title": title})).text


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"product": {"title": {"vi": "Giày"}}}, "product", "field 'title': expected text, got dict"),
        ({"product": {"màu": "a", "màu sắc": "b"}}, "product", "keep one of them"),
        ({"product": {"weight": 3}}, "product", "it has none of them"),
        ({"product": {}}, "product", "it has none of them"),
        ({"product_id": "x"}, "product_id", "'x' is not in the catalogue; add it, or take the row out"),
        ({"product_id": ["x"]}, "product_id", "expected text, got list"),
        ({"product_id": "bare"}, "product_id", "it has none of them"),
        ({"product": None, "product_id": ""}, "sentence_1", "there is no such column"),
        ({"product": "Dép lê"}, "sentence_1", "there is no such column"),
    ],
    ids=str,
)
def test_a_product_that_can_not_be_used_is_named(tmp_path, row, field, message):
    path = write(tmp_path / "rows.jsonl", [{"sentence_0": "giày", "label": 1, **row}])
    with pytest.raises(RowError) as error:
        list(read_pairs(path, documents=Documents(LISTING, {"bare": Product(id="bare")})))
    assert (error.value.row, error.value.field) == (1, field)
    assert message in str(error.value)


def test_an_id_without_a_catalogue_says_what_is_missing(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"sentence_0": "giày", "product_id": "x", "label": 1}])
    with pytest.raises(RowError, match="row 1, field 'product_id': there is no catalogue to look it up in; name one"):
        list(read_pairs(path))


def test_unknown_columns_are_still_refused(tmp_path):
    with pytest.raises(InputError, match=r"'produce' is not one of .*product, product_id"):
        list(read_pairs(write(tmp_path / "rows.jsonl", ROWS), {"produce": "x"}))


def test_an_evaluated_product_stays_one_for_each_model_to_render(tmp_path):
    row = {"query": "giày", "product": RECORD, "grade": 3}
    (candidate,) = JudgmentSet.read(write(tmp_path / "dev.jsonl", [row])).candidates
    assert candidate.document == SHOE
