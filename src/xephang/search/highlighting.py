"""Say which parts of a product the words of a query hit, whatever their diacritics."""

from collections.abc import Container

from xephang.product import Product
from xephang.search.schema import FIELDS
from xephang.search.terms import terms


def highlights(product: Product, words: Container[str]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the spans that are hit, by field: start and end in the normalised field.

    Spans with nothing but one space between them are one.

    :param words: folded.
    """
    found = {}
    for name in FIELDS:
        value = product.value(name)
        spans = [(term.start, term.end) for term in terms(value) if term.folded in words]
        if spans:
            found[name] = tuple(_together(value, spans))
    return found


def _together(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined = spans[:1]
    for start, end in spans[1:]:
        before = joined[-1]
        if text[before[1] : start] == " ":
            joined[-1] = before[0], end
        else:
            joined.append((start, end))
    return joined
