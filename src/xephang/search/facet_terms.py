"""Facets as the first stage's index holds them: "brand=adidas", and "brand=*" where a product says anything of one."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from xephang.errors import InputError
from xephang.lexicon import Facet, Lexicon, Mention, read_product
from xephang.lexicon.compare import implications
from xephang.lexicon.numbers import prefix_of
from xephang.product import Product
from xephang.text import fold, normalise

ANY = "*"
_PLAIN = ("category", "brand", "color", "size", "gender")
"""The fields that are facets where no lexicon reads them."""
_NAMES = {
    "category": "Loại",
    "brand": "Thương hiệu",
    "color": "Màu",
    "size": "Cỡ",
    "gender": "Giới tính",
}
_MOST_NUMBERS = 200
"""Steps of a range that are indexed one by one."""
_STEP = 0.5
_CHARACTERS = 1000
"""Of a text that facets are read from."""


def term(facet: str, value: str) -> str:
    """Return what stands in the index for a facet's value."""
    return f"{facet}={value}"


def split(term: str) -> tuple[str, str]:
    """Return the facet and the value that a term stands for."""
    facet, _, value = term.partition("=")
    return facet, value


class FacetTerms:
    """Read facets for the index and for what is asked of it.

    :param lexicon: without one, some of the products' own fields are facets.
    """

    def __init__(self, lexicon: Lexicon | None) -> None:
        self.lexicon = lexicon
        self._of_value = lru_cache(maxsize=None)(self._above)

    def of_product(self, product: Product) -> list[str]:
        """Return all terms that a product answers to, in no order."""
        found: set[str] = set()
        if self.lexicon:
            read = read_product(self.lexicon, clipped(product))
            for mention in read.mentions:
                found.update(self.of_mention(mention))
            said = {mention.facet for mention in read.mentions}
            for facet, value in implications(self.lexicon, read):
                if facet not in said:
                    found.update(self._of_value(facet, value))
            found.update(self._of_all(found))
        for name in _PLAIN if self.lexicon is None else ("brand",):
            if (value := _own(product, name)) and not any(one.startswith(f"{name}=") for one in found):
                found.add(term(name, value))
        found.update([term(split(one)[0] + _prefix(one), ANY) for one in found])
        return sorted(found)

    def _of_all(self, found: Collection[str]) -> list[str]:
        """Return the terms of values that are met by all of some others being said (nam and nữ: unisex)."""
        assert self.lexicon
        return [
            term(facet.id, value)
            for facet in self.lexicon.facets.values()
            for value, needed in facet.relations.meets.items()
            if facet.id != self.lexicon.leading and needed and all(term(facet.id, one) in found for one in needed)
        ]

    def of_mention(self, mention: Mention) -> Iterable[str]:
        """Return the terms that a product with this mention answers to: the value, its kinds, what it satisfies."""
        if mention.low is None or mention.high is None:
            return self._of_value(mention.facet, mention.id)
        return list(_numbers(mention))

    def asked(self, mention: Mention) -> list[str]:
        """Return the terms of which a product must have one to meet a query's mention."""
        if mention.low is None or mention.high is None:
            return [term(mention.facet, mention.id)]
        return list(dict.fromkeys([*_numbers(mention), *_numbers(mention, halves=True)]))

    def silent(self, mention: Mention) -> str:
        """Return the term that products have if they say anything of what a query's mention is about."""
        prefix = "" if mention.low is None else _prefix(term(mention.facet, mention.id))
        return term(mention.facet + prefix, ANY)

    def is_any(self, mention: Mention) -> bool:
        """Say whether a value stands for several others (unisex), so that these are no other than what is asked for."""
        known = self.lexicon.facets.get(mention.facet) if self.lexicon else None
        return known is not None and mention.id in known.relations.meets

    def value_of(self, facet: str, given: str) -> str:
        """Return the value that a caller means: its key, or its name however it is written."""
        known = self.lexicon.facets.get(facet) if self.lexicon else None
        if known and given in known.values:
            return given
        plain = normalise(given).lower()
        named = (
            (one.id for one in known.values.values() if fold(one.name).lower() == fold(plain)) if known else iter(())
        )
        return next(named, plain)

    def key(self, mention: Mention) -> str:
        """Return what a constraint that a query's mention makes is called."""
        return term(mention.facet, mention.id)

    def said(self, mention: Mention) -> str:
        """Return a query's mention for people."""
        number = mention.low is not None
        return f"{self.facet_name(mention.facet).lower()} {mention.name}" if number else mention.name

    def name(self, facet: str, value: str) -> str:
        """Return a value for people."""
        known = self.lexicon.facets.get(facet) if self.lexicon else None
        if known and value in known.values:
            return known.values[value].name
        return value if any(map(str.isdigit, value)) else value.title() if value.islower() else value

    def facet_name(self, facet: str) -> str:
        """Return a facet for people."""
        known = self.lexicon.facets.get(facet) if self.lexicon else None
        return known.name if known else _NAMES.get(facet, facet)

    def shown(self) -> list[str]:
        """Return the facets in the order in which pages show them."""
        return list(self.lexicon.facets) if self.lexicon else list(_PLAIN)

    def check(self, filters: Iterable[str]) -> None:
        """Check what is filtered by.

        :raises InputError: if it is no facet.
        """
        known = dict.fromkeys([*self.shown(), "brand"])
        for facet in filters:
            if facet not in known:
                raise InputError(f"filters: '{facet[:80]}' is no facet here; facets are {', '.join(known)}")

    def _above(self, facet: str, value: str) -> tuple[str, ...]:
        known: Facet | None = self.lexicon.facets.get(facet) if self.lexicon else None
        if known is None or value not in known.values:
            return (term(facet, value),)
        values = {value, *known.ancestors(value)}
        values |= {met for one in tuple(values) for met in known.relations.meets.get(one, ())}
        return tuple(term(facet, one) for one in values)


def clipped(product: Product) -> Product:
    """Return the product with no text longer than a shopper would read: facets are read in some 40 µs a letter."""
    attributes = tuple(one[:_CHARACTERS] for one in product.attributes[:50])
    texts = {name: getattr(product, name)[:_CHARACTERS] for name in ("title", "category", "color", "size", "gender")}
    return replace(product, attributes=attributes, **texts)


def _own(product: Product, name: str) -> str:
    return normalise(product.value(name)).lower()[:80]


def _prefix(of: str) -> str:
    """Return the mark of a number's scale ("#us-"), so that a wish for one scale leaves products of another be."""
    value = split(of)[1]
    if value and value != ANY and any(map(str.isdigit, value)) and _is_number(value):
        return "#" + prefix_of(value)
    return ""


def _is_number(value: str) -> bool:
    digits = value[len(prefix_of(value)) :]
    return digits.replace(".", "", 1).isdigit()


def _numbers(mention: Mention, *, halves: bool = False) -> Iterator[str]:
    """Yield a term for each step of a range.

    :param halves: of a range between whole numbers too.
    """
    assert mention.low is not None
    assert mention.high is not None
    prefix, steps = prefix_of(mention.id), int((mention.high - mention.low) / _STEP)
    whole = mention.low == int(mention.low) and steps > 1
    for at in range(0, min(steps, _MOST_NUMBERS) + 1, 2 if whole and not halves else 1):
        yield term(mention.facet, f"{prefix}{mention.low + at * _STEP:g}")
    yield term(mention.facet, f"{prefix}{mention.high:g}")
