"""Frozen dataclasses to JSON values and back, strictly: every key named, none unknown, every value of its type."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from numbers import Integral, Real
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from xephang.text import SURROGATE

T = TypeVar("T")
_NAMES = {str: "text", float: "a number", int: "a whole number", bool: "true or false", type(None): "null"}
_NOT_FINITE = ("nan", "inf", "-inf")


class Mismatch(Exception):
    """Say which key does not hold what its type asks for."""

    def __init__(self, key: str, problem: str) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"key '{key}': {problem}" if key else problem)


def encode(value: Any) -> Any:
    """Return the JSON value of `value`.

    Numbers that JSON lacks become "nan", "inf", "-inf"; what has no JSON form (a path, a class) its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # plain text even where `value` is an enumeration's member
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [encode(item) for item in value]
    return str(value)


def escape_surrogates(json_text: str) -> str:
    """Write lone surrogates, which UTF-8 can not hold, as JSON's own escapes."""
    return SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", json_text)


def decode(kind: type[T], value: Any, key: str = "") -> T:
    """Build a value of type `kind` out of a JSON value.

    :param key: where the value stands, such as `dataset.statistics[0]`.
    :raises Mismatch: at the first key that is missing, unknown or of the wrong type.
    """
    decoded: T = _decode(kind, value, key)
    return decoded


def _decode(kind: Any, value: Any, key: str) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _dataclass(kind, value, key)
    origin = get_origin(kind)
    if origin is UnionType:
        return _union(kind, value, key)
    if origin is tuple:
        return _tuple(get_args(kind), value, key)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise Mismatch(key, f"expected an object, got {_name(value)}")
        item = get_args(kind)[1]
        return {name: _decode(item, inner, _join(key, name)) for name, inner in value.items()}
    return _scalar(kind, value, key)


def _dataclass(kind: Any, value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise Mismatch(key, f"expected an object, got {_name(value)}")
    hints = _hints(kind)
    if unknown := [name for name in value if name not in hints]:
        raise Mismatch(_join(key, unknown[0]), f"unknown key; keys are {', '.join(hints)}")
    if missing := [name for name in hints if name not in value]:
        raise Mismatch(_join(key, missing[0]), "missing key")
    return kind(**{name: _decode(hint, value[name], _join(key, name)) for name, hint in hints.items()})


def _tuple(items: tuple[Any, ...], value: Any, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Mismatch(key, f"expected a list, got {_name(value)}")
    kinds = [items[0]] * len(value) if items[-1] is ... else list(items)
    if len(kinds) != len(value):
        raise Mismatch(key, f"expected a list of {len(kinds)}, got {len(value)}")
    pairs = zip(kinds, value, strict=True)
    return tuple(_decode(kind, item, f"{key}[{i}]") for i, (kind, item) in enumerate(pairs))


def _union(kind: Any, value: Any, key: str) -> Any:
    for choice in get_args(kind):
        try:
            return _decode(choice, value, key)
        except Mismatch:
            continue
    expected = " or ".join(_NAMES.get(choice, str(choice)) for choice in get_args(kind))
    raise Mismatch(key, f"expected {expected}, got {_name(value)}")


def _scalar(kind: Any, value: Any, key: str) -> Any:
    if kind is float and not isinstance(value, bool):
        if isinstance(value, int | float) or (isinstance(value, str) and value in _NOT_FINITE):
            return float(value)
    elif type(value) is kind:
        return value
    raise Mismatch(key, f"expected {_NAMES[kind]}, got {_name(value)}")


def _name(value: Any) -> str:
    names = {**_NAMES, dict: "an object", list: "a list"}
    return names.get(type(value), type(value).__name__)


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}
