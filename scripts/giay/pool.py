"""The products that queries are paired with, as texts, and what those texts let a reader know."""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from random import Random

from giay.products import GeneratedProduct
from giay.words import Facts, vocabulary
from xephang.product import LISTING, SEED

_SEED_TEMPLATE = 0.9
_DESCRIBED = 0.1


@dataclass(frozen=True)
class Candidate:
    """A product as one text, with what that text lets a reader know."""

    text: str
    facts: Facts


class Pool:
    """Rendered products, to be found by type and by brand.

    :param without: texts that must not come in, such as those of another pool.
    """

    def __init__(self, products: Iterable[GeneratedProduct], without: Set[str] = frozenset()) -> None:
        self.all: list[Candidate] = []
        self.of_type: dict[str, list[Candidate]] = defaultdict(list)
        self.of_brand: dict[str, list[Candidate]] = defaultdict(list)
        self.texts: set[str] = set()
        for item in products:
            texts = renderings(item)
            if not (texts.isdisjoint(without) and texts.isdisjoint(self.texts)):
                continue
            self.texts |= texts
            candidate = _rendered(item)
            self.all.append(candidate)
            self.of_type[candidate.facts["type"][0]].append(candidate)
            for brand in candidate.facts.get("brand", ()):
                self.of_brand[brand].append(candidate)

    def called(self, key: str) -> list[Candidate]:
        """Return the products of this type and of those that are called so too."""
        kinds = vocabulary().types.values()
        return [found for kind in kinds if key in (kind.key, *kind.is_a) for found in self.of_type[kind.key]]


def renderings(item: GeneratedProduct) -> set[str]:
    """Return every text that a product can become here."""
    bare = replace(item.product, description="")
    texts = {LISTING.render(item.product).text, LISTING.render(bare).text}
    return texts | {SEED.render(item.product).text} if _full(item) else texts


def _full(item: GeneratedProduct) -> bool:
    """Whether the seed's template tells what the product is."""
    known = {"brand", "color", "size", "feature"} <= item.field_facets.keys()
    kind = vocabulary().types[item.facets["type"][0]]
    plain = item.product.category.removesuffix(" nam").removesuffix(" nữ")
    return known and plain in kind.category and not kind.accessory


def _rendered(item: GeneratedProduct) -> Candidate:
    """Render by the listing template, mostly; by the seed's where its fields are known."""
    rng = Random(f"rendered {item.product.id}")
    facts, product, template = item.facets, item.product, LISTING
    if _full(item) and rng.random() < _SEED_TEMPLATE:
        facts, template = item.field_facets, SEED
    elif rng.random() >= _DESCRIBED:
        product = replace(product, description="")
    return Candidate(template.render(product).text, facts)
