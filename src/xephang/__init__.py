"""A reranker for Vietnamese online shops: `Reranker.load().rank(query, products)`."""

from xephang.catalogue import Catalogue, demo_catalogue
from xephang.compiled import CompiledCatalogue
from xephang.product import Product, ProductTemplate
from xephang.reranker import Reranker
from xephang.version import __version__

__all__ = ["Catalogue", "CompiledCatalogue", "Product", "ProductTemplate", "Reranker", "__version__", "demo_catalogue"]
