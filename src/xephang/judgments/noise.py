"""How shoppers type: without diacritics, in raw Telex or VNI, in teencode, with slips of the finger.

Each kind takes a random generator and a text, and returns the text as such a shopper would type it, normalised
(NFC). None of them raises on any text, changes a number, or asks for another product. A text that gives a kind
nothing to do comes back as it was.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from importlib.resources import files
from random import Random

from xephang.judgments.keystrokes import TELEX, VNI, InputMethod, keys
from xephang.text import fold, normalise

Kind = Callable[[Random, str], str]

_NEIGHBOURS = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "xs",
}  # fmt: skip
# Words whose bare form is another word of shops: đá (ball games) is not da (leather), bé no be (beige).
_MEANT_OTHERWISE = frozenset({"da", "be", "nam", "cam", "kem", "ghi", "tan", "bo"})
_REFUSAL = re.compile(r"(?<!\w)(?:không|ko|k|hok|trừ|đừng|chẳng|chả)(?!\w)", re.IGNORECASE)
_NUMBER = r"\d+(?:[.,]5)?"
_COLOUR = (
    r"(?:đen|trắng|đỏ|vàng|xanh|hồng|nâu|xám|tím)"
    r"(?: (?:dương|lá cây|lá|biển|navy|than|rêu|ngọc|mint|đô|sữa|kem|bò|đồng|phấn|pastel|đất|nhạt|đậm|đen|trắng))?"
)
# Phrases that may stand elsewhere, each with what has to surround it: "giày nam" but not "việt nam" or "nam tính",
# a colour of the whole thing but not of its sole.
_MOVABLE = tuple(
    re.compile(rf"(?<!\S){pattern}(?!\S)", re.IGNORECASE)
    for pattern in (
        rf"(?P<phrase>(?:size|sz|cỡ) ?{_NUMBER}(?: ?(?:-|đến) ?{_NUMBER})?)(?! \d)",
        r"(?<!việt )(?<!miền )(?<!hà )(?<!quảng )(?<!đông )(?P<phrase>(?:cho )?"
        r"(?:nam(?: (?:và )?nữ)?|nữ(?: (?:và )?nam)?|unisex|bé trai|bé gái|trẻ em))"
        r"(?! (?:tính|giới|sinh|hoàng|châm|định|phi|á|trang|nam|nữ)(?!\w))",
        r"(?:nam|nữ|giày|giầy|dép|sandal|sneaker|boot|bốt|guốc|lười|tây|thể thao|cao gót|búp bê|chạy bộ|quai ngang) "
        rf"(?P<phrase>(?:màu )?{_COLOUR})(?= (?:size|sz|cỡ|cho|nam|nữ)(?!\w)|$)",
    )
)


@dataclass(frozen=True)
class _Replacements:
    """A table of `noise.toml`: by what a word may be replaced."""

    pattern: re.Pattern[str]
    forms: Mapping[str, tuple[str, ...]]

    def replace(self, rng: Random, text: str) -> str:
        """Replace one or more of the words that the table knows."""
        found = [(match, self.forms.get(match.group().casefold(), ())) for match in self.pattern.finditer(text)]
        fitting = [(match, forms) for match, forms in found if forms]
        chosen = rng.sample(fitting, rng.randint(1, len(fitting))) if fitting else []
        for match, forms in sorted(chosen, key=lambda one: -one[0].start()):
            form = rng.choice(forms)
            text = text[: match.start()] + (form.upper() if _shouted(match) else form) + text[match.end() :]
        return text


@cache
def _table(name: str) -> _Replacements:
    toml = (files("xephang.judgments") / "noise.toml").read_text(encoding="utf-8")
    forms = {key: tuple(values) for key, values in tomllib.loads(toml)[name].items()}
    longest_first = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    return _Replacements(re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE), forms)


def _shouted(match: re.Match[str]) -> bool:
    return match.group().isupper()


def _normalised(change: Kind) -> Kind:
    @wraps(change)
    def kind(rng: Random, text: str) -> str:
        return normalise(change(rng, normalise(text)))

    return kind


@_normalised
def without_diacritics(_: Random, text: str) -> str:
    """Type no diacritics at all, as most shoppers in a hurry: giay da bong."""
    return fold(text)


@_normalised
def partly_without(rng: Random, text: str) -> str:
    """Type the diacritics of some words only; "đá" is kept, for "da" would be leather."""
    words = text.split(" ")
    marked = [i for i, word in enumerate(words) if fold(word) != word and fold(word).lower() not in _MEANT_OTHERWISE]
    for index in rng.sample(marked, max(1, len(marked) // 2)) if marked else []:
        words[index] = fold(words[index])
    return " ".join(words)


@_normalised
def telex(rng: Random, text: str) -> str:
    """Type Telex keys with the input method switched off: giayf ddi hocj."""
    return _raw(rng, text, TELEX)


@_normalised
def vni(rng: Random, text: str) -> str:
    """Type VNI keys with the input method switched off: giay2 d9i hoc5."""
    return _raw(rng, text, VNI)


def _raw(rng: Random, text: str, method: InputMethod) -> str:
    return keys(text, method, at_end=rng.random() < 0.6, together=rng.random() < 0.5)


@_normalised
def teencode(rng: Random, text: str) -> str:
    """Spell words as chats do: giày ko dây cho e bé."""
    return _table("teencode").replace(rng, text)


@_normalised
def typo(rng: Random, text: str) -> str:
    """Hit a neighbouring key, swap two letters, drop one or double one, inside one longer word without digits."""
    words = text.split(" ")
    longer = [index for index, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not longer:
        return text
    index = rng.choice(longer)
    word = words[index]
    at = rng.randrange(1, len(word) - 1)
    letter = word[at]
    slips = [word[:at] + word[at + 1] + letter + word[at + 2 :], word[:at] + word[at + 1 :]]
    if letter.isascii():
        slips.append(word[:at] + letter + word[at:])
    if near := _NEIGHBOURS.get(fold(letter).lower()):
        hit = rng.choice(near)
        slips += [word[:at] + (hit.upper() if letter.isupper() else hit) + word[at + 1 :]] * 2
    words[index] = rng.choice([slip for slip in slips if slip != word])
    return " ".join(words)


@_normalised
def spelling(rng: Random, text: str) -> str:
    """Spell words as they sound, or in the other usual way: giầy, sandan, xục, bót."""
    return _table("spelling").replace(rng, text)


@_normalised
def english_mix(rng: Random, text: str) -> str:
    """Put colours, types and genders in English: sneaker white for men."""
    return _table("english-mix").replace(rng, text)


@_normalised
def word_order(rng: Random, text: str) -> str:
    """Put the gender, the size or the colour first or last; a text that refuses something is left alone."""
    if _REFUSAL.search(text):
        return text
    found = [list(pattern.finditer(text)) for pattern in _MOVABLE]
    orders = []
    for matches in found:
        if len(matches) == 1:
            start, end = matches[0].span("phrase")
            rest = " ".join((text[:start] + text[end:]).split())
            orders += [f"{text[start:end]} {rest}", f"{rest} {text[start:end]}"]
    orders = [order for order in orders if normalise(order) != text]
    return rng.choice(orders) if orders else text


@_normalised
def abbreviation(rng: Random, text: str) -> str:
    """Shorten common words: giày tt te, sz 38."""
    return _table("abbreviation").replace(rng, text)


@_normalised
def caps(_: Random, text: str) -> str:
    """Leave the caps lock on."""
    return text.upper()


NOISE: Mapping[str, Kind] = {
    "no-diacritics": without_diacritics,
    "partial-diacritics": partly_without,
    "telex": telex,
    "vni": vni,
    "teencode": teencode,
    "typo": typo,
    "spelling": spelling,
    "english-mix": english_mix,
    "word-order": word_order,
    "abbreviation": abbreviation,
    "caps": caps,
}
"""Every kind of noise by its name."""
