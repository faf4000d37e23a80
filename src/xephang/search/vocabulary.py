"""The words that an index holds, and how many products hold each."""

from collections.abc import Mapping
from dataclasses import dataclass

import tantivy

from xephang.search.schema import ACCENTED, FOLDED
from xephang.text import fold


@dataclass(frozen=True)
class Vocabulary:
    """Words by their folded form.

    :param counts: products that hold the word.
    :param forms: the word's most frequent form with diacritics.
    """

    counts: Mapping[str, int]
    forms: Mapping[str, str]

    @classmethod
    def of(cls, searcher: tantivy.Searcher) -> "Vocabulary":
        """Read an index's words; one that is deleted counts until its segment is merged."""
        forms: dict[str, str] = {}
        for written, _ in searcher.terms_with_prefix(ACCENTED, ""):  # most frequent first
            forms.setdefault(fold(written), written)
        return cls(dict(searcher.terms_with_prefix(FOLDED, "")), forms)

    def count(self, folded: str) -> int:
        """Return how many products hold a folded word."""
        return self.counts.get(folded, 0)

    def accented(self, folded: str) -> str:
        """Return the word's most frequent form, itself where there is none."""
        return self.forms.get(folded, folded)
