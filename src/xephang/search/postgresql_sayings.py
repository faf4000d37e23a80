"""What a lexicon knows of other words for the same thing: a loafer is a giày lười."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from xephang.lexicon import Facet, Lexicon
from xephang.search.facet_terms import split
from xephang.search.terms import terms
from xephang.text import normalise

Form = tuple[tuple[str, ...], bool]
"""A form's words, and whether they have their diacritics, and count only with them."""
_MOST = 80
"""Forms that are looked for; what has more is so general that its own are enough."""


class Sayings:
    """The forms of facets' values, those of all their kinds included."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        """Take a lexicon; without one, nothing has another form."""
        self._lexicon = lexicon
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, term: str) -> tuple[Form, ...]:
        """Return the forms of what a facet's term stands for; of a number, none."""
        name, value = split(term)
        facet = self._lexicon.facets.get(name) if self._lexicon else None
        if facet is None or value not in facet.values:
            return ()
        meets = facet.relations.meets
        kinds = [one for one in facet.values if value in _answers(facet, one)]
        kinds += [one for one in facet.values if value in meets.get(one, ()) and one not in kinds]
        forms = _shortest(_forms(facet, kinds))
        if len(forms) > _MOST:
            forms = _shortest(_forms(facet, [value]))
        return tuple(forms[:_MOST])


def _answers(facet: Facet, value: str) -> frozenset[str]:
    return facet.ancestors(value) | {value}


def _forms(facet: Facet, values: Iterable[str]) -> Iterator[Form]:
    """Yield each form of some values."""
    for value in (facet.values[one] for one in values):
        for form in (value.name, *value.title, *value.query):
            marked = form in value.accented
            words = tuple(term.lower if marked else term.folded for term in terms(normalise(form)))
            if words:
                yield words, marked


def _shortest(forms: Iterable[Form]) -> list[Form]:
    """Leave out the forms that have another one in them."""
    kept: list[Form] = []
    for words, marked in sorted(set(forms), key=lambda one: (len(one[0]), one)):
        if not any(marked == other and _within(one, words) for one, other in kept):
            kept.append((words, marked))
    return kept


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    return any(tuple(whole[at : at + len(part)]) == part for at in range(len(whole) - len(part) + 1))
