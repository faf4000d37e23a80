"""Check a lexicon as a whole: parents that exist, forms that say one thing."""

from collections.abc import Mapping
from difflib import get_close_matches

from xephang.errors import InputError
from xephang.lexicon.checks import Table
from xephang.lexicon.forms import Form
from xephang.lexicon.schema import Facet
from xephang.lexicon.words import folded, spelled

_OF_THE_FIRST = ("beside", "accessory_facets")
_OF_THE_OTHERS = ("exclusive", "required", "assumed", "tolerance", "against")


def verify(table: Table, facets: Mapping[str, Facet]) -> None:
    """Check what no single table shows.

    :raises InputError: if a parent is no value of its facet or its own ancestor, if a relation names what there is
        not or stands at the wrong facet, or if a form points at two.
    """
    for key, facet in facets.items():
        _verify_parents(table, key, facet)
        _verify_relations(table, key, facets)
        _verify_forms(table, key, facet)


def _verify_parents(table: Table, key: str, facet: Facet) -> None:
    for value in facet.values.values():
        for parent in value.parents:
            if parent not in facet.values:
                near = get_close_matches(parent, facet.values, 1, 0.5)
                hint = f"did you mean '{near[0]}'?" if near else "add it, or remove the key"
                raise _error(table, key, value.id, "parent", f"there is no value '{parent}' in this facet; {hint}")
    for value in facet.values.values():
        if value.id in facet.ancestors(value.id):
            raise _error(table, key, value.id, "parent", "the value is its own ancestor; break the circle")


def _verify_relations(table: Table, key: str, facets: Mapping[str, Facet]) -> None:
    facet = facets[key]
    inner = Table(table.file, f"facets.{key}.relations", {})
    first = key == next(iter(facets))
    for name in _OF_THE_OTHERS if first else _OF_THE_FIRST:
        if getattr(facet.relations, name):
            where = "any facet but the first" if first else "the first facet"
            raise inner.error(name, f"is a relation of {where}, which says what a thing is; remove it here")
    for name in facet.relations.accessory_facets:
        if name not in facets:
            raise inner.error("accessory_facets", f"there is no facet '{name}'; facets are {', '.join(facets)}")
    for value, name in facet.relations.named().items():
        if value not in facet.values:
            near = get_close_matches(value, facet.values, 1, 0.5)
            hint = f"did you mean '{near[0]}'?" if near else "add it to the values, or remove it here"
            raise inner.error(name, f"there is no value '{value}' in this facet; {hint}")
    for value, implied in facet.relations.implies.items():
        for one in implied:
            other, _, named = one.partition(".")
            if other not in facets or (named not in facets[other].values and not facets[other].patterns):
                raise inner.error(f"implies.{value}", f"'{one}' is no facet.value of this lexicon; correct it")


def _verify_forms(table: Table, key: str, facet: Facet) -> None:
    """Refuse a form of two values, and two that differ only in diacritics unless one insists on them."""
    exact: dict[tuple[str, ...], Form] = {}
    bare: dict[tuple[str, ...], Form] = {}
    for form in facet.forms():
        written = " ".join(form.words)
        other = exact.setdefault(form.words, form)
        if other.value != form.value:
            problem = f"the form '{written}' also points at '{other.value}'; keep it in one of the two"
            raise _error(table, key, form.value, _key_of(facet, form), problem)
        if form.accented:
            continue
        other = bare.setdefault(folded(form.words), form)
        if other.value != form.value:
            problem = (
                f"without diacritics the form '{written}' is the same as '{' '.join(other.words)}' of "
                f"'{other.value}'; move the rarer of the two to the key 'accented'"
            )
            raise _error(table, key, form.value, _key_of(facet, form), problem)


def _key_of(facet: Facet, form: Form) -> str:
    value = facet.values[form.value]
    lists = {"accented": value.accented, "title": value.title, "query": value.query}
    return next(key for key, forms in lists.items() if form.words in map(spelled, forms))


def _error(table: Table, facet: str, value: str, key: str, problem: str) -> InputError:
    return Table(table.file, f"facets.{facet}.values.{value}", {}).error(key, problem)
