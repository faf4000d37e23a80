"""Cut a normalised text into words, and compare words whose diacritics may be missing."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from xephang.text import fold, normalise

_WORD = re.compile(r"[^\W\d_]+|\d+")
_INSIDE = re.compile(r"[^\W_]")
_WITHIN_A_FORM = re.compile(r"\s?[&.:'’_]?\s?|-")


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters or a run of digits.

    :param lower: as written, in lower case.
    :param folded: the same without diacritics; what words are looked up by.
    :param opens: nothing is glued to its left: "b" of "b21", but not "21".
    :param closes: nothing is glued to its right.
    :param follows: only what a form may hold stands between it and the word before: "Biti's", "xăng-đan",
        "Dr. Martens", but not "nâu, đỏ" or "nâu - đỏ".
    """

    lower: str
    folded: str
    start: int
    end: int
    opens: bool
    closes: bool
    follows: bool


def words(text: str) -> list[Word]:
    """Cut a normalised text into words; "sz40" is two, glued, and "Biti's" two with a sign between."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        lower = match.group().lower()
        opens = start == 0 or not _INSIDE.match(text, start - 1)
        closes = end == len(text) or not _INSIDE.match(text, end)
        follows = bool(found) and bool(_WITHIN_A_FORM.fullmatch(text, found[-1].end, start))
        found.append(Word(lower, fold(lower), start, end, opens, closes, follows))
    return found


def spelled(form: str) -> tuple[str, ...]:
    """Return a form's words in lower case, diacritics kept."""
    return tuple(word.lower for word in words(normalise(form)))


def folded(form: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words without their diacritics."""
    return tuple(map(fold, form))


@lru_cache(maxsize=65536)
def is_stripped(written: str, meant: str) -> bool:
    """Tell whether `written` is `meant` with some of its diacritics left out ("đê" of "đế")."""
    if len(written) != len(meant):
        return False
    return all(_marks(one) <= _marks(other) for one, other in zip(written, meant, strict=True))


@lru_cache(maxsize=4096)
def _marks(character: str) -> frozenset[str]:
    return frozenset("d\u0335" if character == "đ" else unicodedata.normalize("NFD", character))
