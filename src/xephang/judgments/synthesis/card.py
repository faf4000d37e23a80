"""The data card of judgments that were made from a catalogue: what is in them, by what rules, and what they are not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xephang.judgments.data_card import Section, Tally, data_card
from xephang.judgments.grading import RULES
from xephang.judgments.synthesis.make import Synthetic
from xephang.judgments.synthesis.settings import Settings
from xephang.judgments.synthesis.splits import SPLITS, Split
from xephang.lexicon import Lexicon
from xephang.markdown import escape, table
from xephang.product import ProductTemplate

_MOST_SHAPES = 25
_METHOD = """The lexicon reads the facets of every product. A query asks for some of those of one product, in words that
the lexicon has for them, and is typed with some noise. Its candidates are that product, rewritings of it that leave out
or change one facet, variations, other products that share a facet, two at random, and now and then goods that the
lexicon is not about; of each grade as many as there are, up to the most. A variation is a listing of the same split
with its type, or other facets, changed and written out again, so that every value of the lexicon occurs. A
`document_id` with a tilde is such a text's, the rest are the catalogue's own ids.

An intent and a product fall to their split by checksum. What is written from a product stays in the product's split,
and no query and no text occurs in two, case and diacritics aside."""
_LIMITS = """- A grade follows from what the lexicon reads. What it misreads is graded wrongly, and what it has no facet
  for (price, beauty, popularity, the shop) is not graded at all. Nobody has looked at these rows.
- A description is part of a document, and is not read for the grade.
- How often shoppers ask for which facet, and with which noise, are estimates; a click log knows better.
- The test split tells how well a model has learnt these rules on products and queries that it has not seen. How well
  it serves shoppers, a few hundred judgments by people tell."""


@dataclass
class Census:
    """What went into each split."""

    rows: Mapping[Split, Tally] = field(default_factory=lambda: {of: Tally() for of in SPLITS})
    shapes: Mapping[Split, Counter[str]] = field(default_factory=lambda: {of: Counter() for of in SPLITS})
    noises: Mapping[Split, Counter[str]] = field(default_factory=lambda: {of: Counter() for of in SPLITS})

    def count(self, of: Split, made: Iterable[Synthetic]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a split's queries."""
        for one in made:
            self.shapes[of][one.intent.shape] += 1
            self.noises[of][one.noise] += 1
            yield from self.rows[of].count(one.rows())

    @property
    def counts(self) -> Mapping[Split, Mapping[str, int]]:
        """Rows, queries, products and grades, by split."""
        return {of: self.rows[of].counts for of in SPLITS}

    @property
    def total(self) -> Mapping[str, int]:
        """The same of all splits together, which share nothing."""
        return _sum(self.counts.values())


def card(
    title: str, census: Census, sources: Mapping[str, object], lexicon: Lexicon, template: ProductTemplate, of: Settings
) -> str:
    """Return the data card.

    :param sources: what was read.
    """
    sections: dict[str, Section] = {
        "Sources": {**sources, "lexicon": f"{lexicon.name}, sha256 {lexicon.sha256}"},
        "Settings": {**asdict(of), "template": template.name},
        "Method": _METHOD,
        "Grades": RULES,
        "Splits": _by_split(census.counts),
        "Queries by noise": _by_split(census.noises),
        "Queries by shape": _by_split(census.shapes),
        "Limits": _LIMITS,
    }
    return data_card(title, sections, census.total)


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, number in one.items():
            total[name] = total.get(name, 0) + number
    return total


def _by_split(counts: Mapping[Split, Mapping[str, int]]) -> str:
    total = _sum(counts.values())
    names = list(total) if "rows" in total else sorted(total, key=lambda name: (-total[name], name))
    kept, others = names[:_MOST_SHAPES], names[_MOST_SHAPES:]
    rows = [[escape(name), *(f"{counts[of].get(name, 0):,}" for of in SPLITS)] for name in kept]
    if others:
        rest = [sum(counts[of].get(name, 0) for name in others) for of in SPLITS]
        rows.append([f"{len(others):,} others", *(f"{number:,}" for number in rest)])
    return table(["", *SPLITS], rows)
