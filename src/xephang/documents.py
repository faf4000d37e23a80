"""What callers give a reranker: a query, and documents of any kind, or ids of a compiled catalogue's products."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from xephang.errors import InputError
from xephang.product import Product

Document = str | Mapping[str, Any] | Product
"""A text, a product, or a record: `{"text": …}` or a product's fields."""


class StoredProducts(Protocol):
    """What `rank` needs of a compiled catalogue."""

    @property
    def basis(self) -> NDArray[np.float32] | None:
        """What stored codes are multiplied by; None where products are stored whole."""

    def check(self, model: Any) -> None:
        """Check that this model computed it."""

    def stored(self, ids: Sequence[str], model: Any) -> list[NDArray[np.int8]]:
        """Return products as they are stored; as the model computes them, where nothing was computed ahead."""

    def packed(self, model: Any, documents: Sequence[Document]) -> list[NDArray[np.int8]]:
        """Return others as they would be stored."""

    def products(self, ids: Sequence[str]) -> list[Product]:
        """Read products."""


def text_or_product(document: object) -> str | Product:
    """Tell a text from a product.

    :raises InputError: if it is neither.
    """
    if isinstance(document, str | Product):
        return document
    if not isinstance(document, Mapping):
        raise InputError(f"expected a text, a record or a Product, got {type(document).__name__}")
    text = document.get("text")
    return text if isinstance(text, str) else Product.from_dict(document)


def checked_query(query: object, where: str = "") -> str:
    """Return a query.

    :param where: begins the message.
    :raises InputError: if it is no text.
    """
    if not isinstance(query, str):
        raise InputError(f"{where}the query is {type(query).__name__}, expected text")
    return query


def check_candidates(documents: object, ids: object, catalogue: object) -> None:
    """Check that a caller gave a list of documents, or of ids and the catalogue they are of.

    :raises InputError: if not.
    """
    if (documents is None) == (ids is None):
        raise InputError("give either documents, or ids of a compiled catalogue's products")
    if ids is not None and catalogue is None:
        raise InputError("ids are of a compiled catalogue's products: give it too, catalogue=…")
    name, given = ("documents", documents) if ids is None else ("ids", ids)
    if isinstance(given, str | Mapping | Product):
        raise InputError(f"{name}: expected a list of them, got one {type(given).__name__}; write [{name[:-1]}]")
