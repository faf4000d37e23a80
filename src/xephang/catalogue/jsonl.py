"""JSONL: one JSON object a line."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.source import Source
from xephang.errors import RowError
from xephang.text import SURROGATE

DEEPEST = 100
"""How many objects and lists may stand inside one another."""


def scan_jsonl(source: Source) -> Iterator[Row | BadRow]:
    """Yield the objects; blank lines are passed over.

    A key that an object holds twice makes a bad row: JSON does not say which of the values is meant.
    """
    number = 0
    with source.text(newline="\n") as stream:
        for line in map(str.rstrip, stream):
            if not line:
                continue
            number += 1
            try:
                yield Row(number, _parse(line))
            except _NotRead as bad:
                field, problem = bad.args
                yield BadRow(RowError(source.path, number, field, problem), line)


class _NotRead(Exception):
    """Carry the field and the problem of a line."""


def _parse(line: str) -> dict[str, Any]:
    if found := SURROGATE.search(line):
        raise _NotRead("", f"holds a byte that is not UTF-8 at column {found.start() + 1}; save it as UTF-8")
    try:
        value = _DECODER.decode(line)
    except _NoValue as error:
        token = error.args[0]
        raise _NotRead(
            "", f"{token} at column {_column(line, token)} is no JSON value; write null or a number"
        ) from None
    except json.JSONDecodeError as error:
        raise _NotRead("", f"is no valid JSON at column {error.colno}: {error.msg}; write one object a line") from None
    except ValueError as error:
        raise _NotRead("", f"holds a number that can not be read: {error}") from None
    except RecursionError:
        raise _NotRead("", _TOO_DEEP) from None
    if not isinstance(value, dict):
        what = {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number or truth value")
        raise _NotRead("", f'is {what}; write one JSON object a line: {{"title": "…"}}')
    if line.count("{") + line.count("[") > DEEPEST and _is_too_deep(value):
        raise _NotRead("", _TOO_DEEP)
    return value


_TOO_DEEP = f"is nested more than {DEEPEST} levels deep; flatten it"


class _NoValue(Exception):
    """Carry the token that stands where a JSON value should."""


def _constant(token: str) -> float:
    raise _NoValue(token)


def _float(token: str) -> float:
    if abs(value := float(token)) == float("inf"):
        raise _NoValue(token)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _NotRead(twice, "stands twice in one object; keep one of them")
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def _column(line: str, token: str) -> int:
    """Return where a token stands outside of strings, counted from 1."""
    tokens = re.finditer(rf'"(?:[^"\\]|\\.)*"|({re.escape(token)})', line)
    return next(found.start() for found in tokens if found.group(1)) + 1


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
    return bool(level)


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
