"""Vietnamese as the keys that type it, for a keyboard whose input method is switched off: giayf, gia2y."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
_TONES = "\u0301\u0300\u0309\u0303\u0323"


@dataclass(frozen=True)
class InputMethod:
    """Which keys put on which marks.

    :param tones: the keys of acute, grave, hook, tilde and dot below (sắc, huyền, hỏi, ngã, nặng).
    :param marks: the key of each other mark; where it is empty, the vowel's own key once more.
    :param bar: the key that makes đ of d.
    """

    tones: str
    marks: Mapping[str, str]
    bar: str


TELEX = InputMethod("sfrxj", {_CIRCUMFLEX: "", _BREVE: "w", _HORN: "w"}, "d")
VNI = InputMethod("12345", {_CIRCUMFLEX: "6", _BREVE: "8", _HORN: "7"}, "9")

_VOWELS = frozenset(
    unicodedata.normalize("NFC", letter + tone) for letter, tone in product("aăâeêioôơuưyAĂÂEÊIOÔƠUƯY", ("", *_TONES))
)
# A syllable with a digit glued to it ("cỡ39") would change its number in VNI.
_SYLLABLE = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")


def keys(text: str, method: InputMethod, *, at_end: bool, together: bool) -> str:
    """Return the keys that type a normalised text; what Vietnamese has no letter for stays as it is.

    :param at_end: a syllable's tone is typed after its last letter (chayj), else right after its vowel (chajy).
    :param together: ươ is typed with one key for both horns (truowtj), else with one each (truwowtj).
    """
    return _SYLLABLE.sub(lambda match: _typed(match.group(), method, at_end, together), text)


def _typed(syllable: str, method: InputMethod, at_end: bool, together: bool) -> str:
    parts = [_decomposed(letter) for letter in syllable]
    last = at_end and sum(bool(tone) for _, _, tone in parts) == 1
    out, delayed = "", ""
    for place, (base, mark, tone) in enumerate(parts):
        following = parts[place + 1][:2] if place + 1 < len(parts) else ("", "")
        shared = together and mark == _HORN and base in "uU" and following in (("o", _HORN), ("O", _HORN))
        key = method.bar if mark == "đ" else method.marks[mark] or base.lower() if mark and not shared else ""
        toned = method.tones[_TONES.index(tone)] if tone else ""
        delayed += toned if last else ""
        pressed = key + ("" if last else toned)
        out += base + (pressed.upper() if _shouted(syllable) else pressed)
    return out + (delayed.upper() if _shouted(syllable) else delayed)


def _decomposed(letter: str) -> tuple[str, str, str]:
    """Return the letter on the key, its mark ("đ" for the bar), and its tone."""
    if letter in "đĐ":
        return ("d" if letter == "đ" else "D"), "đ", ""
    if letter not in _VOWELS:
        return letter, "", ""
    base, *marks = list(unicodedata.normalize("NFD", letter))
    return base, "".join(m for m in marks if m not in _TONES), "".join(m for m in marks if m in _TONES)


def _shouted(syllable: str) -> bool:
    return len(syllable) > 1 and syllable.isupper()
