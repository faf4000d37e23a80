"""The log of grades: several writers, crashes in the middle of a line, and what stands after all of it."""

import gzip
import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang import Product
from xephang.errors import InputError
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.log import JudgmentLog

SHOE = Product(id="SP-1", title="Giày chạy bộ nữ", brand="Adidas", price=450_000.0, extra={"kho": {"HN": 3}})
SANDAL = Product(id="SP-2", title="Dép lê <script>alert(1)</script>")


@pytest.fixture
def log(tmp_path) -> JudgmentLog:
    return JudgmentLog(tmp_path / "grades.jsonl")


def lines(log: JudgmentLog) -> list[str]:
    return log.path.read_text(encoding="utf-8").splitlines()


def test_a_grade_is_one_line_with_the_whole_product(log):
    before = datetime.now(UTC)
    row = log.add("giày nữ", SHOE, 3, "lan")
    assert [json.loads(line) for line in lines(log)] == [row]
    assert list(row) == ["query", "document_id", "product", "grade", "graded_at", "by"]
    assert row["graded_at"].endswith("Z")
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(row["graded_at"]) <= datetime.now(UTC)
    assert Product.from_dict(row["product"]) == SHOE
    assert (row["query"], row["document_id"], row["grade"], row["by"]) == ("giày nữ", "SP-1", 3, "lan")


def test_the_last_grade_stands_and_null_takes_it_back(log):
    for grade in (0, 3, None, 2):
        log.add("giày", SHOE, grade)
    log.add("giày", SANDAL, 1)
    assert log.standing("giày") == {"SP-1": 2, "SP-2": 1}
    log.add("giày", SANDAL, None)
    log.add("dép", SANDAL, None)
    assert log.standing("giày") == {"SP-1": 2}
    assert log.standing("dép") == log.standing("") == {}
    assert log.counts == {
        "rows": 7,
        "standing": 1,
        "queries": 1,
        "unreadable": 0,
        "grade 3": 0,
        "grade 2": 1,
        "grade 1": 0,
        "grade 0": 0,
    }


def test_a_log_that_nobody_wrote_to_is_empty(log):
    assert (log.standing("giày"), list(log.rows()), log.counts["rows"]) == ({}, [], 0)
    assert not log.path.exists()


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        pytest.param("gia\u0300y  nu\u031b\u0303", "giày nữ", id="NFD"),
        pytest.param("ｇｉàｙ nữ", "giày nữ", id="full-width"),
        pytest.param("giày\u200b nữ\n", "giày nữ", id="zero-width"),
        pytest.param("hoà", "hòa", id="tone"),
        pytest.param("👟 đế êm", "👟 đế êm", id="emoji"),
        pytest.param("giay nuwx", "giay nuwx", id="Telex"),
        pytest.param("giày " * 2000, ("giày " * 2000).strip(), id="10,000 characters"),
        pytest.param("\ud83d giày", "\ufffd giày", id="half an emoji"),
        pytest.param('a"b\\n\u2028c', 'a"b\\n c', id="quotes and a line separator"),
    ],
)
def test_a_query_is_one_by_its_normalised_text(log, typed, asked):
    log.add(typed, SHOE, 2)
    assert log.standing(asked) == log.standing(typed) == {"SP-1": 2}
    assert [candidate.query for candidate in JudgmentSet.read(log.path).candidates] == [asked]


def test_queries_with_and_without_diacritics_are_two(log):
    log.add("giày", SHOE, 2)
    assert log.standing("giay") == {}


@pytest.mark.parametrize(
    ("query", "product", "grade", "by", "says"),
    [
        pytest.param(" \u200b", SHOE, 1, "", "query: is empty", id="empty query"),
        pytest.param("giày", Product(title="Giày"), 1, "", "product: has no id", id="no id"),
        pytest.param("giày", Product(id=" ", title="Giày"), 1, "", "product: has no id", id="blank id"),
        pytest.param("giày", Product(id="a"), 1, "", "it has none of them", id="no text"),
        pytest.param("giày", SHOE, 4, "", "grade: expected 0, 1, 2, 3 or null, got 4", id="4"),
        pytest.param("giày", SHOE, -1, "", "got -1", id="negative"),
        pytest.param("giày", SHOE, True, "", "got True", id="truth value"),
        pytest.param("giày", SHOE, 1, "x" * 101, "by: has 101 characters", id="long name"),
        pytest.param("giày", Product(id="a", title="b", extra={"x": {1, 2}}), 1, "", "written as JSON", id="a set"),
        pytest.param("giày", Product(id="a", title="b", price=float("nan")), 1, "", "written as JSON", id="nan"),
    ],
)
def test_what_no_reader_would_take_is_refused_and_nothing_written(log, query, product, grade, by, says):
    with pytest.raises(InputError, match=says):
        log.add(query, product, grade, by)
    assert not log.path.exists()


def test_a_product_nested_deeper_than_readers_go_is_refused(log):
    deep: object = "x"
    for _ in range(150):
        deep = [deep]
    with pytest.raises(InputError, match="nested more than 100 levels"):
        log.add("giày", Product(id="a", title="b", extra={"x": deep}), 1)
    assert not log.path.exists()


@pytest.mark.parametrize("name", ["grades.csv", "grades.parquet", "grades", "grades.jsonl.gz"])
def test_a_file_that_readers_would_take_for_something_else_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"name the file with \.jsonl or \.ndjson"):
        JudgmentLog(tmp_path / name)


def test_judgments_that_are_no_log_are_not_written_to(tmp_path, write):
    path = write("dev.jsonl", {"query": "giày", "document": "Giày", "grade": 3})
    with pytest.raises(InputError, match="holds rows without 'graded_at'"):
        JudgmentLog(path)
    folder = tmp_path / "folder.jsonl"
    folder.mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        JudgmentLog(folder)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(b'{"query": "a", "graded_at": "2026-01-01T00:00:00Z"}\n'), id="gzip"),
        pytest.param('{"query": "giày", "graded_at": "2026-01-01T00:00:00Z"}\n'.encode("utf-16"), id="UTF-16"),
    ],
)
def test_what_lines_can_not_be_added_to_is_refused(tmp_path, content):
    (tmp_path / "grades.jsonl").write_bytes(content)
    with pytest.raises(InputError, match="is packed, or no UTF-8"):
        JudgmentLog(tmp_path / "grades.jsonl")
    assert (tmp_path / "grades.jsonl").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\x00\x00\x00", b"\xff{"], ids=repr)
def test_a_file_without_a_row_takes_grades(tmp_path, content):
    (tmp_path / "grades.jsonl").write_bytes(content)
    log = JudgmentLog(tmp_path / "grades.jsonl")
    log.add("giày", SHOE, 3)
    assert log.standing("giày") == {"SP-1": 3}
    assert [c.grade for c in JudgmentSet.read(log.path).candidates] == [3]


def test_grades_written_by_hand_are_read_alike_by_all(tmp_path, write):
    def row(query, grade, **more):
        return {
            "query": query,
            "document_id": "1",
            "document": "Giày",
            "grade": grade,
            "graded_at": "2026-11-26",
        } | more

    path = write("log.jsonl", row("a", "3"), row("b", 2.0), row("c", 1), row("c", ""), row("d", 3, document_id=1))
    log = JudgmentLog(path)
    assert [log.standing(query) for query in "abcd"] == [{"1": 3}, {"1": 2}, {}, {"1": 3}]
    assert [(c.query, c.grade) for c in JudgmentSet.read(path).candidates] == [("a", 3), ("b", 2), ("d", 3)]
    assert log.counts["unreadable"] == 0


@pytest.mark.parametrize(
    "bad", ['{"query": "a"}', "[]", "7", "null", '{"a": NaN', '{"query": "a", "grade": 3}', "x" * 99]
)
def test_lines_that_are_no_rows_are_counted(log, bad):
    log.add("giày", SHOE, 3)
    with log.path.open("a", encoding="utf-8") as stream:
        stream.write(bad + "\n")
    assert log.standing("giày") == {"SP-1": 3}
    assert (log.counts["rows"], log.counts["unreadable"]) == (1, 1)


def test_a_folder_is_made_when_the_first_grade_comes(tmp_path):
    log = JudgmentLog(tmp_path / "a" / "b" / "grades.jsonl")
    assert not log.path.parent.exists()
    log.add("giày", SHOE, 3)
    assert log.standing("giày") == {"SP-1": 3}


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match=r"grades\.jsonl: can not be written"):
        JudgmentLog(tmp_path / "a" / "grades.jsonl").add("giày", SHOE, 3)


def cut_lines() -> list[bytes]:
    """Return the starts of a line, cut at every byte."""
    product = {"id": "SP-2", "title": "Dép 👟"}
    row = {"query": "dép", "document_id": "SP-2", "product": product, "grade": 1, "graded_at": "2026-11-26T05:00:00Z"}
    line = json.dumps(row, ensure_ascii=False).encode()
    return [line[:end] for end in range(1, len(line))] + [b"\0" * 40]


def test_a_line_cut_anywhere_by_a_crash_costs_only_itself(tmp_path):
    """The next writer starts a new line, every reader passes over the torn one, and says so."""
    for number, torn in enumerate(cut_lines()):
        log = JudgmentLog(tmp_path / f"{number}.jsonl")
        log.add("giày", SHOE, 3)
        with log.path.open("ab") as stream:
            stream.write(torn)
        assert log.standing("giày") == {"SP-1": 3}
        again = JudgmentLog(log.path)
        again.add("giày", SANDAL, 0)
        for one in (log, again):
            assert one.standing("giày") == {"SP-1": 3, "SP-2": 0}
            assert (one.counts["rows"], one.counts["unreadable"]) == (2, 1)
        found = JudgmentSet.read(log.path)
        assert {(c.document_id, c.grade) for c in found.candidates} == {("SP-1", 3), ("SP-2", 0)}
        assert (found.passed.unreadable, found.passed.overridden) == (1, 0)


def test_a_whole_last_line_without_its_end_is_kept(log):
    log.add("giày", SHOE, 3)
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))
    log.add("giày", SANDAL, 1)
    assert log.standing("giày") == {"SP-1": 3, "SP-2": 1}
    assert log.counts["unreadable"] == 0


def test_a_file_of_a_torn_line_alone_is_healed(log):
    log.path.write_bytes(b'{"query": "gi\xc3')
    JudgmentLog(log.path).add("giày", SHOE, 3)
    assert [c.grade for c in JudgmentSet.read(log.path).candidates] == [3]


def test_two_logs_of_one_file_see_each_others_lines(log):
    other = JudgmentLog(log.path)
    for grade in (1, 2, 3):
        log.add("giày", SHOE, grade)
        assert other.standing("giày")["SP-1"] == grade
        other.add("giày", SANDAL, grade)
        assert log.standing("giày") == {"SP-1": grade, "SP-2": grade}


@pytest.mark.parametrize("how", ["replaced", "shorter", "longer", "removed"])
def test_a_file_changed_by_an_editor_is_read_again(log, how):
    for grade in (1, 2, 3):
        log.add("giày", SHOE, grade)
    log.add("giày", SANDAL, 0)
    assert log.standing("giày") == {"SP-1": 3, "SP-2": 0}
    kept = [json.loads(line) for line in lines(log)][1:2]
    if how == "longer":
        kept += [dict(kept[0], document_id=f"SP-{i}") for i in range(3, 9)]
    text = "".join(json.dumps(row) + "\n" for row in kept)
    if how == "replaced":
        log.path.rename(log.path.with_suffix(".old"))
    if how == "removed":
        log.path.unlink()
    else:
        log.path.write_text(text, encoding="utf-8")
    wanted = {} if how == "removed" else {row["document_id"]: 2 for row in kept}
    assert log.standing("giày") == wanted
    assert log.counts["rows"] == len(wanted)


def _write_grades(path: Path, worker: int, products: int) -> None:
    log = JudgmentLog(path)
    for number in range(products):
        log.add("giày", Product(id=f"SP-{worker}-{number}", title="Giày " * 400), number % 4)


def test_processes_that_write_at_the_same_time_lose_nothing(log):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_grades, args=(log.path, worker, 40)) for worker in range(3)]
    for process in workers:
        process.start()
    while any(process.is_alive() for process in workers):
        log.standing("giày")
        log.add("dép", SANDAL, 1)
        workers[0].join(0.01)
    for process in workers:
        process.join()
        assert process.exitcode == 0
    wanted = {f"SP-{worker}-{number}": number % 4 for worker in range(3) for number in range(40)}
    assert log.standing("giày") == wanted
    assert log.counts["unreadable"] == 0
    assert JudgmentLog(log.path).standing("giày") == wanted
    assert len(JudgmentSet.read(log.path).candidates) == len(wanted) + 1


def test_threads_that_write_at_the_same_time_lose_nothing(log):
    def add(thread: int) -> None:
        for number in range(20):
            log.add(f"giày {thread}", Product(id=f"SP-{number}", title="Giày"), number % 4)
            assert log.standing(f"giày {thread}")[f"SP-{number}"] == number % 4

    threads = [threading.Thread(target=add, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.counts["standing"] == log.counts["rows"] == 80


FULL = """
import resource, sys
from xephang import Product
from xephang.errors import InputError
from xephang.judgments.log import JudgmentLog
log = JudgmentLog(sys.argv[1])
log.add("giày", Product(id="SP-1", title="Giày"), 3)
size = log.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))
try:
    log.add("giày", Product(id="SP-2", title="Giày"), 3)
except InputError as error:
    print(error)
assert log.path.stat().st_size == size, "a part of the line was left"
assert log.standing("giày") == {"SP-1": 3}
"""


def test_a_disk_that_takes_half_a_line_is_left_as_it_was(log):
    ran = subprocess.run([sys.executable, "-c", FULL, log.path], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"{log.path}: can not be written: there is no room for it" in ran.stdout


KILLED = """
import sys
from xephang import Product
from xephang.judgments.log import JudgmentLog
log = JudgmentLog(sys.argv[1])
number = 0
while True:
    log.add("giày", Product(id=f"SP-{number}", title="Giày " * 2000), number % 4)
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("after", [1, 7, 30])
def test_every_grade_that_was_answered_outlives_its_process(log, after):
    process = subprocess.Popen([sys.executable, "-c", KILLED, log.path], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for _ in range(after):
        process.stdout.readline()
    process.kill()
    answered = after + len([line for line in process.stdout.read().splitlines() if line])
    process.wait()
    process.stdout.close()
    log.add("dép", SANDAL, 1)
    found = log.standing("giày")
    assert len(found) in (answered, answered + 1)
    assert found == {f"SP-{number}": number % 4 for number in range(len(found))}
    assert len(JudgmentSet.read(log.path).candidates) == len(found) + 1


GRADES = st.tuples(st.sampled_from(["giày", "Giày", "dép"]), st.integers(0, 3), st.sampled_from([0, 1, 2, 3, None]))


@settings(max_examples=40, deadline=None)
@given(given=st.lists(GRADES, max_size=25), torn=st.sets(st.integers(0, 24)))
def test_every_reader_says_what_a_dictionary_would(tmp_path_factory, given: Sequence, torn):
    log = JudgmentLog(tmp_path_factory.mktemp("log") / "grades.jsonl")
    wanted: dict[tuple[str, str], int] = {}
    for number, (query, product, grade) in enumerate(given):
        log.add(query, Product(id=f"SP-{product}", title=f"Hàng {number}"), grade)
        wanted.pop((query, f"SP-{product}"), None)
        if grade is not None:
            wanted[query, f"SP-{product}"] = grade
        if number in torn:
            with log.path.open("ab") as stream:
                stream.write(b'{"query": "gi\xc3')
    for one in (log, JudgmentLog(log.path)):
        by_query = {query: {d: g for (q, d), g in wanted.items() if q == query} for query in ("giày", "Giày", "dép")}
        assert {query: one.standing(query) for query in by_query} == by_query
        assert one.counts["standing"] == len(wanted)
        assert [(row["query"], row["document_id"], row["grade"]) for row in one.rows()] == [
            (*key, grade) for key, grade in wanted.items()
        ]
    if wanted:
        found = JudgmentSet.read(log.path).candidates
        assert [(c.query, c.document_id, c.grade) for c in found] == [(*key, grade) for key, grade in wanted.items()]
