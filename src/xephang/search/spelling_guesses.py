"""Guess what a word was meant for: as raw keys, by the chats' table, as words glued together, as a slip."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from xephang.search.keyboards import readings
from xephang.search.spelling_chats import chats
from xephang.search.spelling_glue import split
from xephang.search.spelling_slips import CLOSE, HEARD, NEAR, slips, two_slips
from xephang.search.spelling_syllables import is_bare_syllable, is_syllable
from xephang.text import fold

Kind = Literal["telex", "vni", "teencode", "typo", "split", "join"]

_RAW, _RAW_UNUSUAL, _TABLE = 0.2, 0.07, 0.2
_GLUED, _GLUED_SHORT, _SHORT = 1 / 20, 1 / 60, 8
_FOR_OTHER = 20.0
"""How many times as frequent a reading must be as a word that the catalogue holds."""
_BESIDE = 0.45
"""The most trust in what is searched for beside a word, but not read for it."""
_SHORTEST_TYPO, _FOR_TWO = 3, range(7, 15)
"""Lengths of words: the shortest in which a slip is looked for, and those in which two are."""
_DISAGREEING = 0.2
_MOST_PRODUCTS = 5_000_000
"""What no word's count exceeds: spares the search for slips that no count could make likely."""


class Vocabulary(Protocol):
    """The words of a catalogue."""

    def count(self, folded: str) -> int:
        """Return how many products hold this folded lower-case word; 0 if none does."""

    def holding(self, folded: str) -> int:
        """Return how many products hold the word anywhere, in a code or an id too."""

    def accented(self, folded: str) -> str:
        """Return the word's most frequent form with diacritics."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a word may have been meant for, whether or not the catalogue has it.

    :param likelihood: how often this is written for it, against the word written right.
    :param ratio: how many times as frequent it must be as the word itself to be offered.
    :param trust: the most that an alternative may weigh.
    """

    written: str
    kind: Kind
    likelihood: float
    ratio: float
    trust: float


def guesses(word: str, own: int, vocabulary: Vocabulary, *, known: bool = False) -> Iterator[Guess]:
    """Yield guesses for a normalised lower-case word.

    :param own: how many products hold the word itself.
    :param known: the word is right whether or not a product holds it: no slip, and raw keys hardly.
    """
    yield from _chatted(word, own, vocabulary)
    yield from _raw(word, vocabulary, known)
    folded = fold(word)
    if known or not (folded.isascii() and folded.isalpha()):
        return
    sound = is_syllable(word) if word != folded else is_bare_syllable(folded)
    once = [] if sound else list(_glued(word, folded, vocabulary))
    if len(folded) >= _SHORTEST_TYPO:
        once += _slipped(word, folded, sound, own, vocabulary)
    yield from once
    if len(folded) in _FOR_TWO and not own and not once:
        yield from _slipped_twice(folded, vocabulary)


def _raw(word: str, vocabulary: Vocabulary, known: bool) -> Iterator[Guess]:
    kind: Kind = "telex" if word.isalpha() else "vni"
    for reading in readings(word):
        usual = vocabulary.accented(fold(reading)) == reading
        keyed = len(word) - len(reading)
        trust = 0.95 if usual or keyed > 1 else 0.6 if len(word) > 2 else _BESIDE
        likelihood, ratio = (_RAW, _FOR_OTHER) if usual else (_RAW_UNUSUAL, 3 * _FOR_OTHER)
        yield Guess(reading, kind, likelihood, ratio, min(trust, _BESIDE / 2) if known else trust)


def _chatted(word: str, own: int, vocabulary: Vocabulary) -> Iterator[Guess]:
    folded = fold(word)
    for meant, exact in chats().meant(word).items():
        trust = _BESIDE if len(word) == 1 else 0.9 if exact or not is_bare_syllable(word) else 0.6
        yield Guess(meant, "teencode", _TABLE, _FOR_OTHER, trust)
        if own and not (is_bare_syllable(folded) and word in (folded, vocabulary.accented(folded))):
            # dày is thick, and giày by ear: searched for beside it, never read for it.
            yield Guess(meant, "teencode", _TABLE, 3.0, _BESIDE / 2)


def _glued(word: str, folded: str, vocabulary: Vocabulary) -> Iterator[Guess]:
    parts = split(folded, vocabulary.count)
    if not parts:
        return
    written, at = [], 0
    for part in parts:
        typed = word[at : at + len(part)]
        at += len(part)
        if typed != part and not is_syllable(typed):
            return
        written.append(typed)
    likelihood = (_GLUED_SHORT if len(folded) < _SHORT else _GLUED) ** (len(parts) - 1)
    yield Guess(" ".join(written), "split", likelihood, _FOR_OTHER, 0.9)


def _slipped(word: str, folded: str, sound: bool, own: int, vocabulary: Vocabulary) -> Iterator[Guess]:
    """Yield slips: of a word that is a good syllable with less trust, and where it is held, hardly any."""
    rarity = _FOR_OTHER if sound else 1.0
    if own * rarity / HEARD > _MOST_PRODUCTS:
        return
    for meant, likelihood in slips(folded).items():
        if vocabulary.count(meant):
            written = vocabulary.accented(meant)
            likelihood *= _agreement(word, written)
            trust = _BESIDE if len(word) <= _SHORTEST_TYPO else 0.8 if likelihood >= NEAR / 2 else 0.55
            yield Guess(written, "typo", likelihood, rarity / likelihood, trust / 2 if sound and not own else trust)


def _slipped_twice(folded: str, vocabulary: Vocabulary) -> Iterator[Guess]:
    for meant in two_slips(folded):
        if vocabulary.count(meant) > 1:
            yield Guess(vocabulary.accented(meant), "typo", CLOSE * NEAR, _FOR_OTHER, 0.6)


def _agreement(word: str, written: str) -> float:
    """Return how well the diacritics that were typed fit another word's: 1 where none were."""
    typed, meant = _marks(word), _marks(written)
    if not typed or typed == meant:
        return 1.0
    return max(_DISAGREEING, 0.7 * len(typed & meant) / len(typed))


def _marks(word: str) -> set[str]:
    if word.isascii():
        return set()
    return {letter for letter in unicodedata.normalize("NFD", word) if not letter.isascii()}
