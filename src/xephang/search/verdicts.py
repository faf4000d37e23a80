"""Say which facets of a query a product meets and which it contradicts."""

from xephang.lexicon import Facets, Match, compare, read_product
from xephang.product import Product
from xephang.search.asking import FacetVerdict
from xephang.search.facet_terms import FacetTerms, clipped

_MOST_READ = 20_000
"""Products whose facets are remembered."""


class Verdicts:
    """Read products' facets, each once; of one state of a shop, in which a product does not change."""

    def __init__(self, facet_terms: FacetTerms) -> None:
        self._terms = facet_terms
        self._read: dict[str, Facets] = {}

    def of(self, asked: Facets | None, product: Product) -> tuple[tuple[FacetVerdict, ...], tuple[FacetVerdict, ...]]:
        """Return what a product meets and what it contradicts; neither without a lexicon.

        :param asked: what the query was read to ask for.
        """
        terms = self._terms
        if asked is None or terms.lexicon is None:
            return (), ()
        found: dict[Match, list[FacetVerdict]] = {}
        for verdict in compare(terms.lexicon, asked, self._facets(product)):
            said = ", ".join(dict.fromkeys(one.name for one in verdict.offered))
            wish = verdict.asked.name if verdict.asked else ""
            one = FacetVerdict(verdict.facet, terms.facet_name(verdict.facet), wish, said)
            kind = Match.CONTRADICTED if verdict.match is Match.OTHER else verdict.match
            found.setdefault(kind, []).append(one)
        return tuple(found.get(Match.MATCHED, ())), tuple(found.get(Match.CONTRADICTED, ()))

    def _facets(self, product: Product) -> Facets:
        known = self._read.get(product.id)
        if known is None:
            assert self._terms.lexicon is not None
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            known = self._read[product.id] = read_product(self._terms.lexicon, clipped(product))
        return known
