"""Take words apart that were written as one, and put one together that was written as two."""

from collections.abc import Callable
from math import log

from xephang.search.spelling_syllables import is_bare_syllable

_LONGEST_WORD = 14
_SHORTEST_TO_SPLIT = 5


def split(folded: str, count: Callable[[str], int]) -> tuple[str, ...]:
    """Return the words, all of them held, whose frequencies explain a glued word best; none if none do.

    Dynamic programming over the places between letters, with a word's probability from its count.
    """
    size = len(folded)
    if size < _SHORTEST_TO_SPLIT:
        return ()
    pieces = {
        (start, end): held
        for start in range(size)
        for end in range(start + 2, min(size, start + _LONGEST_WORD) + 1)
        if (held := _held(folded[start:end], count)) and end - start < size
    }
    if not pieces:
        return ()
    total = 4 * max(pieces.values())
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("-inf"), 0)] * size
    for end in range(1, size + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            if (start, end) in pieces:
                best[end] = max(best[end], (best[start][0] + log(pieces[start, end] / total), start))
    return _cut(folded, best) if best[size][0] > float("-inf") else ()


def _held(piece: str, count: Callable[[str], int]) -> int:
    if len(piece) < 4 and not is_bare_syllable(piece):
        return 0
    return count(piece)


def _cut(folded: str, best: list[tuple[float, int]]) -> tuple[str, ...]:
    words, end = [], len(folded)
    while end:
        start = best[end][1]
        words.append(folded[start:end])
        end = start
    return tuple(reversed(words))
