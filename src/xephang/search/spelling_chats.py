"""Read chats' spellings, abbreviations and words spelt by ear back: zày, tt, sandan.

The table is `judgments/noise.toml`, reversed: the noise of the generated train and dev queries comes from the same
table, so figures on such queries say how well reading back works, not how much of real shoppers' writing it covers.
Its English words are none of this, for they are no misspellings.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from xephang.text import fold, normalise

_WORD = re.compile(r"[^\W_]+")
_TABLES = ("teencode", "spelling", "abbreviation")


@dataclass(frozen=True, slots=True)
class Chats:
    """What chats' forms stand for, by the form as written and by the form folded."""

    written: Mapping[str, tuple[str, ...]]
    folded: Mapping[str, tuple[str, ...]]

    def meant(self, form: str) -> dict[str, bool]:
        """Return what a normalised lower-case form, of one word or two, can stand for, with diacritics.

        :return: with whether the form is as the table has it: zay is zày without its mark, but giây is no giầy.
        """
        loose = self.folded.get(form, ()) if form.isascii() else ()
        return dict.fromkeys(loose, False) | dict.fromkeys(self.written.get(form, ()), True)


def _as_words(form: str) -> str:
    return " ".join(_WORD.findall(normalise(form).lower()))


@cache
def chats() -> Chats:
    """Return the table, read once."""
    toml = tomllib.loads((files("xephang.judgments") / "noise.toml").read_text(encoding="utf-8"))
    written: dict[str, tuple[str, ...]] = {}
    folded: dict[str, tuple[str, ...]] = {}
    for name in _TABLES:
        for right, forms in toml[name].items():
            for form in map(_as_words, forms):
                written[form] = (*written.get(form, ()), right)
                if fold(form) != fold(right):
                    folded[fold(form)] = (*folded.get(fold(form), ()), right)
    return Chats(written, folded)
