"""What is asked of the entries in a shop's database: words as tsquery, and their scores, as SQL with parameters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from xephang.search.asking import Sort
from xephang.search.postgresql_sayings import Sayings
from xephang.search.reading import Ask, Word
from xephang.text import normalise

_FOLDED = 0.7
"""What a word counts that a product has without, or with other, diacritics than the query."""
_REST = 0.3
"""What a word counts in attributes and description."""
_OTHER = 0.8
_SAID, _ASKED, _LEADING = 0.5, 1.0, 1.5
"""What a word counts that is part of what the lexicon reads; that whole; the same where it says what the thing is."""
_COMMON = 0.5
"""The share of products above which a word tells too little to be required."""
_REQUIRED = 0.6
"""The share of a query's words that a product must have, where too few products have all."""
_RANK = "ts_rank('{0.1, 0.2, 0.5, 1.0}', search, %s::tsquery, 33)"
"""How often the words stand in a text, by its length (1), below 1 (32). ts_rank_cd found no more of the dev queries'
products, and takes many times as long."""
MOST_RANKED, _MOST_LOOSE = 50_000, 10_000
"""Matches that are ranked and counted, of a word that every other product has; where one word is enough."""


@dataclass(frozen=True)
class Group:
    """One word and all that it may be.

    :param query: the tsquery that finds it. It has no marks, so that the index alone answers it.
    :param ways: as tsquery, and what each counts, the most first.
    :param plain: the tsquery of its folded form.
    :param known: how many products have it, about.
    """

    query: str
    ways: tuple[tuple[str, float], ...]
    plain: str
    known: int
    weight: float
    required: bool


def group(word: Word, typed: str, near: Sequence[tuple[str, float]], products: int) -> Group:
    """Return what a word of a query asks for.

    :param typed: the folded word, before it was corrected.
    :param near: words that look alike, and how much.
    :param products: how many there are.
    """
    ways: dict[str, float] = {}
    others = {words: _OTHER * weight for words, weight in (*word.others, *near)}
    folded = {word.folded: _FOLDED if word.marked else 1.0}
    folded |= {typed: _FOLDED} if typed and typed != word.folded else {}
    for accented, words, counts in (
        *([(True, word.lower, 1.0)] if word.marked else []),
        *((False, *one) for one in folded.items()),
        *((False, *one) for one in others.items()),
    ):
        for marks, of in (("A" if accented else "B", 1.0), ("C" if accented else "D", _REST)):
            query = phrase(words.split(), marks)
            ways[query] = max(ways.get(query, 0.0), of * counts)
    # Every word is held without its diacritics too.
    found = dict.fromkeys(phrase(words.split()) for words in (*folded, *others))
    there = word.known or word.others or near
    weight = math.log1p(products / (1 + word.known)) * (_SAID if word.ask else 1.0)
    return Group(
        query=f"({' | '.join(found)})",
        ways=tuple(sorted(ways.items(), key=lambda one: -one[1])),
        plain=" | ".join(phrase([one]) for one in word.folded.split()),
        known=word.known,
        weight=weight,
        required=bool(there) and not word.covered and word.known <= _COMMON * products,
    )


def asked(ask: Ask, words: Sequence[Group], sayings: Sayings, products: int) -> Group:
    """Return what several words of a query ask for together, in these words or in others for the same.

    :param words: what each asks for.
    """
    whole = f"({' & '.join(one.query for one in words)})"
    forms = [form for term in ask.terms for form in sayings.of(term)]
    known = min(one.known for one in words)
    weight = max(math.log1p(products / (1 + known)), 1.0) * (_LEADING if ask.leading else _ASKED)
    return Group(
        query=f"({' | '.join((whole, *(phrase(words) for words, _ in forms)))})",
        ways=((" | ".join((whole, *(phrase(words, "A" if marked else "B") for words, marked in forms))), 1.0),),
        plain="",
        known=known,
        weight=weight,
        required=any(one.required for one in words),
    )


def phrase(words: Sequence[str], marks: str = "") -> str:
    """Return the tsquery of words that stand beside each other.

    :param marks: where: A and B are titles and the like, with diacritics and folded; C and D the rest.
    """
    return "(" + " <-> ".join(_quoted(word) + (marks and f":{marks}") for word in words) + ")"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


@dataclass(frozen=True)
class Condition:
    """SQL, and the values of its parameters."""

    sql: str
    values: tuple[Any, ...] = ()

    def and_(self, *others: "Condition") -> "Condition":
        """Return what meets all."""
        parts = (self, *others)
        return Condition(" AND ".join(one.sql for one in parts), tuple(value for one in parts for value in one.values))


ALL = Condition("true")


def levels(groups: Sequence[Group]) -> list[int]:
    """Return how many of the words a product must have, the strictest first."""
    counted = len(_counted(groups))
    return list(dict.fromkeys((counted, math.ceil(_REQUIRED * counted), 1))) if counted else [0]


def matching(groups: Sequence[Group], least: int) -> Condition:
    """Return the condition that a product has so many of the words that are required.

    Who has `least` of n words has one of the n - least + 1 rarest: only their products are looked at. Where one word
    is enough, it has to be one of the rarest too, as far as their products can be ranked.
    """
    counted = sorted(_counted(groups), key=lambda one: one.known)
    if not counted:
        return ALL
    if least == len(counted):
        return Condition("search @@ %s::tsquery", (" & ".join(one.query for one in counted),))
    rarest = counted[: len(counted) - least + 1]
    if least == 1:
        sums = accumulate(one.known for one in counted)
        rarest = [one for one, sum in zip(counted, sums, strict=True) if sum <= _MOST_LOOSE] or counted[:1]
    some = Condition("search @@ %s::tsquery", (" | ".join(one.query for one in rarest),))
    if least == 1:
        return some
    each = " + ".join("(search @@ %s::tsquery)::int" for _ in counted)
    return some.and_(Condition(f"{each} >= {least}", tuple(one.query for one in counted)))


def _counted(groups: Sequence[Group]) -> Sequence[Group]:
    return [one for one in groups if one.required] or groups


def score(groups: Sequence[Group]) -> Condition:
    """Return the expression that ranks: what the words count, and a part below 1 for how often they stand there."""
    if not groups:
        return Condition("0.0")
    parts, values = [], []
    for one in groups:
        cases = " ".join("WHEN search @@ %s::tsquery THEN %s::float8" for _ in one.ways)
        parts.append(f"CASE {cases} ELSE 0 END")
        values += [value for query, counts in one.ways for value in (query, counts * one.weight)]
    whole = " | ".join(one.plain for one in groups if one.plain)
    return Condition(" + ".join((*parts, _RANK)), (*values, whole))


def priced(low: float | None, high: float | None) -> Condition:
    """Return the condition that a price is within a range."""
    condition = ALL
    if low is not None:
        condition = condition.and_(Condition("price >= %s", (low,)))
    if high is not None:
        condition = condition.and_(Condition("price <= %s", (high,)))
    return condition


@dataclass(frozen=True)
class Order:
    """ORDER BY, of what is ranked at all and of what is shown."""

    first: str
    last: str


def ordering(sort: Sort) -> Order:
    """Return the order of what is found: by score, or by price, those without one last."""
    if sort == "relevance":
        return Order("", "ORDER BY score DESC, id")
    by_price = f"ORDER BY price {'ASC' if sort == 'price' else 'DESC'} NULLS LAST, id"
    return Order(by_price, by_price)


def only(ids: Sequence[str]) -> Condition:
    """Return the condition that a product is one of these."""
    return Condition("id = ANY(%s)", (list(ids),))


def filtered(filters: Mapping[str, Sequence[str]], *, but: str = "") -> Condition:
    """Return the condition that a product has one value of each facet.

    :param but: the facet that is left free.
    """
    condition = ALL
    for name, values in filters.items():
        if values and name != but:
            made = ", ".join("xephang.facet(%s, %s)" for _ in values)
            pairs = tuple(part for value in values for part in (name, normalise(value)))
            condition = condition.and_(Condition(f"facets && ARRAY[{made}]", pairs))
    return condition
