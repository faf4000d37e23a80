"""Tell what can be a Vietnamese syllable from what can not: an initial, a rhyme, and a tone that fits both.

The inventory is that of Đoàn Thiện Thuật, Ngữ âm tiếng Việt (1977), as the orthography writes it: c, g, ng before
back vowels, k, gh, ngh before front ones; syllables that end in p, t, c, ch bear the acute tone or the dot below.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from xephang.text import fold

_TONE = re.compile("[\u0301\u0300\u0309\u0303\u0323]")
_LONGEST = 7
_FRONT = "eêiy"
_INITIALS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_CHATTED = "f j w z"
"""Letters by which chats write ph, gi, qu, d."""
_RHYMES = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
o oc oi om on ong op ot oong ooc ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet
u ua uc ui um un ung up ut uât uân uâng uây uê uêch uên uênh uêt uơ uy uya uych uyên uyêt uyn uynh uyt uyu
uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
y yêm yên yêng yêt yêu
"""
_AFTER_QU = """
a ac ach ai an ang anh ao at au ay ăc ăm ăn ăng ăp ăt ân ât âng ây
e ech en eo et ê ên ênh êt êu ơ ôc y ych yên yêt yn ynh yt yu
"""
_AFTER_G = "i in iêng iêt iêm iêc ip ich"
"""Rhymes that gi shares its i with: gì, gìn, giếng, giết."""


def is_syllable(word: str) -> bool:
    """Return whether a lower-case word, with its diacritics, is a plausible Vietnamese syllable.

    Chats' initials f, j, w and z count as such.
    """
    if not 0 < len(word) <= _LONGEST:
        return False
    letters = unicodedata.normalize("NFD", word)
    tones = _TONE.findall(letters)
    plain = unicodedata.normalize("NFC", _TONE.sub("", letters))
    checked = not plain.endswith(("p", "t", "c", "ch")) or tones in (["\u0301"], ["\u0323"])
    return len(tones) < 2 and checked and plain in _syllables()


def is_bare_syllable(word: str) -> bool:
    """Return whether a folded lower-case word is a Vietnamese syllable that lost its diacritics."""
    return word in _bare()


@cache
def _syllables() -> frozenset[str]:
    return frozenset(_written(f"{_INITIALS} {_CHATTED}"))


@cache
def _bare() -> frozenset[str]:
    return frozenset(map(fold, _written(_INITIALS)))


def _written(initials: str) -> Iterator[str]:
    for initial in ("", *initials.split()):
        for rhyme in (_AFTER_QU if initial == "qu" else _RHYMES).split():
            if _fits(initial, rhyme):
                yield initial + rhyme
    yield from ("g" + rhyme for rhyme in _AFTER_G.split())


def _fits(initial: str, rhyme: str) -> bool:
    if initial == "gi":
        return not rhyme.startswith(("i", "y"))
    if initial in ("k", "gh", "ngh"):
        return rhyme[0] in _FRONT
    if initial in ("c", "g", "ng"):
        return rhyme[0] not in _FRONT
    return initial in ("", "qu") or rhyme == "y" or not rhyme.startswith("y")
