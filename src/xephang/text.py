"""Vietnamese text as shops and shoppers write it: repair what a wrong decoding broke, normalise, fold.

`repair` undoes mojibake and belongs at the door, where files are read. `normalise` is what every text goes
through before a model reads it. `fold` drops the diacritics, for matching. None of them raises on any string.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

NORMALISER_VERSION = 1
"""Raised whenever `normalise` changes what it returns: saved with each model, checked when one opens."""
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half an emoji, cut off by another program: Python's text holds it, UTF-8 and tokenizers do not."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired text, and what could not be saved.

    :param text: the text with every undamaged byte sequence decoded again.
    :param repaired: how many characters were brought back.
    :param lost: the fragments whose missing bytes would have to be guessed; they stand as they came.
    """

    text: str
    repaired: int = 0
    lost: tuple[str, ...] = ()


def _bytes_of_characters() -> dict[str, int]:
    """Map each character to the byte that cp1252 (or Latin-1, where cp1252 has none) decodes to it."""
    table = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        decoded = bytes([byte]).decode("cp1252", errors="ignore")
        if decoded:
            table[decoded] = byte
    return table


_BYTE = _bytes_of_characters()
_WORD = re.compile(r"[^ \t\r\n]+")
_FRAGMENT = re.compile("á[»º]|â€|[ÃÄÆ]")
# Of what was decoded before, a Ã among capitals is a letter; beside small ones it lacks its second byte.
_FRAGMENT_WITHIN = re.compile("á[»º]|â€|[ÄÆ]|Ã(?=[a-z])|(?<=[a-z])Ã")
_FOREIGN = re.compile("[^\x00-\x7f\ufffd" + "".join(map(re.escape, _BYTE)) + "]")
_LETTERS_OF_OUR_OWN = "\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9"
# MÃ” is MÔ gone wrong, or MÃ before a closing quote. It is taken for the second where the text holds a letter
# or an opening quote that broken text can not have, and nothing else in it is broken.
_AMBIGUOUS = re.compile("(?<=[A-Z])Ã(?:[–—]|[‘’“”•›»®©™·…](?!\\w)|\xa0(?![a-z]))")
_SOUND = re.compile(f"[ÀÁ{_LETTERS_OF_OUR_OWN}]|(?<![^ \t\r\n])[“‘«]")
# What a Vietnamese shop's text can hold: Latin letters with Vietnamese marks, combining marks, punctuation,
# currency, full-width forms, symbols and emoji. A byte run that decodes to anything else was no mojibake: an
# Å least of all ("MÃ…" ends in an ellipsis), unless it is itself the first half of a broken letter.
_PLAUSIBLE = re.compile(
    f"[\u00a0-\u00c4\u00c6-\u00ff{_LETTERS_OF_OUR_OWN}\u0300-\u0303\u0306\u0309\u031b\u0323"
    "\u2000-\u206f\u20ab\u20ac\u2100-\u214f\u2190-\u27bf\u2b00-\u2bff\u3000-\u303f\ufe0f\ufeff"
    "\uff01-\uff5e\ufffd\U0001f000-\U0001faff]|Å(?=[Ââ])"
)
# The inner layer of text broken twice: believed only right after another decoded sequence.
_INNER = re.compile("[" + "".join(re.escape(character) for character, byte in _BYTE.items() if byte < 0xA0) + "]")
_SUSPECT = re.compile(
    "[ÃÄÆ\ufffd" + "".join(re.escape(character) for character, byte in _BYTE.items() if byte < 0xC0) + "]"
)
"""What every broken text holds: a byte that is no sequence's first, or the first half of a fragment."""
_ROUNDS = 3


def repair(text: str) -> Repair:
    """Undo UTF-8 that was read as cp1252 or Latin-1, up to three times over.

    Works word by word, so that a title glued together from a sound and a broken part comes out whole, and a
    word that holds a character no wrong decoding makes (ế, ư, Đ …) is left alone. Bytes that were lost on the
    way (cp1252 has no character for five of them) are never guessed: the fragment stays and is reported.
    `repair(repair(x).text).text == repair(x).text`.
    """
    if not _SUSPECT.search(text):
        return Repair(text)
    if _AMBIGUOUS.search(text) and _SOUND.search(text):
        rest = _repair_words(_AMBIGUOUS.sub("_", text))
        if not rest.repaired and not rest.lost:
            return Repair(text)
    return _repair_words(text)


def _repair_words(text: str) -> Repair:
    words = {word: _repair_word(word) for word in set(_WORD.findall(text)) if not word.isascii()}
    if not words:
        return Repair(text)
    found = [words[word] for word in _WORD.findall(text) if word in words]
    repaired = sum(word.repaired for word in found)
    lost = tuple(fragment for word in found for fragment in word.lost)
    if not repaired and max(map(len, lost), default=0) < 2:
        lost = ()
    whole = _WORD.sub(lambda match: words[match.group()].text if match.group() in words else match.group(), text)
    return Repair(whole, repaired, lost + ("\ufffd",) * whole.count("\ufffd"))


def _repair_word(word: str) -> Repair:
    """Decode a word until nothing in it is broken; if `_ROUNDS` do not get there, leave it as it came."""
    whole, repaired, lost = word, 0, tuple[str, ...]()
    for _ in range(_ROUNDS + 1):
        if _FOREIGN.search(whole):
            return Repair(whole, repaired, lost)
        step = _decode(whole, _FRAGMENT_WITHIN if repaired else _FRAGMENT)
        repaired, whole, lost = repaired + step.repaired, step.text, max(lost, step.lost, key=len)
        if not step.repaired:
            return Repair(whole, repaired, lost)
    return Repair(word, 0, (word,))


def _decode(word: str, fragments: re.Pattern[str]) -> Repair:
    """Decode every well-formed UTF-8 sequence of the word once, leaving what is none as it stands."""
    out: list[str] = []
    lost: list[str] = []
    count = position = 0
    after_sequence = False
    while position < len(word):
        decoded, width = _sequence(word, position, after_sequence)
        if after_sequence := width > 1:
            count += 1
        elif fragment := fragments.match(word, position):
            lost.append(fragment.group())
        out.append(decoded)
        position += width
    return Repair("".join(out), count, tuple(lost))


def _sequence(word: str, start: int, after_sequence: bool) -> tuple[str, int]:
    """Return what the UTF-8 sequence at `start` stands for, and its width; else one character."""
    lead = _BYTE.get(word[start], 0)
    width = 2 if 0xC2 <= lead <= 0xDF else 3 if 0xE0 <= lead <= 0xEF else 4 if 0xF0 <= lead <= 0xF4 else 1
    codes = [_BYTE.get(character, 0) for character in word[start : start + width]]
    if width > 1 and len(codes) == width and all(0x80 <= code < 0xC0 for code in codes[1:]):
        decoded = bytes(codes).decode("utf-8", errors="ignore")
        following = word[start + width : start + width + 1]
        plausible = _PLAUSIBLE.match(decoded + following) or (after_sequence and _INNER.fullmatch(decoded))
        if decoded and plausible:
            return decoded, width
    return word[start], 1


_REMOVED = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_LETTERS = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x00D0: "Đ",  # Icelandic eth, drawn like Đ and typed for it
    0x0189: "Đ",
    0x00F0: "đ",
    0x0256: "đ",
    # Each of these NFC takes apart into two marks, for good.
    0x0344: "\u0308\u0301",
    0x0F73: "\u0f71\u0f72",
    0x0F75: "\u0f71\u0f74",
    0x0F81: "\u0f71\u0f80",
}
_MOST_MARKS = 30
"""Combining marks in a row, of which no text has more (UAX #15, section 13, stream-safe text)."""
_SIGNS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS + 1},}}")
_PLAIN = re.compile("[\x20-\x7e]*")
_TONE_ON_LAST = re.compile(r"(?<![qQ])(?:([oO])([àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ])|([uU])([ỳýỷỹỵỲÝỶỸỴ]))(?![\w\u0300-\u036f])")


def normalise(text: str) -> str:
    """Return the one form of `text` that models read: NFC, plain width, single spaces.

    Full-width forms become plain, Ð (U+00D0) becomes Đ, zero-width and direction marks go, every run of white
    space or control characters becomes one space, and the two spellings of a tone (hoà, hòa) become the older
    one. Of combining marks in a row, 30 are kept. Lone surrogates, which no tokenizer takes, become U+FFFD.
    `normalise(normalise(x)) == normalise(x)`.
    """
    if _PLAIN.fullmatch(text):
        return " ".join(text.split())
    text = _SIGNS.sub(_few_marks, _REMOVED.sub("", without_surrogates(text).translate(_LETTERS)))
    text = _SIGNS.sub(_few_marks, unicodedata.normalize("NFC", text))  # which may have put marks to others
    return _TONE_ON_LAST.sub(_tone_on_first, _SPACE.sub(" ", text).strip())


def _few_marks(match: re.Match[str]) -> str:
    """Drop all but the first combining marks of each run: putting them into order takes time by the square."""
    kept, marks = [], 0
    for character in match[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def without_surrogates(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become U+FFFD."""
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


def _tone_on_first(match: re.Match[str]) -> str:
    first, second = match.group(1) or match.group(3), match.group(2) or match.group(4)
    decomposed = unicodedata.normalize("NFD", second)
    return unicodedata.normalize("NFC", first + decomposed[1:]) + decomposed[0]


def fold(text: str) -> str:
    """Drop the diacritics of a normalised text: one character in, one out, so that offsets keep.

    Case stays. đ has no decomposition in Unicode and is folded by hand. A combining mark that stands alone
    (text that was not normalised) stays.
    """
    return text if text.isascii() else "".join(map(_fold_character, text))


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in "đĐ":
        return "d" if character == "đ" else "D"
    first = unicodedata.normalize("NFD", character)[0]
    return first if first.isascii() and first.isalpha() else character
