"""Listings: read from a catalogue, or written from a sketch."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from random import Random
from typing import Any
from zlib import crc32

from xephang.errors import InputError
from xephang.judgments.synthesis.phrases import phrases
from xephang.judgments.synthesis.settings import Settings
from xephang.judgments.synthesis.sketch import Sketch, Value, Varying, sketch
from xephang.judgments.synthesis.splits import Split, split
from xephang.judgments.synthesis.titles import own_words, title
from xephang.lexicon import Facets, Lexicon, read_product
from xephang.product import Product, ProductTemplate
from xephang.text import without_surrogates

_CATEGORY_FIELD, _CATEGORY_FACET, _BRAND_FIELD = 0.5, 0.6, 0.5
_UNTOLD, _UNTOLD_TWICE = 0.08, 0.5
"""How often a title leaves out a facet, and one that a field of its own tells."""
_OWN_WORDS = 0.15
_READ = ("title", "brand", "category", "color", "size", "gender")
_ESCAPED = "%~"
"""In the ids of a catalogue, so that a tilde marks what was written for it."""


@dataclass(frozen=True)
class Candidate:
    """A product as it is listed, and what a reader takes from it.

    :param id: the catalogue's; behind a tilde, of what was written and from what ("17~train-000003.2").
    :param foreign: whether it is something that the lexicon is not about.
    """

    id: str
    document: str
    facets: Facets
    sketch: Sketch
    foreign: bool = False


@dataclass
class Pool:
    """The candidates of one split, and where each value is found among them."""

    all: list[Candidate] = field(default_factory=list)
    found: dict[tuple[str, str], list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def add(self, candidate: Candidate | None) -> None:
        """Take a candidate; of what is none, nothing."""
        if candidate:
            self.all.append(candidate)
            for mention in candidate.facets.mentions:
                self.found[mention.facet, mention.id].append(candidate)


class Lister:
    """Reads listings of products, and writes new ones as sellers do."""

    def __init__(self, lexicon: Lexicon, template: ProductTemplate) -> None:
        self.lexicon, self.template = lexicon, template
        self.varying = Varying(lexicon)
        self._hidden: dict[str, Any] = {name: "" for name in _READ if name not in template.fields}
        if not {"attribute", "attributes"} & template.fields:
            self._hidden["attributes"] = ()

    def read(self, product: Product, own: tuple[str, ...] = ()) -> Candidate | None:
        """Read what a product's text tells; None where the template makes no text of it.

        :param own: words of its own that it is known to have.
        """
        try:
            document = self.template.render(product).text
        except InputError:
            return None
        facets = read_product(self.lexicon, replace(product, **self._hidden))
        return Candidate(product.id, without_surrogates(document), facets, replace(sketch(facets), own=own))

    def write(self, rng: Random, of: Sketch, identifier: str) -> Candidate | None:
        """Write a listing: a title, and now and then a brand and a category in their own fields."""
        in_brand = [key for key in of.values if self.lexicon.facets[key].relations.required]
        brands = [self._name(key, of[key][0]) for key in in_brand if of[key]]
        told = bool(brands) and rng.random() < _BRAND_FIELD
        brand = brands[0] if told else rng.choice(phrases("field", "no-brand"))
        category = self._category(rng, of)
        shown = of
        for key in of.values:
            if key == self.lexicon.leading:
                continue
            if rng.random() < (_UNTOLD_TWICE if told and key in in_brand else _UNTOLD):
                shown = shown.with_values(key)
        text = title(rng, self.lexicon, shown)
        category = category or rng.choice(phrases("field", "no-category"))
        return self.read(Product(id=identifier, title=text, brand=brand, category=category), of.own)

    def write_foreign(self, rng: Random, like: Sketch, identifier: str) -> Candidate | None:
        """Write a listing of goods that the lexicon is not about, with some of the facets given; None if it is."""
        goods = rng.choice(phrases("foreign", "goods"))
        if self.lexicon.parse(goods)[self.lexicon.leading]:
            return None
        shown = like.with_values(self.lexicon.leading)
        for key in like.values:
            if rng.random() < 0.5:
                shown = shown.with_values(key)
        text = f"{goods} {title(rng, self.lexicon, replace(shown, own=()))}".strip()
        brand, category = (rng.choice(phrases("field", name)) for name in ("no-brand", "no-category"))
        found = self.read(Product(id=identifier, title=text, brand=brand, category=category))
        return replace(found, foreign=True) if found and not found.facets[self.lexicon.leading] else None

    def _category(self, rng: Random, of: Sketch) -> str:
        leading = of[self.lexicon.leading]
        if not leading or rng.random() >= _CATEGORY_FIELD:
            return ""
        category = self._name(self.lexicon.leading, leading[0]).split(",")[0]
        for key in self.lexicon.category_facets:
            if of[key] and rng.random() < _CATEGORY_FACET:
                category += f" {self._name(key, of[key][0]).lower()}"
        return category

    def _name(self, key: str, value: Value) -> str:
        values = self.lexicon.facets[key].values
        return values[value.id].name if value.id in values else value.id


def fill(lister: Lister, products: Iterable[Product], settings: Settings, of: Split) -> Pool:
    """Return the catalogue's listings of one split, and variations of them; none where the lexicon reads nothing.

    Of more listings than the settings take, those with the smallest checksums are taken, so the same in every run.
    """
    pool = Pool()
    own = ((at, product) for at, product in enumerate(products) if split(product.id) == of)
    for _, product in sorted(nsmallest(settings.listings, own, key=_checksum)):
        listing = lister.read(replace(product, id=_escaped(product.id)))
        if listing and listing.facets.mentions:
            pool.add(listing)
    listed = list(pool.all)
    rng = Random(f"{settings.seed} {of} varied")
    for at in range(int(len(listed) * settings.varied / (1 - settings.varied))):
        varied = lister.varying.vary(rng, rng.choice(listed).sketch)
        if rng.random() < _OWN_WORDS:
            varied = replace(varied, own=own_words(rng))
        pool.add(lister.write(rng, varied, f"{of}~v{at}"))
    return pool


def _checksum(numbered: tuple[int, Product]) -> int:
    return crc32(numbered[1].id.encode("utf-8", "surrogatepass"))


def _escaped(identifier: str) -> str:
    """Return an id without tildes, and without what a file of judgments could not hold in one."""
    odd = (one.isspace() or one in _ESCAPED or "\ud800" <= one <= "\udfff" for one in identifier)
    return "".join(f"%{ord(one):04X}" if is_odd else one for one, is_odd in zip(identifier, odd, strict=True))
