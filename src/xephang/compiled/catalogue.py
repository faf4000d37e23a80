"""`CompiledCatalogue`: a folder of products computed ahead, to rank by id, to add to and to delete from."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang.catalogue import Catalogue
from xephang.compiled.building import Build, compute
from xephang.compiled.manifest import MANIFEST, Manifest
from xephang.compiled.packing import LAZY
from xephang.compiled.part import OpenPart
from xephang.compiled.state import State, texts
from xephang.compiled.writing import Attach, attach, commit, compacted, locked
from xephang.documents import Document
from xephang.errors import InputError
from xephang.product import Product
from xephang.progress import Progress
from xephang.reranker import Reranker


class CompiledCatalogue:
    """What a model makes of each product of a catalogue. Safe to share between threads and processes.

    Each change writes new files and then replaces the manifest, so whoever reads sees the old state or the new one,
    and a kill at any moment leaves one of the two.

    :param folder: where it lies.
    :param model: what computes products that are added; ranking does without.
    """

    def __init__(self, folder: Path, model: Reranker | None = None) -> None:
        """Open a folder; see `open`."""
        self.folder, self._model = folder, model
        self._state = State.open(folder)
        if model:
            self.check(model)

    @classmethod
    def open(cls, folder: str | Path, *, model: Reranker | None = None) -> "CompiledCatalogue":
        """Open a compiled catalogue; its files are mapped into memory, not read.

        :param model: what will compute products for `update`.
        :raises InputError: if there is none, or a file of it is missing or damaged.
        :raises ModelError: if another model computed it.
        """
        return cls(Path(folder), model)

    @classmethod
    def build(
        cls,
        model: Reranker,
        catalogue: Catalogue | Iterable[Product],
        folder: str | Path,
        *,
        storage: str = "fast",
        resume: bool = False,
        overwrite: bool = False,
        progress: Progress | None = None,
        attaching: Attach | None = None,
    ) -> "CompiledCatalogue":
        """Compute every product of a catalogue.

        :param storage: "fast"; "small" with a seventh of the bytes and some two times the time a candidate; or "lazy",
            which computes nothing ahead: each product is computed whenever it is ranked.
        :param resume: go on with a build that was interrupted.
        :param overwrite: replace what stands in the folder; it can be read until the new one is whole.
        :param progress: called with how many products are done, and how many there are.
        :param attaching: writes what changes together with the catalogue, once all products are computed.
        :raises InputError: if the folder is taken, or the catalogue can not be used.
        :raises ModelError: if the model does not read products apart.
        """
        products = catalogue if isinstance(catalogue, Catalogue) else Catalogue.of(catalogue)
        build = Build(model, products, Path(folder), storage, attaching)
        build.run(resume=resume, overwrite=overwrite, progress=progress)
        return cls(Path(folder), model)

    def __len__(self) -> int:
        return self._state.manifest.products

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._state.find([id])[0] is not None

    @property
    def manifest(self) -> Manifest:
        """What the folder consists of."""
        return self._state.manifest

    @property
    def bytes(self) -> int:
        """All files' bytes."""
        return sum(file.bytes for file in self._state.files)

    @property
    def basis(self) -> NDArray[np.float32] | None:
        """What stored codes are multiplied by, float32 (r, width); None where products are stored whole."""
        packing = self._state.packing
        return packing.basis if packing else None

    @property
    def lazy(self) -> bool:
        """Whether nothing was computed ahead."""
        return self.manifest.storage == LAZY

    def ids(self) -> list[str]:
        """Return all ids, in the order in which they were compiled."""
        return self._state.ids()

    def stored(self, ids: Sequence[str], model: Reranker | None = None) -> list[NDArray[np.int8]]:
        """Return what the model made of products; those of one text share an array.

        :param model: computes them now, where nothing was computed ahead.
        :raises InputError: if there is no product of an id, or nothing was computed ahead and there is no model.
        """
        state = self._state
        if self.lazy:
            if model is None:
                raise InputError(
                    f"{self.folder}: nothing was computed ahead (storage 'lazy'), so a model has to be given"
                )
            return self.packed(model, state.products(state.places(ids)))
        arrays: dict[tuple[int, int], NDArray[np.int8]] = {}
        out = []
        for part, row in state.places(ids):
            key = part, state.parts[part].span(row)[0]
            out.append(arrays.setdefault(key, state.parts[part].stored(row)))
        return out

    def packed(self, model: Reranker, documents: Sequence[Document]) -> list[NDArray[np.int8]]:
        """Return what the model makes of other documents, as it would be stored here."""
        stored, packing = model.precompute(documents), self._state.packing
        return packing.encode([model.precomputed.rows(one) for one in stored]) if packing else stored

    def products(self, ids: Sequence[str]) -> list[Product]:
        """Read products.

        :raises InputError: if there is none of an id.
        """
        state = self._state
        return state.products(state.places(ids))

    def check(self, model: Reranker) -> None:
        """Check that this model computed the catalogue.

        :raises ModelError: if another did, or another version of it.
        """
        self._state.check(model)

    def update(
        self, products: Iterable[Product], *, progress: Progress | None = None, attaching: Attach | None = None
    ) -> int:
        """Add products, in place of those that have their ids; return how many were replaced.

        :param attaching: as in `build`; needed where something is attached.
        :raises InputError: if one can not be used, none has been changed then; or another process is writing.
        """
        if not isinstance(products, Catalogue):
            products = list(products) or Catalogue.of(())  # which says that there are none
        return len(self._change(products, (), progress, attaching))

    def delete(self, ids: Iterable[str], *, attaching: Attach | None = None) -> None:
        """Take products out.

        :param attaching: as in `build`; needed where something is attached.
        :raises InputError: if there is none of an id, none has been deleted then; or another process is writing.
        """
        self._change((), ids, None, attaching)

    def change(
        self,
        products: Iterable[Product],
        delete: Iterable[str] = (),
        *,
        progress: Progress | None = None,
        attaching: Attach | None = None,
    ) -> frozenset[str]:
        """Add products and take others out, in one step.

        :param delete: ids of products to take out; one that is not there is passed over.
        :return: those of the given ids that were there before.
        :raises InputError: as `update` does.
        """
        return self._change(products, delete, progress, attaching, pass_over=True)

    def _change(
        self,
        products: Iterable[Product],
        delete: Iterable[str],
        progress: Progress | None,
        attaching: Attach | None,
        *,
        pass_over: bool = False,
    ) -> frozenset[str]:
        added, ids = self._checked(products), list(texts(delete))
        with locked(self.folder):
            state = State.open(self.folder)
            if attaching is None and state.manifest.attached:
                raise InputError(
                    f"{self.folder}: has a search index beside it, which has to change too; use xephang index"
                )
            if attaching is not None and not state.manifest.attached:
                raise InputError(f"{self.folder}: has no search index to change; run: xephang index {self.folder}")
            if pass_over:
                ids = [id for id, place in zip(ids, state.find(ids), strict=True) if place is not None]
            out = dict(zip(ids, state.places(ids), strict=True))
            if not added and not out:
                return frozenset()
            parts = self._computed(state, added, progress)
            new = [one.id for one in added]
            out |= {id: place for id, place in zip(new, state.find(new), strict=True) if place is not None}
            after = state.without(list(out.values())).with_parts(parts)
            after = attach(attaching, after, added, list(out), state.manifest.attached)
            self._state = commit(compacted(after))
        return frozenset(out)

    def attach(self, attaching: Attach) -> None:
        """Write what shall change together with the catalogue, anew, of all its products.

        :raises InputError: if another process is writing.
        """
        with locked(self.folder):
            state = State.open(self.folder)
            self._state = commit(attach(attaching, state, state.each(), (), ""))

    def _checked(self, products: Iterable[Product]) -> list[Product]:
        if not isinstance(products, Catalogue):
            products = list(products)
            if not products:
                return []
            if not any(product.id for product in products):
                raise InputError("products: none of them has an id; give each the id by which it is to be found")
            products = Catalogue.of(products)
        return list(products)

    def _computed(self, state: State, added: Sequence[Product], progress: Progress | None) -> list[OpenPart]:
        if not added:
            return []
        if self._model is None:
            raise InputError(f"{self.folder}: was opened without a model, which updates need; open it with model=…")
        state.check(self._model)
        return compute(self._model, added, self.folder, state.manifest.storage, state.packing, progress=progress)

    def refresh(self) -> None:
        """See what other processes have changed."""
        self._state = State.open(self.folder)

    def verify(self) -> None:
        """Read every file and compare its checksum.

        :raises InputError: if one is missing or damaged.
        """
        for file in State.open(self.folder).files:
            file.check(self.folder, whole=True)


def is_compiled(path: str | Path) -> bool:
    """Say whether a compiled catalogue lies there."""
    return (Path(path) / MANIFEST).is_file()
