"""Offer what a word of a query may have been meant for, among the words that the catalogue holds.

A catalogue of a million products holds misspelt words itself, so that counts are compared, never only presence: a
word stands unless something else is so much more frequent that a slip explains it better. Each alternative's mass is
its count times how often such a slip is made (a noisy channel: Kernighan, Church and Gale, 1990); a held word's own
mass is its count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from xephang.search.keyboards import readings
from xephang.search.spelling_chats import chats
from xephang.search.spelling_glue import split
from xephang.search.spelling_slips import CLOSE, FAR, close_slips, slips
from xephang.search.spelling_syllables import is_bare_syllable
from xephang.text import fold

Kind = Literal["telex", "vni", "teencode", "typo", "split", "join"]

_LONGEST = 40
_MOST = 5
_RAW, _CHAT, _GLUED = 1 / 20, 1 / 20, 1 / 20
_SHORTEST_TYPO, _SHORTEST_FOR_TWO = 3, 7
_LEAST_WEIGHT = 0.03


class Vocabulary(Protocol):
    """The words of a catalogue."""

    def count(self, folded: str) -> int:
        """Return how many products hold this folded lower-case word."""

    def accented(self, folded: str) -> str:
        """Return the word's most frequent form with diacritics."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word, or several, that a word may have been meant for.

    :param term: folded, joined by spaces where there are several.
    :param written: with diacritics, for people.
    :param weight: from 0 to 1, how much it may be trusted.
    """

    term: str
    written: str
    weight: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Guess:
    written: str
    likelihood: float
    kind: Kind

    @property
    def term(self) -> str:
        return fold(self.written)


class Speller:
    """Alternatives from one vocabulary, remembered. The vocabulary must not change under it."""

    def __init__(self, vocabulary: Vocabulary, *, remember: int = 16384) -> None:
        self.vocabulary = vocabulary
        self._remembered = lru_cache(remember)(self._read)

    def alternatives(self, word: str) -> tuple[Alternative, ...]:
        """Return what a normalised lower-case word may have been meant for, best first; see `alternatives`."""
        return self._remembered(word) if len(word) <= _LONGEST else ()

    def joined(self, first: str, second: str) -> Alternative | None:
        """Return the one word that two are parts of; see `joined`."""
        return joined(first, second, self.vocabulary)

    def _read(self, word: str) -> tuple[Alternative, ...]:
        return alternatives(word, self.vocabulary)


def alternatives(word: str, vocabulary: Vocabulary) -> tuple[Alternative, ...]:
    """Return what a normalised lower-case word may have been meant for, best first; none where it stands.

    All of an alternative's words are held by the vocabulary. Words beyond 40 letters have none.
    """
    if not word or len(word) > _LONGEST:
        return ()
    own = vocabulary.count(fold(word))
    best: dict[str, tuple[float, _Guess]] = {}
    for guess in _guesses(word, own, vocabulary):
        mass = _count(guess.term, vocabulary) * guess.likelihood
        if mass > own and guess.term != fold(word) and mass > best.get(guess.term, (0.0, guess))[0]:
            best[guess.term] = mass, guess
    total = own + sum(mass for mass, _ in best.values())
    ranked = sorted(best.values(), key=lambda one: (-one[0], one[1].term))[:_MOST]
    found = (Alternative(one.term, one.written, mass / total * _trust(one), one.kind) for mass, one in ranked)
    return tuple(one for one in found if one.weight >= _LEAST_WEIGHT)


def joined(first: str, second: str, vocabulary: Vocabulary) -> Alternative | None:
    """Return the one word, held far more often, that two normalised lower-case words are parts of; None if none."""
    if not 2 < len(first) + len(second) <= _LONGEST:
        return None
    word = fold(first) + fold(second)
    held = vocabulary.count(word)
    rarer = min(vocabulary.count(fold(first)), vocabulary.count(fold(second)))
    words = all(is_bare_syllable(fold(part)) for part in (first, second))
    if not word.isalpha() or held < 2 or held <= rarer * (400 if words else 20):
        return None
    return Alternative(word, vocabulary.accented(word), held / (held + 20 * rarer) * 0.9, "join")


def _trust(guess: _Guess) -> float:
    return {"telex": 0.95, "vni": 0.95, "teencode": 0.9, "split": 0.9, "join": 0.9}.get(
        guess.kind, 0.8 if guess.likelihood >= CLOSE else 0.6 if guess.likelihood >= FAR else 0.4
    )


def _count(term: str, vocabulary: Vocabulary) -> int:
    return min(map(vocabulary.count, term.split()), default=0)


def _guesses(word: str, own: int, vocabulary: Vocabulary) -> Iterator[_Guess]:
    for reading in readings(word):
        usual = vocabulary.accented(fold(reading)) == reading
        kind: Kind = "telex" if word.isalpha() else "vni"
        yield _Guess(reading, _RAW if usual else _RAW / 3, kind)
    for meant in chats().meant(word):
        yield _Guess(meant, _CHAT, "teencode")
    folded = fold(word)
    if not (folded.isascii() and folded.isalpha()):
        return
    if parts := split(folded, vocabulary.count):
        yield _Guess(" ".join(map(vocabulary.accented, parts)), _GLUED ** (len(parts) - 1), "split")
    if len(folded) >= _SHORTEST_TYPO and not (own and is_bare_syllable(folded)):
        yield from _typos(folded, vocabulary)


def _typos(folded: str, vocabulary: Vocabulary) -> Iterator[_Guess]:
    found = False
    for meant, likelihood in slips(folded).items():
        if vocabulary.count(meant):
            found = True
            yield _Guess(vocabulary.accented(meant), likelihood, "typo")
    if found or len(folded) < _SHORTEST_FOR_TWO:
        return
    firsts = close_slips(folded)
    for meant in {second for first in firsts for second in close_slips(first)} - firsts - {folded}:
        if vocabulary.count(meant) > 1:
            yield _Guess(vocabulary.accented(meant), CLOSE * CLOSE, "typo")
