"""Read words whose Telex or VNI keys came through as they were typed: giayf and gia2y are giày.

`xephang.judgments.keystrokes` types such words; this reads them. A key may stand anywhere after the letter that it
marks, as the input methods allow.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from xephang.judgments.keystrokes import TELEX, VNI, InputMethod
from xephang.search.spelling_syllables import is_syllable

_LONGEST = 11
"""Keys of the longest syllables: nghieengs, nguwowngf."""
_TONES = "\u0301\u0300\u0309\u0303\u0323"
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
_MARKED = {_CIRCUMFLEX: "aeo", _BREVE: "a", _HORN: "uo"}
_TYPED = re.compile(r"[a-z][a-z1-9]*")
_TELEX_KEY = re.compile(r".+[sfrxj]|.*w|.*([aeod]).*\1")
_VNI_KEY = re.compile(r"[a-z]+[1-9]")


@dataclass(frozen=True, slots=True)
class _Typed:
    """What some keys have typed so far.

    :param bases: the letters, with d for đ.
    :param marks: by letter, the mark other than a tone; "-" for the bar of đ.
    """

    bases: str = ""
    marks: tuple[str, ...] = ()
    tone: str = ""

    def letter(self, base: str, mark: str = "") -> "_Typed":
        return replace(self, bases=self.bases + base, marks=(*self.marks, mark))

    def marked(self, place: int, mark: str) -> "_Typed":
        return replace(self, marks=(*self.marks[:place], mark, *self.marks[place + 1 :]))


def readings(word: str) -> tuple[str, ...]:
    """Return every Vietnamese word that these keys can have typed, those with the most keys used as marks first.

    Upper-case keys are read as lower-case ones. Without a key that marks something, there is none.
    """
    if len(word) > _LONGEST or not word.isascii():
        return ()
    return _readings(word.lower())


@lru_cache(maxsize=16384)
def _readings(word: str) -> tuple[str, ...]:
    if not _TYPED.fullmatch(word):
        return ()
    found: dict[str, int] = {}
    if word.isalpha():
        if _TELEX_KEY.match(word):
            found = {read: len(read) for read in _words(word, TELEX)}
    elif _VNI_KEY.match(word):
        found = {read: len(read) for read in _words(word, VNI)}
    return tuple(sorted((read for read in found if read != word), key=lambda read: (found[read], read)))


def _words(word: str, method: InputMethod) -> Iterator[str]:
    states = {_Typed()}
    for key in word:
        states = {after for before in states for after in _pressed(before, key, method)}
    for state in states:
        yield from (read for read in _written(state) if is_syllable(read))


def _pressed(before: _Typed, key: str, method: InputMethod) -> Iterator[_Typed]:
    """Yield what there is after one more key: the letter on it, or a mark on an earlier letter."""
    if key.isalpha():
        yield before.letter(key)
    if key in method.tones and not before.tone and re.search("[aeiouy]", before.bases):
        yield replace(before, tone=_TONES[method.tones.index(key)])
    if key == method.bar and before.bases[:1] == "d" and not before.marks[0]:
        yield before.marked(0, "-")
    for mark, on_key in method.marks.items():
        yield from _marking(before, key, mark, on_key)
    if method is TELEX and key == "w":
        yield before.letter("u", _HORN)


def _marking(before: _Typed, key: str, mark: str, on_key: str) -> Iterator[_Typed]:
    for place, base in enumerate(before.bases):
        if base not in _MARKED[mark] or before.marks[place] or key != (on_key or base):
            continue
        yield before.marked(place, mark)
        if mark == _HORN and before.bases[place : place + 2] == "uo" and not before.marks[place + 1]:
            yield before.marked(place, mark).marked(place + 1, mark)


def _written(state: _Typed) -> Iterator[str]:
    """Yield the word with its tone on each vowel that may bear it."""
    letters = [
        "đ" if mark == "-" else unicodedata.normalize("NFC", base + mark)
        for base, mark in zip(state.bases, state.marks, strict=True)
    ]
    if not state.tone:
        yield "".join(letters)
        return
    place = _bearer(letters)
    if place is not None:
        letters[place] = unicodedata.normalize("NFC", letters[place] + state.tone)
        yield "".join(letters)


def _bearer(letters: list[str]) -> int | None:
    """Return the vowel that bears the tone in the older spelling, which `text.normalise` writes: hòa, thúy."""
    word = "".join(letters)
    start = 2 if re.match("qu.|gi[aăâeêioôơuưy]", word) else 0
    vowels = [place for place, letter in enumerate(letters) if place >= start and letter in "aăâeêioôơuưy"]
    if not vowels:
        return None
    special = [place for place in vowels if letters[place] in "ăâêôơư"]
    if special:
        return special[-1]
    if len(vowels) == 1:
        return vowels[0]
    closed = vowels[-1] < len(letters) - 1
    return vowels[1] if len(vowels) > 2 or closed else vowels[0]
