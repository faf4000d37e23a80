"""Find numbers that mean something: sizes in lists and ranges, measures with a unit."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from xephang.text import fold

_JOIN = r"(?:-+>?|–|—|~|→|đến|đên|den|tới|toi|to)"
_SIGNS = r"[\s,;/.+&|:()\[\]-]"
_RANGE = re.compile(rf"\s*{_JOIN}\s*")


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a range found in a text, as a span of it."""

    start: int
    end: int
    low: float
    high: float


@dataclass(frozen=True)
class Pattern:
    """How one facet writes its numbers.

    :param kind: "number": plain ones, in lists and ranges ("size 36-40", "cỡ 38, 39");
        "measure": with a unit ("7cm", "5-7 phân", "5p5" for 5.5).
    :param minimum: numbers outside `minimum` to `maximum` mean something else. A measure's are in its base unit.
    :param step: what a number must be a multiple of.
    :param cues: words that announce the number ("size"). A measure needs none.
    :param skip: words that may stand between cue and number and between numbers ("từ", "nữ").
    :param bare: of a "number": take ranges without a cue; "single" takes lone numbers too.
    :param units: of a "measure": unit to its worth in the base unit.
    :param prefix: put before the number in the value's id ("us-").
    :param written: how titles and queries write it, "{}" for the number; only judgments are made by it.
    :param usual: the range that most things lie in; judgments are made only of patterns that have one.
    """

    kind: str
    minimum: float
    maximum: float
    step: float = 0.0
    cues: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    bare: str = ""
    units: Mapping[str, float] = field(default_factory=dict)
    prefix: str = ""
    not_before: tuple[tuple[str, ...], ...] = ()
    not_after: tuple[tuple[str, ...], ...] = ()
    written: tuple[str, ...] = ()
    usual: tuple[float, float] | None = None

    def find(self, lower: str) -> Iterator[Number]:
        """Yield the numbers in a normalised text in lower case."""
        if self.kind == "measure":
            yield from self._measures(lower)
            return
        for match in self._cued.finditer(lower):
            yield from self._listed(match["numbers"], match.start("numbers"))
        if self.bare:
            for match in self._bare_range.finditer(lower):
                yield from self._listed(match["numbers"], match.start("numbers"), ranges_only=True)
        if self.bare == "single":
            for match in self._bare_single.finditer(lower):
                yield from self._listed(match["numbers"], match.start("numbers"))

    def _fits(self, value: float) -> bool:
        steps = value / self.step if self.step else 0.0
        return self.minimum <= value <= self.maximum and abs(steps - round(steps)) < 1e-6

    def _listed(self, numbers: str, offset: int, ranges_only: bool = False) -> Iterator[Number]:
        """Cut "36-38, 40" into a range and a number; "36-37-38" is three numbers."""
        found = list(_PLAIN.finditer(numbers))
        joined = [bool(self._range_between.fullmatch(numbers, a.end(), b.start())) for a, b in pairwise(found)]
        joined = [
            joins and not (joined[at - 1 : at] == [True] or joined[at + 1 : at + 2] == [True])
            for at, joins in enumerate(joined)
        ]
        at = 0
        while at < len(found):
            low = high = float(found[at].group().replace(",", "."))
            start, end = found[at].span()
            if at < len(joined) and joined[at]:
                at += 1
                high, end = float(found[at].group().replace(",", ".")), found[at].end()
            ordered = low < high if ranges_only or end != found[at].end() else low <= high
            if ordered and self._fits(low) and self._fits(high):
                yield Number(offset + start, offset + end, low, high)
            at += 1

    def _measures(self, lower: str) -> Iterator[Number]:
        for match in self._measured.finditer(lower):
            worth = self._worth[match["unit"]]
            tenths = int(match["tenth"]) / 10 if match["tenth"] else 0.0
            high = (_number(match["high"]) + tenths) * worth
            low = _number(match["low"]) * self._worth.get(match["low_unit"], worth) if match["low"] else high
            if self._fits(low) and self._fits(high) and low <= high:
                start = match.start("low") if match["low"] else match.start("high")
                yield Number(start, match.end(), round(low, 2), round(high, 2))

    @cached_property
    def _gap(self) -> str:
        skipped = "|".join(_spellings(self.skip))
        return rf"(?:{_SIGNS}|(?<!\w)(?:{skipped})(?!\w))*" if skipped else rf"{_SIGNS}*"

    @cached_property
    def _range_between(self) -> re.Pattern[str]:
        skipped = "|".join(_spellings(self.skip)) or r"(?!)"
        return re.compile(rf"\s*(?:(?:{skipped})\s*)?{_JOIN}\s*(?:(?:{skipped})\s*)?")

    @cached_property
    def _cued(self) -> re.Pattern[str]:
        between = rf"(?:{self._range_between.pattern}|{self._gap})"
        cues = "|".join(_spellings(self.cues)) or r"(?!)"
        return re.compile(rf"(?<![^\W_])(?:{cues}){self._gap}(?P<numbers>{_DIGITS}(?:{between}{_DIGITS})*)(?!\w)")

    @cached_property
    def _bare_range(self) -> re.Pattern[str]:
        return re.compile(
            rf"(?<![\w.,-])(?P<numbers>{_DIGITS}(?:{self._range_between.pattern}{_DIGITS})+)(?![\w-])(?![.,]\d)"
        )

    @cached_property
    def _bare_single(self) -> re.Pattern[str]:
        return re.compile(rf"(?:(?<=\s)|(?<=[,(/])|^)(?P<numbers>{_DIGITS})(?=$|[\s,)/])(?!,\d)")

    @cached_property
    def _worth(self) -> dict[str, float]:
        return {form: worth for unit, worth in self.units.items() for form in _spellings([unit])}

    @cached_property
    def _measured(self) -> re.Pattern[str]:
        units = "|".join(sorted(map(re.escape, self._worth), key=len, reverse=True))
        number = r"\d{1,4}(?:[.,]\d{1,2})?"
        return re.compile(
            rf"(?<![\w.,])(?:(?P<low>{number})\s?(?P<low_unit>{units})?{_RANGE.pattern})?(?P<high>{number})"
            rf"\s?(?P<unit>{units})(?:(?P<tenth>[1-9])(?!\w)|(?![^\W_]))"
        )


def prefix_of(number: str) -> str:
    """Return what stands before the number in its id: "us-" of "us-9", nothing of "36-40"."""
    return number[: next((at for at, one in enumerate(number) if one.isdigit()), 0)]


_DIGITS = r"(?<!\d)[1-9]\d{0,2}(?:[.,]5(?!\d))?(?!\d)"
_PLAIN = re.compile(_DIGITS)


def _number(written: str) -> float:
    return float(written.replace(",", "."))


def _spellings(forms: tuple[str, ...] | list[str]) -> list[str]:
    """Return each form with and without diacritics, the longest first, for a regular expression."""
    both = {spelling for form in forms for spelling in (form.lower(), fold(form.lower()))}
    return [re.escape(form) for form in sorted(both, key=len, reverse=True)]
