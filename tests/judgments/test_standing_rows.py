"""Logs of grades where judgments and pairs are read: measuring, training, importing; and what is no log."""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang import Product
from xephang.card import load_record
from xephang.cli import main
from xephang.errors import InputError, RowError
from xephang.judgments import JudgmentSet, import_judgments, open_judgments, read_judgments, read_pairs
from xephang.judgments.documents import Documents
from xephang.judgments.log import JudgmentLog
from xephang.judgments.standing import Passed, standing_rows
from xephang.product import SEED

KINDS = ("giày chạy bộ", "giày đá bóng", "sandal nữ", "dép trẻ em", "giày sneaker", "guốc gỗ")
COLOURS = ("xanh", "vàng", "đen", "trắng")
AT = "2026-11-26T05:00:00Z"


def row(query: str = "giày", document: str = "Giày tây", grade: object = 3, **more: object) -> dict[str, Any]:
    return {"query": query, "document": document, "grade": grade, "graded_at": AT, **more}


@pytest.fixture
def graded(tmp_path) -> JudgmentLog:
    """Six queries with a product of each grade, each graded wrongly first, and one taken back."""
    log = JudgmentLog(tmp_path / "grades.jsonl")
    for kind in KINDS:
        for grade, colour in enumerate(COLOURS):
            product = Product(id=f"{kind} {grade}", title=kind, color=colour, brand="Adidas", size="38", gender="nữ")
            log.add(f"{kind} màu trắng", product, 3 - grade)
            log.add(f"{kind} màu trắng", product, grade)
    extra = Product(id="x", title="mũ len")
    log.add("mũ", extra, 2)
    log.add("mũ", extra, None)
    with log.path.open("ab") as stream:
        stream.write('{"query": "giày", "document_id": "SP'.encode())
    return log


def test_the_last_row_of_a_query_and_document_stands(write):
    path = write(
        "log.jsonl", row(grade=0), row("dép", grade=1), row("giày  ", grade=2), row("dép", grade=None), row("mũ")
    )
    passed = Passed()
    assert [one.number for one in standing_rows(path, passed=passed)] == [3, 5]
    assert passed == Passed(is_log=True, overridden=3, unreadable=0)
    assert [(one.query, one.grade) for one in read_judgments(path)] == [("giày", 2), ("mũ", 3)]
    assert [(one.query, one.label) for one in read_pairs(path)] == [("giày", 2), ("mũ", 3)]
    assert [(c.query, c.grade) for c in JudgmentSet.read(path).candidates] == [("giày", 2), ("mũ", 3)]


@pytest.mark.parametrize("names", [("document_id",), ("product_id",), ("product",), ("product_id", "product")], ids=str)
def test_a_document_is_one_by_its_id_whatever_its_text(write, names):
    def one(number: int, title: str, grade: int | None) -> dict[str, Any]:
        ids = {"document_id": f"SP {number}", "product_id": number, "product": {"mã": number, "tên": title}}
        return row(document=title, grade=grade, **{name: ids[name] for name in names})

    path = write("log.jsonl", one(1, "a", 1), one(2, "b", 2), one(1, "c", 3), one(2, "d", None))
    assert [(j.document, j.grade) for j in read_judgments(path)] == [("c", 3)]


def test_a_product_that_changed_its_text_has_the_last_one_everywhere(tmp_path):
    log = JudgmentLog(tmp_path / "grades.jsonl")
    log.add("giày", Product(id="1", title="Giày A"), 3)
    log.add("dép", Product(id="1", title="Giày B"), 0)
    log.add("giày", Product(id="2", title="Dép A"), 0)
    log.add("giày", Product(id="2", title="Dép B"), 1)
    found = JudgmentSet.read(log.path)
    assert [(c.query, c.text, c.grade) for c in found.candidates] == [
        ("giày", "Giày B", 3),
        ("dép", "Giày B", 0),
        ("giày", "Dép B", 1),
    ]
    assert [(p.document, p.label) for p in read_pairs(log.path)] == [("Giày A", 3), ("Giày B", 0), ("Dép B", 1)]


def test_without_the_column_a_contradiction_is_an_error_as_ever(write):
    plain = [{key: value for key, value in row(grade=grade).items() if key != "graded_at"} for grade in (1, 3)]
    path = write("j.jsonl", *plain)
    with pytest.raises(RowError, match="row 2, field 'grade': it is 3 here and 1 in row 1"):
        JudgmentSet.read(path)
    assert [one.grade for one in read_judgments(path)] == [1, 3]
    with pytest.raises(RowError, match="expected a number, got 'None'"):
        list(read_judgments(write("j.jsonl", {**plain[0], "grade": None})))


def test_a_torn_line_in_a_file_that_is_no_log_is_an_error_as_ever(write):
    plain = {"query": "giày", "document": "a", "grade": 1}
    for rows in ([plain, '{"query": "gi'], ['{"query": "gi', plain], [plain, '{"query": "gi', plain]):
        with pytest.raises(RowError, match="is no valid JSON"):
            list(read_judgments(write("j.jsonl", *rows)))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("empty", [None, ""])
def test_a_file_that_is_half_a_log_is_refused(write, first, empty):
    rows = [row(), row("dép", graded_at=empty)]
    path = write("j.jsonl", *(rows if first else reversed(rows)))
    with pytest.raises(RowError, match="row 2, field 'graded_at': some rows have one and others none"):
        JudgmentSet.read(path)


def test_logs_in_tables_have_gaps_for_grades_that_were_taken_back(tmp_path, write):
    path = write("log.csv", "query,document,grade,graded_at", f"giày,a,3,{AT}", f"giày,b,2,{AT}", f"giày,a,,{AT}")
    assert [(j.document, j.grade) for j in read_judgments(path)] == [("b", 2)]
    for gap in (None, float("nan")):
        table = {"query": ["giày"] * 3, "document": ["a", "b", "a"], "grade": [3.0, 2.0, gap], "graded_at": [AT] * 3}
        pq.write_table(pa.table(table), tmp_path / "log.parquet")
        assert [(j.document, j.grade) for j in read_judgments(tmp_path / "log.parquet")] == [("b", 2)]


def test_gaps_in_the_column_of_a_table_make_no_log(tmp_path):
    table = {"query": ["giày"] * 2, "document": ["a", "b"], "grade": [3, 2], "graded_at": [float("nan")] * 2}
    pq.write_table(pa.table(table), tmp_path / "j.parquet")
    assert len(list(read_judgments(tmp_path / "j.parquet"))) == 2


def test_columns_of_a_log_may_be_called_otherwise(write):
    rows = [{"q": "giày", "sku": "1", "d": text, "g": grade, "graded_at": AT} for text, grade in (("a", 1), ("b", 3))]
    path = write("log.jsonl", *rows)
    columns = {"query": "q", "document": "d", "grade": "g", "product_id": "sku"}
    assert [(j.document, j.grade) for j in read_judgments(path, columns)] == [("b", 3)]
    pairs = {"sentence_0": "q", "sentence_1": "d", "label": "g", "product_id": "sku"}
    assert [(p.document, p.label) for p in read_pairs(path, pairs)] == [("b", 3)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        pytest.param(row(grade=7), "row 2, field 'grade': expected a grade 0, 1, 2 or 3, got 7", id="grade"),
        pytest.param(row(query=""), "row 2, field 'query': expected a text", id="no query"),
        pytest.param(row(document=""), "row 2, field 'document': expected a text", id="no document"),
        pytest.param(row(product={"title": ["x", {}]}), "row 2, field 'product'", id="no product"),
    ],
)
def test_a_row_of_a_log_that_says_nothing_is_named(write, bad, says):
    with pytest.raises(RowError, match=says):
        list(read_judgments(write("log.jsonl", row("dép"), bad)))


def test_a_log_of_which_nothing_stands_has_nothing_to_measure_on(write):
    with pytest.raises(InputError, match="there are no judgments to measure on"):
        JudgmentSet.read(write("log.jsonl", row(), row(grade=None)))


def test_a_log_in_a_pipe_is_refused(write, monkeypatch):
    path = write("log.jsonl", row())
    with path.open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InputError, match="is read more than once here; save it to a file"):
            list(standing_rows("-"))


def test_what_is_added_while_a_log_is_read_counts_the_next_time(graded):
    rows = standing_rows(graded.path)
    first = next(rows)
    graded.add(first.values["query"], Product.from_dict(first.values["product"]), 1)
    assert len([first, *rows]) == 24
    assert len(list(standing_rows(graded.path))) == 24


def test_ids_with_spaces_can_be_measured(graded, tmp_path):
    """A shop's ids may hold what no TREC file could."""
    found = JudgmentSet.read(graded.path)
    assert found.passed == Passed(is_log=True, overridden=26, unreadable=1)
    assert [c.document_id for c in found.candidates[:2]] == ["giày%20chạy%20bộ%200", "giày%20chạy%20bộ%201"]
    assert [c.grade for c in found.candidates] == [0, 1, 2, 3] * 6


def test_a_catalogue_beside_a_log_gives_the_texts_of_today(write):
    log = write("log.jsonl", *(row("giày", "cũ", grade, document_id="1") for grade in (1, 3)))
    shop = write("shop.csv", "id,title", "1,Giày mới")
    (found,) = open_judgments(log, documents=shop).candidates
    assert (found.text, found.grade) == ("Giày mới", 3)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_log_is_imported_as_judgments_that_are_none(graded, tmp_path, suffix):
    out = tmp_path / f"judged{suffix}"
    counts = import_judgments(graded.path, out)
    assert (counts["rows"], counts["queries"], counts["grade 3"]) == (24, 6, 6)
    again = JudgmentSet.read(out)
    assert not again.passed.is_log
    assert [(c.query, c.document_id, c.text, c.grade) for c in again.candidates] == [
        (c.query, c.document_id, c.text, c.grade) for c in JudgmentSet.read(graded.path).candidates
    ]
    card = " ".join((tmp_path / f"judged{suffix}.md").read_text(encoding="utf-8").split())
    for line in ("replaced or took back | 26 ", "that can not be read | 1 ", "The source is a log"):
        assert line in card


def test_what_is_no_log_has_no_word_of_logs_in_its_card(write, tmp_path):
    import_judgments(write("j.csv", "query,document,grade", "giày,Giày,3"), tmp_path / "out.jsonl")
    assert "log" not in (tmp_path / "out.jsonl.md").read_text(encoding="utf-8")


def test_products_of_a_log_are_rendered_by_the_reader(graded):
    pair = next(iter(read_pairs(graded.path, documents=Documents(SEED))))
    assert pair.document.startswith("Adidas xanh Size 38 |")
    assert pair.document != next(iter(read_pairs(graded.path))).document
    assert pair.cut_first


def test_a_model_is_measured_on_a_log(graded, tiny_exported, capsys):
    arguments = ["evaluate", str(tiny_exported), "--judgments", str(graded.path), "--json"]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert ended.value.code in (0, None), err
    report = json.loads(out)
    assert (report["judgments"]["queries"], report["judgments"]["candidates"]) == (6, 24)
    graded.add("giày", Product(id="y", title="giày da"), 3)
    with pytest.raises(SystemExit):
        main(arguments[:-1])
    said = capsys.readouterr().err
    assert "7 queries, 25 candidates" in said and "left out: 1 lines of the log that can not be read" in said


def test_products_of_a_catalogue_are_found_for_a_log(graded, write):
    """A line that a crash has cut does not keep a recipe from looking up what the other rows name."""
    from xephang.training import Recipe
    from xephang.training.reading import read_data

    write("shop.csv", "id,title", "SP-1,Giày mới")
    write("dev.jsonl", {"query": "tất", "product_id": "SP-1", "grade": 1})
    data = {"pairs": graded.path.name, "dev": "dev.jsonl", "catalogue": "shop.csv"}
    found = read_data(Recipe.from_dict({"name": "staff", "data": data}, graded.path.parent))
    assert (len(found.pairs), [judgment.document for judgment in found.dev]) == (24, ["Giày mới"])


def train_on(path: Path, tiny: Path, folder: Path, loss: str, **data: object) -> Path:
    from xephang.training import Recipe, train

    table = {
        "name": "staff",
        "data": {"pairs": path.name, **data},
        "loss": {"name": loss},
        "hyperparameters": {"max_steps": 2, "per_device_train_batch_size": 4, "seed": 7},
    }
    return train(Recipe.from_dict(table, path.parent), folder, base=str(tiny))


@pytest.mark.parametrize(
    ("loss", "data", "shares"),
    [
        ("BinaryCrossEntropyLoss", {"label": "binary", "relevant_grade": 2}, {"0": 0.5, "1": 0.5}),
        ("BinaryCrossEntropyLoss", {"label": "scaled"}, None),
        ("GradedListLoss", {}, None),
        ("LambdaLoss", {}, None),
    ],
    ids=str,
)
def test_a_model_is_trained_on_a_log(graded, tiny, tmp_path, loss, data, shares):
    """The same weights as on the rows that stand, written out without the log."""
    folder = train_on(graded.path, tiny, tmp_path / "of log", loss, **data)
    rows = [{key: value for key, value in one.items() if key != "graded_at"} for one in graded.rows()]
    plain = tmp_path / "plain.jsonl"
    plain.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    other = train_on(plain, tiny, tmp_path / "of rows", loss, **data)
    weights = "model.safetensors"
    assert (folder / weights).read_bytes() == (other / weights).read_bytes() != (tiny / weights).read_bytes()
    assert load_record(folder).dataset.statistics == load_record(other).dataset.statistics
    if shares:
        assert load_record(folder).dataset.statistics[2].shares == shares
