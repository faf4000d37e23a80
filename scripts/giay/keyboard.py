"""How shoppers type: without diacritics, in raw Telex or VNI, in teencode, with slips of the finger."""

import re
import unicodedata
from collections.abc import Callable
from random import Random

from xephang.text import fold

_TONES = {"\u0301": "s1", "\u0300": "f2", "\u0309": "r3", "\u0303": "x4", "\u0323": "j5"}
_TELEX = {"\u0302": "", "\u0306": "w", "\u031b": "w"}
_VNI = {"\u0302": "6", "\u0306": "8", "\u031b": "7"}
_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "g": "fh", "h": "gj", "i": "uo", "k": "jl", "l": "k",
    "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "x": "zc", "y": "tu",
}  # fmt: skip
_TEENCODE = {
    "không": ("ko", "k", "kh", "hok"), "giày": ("zày", "giày", "giay"), "dép": ("zép", "dép"),
    "được": ("dc", "đc"), "với": ("vs",), "gì": ("j",), "trẻ": ("tre",), "nhiêu": ("nhiu",),
    "đi": ("đi", "đj"), "màu": ("mầu",), "rẻ": ("rẽ",), "học": ("hc",), "chân": ("chưn", "chân"),
}  # fmt: skip
_VARIANTS = (
    ("giày", "giầy"), ("giày", "dày"), ("sandal", "sandan"), ("màu", "mầu"), ("sneaker", "snaker"),
    ("sneaker", "sneker"), ("sục", "xục"), ("trơn trượt", "trơn chượt"), ("chống", "trống"), ("xỏ", "sỏ"),
    ("gót", "góc"), ("xịt", "sịt"), ("búp bê", "búpbê"), ("bốt", "bót"),
)  # fmt: skip
_ABBREVIATIONS = (
    ("thể thao", "tt"), ("giày thể thao", "gtt"), ("nhân tạo", "nt"), ("chính hãng", "auth"), ("cao gót", "cg"),
    ("size", "sz"), ("trẻ em", "te"), ("màu ", "m."), ("chính hãng", "chĩnh hãng"), ("thời trang", "ttrang"),
)  # fmt: skip


def without_diacritics(_: Random, text: str) -> str:
    """Type no diacritics at all, as most shoppers in a hurry."""
    return fold(text)


def half_without(rng: Random, text: str) -> str:
    """Type the diacritics of some words only."""
    words = text.split(" ")
    chosen = [index for index, word in enumerate(words) if not word.isascii()]
    for index in rng.sample(chosen, max(1, len(chosen) // 2)) if chosen else []:
        words[index] = fold(words[index])
    return " ".join(words)


def telex(rng: Random, text: str) -> str:
    """Type Telex keys with the input method switched off: giayf, ddi hocj."""
    return _raw(rng, text, 0)


def vni(rng: Random, text: str) -> str:
    """Type VNI keys with the input method switched off: gia2y, d9i hoc5."""
    return _raw(rng, text, 1)


def _raw(rng: Random, text: str, method: int) -> str:
    at_end = rng.random() < 0.6
    words = [_raw_word(word, method, at_end) for word in text.split(" ")]
    if rng.random() < 0.4:
        plain = text.split(" ")
        first = next((index for index, word in enumerate(plain) if not word.isascii()), 0)
        words = [*plain[:first], words[first], *(map(fold, plain[first + 1 :]))]
    return " ".join(words)


def _raw_word(word: str, method: int, at_end: bool) -> str:
    out, tone = "", ""
    for character in word:
        if character in "đĐ":
            out += ("dd", "d9")[method]
            continue
        base, *marks = list(unicodedata.normalize("NFD", character))
        out += base
        for mark in sorted(marks, key=lambda mark: mark in _TONES):
            if mark in _TONES:
                tone = _TONES[mark][method]
                out += "" if at_end else tone
            elif mark in _VNI:
                out += _VNI[mark] if method else (_TELEX[mark] or base)
    return out + (tone if at_end else "")


def teencode(rng: Random, text: str) -> str:
    """Replace words as chats do."""
    return " ".join(rng.choice(_TEENCODE.get(word, (word,))) for word in text.split(" "))


def slip(rng: Random, text: str) -> str:
    """Hit a neighbouring key, swap two letters, drop one or double one, inside one longer word."""
    words = text.split(" ")
    long = [index for index, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not long:
        return text
    index = rng.choice(long)
    word = words[index]
    at = rng.randrange(1, len(word) - 1)
    slips = [word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :]]
    if word[at].isascii():
        slips.append(word[:at] + word[at] + word[at:])
    near = _NEIGHBOURS.get(fold(word[at]).lower())
    if near:
        slips += [word[:at] + rng.choice(near) + word[at + 1 :]] * 2
    words[index] = rng.choice(slips)
    return " ".join(words)


def variant(rng: Random, text: str) -> str:
    """Spell a word as it sounds, or in the other accepted way."""
    return _replace_one(rng, text, _VARIANTS)


def abbreviate(rng: Random, text: str) -> str:
    """Shorten a common word."""
    return _replace_one(rng, text, _ABBREVIATIONS)


def _replace_one(rng: Random, text: str, table: tuple[tuple[str, str], ...]) -> str:
    fits = [(long, short) for long, short in table if re.search(rf"(?<!\w){re.escape(long)}", text)]
    if not fits:
        return text
    long, short = rng.choice(fits)
    return text.replace(long, short, 1)


def shout(_: Random, text: str) -> str:
    """Leave the caps lock on."""
    return text.upper()


_HABITS: tuple[tuple[Callable[[Random, str], str], int], ...] = (
    (without_diacritics, 22), (half_without, 6), (telex, 3), (vni, 2), (teencode, 3), (slip, 5), (variant, 3),
    (abbreviate, 2), (shout, 1),
)  # fmt: skip


def typed(rng: Random, text: str, share: float = 0.45) -> str:
    """Return a query as it is typed: noisy in about that share of the cases, now and then in two ways."""
    habits, weights = zip(*_HABITS, strict=True)
    if rng.random() >= share:
        return text
    text = rng.choices(habits, weights)[0](rng, text)
    if rng.random() < 0.12:
        text = rng.choice((slip, without_diacritics))(rng, text)
    return text
