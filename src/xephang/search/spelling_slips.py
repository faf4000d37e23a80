"""Yield what a misspelt word may have been meant for, with how likely such a slip is.

Edits are made and looked up rather than searched for, as in Norvig, How to Write a Spelling Corrector (2007); they
are those of Damerau (1964): one letter more, less or other, or two exchanged. Slips in the first letter are rare
(Yannakoudakis and Fawthrop, 1983).
"""

from collections.abc import Iterator

HEARD, CLOSE, NEAR, FAR = 1 / 100, 1 / 150, 1 / 300, 1 / 3000
"""How often such a slip is made, against the word written right: by ear; two letters exchanged, one left out or
doubled; a key beside the right one; any other."""
_FIRST = 0.3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiouy"
_BESIDE = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa",
    "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu",
    "z": "asx",
}  # fmt: skip
"""Keys that touch on a QWERTY keyboard."""
_HEARD_FIRST = (
    ("x", "s"), ("ch", "tr"), ("l", "n"), ("d", "gi"), ("d", "r"), ("gi", "r"), ("f", "ph"), ("z", "d"), ("z", "gi"),
    ("j", "gi"), ("w", "qu"), ("k", "c"), ("ngh", "ng"), ("gh", "g"), ("v", "d"),
)  # fmt: skip
_HEARD_LAST = (("n", "ng"), ("t", "c"), ("nh", "n"), ("i", "y"), ("o", "u"), ("ch", "t"))
"""Initials and endings that one or the other half of Vietnam says alike, and writes for one another."""


def slips(word: str) -> dict[str, float]:
    """Return the words one slip away from a lower-case ASCII word, each with the slip's likelihood."""
    found: dict[str, float] = {}
    for meant, likelihood in (*_heard(word), *_slipped(word)):
        if likelihood > found.get(meant, 0.0):
            found[meant] = likelihood
    found.pop(word, None)
    return found


def two_slips(word: str) -> set[str]:
    """Return words two of the likelier slips away whose first letter is the same: some thousands."""
    once = dict(_likely(word, 1))
    return {meant for first, at in once.items() for meant, _ in (*_likely(first, at), *_beside(first, at))} - {*once}


def _heard(word: str) -> Iterator[tuple[str, float]]:
    for one, other in (*_HEARD_FIRST, *((b, a) for a, b in _HEARD_FIRST)):
        if word.startswith(one):
            yield other + word[len(one) :], HEARD
    for one, other in (*_HEARD_LAST, *((b, a) for a, b in _HEARD_LAST)):
        if word.endswith(one):
            yield word[: len(word) - len(one)] + other, HEARD


def _slipped(word: str) -> Iterator[tuple[str, float]]:
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        rare = 1.0 if at else _FIRST
        for letter in _LETTERS:
            yield before + letter + after, CLOSE * rare
        if not after:
            continue
        typed, rest = after[0], after[1:]
        yield before + rest, (CLOSE if typed in (before[-1:], rest[:1]) else NEAR) * rare
        if rest:
            yield before + rest[0] + typed + rest[1:], CLOSE * rare
        beside = _BESIDE.get(typed, "")
        for letter in _LETTERS:
            yield before + letter + rest, (NEAR if letter in beside else FAR) * rare


def _likely(word: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield what is left after a letter too many, two exchanged, or a vowel left out or written for another.

    Each comes with the place of the slip.
    """
    for at in range(start, len(word)):
        before, letter, rest = word[:at], word[at], word[at + 1 :]
        yield before + rest, at
        if rest:
            yield before + rest[0] + letter + rest[1:], at
        if letter in _VOWELS:
            yield from ((before + vowel + rest, at) for vowel in _VOWELS)
        elif before[-1] not in _VOWELS:
            yield from ((before + vowel + letter + rest, at) for vowel in _VOWELS)


def _beside(word: str, start: int) -> Iterator[tuple[str, int]]:
    for at in range(start, len(word)):
        yield from ((word[:at] + key + word[at + 1 :], at) for key in _BESIDE.get(word[at], ""))
