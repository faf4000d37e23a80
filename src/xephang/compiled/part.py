"""A part of a compiled catalogue: products that were compiled together, written once and never changed."""

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from xephang.compiled.manifest import File, Part
from xephang.errors import InputError
from xephang.product import Product

if TYPE_CHECKING:
    import pyarrow as pa

PARTS = "parts"
_ONE_HEADER = Lock()
"""numpy parses a header as Python, and Python 3.11 may fail where two threads parse at once (CPython gh-106905)."""


class OpenPart:
    """A part, mapped into memory, which the system fills as it is read and empties as it likes.

    It holds no file open, and what was mapped can be read once the file is gone.

    :param part: what the manifest says of it.
    """

    def __init__(self, folder: Path, part: Part) -> None:
        """Check and map the files.

        :raises InputError: if one is missing or is another.
        """
        self.part = part
        stored, spans, products = part.files
        self._stored = np.frombuffer(_mapped(stored.check(folder, whole=False)), np.int8)
        self._spans = load(spans.check(folder, whole=True))
        self._path = products.check(folder, whole=False)
        self._products = _mapped(self._path)

    @cached_property
    def ids(self) -> "pa.Array":
        """The ids, in the order of the rows."""
        from xephang.catalogue.parquet import read_column  # pyarrow is slow to import, and most commands do without

        return read_column(self._products, "id", self._path)

    def stored(self, row: int) -> NDArray[np.int8]:
        """Return what a row's product comes to, without copying it."""
        start, size = self.span(row)
        return self._stored[start : start + size]

    def span(self, row: int) -> tuple[int, int]:
        """Return where it stands: products of one text share a place."""
        start, size = self._spans[row].tolist()
        return start, size

    def products(self, rows: Sequence[int]) -> list[Product]:
        """Read some rows' products."""
        from xephang.catalogue.parquet import read_products

        return read_products(self._products, rows, self._path)


def source_of(products: Sequence[Product]) -> str:
    """Return the SHA-256 of products as they came."""
    digest = hashlib.sha256()
    for product in products:
        digest.update(json.dumps(product.to_dict(), sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()


@dataclass
class Draft:
    """What products come to, gathered for a part; those of one text share it.

    :param stored: one for each text.
    :param which: for each product, its text's place among these.
    :param size: bytes of all that is stored.
    """

    stored: list[NDArray[np.int8]] = field(default_factory=list)
    which: list[int] = field(default_factory=list)
    size: int = 0
    _places: dict[Hashable, int] = field(default_factory=dict)

    def __contains__(self, text: Hashable) -> bool:
        return text in self._places

    def keep(self, text: Hashable, one: NDArray[np.int8]) -> None:
        """Keep what a text comes to, if it is not kept yet."""
        if text not in self._places:
            self._places[text] = len(self.stored)
            self.stored.append(one)
            self.size += one.size

    def add(self, text: Hashable) -> None:
        """Add a product that has this text."""
        self.which.append(self._places[text])


def write_part(folder: Path, products: Sequence[Product], draft: Draft) -> Part:
    """Write a part beside the others; nothing refers to it before the manifest does.

    :raises InputError: if it can not be written.
    """
    from xephang.catalogue.parquet import write_products

    name = uuid4().hex
    sizes = np.array([one.size for one in draft.stored], np.int64)
    starts = np.cumsum(sizes) - sizes
    spans = np.stack([starts[draft.which], sizes[draft.which]], axis=1)

    def write_stored(path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(one.tobytes() for one in draft.stored)

    files = (
        File.written(folder, f"{PARTS}/{name}/stored.bin", write_stored),
        File.written(folder, f"{PARTS}/{name}/spans.npy", lambda path: np.save(path, spans)),
        File.written(folder, f"{PARTS}/{name}/products.parquet", lambda path: write_products(path, products)),
    )
    return Part(name, len(products), source_of(products), files)


def load(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    """Read an array.

    :raises InputError: if it can not be read.
    """
    try:
        with _ONE_HEADER:
            return np.asarray(np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: can not be read ({error}); compile the catalogue again") from error


def _mapped(path: Path) -> "pa.Buffer":
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as file:
            return file.read_buffer()
    except OSError as error:
        raise InputError(f"{path}: can not be read ({error}); compile the catalogue again") from error
