import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.catalogue import read_rows
from xephang.catalogue.delimited import LARGEST_CELL
from xephang.errors import InputError, RowError


@pytest.fixture
def read(tmp_path):
    """Read bytes or text as a CSV file: the good rows, and the errors."""

    def read(content):
        path = tmp_path / "hàng.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        errors = []
        return [(row.number, row.values) for row in read_rows(path, on_error=errors.append)], errors

    return read


GOOD = {
    "commas": "id,title\n1,Giày\n",
    "semicolons": "id;title\n1;Giày\n",
    "tabs": "id\ttitle\n1\tGiày\n",
    "bars": "id|title\n1|Giày\n",
    "Windows line ends": "id,title\r\n1,Giày\r\n",
    "old Mac line ends": "id,title\r1,Giày\r",
    "no line end": "id,title\n1,Giày",
    "quoted": '"id","title"\n"1","Giày"\n',
    "spaces in the header": " id , title \n1,Giày\n",
    "blank lines before, between and after": "\n\nid,title\n\n1,Giày\n\n\n",
    "byte order mark": "\ufeffid,title\n1,Giày\n",
    "byte order mark and quotes": '\ufeff"id";"title"\n1;Giày\n',
    "UTF-16, little end first": b"\xff\xfe" + "id,title\n1,Giày\n".encode("utf-16-le"),
    "UTF-16, big end first": b"\xfe\xff" + "id\ttitle\r\n1\tGiày\r\n".encode("utf-16-be"),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_one_row_however_it_is_written(read, content):
    assert read(content) == ([(1, {"id": "1", "title": "Giày"})], [])


CELLS = {
    "a quoted delimiter": ('"Giày, dép"', "Giày, dép"),
    "a quoted line break": ('"Giày\nnam"', "Giày\nnam"),
    "a quoted Windows line break": ('"Giày\r\nnam"', "Giày\r\nnam"),
    "a doubled quotation mark": ('"Giày ""xịn"""', 'Giày "xịn"'),
    "a quotation mark within": ('Dép 5" cao', 'Dép 5" cao'),
    "nothing": ("", ""),
    "white space": ("  ", "  "),
    "other delimiters": ("a;b|c\td", "a;b|c\td"),
    "decomposed letters": ("Gia\u0300y", "Gia\u0300y"),
    "a line separator that is no line end": ("a\u2028b", "a\u2028b"),
    "emoji": ("👟", "👟"),
    "a zero-width space": ("\u200b", "\u200b"),
}


@pytest.mark.parametrize(("written", "cell"), CELLS.values(), ids=CELLS)
def test_a_cell_comes_as_it_is(read, written, cell):
    assert read(f"id,title\n1,{written}\n2,x\n") == (
        [(1, {"id": "1", "title": cell}), (2, {"id": "2", "title": "x"})],
        [],
    )


HEADERS = {
    "semicolons in a quoted name": ('"a;b;c",d', "x,x", ["a;b;c", "d"]),
    "a comma in each quoted name": ('"giá, đồng";"cỡ, số"', "x;x", ["giá, đồng", "cỡ, số"]),
    "a line break in a name": ('"giá\n(đồng)";"tên";"cỡ"', "x;x;x", ["giá\n(đồng)", "tên", "cỡ"]),
    "one column": ("title", "x", ["title"]),
    "one column in quotes": ('"title, brand"', "x", ["title, brand"]),
    "a stray quotation mark": ('cao 5";tên', "x;x", ['cao 5"', "tên"]),
    "commas in the rows only": ("id;title", "1;Giày, dép, ủng", ["id", "title"]),
}


@pytest.mark.parametrize(("header", "line", "names"), HEADERS.values(), ids=HEADERS)
def test_the_header_tells_the_delimiter(read, header, line, names):
    rows, errors = read(f"{header}\n{line}\n")
    assert (list(rows[0][1]), errors) == (names, [])


def test_a_huge_cell_is_read_and_the_limit_of_the_csv_module_put_back(read):
    before = csv.field_size_limit()
    rows, errors = read("id,title\n1," + "x" * 10_000_000 + "\n")
    assert (len(rows[0][1]["title"]), errors) == (10_000_000, [])
    assert csv.field_size_limit() == before


def test_two_readers_at_once_do_not_take_the_limit_from_each_other(tmp_path):
    before = csv.field_size_limit()
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("title\nx\n" + "y" * 200_000 + "\n")
    first, second = read_rows(tmp_path / "a.csv"), read_rows(tmp_path / "b.csv")
    next(first), next(second)
    assert len(list(first)) == 1
    assert len(next(second).values["title"]) == 200_000
    second.close()
    assert csv.field_size_limit() == before


BROKEN = {
    "too few cells": (b"2", "", "has 1 cells where the header has 2"),
    "too many cells": (b"2,a,b", "", "has 3 cells where the header has 2; put quotation marks around"),
    "a NUL byte": (b"2,a\x00b", "title", "holds a NUL byte at character 2"),
    "a byte of cp1258": ("2,Giày".encode("cp1258"), "title", "holds a byte that is not UTF-8 at character 3"),
    "half a letter": ("2,ế".encode()[:-1], "title", "not UTF-8"),
    "a surrogate": (b"2,\xed\xa0\x80", "title", "not UTF-8"),
    "a bad byte in the first cell": (b"\xff,a", "id", "not UTF-8"),
}


@pytest.mark.parametrize(("line", "field", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_row_is_named_and_the_others_are_read(read, line, field, problem):
    rows, errors = read(b"id,title\n1,a\n" + line + b"\n3,c\n")
    assert [number for number, _ in rows] == [1, 3]
    assert [(error.row, error.field) for error in errors] == [(2, field)]
    assert problem in errors[0].problem
    assert "hàng.csv, row 2" in str(errors[0])


def test_a_broken_row_stops_the_reading_where_nobody_wants_to_go_on(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,title\n1,a\n2\n3,c\n")
    rows = read_rows(tmp_path / "a.csv")
    assert next(rows).number == 1
    with pytest.raises(RowError, match="row 2: has 1 cells"):
        next(rows)


def test_a_quotation_mark_never_closed_is_named_with_its_line(read):
    rows, errors = read('id,title\n1,"a\nb"\n2,"Giày\n3,c\n4,d\n')
    assert [number for number, _ in rows] == [1]
    assert (len(errors), errors[0].row) == (1, 2)
    assert "begins in line 4 and opens a quotation mark that is never closed" in errors[0].problem


def test_a_quotation_mark_never_closed_does_not_fill_the_memory(read):
    rows, errors = read('id,title\n1,"' + ("x" * 1023 + "\n") * (LARGEST_CELL // 1024 + 1) + "2,b\n")
    assert "begins in line 2 and can not be read as CSV (field larger than field limit" in errors[0].problem
    assert "quotation mark" in errors[0].problem
    assert [values for _, values in rows] == [{"id": "2", "title": "b"}]


HEADLESS = {
    "two equal names": ("id,title,title", "2 columns are called 'title'; rename or remove one"),
    "equal but for spaces": ("id, id", "2 columns are called 'id'"),
    "a name missing": ("id,,title", "column 2 has no name; name or remove it"),
    "a name missing at the end": ("id,title,", "column 3 has no name"),
    "not UTF-8": ("gía,tên".encode("latin-1"), "is not UTF-8 text; save the file as 'CSV UTF-8'"),
    "UTF-16 without a mark": ("id,title".encode("utf-16-le"), "is not UTF-8 text"),
    "a quotation mark never closed": ('"id,title', "never closed"),
    "a mark and nothing": ("\ufeff", "is empty"),
    "blank lines": ("\n\n\n", "is empty; a header line and rows are needed"),
    "no rows": ("id,title\n", "holds no rows"),
}


@pytest.mark.parametrize(("header", "problem"), HEADLESS.values(), ids=HEADLESS)
def test_a_header_that_can_not_be_used_is_named(read, header, problem):
    rows = b"" if "rows" in problem else b"\n1,2\n" if header not in ("\ufeff", "\n\n\n") else b""
    with pytest.raises(InputError) as caught:
        read((header if isinstance(header, bytes) else header.encode()) + rows)
    assert problem in str(caught.value)
    assert "hàng.csv" in str(caught.value)


def test_utf_16_cut_in_the_middle_of_a_letter_is_an_input_error(read):
    with pytest.raises(InputError, match="is no whole utf-16-le text; save it again as UTF-8"):
        read(b"\xff\xfe" + "id,title\n1,Giày\n".encode("utf-16-le")[:-1])


UNICODE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@settings(deadline=None)
@given(st.lists(st.tuples(UNICODE, UNICODE), min_size=1), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, delimiter, end):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "title"), *rows])
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_bytes(stream.getvalue().encode())
    assert [tuple(row.values.values()) for row in read_rows(path)] == rows


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_errors_that_say_so(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"id,title\n1,a\n" + content)
    errors = []
    rows = list(read_rows(path, on_error=errors.append))
    numbers = sorted([row.number for row in rows] + [error.row for error in errors])
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(set(row.values) == {"id", "title"} for row in rows)
    json.dumps([row.values for row in rows], ensure_ascii=False).encode()
