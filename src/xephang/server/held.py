"""What is served: one state of a model and its catalogue, and what was computed with it."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from xephang.compiled import CompiledCatalogue
from xephang.engines.precomputed import Stored
from xephang.errors import InputError
from xephang.fingerprint import fingerprint
from xephang.product import Product
from xephang.reranker import Reranker
from xephang.search import Shop, is_search_folder
from xephang.server.caches import Cache
from xephang.settings import Settings

CACHES = ("products", "scores")
"""What is kept of what was computed."""


@dataclass
class Held:
    """One state of what is served; a request is answered from a single one.

    :param generation: counts the reloads.
    :param compiled: a compiled catalogue of this model, where one is served that can not be searched.
    :param shop: one that can.
    :param fingerprint: of all that scores depend on, hexadecimal.
    """

    reranker: Reranker
    settings: Settings
    generation: int = 0
    compiled: CompiledCatalogue | None = None
    shop: Shop | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the fingerprint, and start with empty caches."""
        self.fingerprint = fingerprint(self.reranker)
        self.products = Cache[Stored](self.settings.cache_mb * 1e6, lambda stored: stored.nbytes)
        self.scores = Cache[float](self.settings.score_cache, lambda _: 1)

    @classmethod
    def open(cls, settings: Settings, generation: int = 0) -> "Held":
        """Load the model, check its golden scores, and open the catalogue.

        :raises XephangError: if one can not be opened, or the catalogue is another model's.
        """
        reranker = Reranker.load(
            settings.model, engine=settings.engine, precision=settings.precision, threads=settings.threads
        )
        if settings.catalogue and is_search_folder(settings.catalogue):
            return cls(reranker, settings, generation, shop=Shop.open(settings.catalogue, model=reranker))
        compiled = CompiledCatalogue.open(settings.catalogue) if settings.catalogue else None
        if compiled is not None:
            compiled.check(reranker)
        return cls(reranker, settings, generation, compiled)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.reranker.folder.name

    @property
    def catalogue(self) -> CompiledCatalogue | None:
        """The compiled catalogue that is served, the shop's too."""
        return self.compiled if self.shop is None else self.shop.compiled

    def change(self, products: Sequence[Product], gone: Sequence[str]) -> frozenset[str]:
        """Change the shop, and see it changed; return the given ids that were there before.

        :raises XephangError: if it can not be changed, or there is none.
        """
        if self.shop is None:
            raise InputError("this server has no search folder")
        return self.shop.change(products, gone)

    def renew(self) -> None:
        """See what other processes have changed; all stays as it is where that can not be served.

        :raises XephangError: if it can not be.
        """
        if self.shop is not None:
            shop = self.shop.snapshot()
            shop.refresh()
            shop.compiled.check(self.reranker)
            self.shop = shop
        elif self.compiled is not None:
            compiled = copy(self.compiled)
            compiled.refresh()
            compiled.check(self.reranker)
            self.compiled = compiled

    def snapshot(self) -> CompiledCatalogue | None:
        """Return the catalogue as it is now, whatever changes later."""
        return copy(self.catalogue)
