"""The words of a text, as the first stage's index holds them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from xephang.text import fold

LONGEST = 40
"""Letters of a word that are indexed; what is longer is cut."""
_RUN = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"\d+|[^\W\d_]+")
_GLUE = re.compile(r"[-./]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a normalised text.

    :param lower: in lower case, with its diacritics.
    :param folded: the same without them.
    """

    lower: str
    folded: str
    start: int
    end: int


def terms(text: str) -> list[Term]:
    """Cut a normalised text into runs of letters and digits."""
    found = []
    for match in _RUN.finditer(text):
        lower = match[0][:LONGEST].lower()
        found.append(Term(lower, fold(lower), *match.span()))
    return found


def codes(text: str, found: list[Term]) -> Iterator[str]:
    """Yield other ways to write the words that have digits: "xt20" and "20" of "XT-20", "xt" and "20" of "XT20"."""
    for term in found:
        pieces = _PIECES.findall(term.folded)
        if len(pieces) > 1:
            yield from pieces
    for one, other in pairwise(found):
        if _GLUE.fullmatch(text, one.end, other.start) and _DIGIT.search(one.folded + other.folded):
            yield one.folded + other.folded


def grams(word: str) -> list[str]:
    """Return the runs of three letters of a folded word, its ends marked: "^gi", "gia", "iay", "ay$"."""
    marked = f"^{word}$"
    return [marked[at : at + 3] for at in range(len(marked) - 2)]
