"""A part of a compiled catalogue: products that were compiled together, written once and never changed."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xephang.catalogue.parquet import read_products, write_products
from xephang.compiled.manifest import File, Part
from xephang.product import Product

PARTS = "parts"
_STORED, _SPANS, _PRODUCTS = "stored.bin", "spans.npy", "products.parquet"


class OpenPart:
    """A part, its arrays mapped into memory, which the system fills as they are read and empties as it likes.

    :param part: what the manifest says of it.
    """

    def __init__(self, folder: Path, part: Part) -> None:
        """Check and map the files.

        :raises InputError: if one is missing or is another.
        """
        self.part = part
        stored, spans, self._products = (file.check(folder, whole=False) for file in part.files)
        self._spans = np.load(spans, mmap_mode="r", allow_pickle=False)
        self._stored = np.memmap(stored, np.int8, "r") if part.files[0].bytes else np.empty(0, np.int8)

    @cached_property
    def ids(self) -> pa.Array:
        """The ids, in the order of the rows."""
        return pq.read_table(self._products, columns=["id"]).column("id").combine_chunks()

    def stored(self, row: int) -> NDArray[np.int8]:
        """Return what a row's product comes to, without copying it."""
        start, size = self._spans[row]
        return self._stored[start : start + size]

    def span(self, row: int) -> tuple[int, int]:
        """Return where it stands: products of one text share a place."""
        start, size = self._spans[row]
        return int(start), int(size)

    def products(self, rows: Sequence[int]) -> list[Product]:
        """Read some rows' products."""
        return read_products(self._products, rows)


def source_of(products: Sequence[Product]) -> str:
    """Return the SHA-256 of products as they came."""
    digest = hashlib.sha256()
    for product in products:
        digest.update(json.dumps(product.to_dict(), sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()


def write_part(
    folder: Path, products: Sequence[Product], stored: Sequence[NDArray[np.int8]], which: Sequence[int]
) -> Part:
    """Write a part beside the others; nothing refers to it before the manifest does.

    :param stored: what the distinct texts come to.
    :param which: for each product, its text's place among these.
    """
    name = uuid4().hex
    place = folder / PARTS / name
    place.mkdir(parents=True)
    try:
        sizes = np.array([one.size for one in stored], np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        with (place / _STORED).open("wb") as file:
            for one in stored:
                file.write(one.tobytes())
        np.save(place / _SPANS, np.stack([starts[list(which)], sizes[list(which)]], axis=1))
        write_products(place / _PRODUCTS, products)
        files = tuple(File.of(folder, f"{PARTS}/{name}/{one}") for one in (_STORED, _SPANS, _PRODUCTS))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return Part(name, len(products), source_of(products), files)
