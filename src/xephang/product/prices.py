"""Prices as Vietnamese shops write them, in đồng."""

import math
import re
from decimal import Decimal
from typing import Any

from xephang.text import fold, normalise

_CURRENCY = r"(?:vnd|dong|d|₫)"
_AMOUNT = re.compile(rf"{_CURRENCY}?\s*(?P<amount>[0-9].*?)\s*{_CURRENCY}?")
_PLAIN = re.compile(r"[0-9]{1,15}(?:[.,]0{1,2})?|[0-9]{4,15}[.,][0-9]{1,2}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[., ])[0-9]{3}(?:(?P=mark)[0-9]{3}){0,3}(?:[.,][0-9]{1,2})?")
_K, _TR = r"\s*(?:k|nghin|ngan)", r"\s*(?:tr|trieu)"
_THOUSANDS = re.compile(rf"([0-9]{{1,6}}(?:[.,][0-9]{{1,2}})?){_K}")
_MILLIONS = re.compile(rf"([0-9]{{1,6}}(?:[.,][0-9]{{1,2}})?){_TR}")
_MILLIONS_AND = re.compile(rf"([0-9]{{1,6}}){_TR}\s*(?:([0-9])|([0-9]{{3}})|([0-9]{{1,3}}){_K})")


class UnreadablePrice(ValueError):
    """Say why a value is no price."""


def read_price(value: Any) -> float | None:
    """Return a price in đồng; None where the field is empty.

    Reads 268000, "268.000đ", "268,000 VND", "268k", "1tr2" and "1,2 triệu". What two shops could mean
    differently ("1tr25", "1.250tr", "99.5") is not guessed.

    :raises UnreadablePrice: if the value is no such price, is negative or not finite.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise UnreadablePrice(f"expected a number in đồng, got {type(value).__name__}")
    try:
        price = float(value)
    except OverflowError:
        price = math.inf
    if not math.isfinite(price) or price < 0:
        raise UnreadablePrice(f"{price:g} is no price; give a number in đồng, or leave it empty")
    return price


def _read_text(text: str) -> float | None:
    plain = fold(normalise(text)).lower()
    if not plain:
        return None
    if found := _AMOUNT.fullmatch(plain):
        price = _read_amount(found["amount"])
        if price is not None:
            return price
    raise UnreadablePrice(f"'{text[:40]}' can not be read as a price; write it in đồng, such as 268000")


def _read_amount(amount: str) -> float | None:
    if _PLAIN.fullmatch(amount):
        return float(amount.replace(",", "."))
    if found := _GROUPED.fullmatch(amount):
        return float(amount.replace(found["mark"], "").replace(",", "."))
    if found := _THOUSANDS.fullmatch(amount):
        return _times(found[1], 1_000)
    if found := _MILLIONS.fullmatch(amount):
        return _times(found[1], 1_000_000)
    if found := _MILLIONS_AND.fullmatch(amount):
        hundreds, thousands = int(found[2] or 0), int(found[3] or found[4] or 0)
        return float(int(found[1]) * 1_000_000 + hundreds * 100_000 + thousands * 1_000)
    return None


def _times(number: str, factor: int) -> float:
    # Decimal, because 1.29 × 1000000 in binary is not quite 1290000.
    return float(Decimal(number.replace(",", ".")) * factor)
