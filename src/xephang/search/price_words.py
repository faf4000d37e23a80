"""Read what a query says about prices: dưới 500k, từ 200k đến 1tr2, tầm 300 nghìn, < 500.000đ.

A number is a price by its unit (k, nghìn, triệu, đ) and by the words beside it: "size dưới 38", "cao 5cm" and
"air max 90" are none. Each token of the query becomes a letter; what is a wish is a pattern of these letters.
"""

import re
from dataclasses import dataclass

from xephang.search.price_cues import canonical
from xephang.search.price_tokens import Token, tokens

_HOPEFUL = re.compile(r"\d|tr|c[uủ]", re.IGNORECASE)
"""What every text that speaks of a price holds: a digit, "trăm", "triệu" or "củ"."""
_ABOUT = 0.2
_LEAST_BARE, _LEAST_ALONE = 50_000, 20_000
_LEAST_AFTER_SIZE = 100
"""A plain number below it, after "size" or "cao", begins no range of prices."""
_LONGEST_RUN = 100_000
"""100k without a cue, beside a word for running, is a distance."""
_THOUSANDS = range(20, 1000)
"""Numbers without a unit that mean thousands where the query says "giá"."""


@dataclass(frozen=True, slots=True)
class PriceWish:
    """What a query says about prices.

    :param low: in đồng, included; None for no end.
    :param high: likewise.
    :param start: where the words begin in the text that was given.
    :param end: where they end.
    :param name: for people, in Vietnamese: "dưới 500.000 ₫".
    """

    low: float | None
    high: float | None
    start: int
    end: int
    name: str


_PATTERNS = (
    # from … to …
    r"[gacf]{0,3}[tl]?[gacf]{0,3}(?P<low>[NWp])[rdv]u?(?P<high>[NWp])",
    r"[gac]{0,3}[lt][gac]{0,3}(?P<low>[NWp])v?[gac]{0,3}u[gac]{0,3}(?P<high>[NWp])",
    r"[gac]{0,3}u[gac]{0,3}(?P<high>[NWp])v?[gac]{0,3}[lt][gac]{0,3}(?P<low>[NWp])",
    # … or less, … or more
    r"[gac]{0,3}[ltu]?[gac]{0,3}(?P<high>[NWp])s",
    r"[gac]{0,3}[ltu]?[gac]{0,3}(?P<low>[NWp])b",
    # up to …, more than …, about …
    r"[gac]{0,3}[ud][gac]{0,3}(?P<high>[NWp])",
    r"[gac]{0,3}[lt][gac]{0,3}(?P<low>[NWp])",
    r"(?<!n)[gac]{1,3}(?P<about>[NWp])",
    r"(?<!n)(?P<bare>N)(?=[.rv]*$)",
)
_WISHES = tuple(map(re.compile, _PATTERNS))


def read_price_wish(text: str) -> PriceWish | None:
    """Return the price that a normalised query asks for; None if it asks for none.

    "About" is ±20 %. An amount with a unit and without any cue counts where the query ends with it. Never raises.
    """
    if not _HOPEFUL.search(text):
        return None
    plain, starts, ends = canonical(text)
    found = tokens(plain)
    kinds = "".join(token.kind for token in found)
    for pattern in _WISHES:
        for match in pattern.finditer(kinds):
            bounds = _bounds(match, found, kinds)
            if bounds:
                start = starts[found[match.start()].start]
                return PriceWish(*bounds, start, ends[found[match.end() - 1].end - 1], _name(match, *bounds))
    return None


def _bounds(match: re.Match[str], found: list[Token], kinds: str) -> tuple[float | None, float | None] | None:
    """Return the lowest and the highest price that matched letters mean; None if they mean none."""
    priced = "g" in match[0]
    parts = {name: found[match.start(name)] for name, letter in match.groupdict().items() if letter}
    if len(parts) == 2:
        low = match.start("low")
        sized = low > 0 and kinds[low - 1] in "mc" and found[low].value < _LEAST_AFTER_SIZE
        return None if sized else _span(parts["low"], parts["high"], priced)
    ((name, token),) = parts.items()
    value = _value(token, priced)
    if value is None:
        return None
    if name == "bare":
        least = _LEAST_ALONE if len(found) == 1 else _LEAST_BARE
        too_little = value < least or ("h" in kinds and value <= _LONGEST_RUN)
        return None if too_little else _about(value)
    if name == "about":
        return _about(value)
    return (value, None) if name == "low" else (None, value)


def _about(value: float) -> tuple[float, float]:
    return value * (1 - _ABOUT), value * (1 + _ABOUT)


def _value(token: Token, priced: bool) -> float | None:
    if token.kind != "p":
        return token.value
    return token.value * 1000 if priced and token.value in _THOUSANDS else None


def _span(low: Token, high: Token, priced: bool) -> tuple[float, float] | None:
    """Return two ends, of which one may have left its unit to the other: 200-500k, 1-2 triệu, 500-1tr."""
    first, last = _value(low, priced), _value(high, priced)
    if low.kind == "p" and high.kind != "p" and last is not None:
        units = (high.unit, 1000) if low.value in _THOUSANDS else (high.unit,)
        fitting = [low.value * unit for unit in units if 1000 <= low.value * unit < last]
        first = fitting[0] if fitting else None
    elif high.kind == "p" and low.kind != "p" and first is not None:
        last = high.value * low.unit
        last = last if last > first else None
    if first is None or last is None:
        return None
    return min(first, last), max(first, last)


def _name(match: re.Match[str], low: float | None, high: float | None) -> str:
    if low is None:
        return f"dưới {_dong(high or 0)}"
    if high is None:
        return f"từ {_dong(low)}"
    if match.groupdict().get("high"):
        return f"{_dong(low, '')} – {_dong(high)}"
    return f"khoảng {_dong((low + high) / 2)}"


def _dong(value: float, sign: str = " ₫") -> str:
    return f"{round(value):,}".replace(",", ".") + sign
