"""Grades out of one log and into another."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from xephang import Product
from xephang.catalogue import read_rows
from xephang.errors import InputError
from xephang.judgments.log import JudgmentLog
from xephang.judgments.log_import import GradedRow
from xephang.judgments.log_index import LogIndex

SHOE = Product(id="SP-1", title="Giày chạy bộ nữ", brand="Adidas", extra={"kho": 3})
SHOP = {"SP-1": SHOE, "SP-2": Product(id="SP-2", title="Dép lê")}


@pytest.fixture
def log(tmp_path) -> JudgmentLog:
    return JudgmentLog(tmp_path / "grades.jsonl")


def statuses(found: list[GradedRow]) -> list[str]:
    return [one.status for one in found]


def test_an_export_comes_back_whole(log, tmp_path):
    for query, grade in (("giày", 1), ("giày", 3), ("dép", 0), ("guốc", 2), ("guốc", None)):
        log.add(query, SHOE, grade, "lan")
    exported = list(log.rows())
    assert [(row["query"], row["grade"]) for row in exported] == [("giày", 3), ("dép", 0)]
    other = JudgmentLog(tmp_path / "other.jsonl")
    assert statuses(other.import_rows(exported)) == ["created", "created"]
    assert list(other.rows()) == exported
    assert statuses(other.import_rows(exported)) == ["unchanged", "unchanged"]
    assert other.counts["rows"] == 2


def test_an_export_is_a_log_that_readers_take(log, tmp_path):
    log.add("giày", SHOE, 3)
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in log.rows()), encoding="utf-8")
    assert JudgmentLog(path).standing("giày") == {"SP-1": 3}
    assert statuses(log.import_rows(row.values for row in read_rows(path))) == ["unchanged"]


def test_rows_stream_what_stood_when_they_were_asked_for(log):
    log.add("giày", SHOE, 3)
    rows = log.rows()
    log.add("giày", SHOE, 1)
    log.add("dép", SHOE, 1)
    assert [row["grade"] for row in rows] == [3]


def test_rows_of_a_file_that_was_cut_meanwhile_are_an_error(log):
    log.add("giày", SHOE, 3)
    rows = log.rows()
    log.path.write_text("x\n", encoding="utf-8")
    with pytest.raises(InputError, match="was changed while it was read"):
        list(rows)


def test_each_row_says_what_became_of_it(log):
    log.add("giày", SHOE, 1)
    row = {"query": "giày", "product_id": "SP-1", "grade": 2}
    rows = [
        row,
        row,
        dict(row, grade=None),
        dict(row, grade=None),
        dict(row, grade="3"),
        dict(row, grade=1.0, product_id="SP-2"),
    ]
    found = log.import_rows(rows, SHOP.get)
    assert statuses(found) == ["replaced", "unchanged", "removed", "unchanged", "created", "created"]
    assert found[0].to_dict() == {"row": 1, "status": "replaced", "query": "giày", "document_id": "SP-1"}
    assert log.standing("giày") == {"SP-1": 3, "SP-2": 1}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"query": None}, "query: expected a text, got 'None'", id="no query"),
        pytest.param({"query": "\u200b"}, "query: is empty", id="empty query"),
        pytest.param({"query": 7}, "query: expected a text, got '7'", id="number"),
        pytest.param({"grade": 4}, "grade: expected 0, 1, 2, 3 or null, got '4'", id="grade 4"),
        pytest.param({"grade": 1.5}, "got '1.5'", id="grade 1.5"),
        pytest.param({"grade": True}, "got 'True'", id="grade true"),
        pytest.param({"grade": [1]}, r"got '\[1\]'", id="grade list"),
        pytest.param({"product_id": "SP-9"}, "product_id: there is no product 'SP-9'; give its record", id="unknown"),
        pytest.param({"product_id": None}, "product_id: is not there", id="no product"),
        pytest.param({"product_id": ["x"]}, "expected text, got list", id="list"),
        pytest.param({"product": {"id": "SP-7", "title": "x"}}, "is 'SP-1', and the product's id is 'SP-7'", id="two"),
        pytest.param({"product": {"title": {"vi": "x"}}}, "expected text, got dict", id="record"),
        pytest.param({"product": {"kho": 1}}, "it has none of them", id="nothing to rank by"),
        pytest.param({"graded_at": "gestern"}, "graded_at: expected a time such as", id="time"),
        pytest.param({"graded_at": 7}, "graded_at: expected a time such as", id="number as time"),
        pytest.param({"by": 7}, "by: expected a text", id="by"),
    ],
)
def test_a_bad_row_fails_alone_and_says_why(log, change, problem):
    good = {"query": "giày", "product_id": "SP-1", "grade": 2}
    found = log.import_rows([{**good, **change}, InputError("row 2: is no valid JSON"), good], SHOP.get)
    assert statuses(found) == ["failed", "failed", "created"]
    assert re.search(problem, found[0].problem)
    assert found[1].to_dict()["problem"] == "row 2: is no valid JSON"
    assert log.standing("giày") == {"SP-1": 2}


def test_a_row_without_a_grade_column_takes_nothing_back(log):
    log.add("giày", SHOE, 2)
    (found,) = log.import_rows([{"query": "giày", "product_id": "SP-1"}], SHOP.get)
    assert found.problem.startswith("grade: is not there")
    assert log.standing("giày") == {"SP-1": 2}


def test_what_was_graded_earlier_than_what_stands_is_left_out(log):
    def row(at: str, grade: int | None) -> dict[str, object]:
        return {"query": "giày", "document_id": "SP-1", "product": SHOE.to_dict(), "grade": grade, "graded_at": at}

    assert statuses(log.import_rows([row("2026-03-01T08:00:00+07:00", 3)])) == ["created"]
    assert [one["graded_at"] for one in log.rows()] == ["2026-03-01T01:00:00.000000Z"]
    older, newer = row("2026-03-01T00:59:59Z", 1), row("2026-03-01T01:00:01", None)
    assert statuses(log.import_rows([older, newer, older, row("", 2)])) == ["older", "removed", "older", "created"]
    assert log.standing("giày") == {"SP-1": 2}


def test_an_id_that_is_a_number_is_the_same_as_text(log):
    product = {"mã": 17.0, "tên": "Giày"}
    rows = [
        {"query": "giày", "document_id": 17, "product": product, "grade": 3},
        {"query": "giày", "document_id": "17", "product": json.dumps(product), "grade": 3},
    ]
    assert statuses(log.import_rows(rows)) == ["created", "unchanged"]
    assert log.standing("giày") == {"17": 3}


def test_taking_back_needs_no_product_any_more(log):
    log.add("giày", SHOE, 2)
    assert statuses(log.import_rows([{"query": "giày", "document_id": "SP-1", "grade": None}])) == ["removed"]
    assert log.standing("giày") == {}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_utc_does_not_have_fails_alone(log, at):
    good = {"query": "giày", "product_id": "SP-1", "grade": 2}
    found = log.import_rows([dict(good, graded_at=at), good], SHOP.get)
    assert statuses(found) == ["failed", "created"]
    assert found[0].problem.startswith("graded_at: expected a time such as")


def test_a_time_in_the_log_that_can_not_be_read_is_before_every_other(log):
    log.add("giày", SHOE, 2)
    line = log.path.read_text(encoding="utf-8")
    log.path.write_text(re.sub('"graded_at": "[^"]*"', '"graded_at": "0001-01-01T00:00:00+05:00"', line), "utf-8")
    row = {"query": "giày", "product_id": "SP-1", "grade": 3, "graded_at": "2020-01-01T00:00:00Z"}
    assert statuses(log.import_rows([row], SHOP.get)) == ["replaced"]


def test_many_rows_are_written_in_few_goes(log, monkeypatch):
    written = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: written.append(len(data)) or write(file, data))
    rows = [{"query": f"giày {number}", "product_id": "SP-1", "grade": 2} for number in range(4001)]
    assert set(statuses(log.import_rows(rows, SHOP.get))) == {"created"}
    assert len(written) == 3
    assert log.counts["standing"] == 4001


def test_rows_of_one_import_see_each_other(log):
    row = {"query": "giày", "product_id": "SP-1", "grade": 2, "graded_at": "2026-03-01T00:00:00Z"}
    older = dict(row, grade=1, graded_at="2026-02-01T00:00:00Z")
    rows = [row, older, row, dict(row, grade=None), dict(row, grade=None), dict(row, grade=3)]
    expected = ["created", "older", "unchanged", "removed", "unchanged", "created"]
    assert statuses(log.import_rows(rows, SHOP.get)) == expected
    assert log.counts["rows"] == 3


def test_who_decides_on_a_row_lets_nobody_write_before_it_is_written(log, monkeypatch):
    """Two logs of one file, as two processes have them: what one decides is true when it writes."""
    other = JudgmentLog(log.path)
    refresh = LogIndex.refresh
    with ThreadPoolExecutor(1) as threads:
        adding = []

        def refreshed(index):
            refresh(index)
            if not adding:
                adding.append(threads.submit(other.add, "giày", SHOE, 3))
                wait(adding, timeout=0.5)

        monkeypatch.setattr(LogIndex, "refresh", refreshed)
        found = log.import_rows([{"query": "giày", "product_id": "SP-1", "grade": 2}], SHOP.get)
        adding[0].result()
    assert statuses(found) == ["created"]
    assert [json.loads(line)["grade"] for line in log.path.read_text(encoding="utf-8").splitlines()] == [2, 3]
