"""Yield what a misspelt word may have been meant for, with how likely such a slip is.

Edits are made and looked up rather than searched for, as in Norvig, How to Write a Spelling Corrector (2007); they
are those of Damerau (1964): one letter more, less or other, or two exchanged.
"""

from collections.abc import Iterator

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NEAR = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa",
    "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu",
    "z": "asx",
}  # fmt: skip
"""Keys that touch on a QWERTY keyboard."""
_HEARD_FIRST = (
    ("x", "s"), ("ch", "tr"), ("l", "n"), ("d", "gi"), ("d", "r"), ("gi", "r"), ("f", "ph"), ("z", "d"), ("z", "gi"),
    ("j", "gi"), ("w", "qu"), ("k", "c"), ("ngh", "ng"), ("gh", "g"), ("v", "d"), ("c", "k"),
)  # fmt: skip
_HEARD_LAST = (("n", "ng"), ("t", "c"), ("nh", "n"), ("i", "y"), ("o", "u"), ("ch", "t"))
"""Initials and endings that one or the other half of Vietnam says alike, and writes for one another."""
HEARD, CLOSE, FAR = 1 / 100, 1 / 200, 1 / 1000
"""How often such a slip is made, against the word written right: by ear, on the keyboard, any other."""


def slips(word: str) -> dict[str, float]:
    """Return the words one slip away from a lower-case ASCII word, each with the slip's likelihood."""
    found: dict[str, float] = {}
    for meant, likelihood in (*_heard(word), *_close(word), *_far(word)):
        if meant not in found:
            found[meant] = likelihood
    found.pop(word, None)
    return found


def close_slips(word: str) -> set[str]:
    """Return the words one likely slip away whose first letter is the same."""
    return {meant for meant, _ in (*_heard(word), *_close(word)) if meant[:1] == word[:1]}


def _heard(word: str) -> Iterator[tuple[str, float]]:
    for one, other in (*_HEARD_FIRST, *((b, a) for a, b in _HEARD_FIRST)):
        if word.startswith(one):
            yield other + word[len(one) :], HEARD
    for one, other in (*_HEARD_LAST, *((b, a) for a, b in _HEARD_LAST)):
        if word.endswith(one):
            yield word[: len(word) - len(one)] + other, HEARD


def _close(word: str) -> Iterator[tuple[str, float]]:
    """Two letters exchanged, one doubled or not doubled, a neighbouring key hit, a vowel left out."""
    for at, letter in enumerate(word):
        before, after = word[:at], word[at + 1 :]
        if after and after[0] != letter:
            yield before + after[0] + letter + after[1:], CLOSE
        doubled = after[:1] == letter
        yield before + after, CLOSE if doubled else FAR
        yield before + letter + letter + after, CLOSE
        for near in _NEAR.get(letter, ""):
            yield before + near + after, CLOSE
        for vowel in "aeiouy":
            yield before + letter + vowel + after, FAR


def _far(word: str) -> Iterator[tuple[str, float]]:
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        for letter in _LETTERS:
            yield before + letter + after, FAR
            if after:
                yield before + letter + after[1:], FAR
