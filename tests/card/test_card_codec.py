import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.card.codec import Mismatch, decode, encode, escape_surrogates


@dataclass(frozen=True)
class Inner:
    text: str
    number: float | None = None


@dataclass(frozen=True)
class Outer:
    whole: int
    flag: bool
    inner: Inner
    list: tuple[Inner, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    table: Mapping[str, float | str] = field(default_factory=dict)
    any: Any = None


class Strategy(str, enum.Enum):  # noqa: UP042 -- transformers writes its enumerations like this
    NO = "no"


GOOD: dict[str, Any] = {
    "whole": 3,
    "flag": True,
    "inner": {"text": "a", "number": None},
    "list": [{"text": "b", "number": 1}],
    "pairs": [["q", "d"]],
    "table": {"nDCG@10": 0.5, "P": "0.4 ± 0.1"},
    "any": [1, {"x": None}],
}


def test_decoding_builds_the_whole_tree():
    assert decode(Outer, GOOD) == Outer(
        whole=3,
        flag=True,
        inner=Inner("a"),
        list=(Inner("b", 1.0),),
        pairs=(("q", "d"),),
        table={"nDCG@10": 0.5, "P": "0.4 ± 0.1"},
        any=[1, {"x": None}],
    )


def test_encoding_is_the_way_back():
    assert encode(decode(Outer, GOOD)) == GOOD


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"whole": "3"}, "key 'whole': expected a whole number, got text", id="text for a number"),
        pytest.param({"whole": 3.0}, "key 'whole': expected a whole number, got a number", id="3.0 is not whole"),
        pytest.param({"whole": True}, "key 'whole': expected a whole number, got true or false", id="true is no 1"),
        pytest.param({"flag": 1}, "key 'flag': expected true or false, got a whole number", id="1 is not true"),
        pytest.param({"inner": []}, "key 'inner': expected an object, got a list", id="list for an object"),
        pytest.param({"inner": {"text": "a"}}, "key 'inner.number': missing key", id="missing, nested"),
        pytest.param(
            {"inner": {"text": None, "number": 1}}, "key 'inner.text': expected text, got null", id="null for text"
        ),
        pytest.param(
            {"inner": {"text": "a", "number": "one"}},
            "key 'inner.number': expected a number or null, got text",
            id="neither of two",
        ),
        pytest.param(
            {"list": [{"text": "a", "number": 1}, {"text": "b", "number": 1, "extra": 1}]},
            "key 'list[1].extra': unknown key; keys are text, number",
            id="unknown, in a list",
        ),
        pytest.param({"list": {}}, "key 'list': expected a list, got an object", id="object for a list"),
        pytest.param({"pairs": [["q"]]}, "key 'pairs[0]': expected a list of 2, got 1", id="half a pair"),
        pytest.param({"table": {"a": []}}, "key 'table.a': expected a number or text, got a list", id="in a table"),
        pytest.param({"table": []}, "key 'table': expected an object, got a list", id="list for a table"),
        pytest.param({"wholly": 1}, "key 'wholly': unknown key", id="unknown"),
    ],
)
def test_the_first_wrong_key_is_named(changes, message):
    with pytest.raises(Mismatch) as caught:
        decode(Outer, {**GOOD, **changes})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(np.float32(0.5), 0.5, id="numpy float"),
        pytest.param(np.int64(3), 3, id="numpy int"),
        pytest.param(float("nan"), "nan", id="nan"),
        pytest.param(float("-inf"), "-inf", id="minus infinity"),
        pytest.param(Path("a/b"), str(Path("a/b")), id="path"),
        pytest.param(Strategy.NO, "no", id="enumeration of text"),
        pytest.param({1: (2, 3)}, {"1": [2, 3]}, id="keys become text, tuples lists"),
        pytest.param({"a"}, ["a"], id="set"),
        pytest.param(True, True, id="true stays true"),
        pytest.param(b"ab", "b'ab'", id="bytes as their text"),
    ],
)
def test_values_that_json_lacks_take_its_nearest_form(value, expected):
    encoded = encode(value)
    assert encoded == expected
    assert type(encoded) is type(expected)
    json.dumps(encoded, allow_nan=False)


def test_numbers_that_json_lacks_come_back():
    assert math.isnan(decode(Inner, encode(Inner("a", math.nan))).number or 0)
    assert decode(Inner, encode(Inner("a", math.inf))).number == math.inf


@given(st.text(st.characters(categories=("Cs", "Lu", "Po", "Cc"))))
def test_any_text_survives_a_file(text):
    written = escape_surrogates(json.dumps(encode(Inner(text)), ensure_ascii=False)).encode("utf-8")
    # Two halves of a pair that stood apart are one character once they have been through JSON.
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert decode(Inner, json.loads(written)).text == expected
