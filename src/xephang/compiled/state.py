"""One state of a compiled catalogue: a manifest and the files that it names, never changed once open."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from xephang.compiled.index import Index, entries, found, sorted_by_hash
from xephang.compiled.manifest import MANIFEST, File, Manifest
from xephang.compiled.packing import Packing
from xephang.compiled.part import OpenPart, load
from xephang.errors import InputError, ModelError
from xephang.product import Product
from xephang.reranker import Reranker

Opened = TypeVar("Opened")
_TRIES = 5
_AT_ONCE = 4096


@dataclass(frozen=True)
class State:
    """A manifest, its index and its open parts.

    :param index: of the products that can be ranked; what a part holds besides is gone.
    """

    folder: Path
    manifest: Manifest
    parts: tuple[OpenPart, ...]
    index: Index
    packing: Packing | None

    @classmethod
    def open(cls, folder: Path) -> "State":
        """Open what the folder's manifest names.

        :raises InputError: if there is no manifest, or a file of it is missing or damaged.
        """
        return settled(folder, lambda: cls.of(folder, Manifest.read(folder)))

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> "State":
        """Open what a manifest names.

        :raises InputError: if a file is missing or damaged.
        """
        if manifest.index is None:
            raise InputError(f"{folder / MANIFEST}: names no index; compile the catalogue again")
        index = load(manifest.index.check(folder, whole=True), mapped=True)
        packing = Packing(load(manifest.basis.check(folder, whole=True))) if manifest.basis else None
        return cls(folder, manifest, tuple(OpenPart(folder, part) for part in manifest.parts), index, packing)

    def check(self, model: Reranker) -> None:
        """Check that this model computed it; see `CompiledCatalogue.check`."""
        if model.fingerprint != self.manifest.fingerprint:
            raise ModelError(
                f"{self.folder}: was compiled with '{self.manifest.model}' ({self.manifest.fingerprint[:12]}), this "
                f"is '{model.folder.name}' ({model.fingerprint[:12]}); compile it again, or load the model that did"
            )

    def find(self, ids: Sequence[str]) -> list[tuple[int, int] | None]:
        """Return each id's part and row; None where there is no such product."""
        places = found(self.index, ids)
        entries = iter(self.index[1:, [at for some in places for at in some]].T.tolist())
        return [self._one(id, list(islice(entries, len(some)))) for id, some in zip(ids, places, strict=True)]

    def places(self, ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return each id's part and row.

        :raises InputError: if there is no product of an id, or it is no text.
        """
        ids = list(texts(ids))
        places = self.find(ids)
        missing = [id for id, place in zip(ids, places, strict=True) if place is None]
        if missing:
            more = f" ({len(missing):,} such ids)" if len(missing) > 1 else ""
            raise InputError(
                f"{self.folder}: there is no product '{missing[0]}' in it{more}; leave it out, or add it with: "
                "xephang compile --update"
            )
        return [place for place in places if place is not None]

    def ids(self) -> list[str]:
        """Return all ids, in the order of parts and rows."""
        order = np.lexsort((self.index[2], self.index[1]))
        columns = [part.ids for part in self.parts]
        return [columns[part][row].as_py() for part, row in self.index[1:, order].T.tolist()]

    def each(self) -> "Each":
        """Return all products, in the order of parts and rows, read as they are iterated over."""
        return Each(self)

    def products(self, places: Sequence[tuple[int, int]]) -> list[Product]:
        """Read the products of parts' rows."""
        by_part: dict[int, list[int]] = {}
        for part, row in places:
            by_part.setdefault(part, []).append(row)
        read = {
            (part, row): product
            for part, rows in by_part.items()
            for row, product in zip(rows, self.parts[part].products(rows), strict=True)
        }
        return [read[place] for place in places]

    def without(self, places: Sequence[tuple[int, int]]) -> "State":
        """Return a state in which these rows are gone."""
        gone = {(part << 32) | row for part, row in places}
        keys = (self.index[1] << np.uint64(32)) | self.index[2]
        keep = ~np.isin(keys, np.fromiter(gone, np.uint64, len(gone)))
        return replace(self, index=np.ascontiguousarray(self.index[:, keep]))

    def with_parts(self, parts: Sequence[OpenPart]) -> "State":
        """Return a state with more parts."""
        new = [entries(part.ids.to_pylist(), at) for at, part in enumerate(parts, start=len(self.parts))]
        return replace(self, parts=(*self.parts, *parts), index=sorted_by_hash([self.index, *new]))

    @property
    def files(self) -> list[File]:
        """All files but the manifest."""
        single = [file for file in (self.manifest.index, self.manifest.basis) if file]
        return [*single, *(file for part in self.manifest.parts for file in part.files)]

    def _one(self, id: str, entries: Sequence[Sequence[int]]) -> tuple[int, int] | None:
        for part, row in entries:
            if self.parts[part].ids[row].as_py() == id:
                return part, row
        return None


def settled(folder: Path, opening: Callable[[], Opened]) -> Opened:
    """Open what the folder's manifest names; again, where another process has replaced both on the way.

    :raises InputError: if it can not be opened.
    """
    for left in reversed(range(_TRIES)):
        manifest = Manifest.read(folder)
        try:
            return opening()
        except InputError:
            if not left or Manifest.read(folder) == manifest:
                raise
    raise AssertionError


@dataclass(frozen=True)
class Each:
    """A state's products, read a few at a time."""

    state: State

    def __len__(self) -> int:
        return int(self.state.index.shape[1])

    def __iter__(self) -> Iterator[Product]:
        index = self.state.index
        order = np.lexsort((index[2], index[1]))
        places = iter(index[1:, order].T.tolist())
        while some := list(islice(places, _AT_ONCE)):
            yield from self.state.products([(part, row) for part, row in some])


def texts(ids: Iterable[object]) -> Iterator[str]:
    """Yield ids.

    :raises InputError: if they are no list of texts.
    """
    if isinstance(ids, str):
        raise InputError(f"ids: expected a list of them, got one text, '{ids}'; write ['{ids}']")
    for id in ids:
        if not isinstance(id, str):
            raise InputError(f"ids: {id!r} is {type(id).__name__}, expected text; write '{id}'")
        yield id
