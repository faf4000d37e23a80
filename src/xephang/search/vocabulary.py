"""The words that an index holds, and how many products hold each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import tantivy

from xephang.search.schema import ACCENTED, CODE, FOLDED, reading_index
from xephang.text import fold


@dataclass(frozen=True)
class Vocabulary:
    """Words by their folded form.

    :param counts: products that hold the word.
    :param forms: the word's most frequent form with diacritics.
    :param coded: says how many products hold a word in a code or an id; these are too many to keep.
    """

    counts: Mapping[str, int]
    forms: Mapping[str, str]
    coded: Callable[[str], int] = field(default=lambda _: 0, compare=False)

    @classmethod
    def of(cls, searcher: tantivy.Searcher) -> "Vocabulary":
        """Read an index's words; one that is deleted counts until its segment is merged."""
        with reading_index():
            written = searcher.terms_with_prefix(ACCENTED, "")  # most frequent first
            counts = searcher.terms_with_prefix(FOLDED, "")
        forms: dict[str, str] = {}
        for form, _ in written:
            forms.setdefault(fold(form), form)

        def coded(folded: str) -> int:
            with reading_index():
                return searcher.doc_freq(CODE, folded)

        return cls(dict(counts), forms, coded)

    def count(self, folded: str) -> int:
        """Return how many products hold a folded word."""
        return self.counts.get(folded, 0)

    def holding(self, folded: str) -> int:
        """Return how many products hold a folded word anywhere, in a code or an id too."""
        return self.count(folded) or self.coded(folded)

    def accented(self, folded: str) -> str:
        """Return the word's most frequent form, itself where there is none."""
        return self.forms.get(folded, folded)
