"""The words by which queries speak of prices, as shoppers type them: accented, bare, in raw Telex or VNI."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.text import fold

_MEANT_OTHERWISE = "tôi"
"""What is left of tối without its tone."""
_RANGES = frozenset(("đến", "tới"))
_WORD = re.compile(r"[^\W\d_][^\W_]*")
_TONE = re.compile("[\u0301\u0300\u0309\u0303\u0323]")


@dataclass(frozen=True)
class Cues:
    """The table of `price_cues.toml`.

    :param kinds: by phrase, folded but for đến and tới, the name of its kind.
    :param numbers: by word, folded, what it counts.
    :param units: by word, folded, what it is worth in đồng.
    :param typed: by each way to type a word, the word folded; đến and tới written in full stay.
    :param folded: all words, folded.
    """

    kinds: Mapping[str, str]
    numbers: Mapping[str, float]
    units: Mapping[str, int]
    typed: Mapping[str, str]
    folded: frozenset[str]


@cache
def cues() -> Cues:
    """Return the table, read once."""
    toml = tomllib.loads((files("xephang.search") / "price_cues.toml").read_text(encoding="utf-8"))
    kinds = {phrase: kind for kind, phrases in toml["cues"].items() for phrase in phrases}
    spoken = " ".join([*kinds, *toml["numbers"], *toml["units"], "rưỡi"]).split()
    words = frozenset(word for word in spoken if word[0].isalpha())
    return Cues(
        {phrase if phrase in _RANGES else fold(phrase): kind for phrase, kind in kinds.items()},
        {fold(word): float(number) for word, number in toml["numbers"].items()},
        {fold(word): worth for word, worth in toml["units"].items()},
        _typed(words),
        frozenset(map(fold, words)),
    )


def canonical(text: str) -> tuple[str, list[int], list[int]]:
    """Return a normalised text folded, in lower case, with its words of prices as `Cues.kinds` has them.

    Words that only look like those without diacritics (đen, cổ, tủ) are blanked out.

    :return: the text; of each of its characters, where it starts and ends in the text given.
    """
    lower = fold(text).lower()
    lower = lower if len(lower) == len(text) else text
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in _WORD.finditer(text):
        word = cues().typed.get(match[0].lower())
        if word is None and not match[0].isascii() and lower[match.start() : match.end()] in cues().folded:
            word = "_" * len(match[0])
        if word is not None:
            pieces += [lower[at : match.start()], word]
            starts += [*range(at, match.start()), *[match.start()] * len(word)]
            ends += [*range(at + 1, match.start() + 1), *[match.end()] * len(word)]
            at = match.end()
    pieces.append(lower[at:])
    return "".join(pieces), [*starts, *range(at, len(text))], [*ends, *range(at + 1, len(text) + 1)]


def _typed(words: frozenset[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    toneless: dict[str, str] = {}
    for word in words:
        found |= dict.fromkeys(_ways(word) - {fold(word)}, word if word in _RANGES else fold(word))
        bare = unicodedata.normalize("NFC", _TONE.sub("", unicodedata.normalize("NFD", word)))
        if bare != _MEANT_OTHERWISE:
            toneless |= dict.fromkeys(_ways(bare), fold(word))
    # "max" is itself before it is the keys of mã.
    return {**toneless, **found, **{word: word for word in words if word.isascii()}}


def _ways(word: str) -> set[str]:
    ways = product((TELEX, VNI), (True, False), (True, False))
    return {word} | {keys(word, method, at_end=at_end, together=together) for method, at_end, together in ways}
