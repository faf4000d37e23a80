r"""Queries to suggest, each kept with the products that it is about, so that they come and go together.

In the index a phrase is its folded words from one of its words on, and behind a tab the whole of it with diacritics:
"chay bo nu\tgiày chạy bộ nữ". A look-up by the prefix "chay b" finds it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from xephang.product import Product
from xephang.search.facet_terms import ANY, FacetTerms, split
from xephang.search.keyboards import readings
from xephang.search.terms import terms
from xephang.text import fold, normalise

_WITH = ("brand", "gender", "age", "color", "use", "material")
"""Facets whose values follow a thing's name in phrases."""
_BETWEEN = "\t"
_MOST = 24
_TITLE_WORDS = 5


def phrases(product: Product, facets: Sequence[str], facet_terms: FacetTerms) -> list[str]:
    """Return a product's phrases as the index holds them."""
    wholes = list(dict.fromkeys(_wholes(product, facets, facet_terms)))[:_MOST]
    return list(dict.fromkeys(one for whole in wholes for one in _from_each_word(whole)))


def shown(stored: str) -> str:
    """Return a phrase with its diacritics."""
    return stored.partition(_BETWEEN)[2]


def beginnings(typed: str) -> tuple[str, ...]:
    """Return what the phrases that go on with a typed text begin with: its folded words.

    Where keys of Telex or VNI came through, the words that they mean come second.
    """
    words = terms(normalise(typed))
    meant = [next(iter(readings(word.lower)), word.lower) for word in words]
    ways = (" ".join(word.folded for word in words), " ".join(fold(word) for word in meant))
    return tuple(dict.fromkeys(filter(None, ways)))


def _wholes(product: Product, facets: Sequence[str], facet_terms: FacetTerms) -> Iterator[str]:
    values: dict[str, list[str]] = {}
    for one in facets:
        facet, value = split(one)
        if value != ANY:
            values.setdefault(facet, []).append(facet_terms.name(facet, value).lower())
    things = values.get(facet_terms.shown()[0], [])
    for thing in things:
        yield thing
        for facet in _WITH:
            yield from (f"{thing} {value}" for value in values.get(facet, ())[:3] if value not in thing)
    yield from values.get("brand", ())
    words = [term.lower for term in terms(product.value("title"))[:_TITLE_WORDS]]
    if not things and words:
        yield " ".join(words)


@lru_cache(maxsize=65536)
def _from_each_word(whole: str) -> tuple[str, ...]:
    whole = normalise(whole)
    words = [term.folded for term in terms(whole)]
    return tuple(f"{' '.join(words[at:])}{_BETWEEN}{whole}" for at in range(len(words)))
