"""Compiled catalogues: what a model makes of each product, computed ahead and kept on disk."""

from xephang.compiled.catalogue import CompiledCatalogue, is_compiled
from xephang.compiled.packing import STORAGES

__all__ = ["STORAGES", "CompiledCatalogue", "is_compiled"]
