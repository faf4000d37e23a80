"""Bodies of JSONL, line by line."""

import gzip

import pytest

from xephang.catalogue.row import BadRow, Row
from xephang.server.asking import Refused
from xephang.server.shop import lines as lines_module
from xephang.server.shop.lines import lines, problem_of


def read(body):
    return list(lines(body.encode() if isinstance(body, str) else body))


@pytest.mark.parametrize("body", ["", "\n", " \n\t\r\n  ", "\n" * 200_000])
def test_nothing_is_no_line(body):
    assert read(body) == []


def test_blank_lines_are_passed_over_and_not_counted():
    assert read('\n{"id": "a"}\r\n\n  \n{"id": "b"}') == [Row(1, {"id": "a"}), Row(2, {"id": "b"})]


def test_a_byte_order_mark_is_passed_over():
    assert read(b'\xef\xbb\xbf{"a": 1}') == [Row(1, {"a": 1})]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is no valid JSON"),
        ("[1]", "is a list; write one JSON object a line"),
        ("null", "is null; write one JSON object a line"),
        ('"SP-1"', "is a text; write one JSON object a line"),
        ('{"price": NaN}', "NaN at column 11 is no JSON value"),
        ('{"price": 1e999}', "1e999 at column 11 is no JSON value"),
        ('{"a": 1, "a": 2}', "stands twice in one object"),
        ('{"a": ' * 3000 + "1" + "}" * 3000, "nested more than 100 levels deep"),
        ("<html>", "is no valid JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(line, problem):
    first, bad, last = read(f'{{"id": "a"}}\n{line}\n{{"id": "b"}}\n')
    assert (first.number, last.number) == (1, 3)
    assert isinstance(bad, BadRow)
    assert bad.error.row == 2
    assert problem in bad.error.problem


def test_bytes_that_are_no_text_are_a_bad_line():
    first, bad = read(b'{"id": "a"}\n{"id": "gi\xe0y"}')
    assert isinstance(first, Row)
    assert "holds a byte that is not UTF-8" in bad.error.problem


def test_a_gzipped_body_is_refused_before_it_can_grow():
    with pytest.raises(Refused, match="the body is gzipped; send the JSONL as it is") as error:
        read(gzip.compress(b'{"id": "a"}\n' * 1000))
    assert error.value.kind == "validation"


def test_half_a_character_of_utf_16_is_refused():
    with pytest.raises(Refused, match="no whole utf-16-le text; send UTF-8"):
        read('{"id": "a"}'.encode("utf-16")[:-1])


def test_very_many_values_are_refused():
    with pytest.raises(Refused, match="more than 500,000 values") as error:
        read('{"a": [' + "1," * 500_001 + "1]}")
    assert error.value.kind == "too large"


def test_very_many_lines_are_refused(monkeypatch):
    monkeypatch.setattr(lines_module, "MOST_LINES", 10)
    assert len(read('{"a":1}\n' * 10)) == len(read('{"a":1}\n' * 9 + "{")) == 10
    assert len(read('\n{"title": "giày chạy bộ nữ", "brand": "Nike"}\n\n' * 9)) == 9
    assert read("\n" * 100) == []
    with pytest.raises(Refused, match="more than 10 lines") as error:
        read('{"a":1}\n' * 11)
    assert error.value.kind == "too large"


@pytest.mark.parametrize(
    ("field", "said"), [("price", "row 3, field 'price': is no price"), ("", "row 3: is no price")]
)
def test_a_problem_names_row_and_field(field, said):
    assert problem_of(3, field, "is no price") == said
