"""A reranker for Vietnamese online shops: `Reranker.load().rank(query, products)`."""

import os

# ONNX Runtime, from 1.29 on, sends data about its use to its makers unless this says otherwise when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from xephang.catalogue import Catalogue, demo_catalogue
from xephang.compiled import CompiledCatalogue
from xephang.product import Product, ProductTemplate
from xephang.reranker import Reranker
from xephang.version import __version__

__all__ = ["Catalogue", "CompiledCatalogue", "Product", "ProductTemplate", "Reranker", "__version__", "demo_catalogue"]
