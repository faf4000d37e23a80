import gzip
import io
import os
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import pytest

from xephang.catalogue import read_rows
from xephang.errors import InputError, RowError

CSV = "id,title\n1,Giày\n2,Dép\n".encode()
JSONL = '{"id": "1", "title": "Giày"}\n{"id": "2", "title": "Dép"}\n'.encode()
ROWS = [{"id": "1", "title": "Giày"}, {"id": "2", "title": "Dép"}]

FILES = {
    "hàng.csv": CSV,
    "hàng.CSV": CSV,
    "hàng.tsv": CSV.replace(b",", b"\t"),
    "hàng.txt": CSV.replace(b",", b"|"),
    "hàng.jsonl": JSONL,
    "hàng.ndjson": JSONL,
    "hàng.json-lines": JSONL,
    "hàng.csv.gz": gzip.compress(CSV),
    "hàng.jsonl.gz": gzip.compress(JSONL),
    "hàng.JSONL.GZ": gzip.compress(JSONL),
    "gzipped-but-not-named-so.csv": gzip.compress(CSV),
    "named-gz-but-plain.csv.gz": CSV,
    "gzipped-utf-16.csv.gz": gzip.compress(CSV.decode().encode("utf-16")),
    "gzipped-twice-over-in-one-file.csv.gz": gzip.compress(CSV[:15]) + gzip.compress(CSV[15:]),
}


@pytest.mark.parametrize(("name", "content"), FILES.items(), ids=FILES)
def test_the_suffix_tells_the_format(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    rows = list(read_rows(tmp_path / name))
    assert [row.values for row in rows] == ROWS
    assert [row.number for row in rows] == [1, 2]


def test_a_path_may_be_text(tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV)
    assert [row.values for row in read_rows(str(tmp_path / "a.csv"))] == ROWS


def test_a_format_that_is_given_wins_over_the_suffix(tmp_path):
    (tmp_path / "a.csv").write_bytes(JSONL)
    assert [row.values for row in read_rows(tmp_path / "a.csv", format="jsonl")] == ROWS


UNREADABLE = {
    "missing": (lambda path: None, "a.csv", "there is no such file; check the path"),
    "a folder": (lambda path: path.mkdir(), "a.csv", "is a folder; name one file in it"),
    "empty CSV": (lambda path: path.touch(), "a.csv", "is empty; a file of rows is needed"),
    "empty JSONL": (lambda path: path.touch(), "a.jsonl", "is empty; a file of rows is needed"),
    "empty Parquet": (lambda path: path.touch(), "a.parquet", "is empty; a file of rows is needed"),
    "gzip of nothing": (lambda path: path.write_bytes(gzip.compress(b"")), "a.csv.gz", "is empty"),
    "gzip cut short": (lambda path: path.write_bytes(gzip.compress(CSV)[:-9]), "a.csv.gz", "is cut short or damaged"),
    "gzip with a wrong sum": (
        lambda path: path.write_bytes(gzip.compress(CSV)[:-8] + b"\0" * 8),
        "a.csv.gz",
        "can not be read: CRC check failed",
    ),
    "gzip header and rubbish": (
        lambda path: path.write_bytes(gzip.compress(CSV)[:10] + b"\xff" * 30),
        "a.csv.gz",
        "is cut short or damaged",
    ),
    "no suffix": (lambda path: path.write_bytes(CSV), "a", "give its format: csv, jsonl, parquet"),
    "a spreadsheet": (lambda path: path.write_bytes(CSV), "a.xlsx", "known ones are .csv, .tsv, .txt, .jsonl"),
    "Parquet, gzipped": (lambda path: path.write_bytes(gzip.compress(b"x")), "a.parquet.gz", "a.parquet.gz"),
}


@pytest.mark.parametrize(("make", "name", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_can_not_be_read_is_named(tmp_path, make, name, problem):
    make(tmp_path / name)
    with pytest.raises(InputError) as caught:
        list(read_rows(tmp_path / name))
    assert problem in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


def test_an_unknown_format_is_named(tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV)
    with pytest.raises(InputError, match="format 'xlsx' is unknown; formats are csv, jsonl, parquet"):
        read_rows(tmp_path / "a.csv", format="xlsx")


def test_a_missing_file_is_told_before_the_first_row_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_rows(tmp_path / "a.csv")


def test_the_first_bad_row_is_raised_after_the_good_ones_before_it(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(JSONL + b"x\ny\n")
    rows = read_rows(tmp_path / "a.jsonl")
    assert [row.values for row in islice(rows, 2)] == ROWS
    with pytest.raises(RowError, match=r"a\.jsonl, row 3: is no valid JSON"):
        next(rows)


def test_all_bad_rows_are_told_where_someone_listens(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"x\n" + JSONL + b"y\n")
    errors = []
    assert [row.number for row in read_rows(tmp_path / "a.jsonl", on_error=errors.append)] == [2, 3]
    assert [error.row for error in errors] == [1, 4]


def test_a_listener_may_stop_the_reading(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"x\n" + JSONL)

    def stop(error):
        raise error

    with pytest.raises(RowError, match="row 1"):
        list(read_rows(tmp_path / "a.jsonl", on_error=stop))


def test_rows_come_before_the_file_has_been_read_to_its_end(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV + os.urandom(300_000).hex().encode())[:-1000])
    assert [row.values for row in islice(read_rows(tmp_path / "a.csv.gz"), 2)] == ROWS


@pytest.mark.parametrize(
    ("content", "format"),
    [(JSONL, None), (CSV, "csv"), (gzip.compress(JSONL), None), (b"\xef\xbb\xbf" + CSV, "csv")],
    ids=["JSONL by default", "CSV if told", "gzipped", "byte order mark"],
)
def test_standard_input_is_read_and_left_open(monkeypatch, content, format):
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stream)
    assert [row.values for row in read_rows("-", format=format)] == ROWS
    assert not stream.buffer.closed


def test_an_error_on_standard_input_says_so(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b""))))
    with pytest.raises(InputError, match="standard input: is empty"):
        list(read_rows("-"))
    with pytest.raises(InputError, match="standard input: Parquet can not be read from a pipe; save it as a file"):
        list(read_rows("-", format="parquet"))


def test_a_real_pipe_is_read_in_another_process():
    script = "from xephang.catalogue import read_rows\nfor row in read_rows('-'): print(ascii(row.values['title']))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], input=JSONL, capture_output=True, env=environment)
    assert (done.stdout.split(), done.stderr) == ([b"'Gi\\xe0y'", b"'D\\xe9p'"], b"")


def test_a_named_pipe_is_read(tmp_path):
    path: Path = tmp_path / "a.jsonl"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(JSONL,))
    writer.start()
    assert [row.values for row in read_rows(path)] == ROWS
    writer.join()


def test_importing_the_room_changes_no_limit_and_does_not_import_pyarrow():
    script = (
        "import csv, sys\nbefore = csv.field_size_limit()\nimport xephang.catalogue\n"
        "print(csv.field_size_limit() == before, 'pyarrow' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["True", "False"]
