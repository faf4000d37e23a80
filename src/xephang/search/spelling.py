"""Offer what a word of a query may have been meant for, among the words that the catalogue holds.

A catalogue of a million products holds misspelt words itself, so that counts are compared, never only presence: a
word stands unless something else is so much more frequent that a slip explains it better. An alternative's mass is
its count times how often it is so written (a noisy channel: Kernighan, Church and Gale, 1990).
"""

from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from xephang.lexicon import Lexicon
from xephang.search.spelling_chats import chats
from xephang.search.spelling_guesses import Guess, Kind, Vocabulary, guesses
from xephang.search.spelling_syllables import is_bare_syllable
from xephang.text import fold

__all__ = ["Alternative", "Kind", "Speller", "Vocabulary", "alternatives", "joined", "lexicon_words"]

_LONGEST = 40
_MOST = 5
_LEAST_WEIGHT = 0.03
_UNSEEN, _STANDING = 0.02, 0.05
"""The mass of a word that no product holds, which may be right for all that; of one that some hold, for each."""
_RARER, _RARER_SYLLABLES, _COMMONER = 20, 400, 5


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word, or several, that a word may have been meant for.

    :param term: folded, joined by spaces where there are several.
    :param written: with diacritics, for people.
    :param weight: from 0 to 1, how much it may be trusted; from 0.5 on it may be read in the word's place.
    """

    term: str
    written: str
    weight: float
    kind: Kind


class Speller:
    """Alternatives from one vocabulary, remembered. The vocabulary must not change under it.

    :param known: words, as they are written, that are right even where no product holds them (`lexicon_words`).
    """

    def __init__(self, vocabulary: Vocabulary, known: Container[str] = (), *, remember: int = 16384) -> None:
        self.vocabulary = vocabulary
        self.known = known
        self._remembered = lru_cache(remember)(self._read)

    def alternatives(self, word: str) -> tuple[Alternative, ...]:
        """Return what a normalised lower-case word may have been meant for, best first; see `alternatives`."""
        return self._remembered(word) if len(word) <= _LONGEST else ()

    def joined(self, first: str, second: str) -> Alternative | None:
        """Return what two words are together; see `joined`."""
        return joined(first, second, self.vocabulary)

    def _read(self, word: str) -> tuple[Alternative, ...]:
        return alternatives(word, self.vocabulary, self.known)


def alternatives(word: str, vocabulary: Vocabulary, known: Container[str] = ()) -> tuple[Alternative, ...]:
    """Return what a normalised lower-case word may have been meant for, best first; none where it stands.

    The vocabulary holds all of an alternative's words. Words beyond 40 letters have none.

    :param known: as in `Speller`.
    """
    if not word or len(word) > _LONGEST:
        return ()
    folded = fold(word)
    own = vocabulary.count(folded)
    best: dict[str, tuple[float, Guess]] = {}
    for guess in guesses(word, own, vocabulary, known=word in known):
        term = fold(guess.written)
        count = _count(term, vocabulary)
        if term == folded or not count or count < own * guess.ratio:
            continue
        mass = count * guess.likelihood
        better = term not in best or (guess.trust, mass) > (best[term][1].trust, best[term][0])
        # What keys typed is read as they typed it, not as the usual word a slip away.
        if better and (term not in best or guess.kind != "typo" or best[term][1].kind == "typo"):
            best[term] = mass, guess
    total = own * _STANDING + _UNSEEN + sum(mass for mass, _ in best.values())
    found = [Alternative(term, one.written, one.trust * mass / total, one.kind) for term, (mass, one) in best.items()]
    ranked = sorted(found, key=lambda one: (-one.weight, one.term))
    return tuple(one for one in ranked[:_MOST] if one.weight >= _LEAST_WEIGHT)


def joined(first: str, second: str, vocabulary: Vocabulary) -> Alternative | None:
    """Return what two normalised lower-case words are together, if it is held far more often; None if nothing.

    Mostly one word ("conver se"), or what chats write as two ("săng đan", "e bé").
    """
    if not 2 < len(first) + len(second) <= _LONGEST:
        return None
    rarer, commoner = sorted(map(vocabulary.count, (fold(first), fold(second))))
    for meant in chats().meant(f"{first} {second}"):
        held = _count(fold(meant), vocabulary)
        if held > rarer * _RARER:
            return Alternative(fold(meant), meant, 0.9 * held / (held + rarer), "teencode")
    word = fold(first) + fold(second)
    held = vocabulary.count(word)
    sound = all(is_bare_syllable(fold(part)) for part in (first, second))
    enough = held > rarer * (_RARER_SYLLABLES if sound else _RARER) and held * _COMMONER > commoner
    if held < 2 or not word.isalpha() or not enough:
        return None
    return Alternative(word, vocabulary.accented(word), 0.9 * held / (held + rarer), "join")


def lexicon_words(lexicon: Lexicon) -> frozenset[str]:
    """Return the words that a lexicon's values are written with."""
    return frozenset(word for facet in lexicon.facets.values() for form in facet.forms() for word in form.words)


def _count(term: str, vocabulary: Vocabulary) -> int:
    return min(map(vocabulary.count, term.split()), default=0)
