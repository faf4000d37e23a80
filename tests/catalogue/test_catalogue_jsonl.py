import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.catalogue import read_rows
from xephang.catalogue.jsonl import DEEPEST
from xephang.errors import InputError


@pytest.fixture
def read(tmp_path):
    """Read bytes or text as a JSONL file: the good rows, and the errors."""

    def read(content):
        path = tmp_path / "hàng.jsonl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        errors = []
        return [(row.number, row.values) for row in read_rows(path, on_error=errors.append)], errors

    return read


GOOD = {
    "plain": '{"title": "Giày"}\n',
    "no line end": '{"title": "Giày"}',
    "Windows line end": '{"title": "Giày"}\r\n',
    "byte order mark": '\ufeff{"title": "Giày"}\n',
    "blank lines around": '\n  \n{"title": "Giày"}\n\n\r\n',
    "escapes": '{"title": "Gi\\u00e0y"}\n',
    "white space around": '  {"title" : "Giày"}\t\n',
    "UTF-16": '{"title": "Giày"}\n'.encode("utf-16"),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_one_row_however_it_is_written(read, content):
    assert read(content) == ([(1, {"title": "Giày"})], [])


def test_values_keep_their_kind(read):
    record = {"a": 1, "b": 1.5, "c": None, "d": True, "e": ["x", {"y": []}], "f": "", "": "no name"}
    assert read(json.dumps(record)) == ([(1, record)], [])


def test_a_line_separator_within_a_text_ends_no_line(read):
    assert read('{"title": "a\u2028b\u0085c"}\n') == ([(1, {"title": "a\u2028b\u0085c"})], [])


def test_blank_lines_do_not_count(read):
    rows, errors = read('{"a": 1}\n\n{"a": 2}\n\nx\n')
    assert ([number for number, _ in rows], [error.row for error in errors]) == ([1, 2], [3])


BROKEN = {
    "no JSON": ("{'a': 1}", "", "is no valid JSON at column 2"),
    "cut short": ('{"a": "b', "", "is no valid JSON at column 7"),
    "two objects": ('{"a": 1} {"a": 2}', "", "is no valid JSON at column 10: Extra data; write one object a line"),
    "a raw NUL": ('{"a": "\x00"}', "", "is no valid JSON at column 8: Invalid control character"),
    "a list": ('[{"a": 1}]', "", "is a list; write one JSON object a line"),
    "the head of a list over many lines": ("[", "", "is no valid JSON at column 2"),
    "a text": ('"a"', "", "is a text"),
    "null": ("null", "", "is null"),
    "a number": ("1", "", "is a number"),
    "NaN": ('{"a": "NaN \\" NaN", "b": NaN}', "", "NaN at column 26 is no JSON value; write null or a number"),
    "Infinity": ('{"b": Infinity}', "", "Infinity at column 7 is no JSON value"),
    "minus Infinity": ('{"b": -Infinity}', "", "-Infinity at column 7 is no JSON value"),
    "more than a float holds": ('{"b": 1e999}', "", "1e999 at column 7 is no JSON value"),
    "too many digits": ('{"b": ' + "9" * 5000 + "}", "", "holds a number that can not be read"),
    "a key twice": ('{"a": 1, "a": 1}', "a", "stands twice in one object; keep one of them"),
    "a key twice, deeper": ('{"a": [{"b": 1, "c": 2, "c": 3}]}', "c", "stands twice"),
    "nested too deeply": ('{"a": ' + "[" * DEEPEST + "]" * DEEPEST + "}", "", "is nested more than 100 levels deep"),
    "nested beyond the stack": ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "", "is nested more than 100"),
    "objects beyond the stack": ('{"a":' * 100_000 + "1" + "}" * 100_000, "", "is nested more than 100"),
}


@pytest.mark.parametrize(("line", "field", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named_and_the_others_are_read(read, line, field, problem):
    rows, errors = read(f'{{"a": 1}}\n{line}\n{{"a": 3}}\n')
    assert rows == [(1, {"a": 1}), (3, {"a": 3})]
    assert [(error.row, error.field) for error in errors] == [(2, field)]
    assert problem in errors[0].problem


def test_a_byte_that_is_no_utf_8_is_named_with_its_column(read):
    rows, errors = read(b'{"a": "\xf0"}\n{"a": "b"}\n')
    assert rows == [(2, {"a": "b"})]
    assert "holds a byte that is not UTF-8 at column 8; save it as UTF-8" in str(errors[0])


def test_lists_as_deep_as_allowed_are_read(read):
    rows, errors = read('{"a": ' + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1) + "}")
    assert (len(rows), errors) == (1, [])


def test_many_brackets_side_by_side_are_not_deep(read):
    rows, errors = read('{"a": [' + ", ".join(["[]"] * 1000) + "]}")
    assert (len(rows[0][1]["a"]), errors) == (1000, [])


@pytest.mark.parametrize("content", ["\n", "  \n\n", "\ufeff"], ids=["a line", "blank lines", "a mark"])
def test_a_file_of_nothing_is_an_input_error(read, content):
    with pytest.raises(InputError, match=r"hàng\.jsonl: holds no rows"):
        read(content)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOAT | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(TEXT, JSON, max_size=4), min_size=1), st.booleans())
def test_what_the_json_module_writes_is_read_back(tmp_path_factory, records, ascii_only):
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    lines = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    path.write_bytes("\n".join(lines).encode())
    assert [row.values for row in read_rows(path)] == records


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_errors_that_say_so(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(b'{"a": 1}\n' + content)
    errors = []
    rows = list(read_rows(path, on_error=errors.append))
    numbers = sorted([row.number for row in rows] + [error.row for error in errors])
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_key_that_stands_twice_is_found_among_very_many(read):
    keys = ", ".join(f'"{number}": 1' for number in range(200_000))
    rows, (error,) = read(f'{{{keys}, "last": 1, "last": 2}}\n')
    assert (rows, error.field) == ([], "last")
    assert "stands twice in one object" in error.problem
