"""Cut a query into amounts of money, numbers, words of prices, and all else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from xephang.product.prices import UnreadablePrice, read_price
from xephang.search.price_cues import cues

_LEAST, _LEAST_WITHOUT_UNIT, _MOST = 1_000, 10_000, 1e12
_LEAST_SPACED = 50
"""From here on "500 k" is an amount; below, k is short for "không": size 38 k dây."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the text.

    :param kind: a cue's letter; "N" for an amount, "W" for one that is a price only beside a cue,
        "p" for a plain number, "h" for a word about running, "x" for any other word, "." for any other sign.
    :param value: of an amount, in đồng; of a plain number, the number.
    :param unit: what the amount's number was multiplied by.
    """

    kind: str
    start: int
    end: int
    value: float = 0.0
    unit: float = 1.0


_KINDS = {
    "up-to": "u", "more-than": "l", "from": "t", "about": "a", "price": "g", "between": "f", "range": "r",
    "range-or-up-to": "d", "and": "v", "or-less": "s", "or-more": "b", "about-or-size": "c", "off": "n", "size": "m",
    "running": "h", "other": "x",
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:[.,]\d{3}){1,3}|\d{1,12}(?:[.,]\d{1,2})?)(?![.,]?\d)"
_GOES_ON = r"(?=\s*(?:$|[^\w\s]|(?:den|đến|toi|tới|tro|do|va)(?!\w)))"
_TAIL = rf"\d{{1,3}}(?:\s?(?:k|nghin|ngan))?|\s\d{{1,3}}\s?(?:k|nghin|ngan)|\s\d{_GOES_ON}|\s?ruoi"
_OTHER = re.compile(r"[^\W_]+(?:[.,][0-9]+)*|_+|.", re.DOTALL)


def _any(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word) for word in longest_first)


@cache
def _amounts() -> re.Pattern[str]:
    spoken = rf"(?:{_any(cues().numbers)})(?=\s?(?:tram|trieu|cu|chuc)(?!\w))"
    unit = rf"(?P<space>\s?)(?P<unit>tram\s?(?:nghin|ngan|k)|{_any(cues().units)})"
    tail = rf"(?:(?<=tr|cu|eu|am)(?P<tail>{_TAIL}))?"
    return re.compile(rf"(?P<number>{_NUMBER}|{spoken})(?:{unit}{tail}(?:\s?(?:vnd|dong|d|₫))?)?(?![^\W_])")


@cache
def _phrases() -> re.Pattern[str]:
    words = _any(phrase for phrase in cues().kinds if phrase[-1].isalpha())
    return re.compile(rf"(?:{words})(?![^\W_])|{_any(phrase for phrase in cues().kinds if not phrase[-1].isalpha())}")


def tokens(plain: str) -> list[Token]:
    """Cut a text that `price_cues.canonical` made into tokens; white space is none."""
    found: list[Token] = []
    at = 0
    while at < len(plain):
        if plain[at].isspace():
            at += 1
            continue
        token = _amount(plain, at) or _cue(plain, at) or _other(plain, at)
        found.append(token)
        at = token.end
    return found


def _cue(plain: str, at: int) -> Token | None:
    match = _phrases().match(plain, at)
    return Token(_KINDS[cues().kinds[match[0]]], at, match.end()) if match else None


def _other(plain: str, at: int) -> Token:
    match = _OTHER.match(plain, at)
    end = match.end() if match else at + 1
    word = plain[at:end]
    return Token("x" if word[0].isalnum() or word[0] == "_" else ".", at, end)


def _amount(plain: str, at: int) -> Token | None:
    match = _amounts().match(plain, at)
    if not match:
        return None
    number, unit = match["number"], "".join((match["unit"] or "").split())
    if not unit:
        return _unitless(number, at, match.end())
    value, worth = _worth(number, unit, (match["tail"] or "").strip())
    spaced_k = unit == "k" and match["space"] and number[0].isdigit() and value < _LEAST_SPACED * 1_000
    if spaced_k or not _LEAST <= value <= _MOST:
        return None
    certain = number[0].isdigit() and unit not in ("tram", "xi", "chuc", "cu")
    return Token("N" if certain else "W", at, match.end(), value, worth)


def _unitless(number: str, at: int, end: int) -> Token:
    grouped = len(re.findall(r"[.,]\d{3}", number))
    value = _price(number)
    if value is None:
        return Token("x", at, end)
    if grouped and value >= _LEAST_WITHOUT_UNIT:
        return Token("N", at, end, value)
    if value >= _LEAST_WITHOUT_UNIT and value % 500 == 0:
        return Token("W", at, end, value)
    return Token("p", at, end, value)


def _worth(number: str, unit: str, tail: str) -> tuple[float, float]:
    """Return an amount in đồng and what its unit is worth; nothing where it can not be read."""
    worth = float(cues().units.get(unit) or cues().units["tram"])
    suffix = {1_000_000: "tr", 1_000: "k", 1: ""}.get(int(worth))
    if suffix is not None and number not in cues().numbers and (value := _price(f"{number}{suffix}{tail}")) is not None:
        return value, worth
    part = 0.5 if tail == "ruoi" else int(tail) / 10 ** len(tail) if tail.isdigit() else 0.0
    base = cues().numbers.get(number) or _price(number)
    return ((base + part) * worth if base is not None and bool(part) == bool(tail) else 0.0), worth


def _price(written: str) -> float | None:
    try:
        return read_price(written)
    except UnreadablePrice:
        return None
