"""Build a compiled catalogue part by part, so that an interrupted build goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from xephang.catalogue import Catalogue
from xephang.compiled.index import index_of
from xephang.compiled.manifest import BUILDING, MANIFEST, Manifest
from xephang.compiled.packing import STORAGES, Packing
from xephang.compiled.part import OpenPart, source_of, write_part
from xephang.compiled.state import State
from xephang.compiled.writing import PART_BYTES, check_free, commit, locked, save_array
from xephang.engines.precomputed import PrecomputedEngine
from xephang.errors import InputError
from xephang.files import check_folder
from xephang.product import Product
from xephang.reranker import Reranker

Progress = Callable[[int, int], None]
"""Called with how many products are done, and how many there are in all."""
_AT_ONCE = 64
_SAMPLE = 2000


@dataclass(frozen=True)
class Build:
    """One build.

    :param storage: one of `STORAGES`.
    """

    model: Reranker
    catalogue: Catalogue
    folder: Path
    storage: str

    def run(self, *, resume: bool, overwrite: bool, progress: Progress | None) -> None:
        """Compute all products; see `CompiledCatalogue.build`."""
        if self.storage not in STORAGES:
            raise InputError(f"storage '{self.storage}' is not known; storages are {', '.join(STORAGES)}")
        engine = self.model.precomputed
        check_folder(self.folder)
        taken, begun = (self.folder / MANIFEST).is_file(), (self.folder / BUILDING).is_file()
        if taken and not overwrite and not (resume and begun):
            raise InputError(f"{self.folder}: holds a compiled catalogue already; update it, or overwrite it")
        if begun and not resume and not overwrite:
            raise InputError(f"{self.folder}: holds a build that was interrupted; resume it, or overwrite it")
        if not taken and not begun:
            check_free(self.folder)
        count, sample = self._read_through()
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            manifest = self._begun() if resume and begun else self._begin(engine, sample)
            self._go_on(manifest, count, progress)

    def _read_through(self) -> tuple[int, list[Product]]:
        """Count the products, and choose some at random by reservoir sampling; a bad row shows here."""
        random, count = Random(0), 0
        sample: list[Product] = []
        for count, product in enumerate(self.catalogue, start=1):
            if len(sample) < _SAMPLE:
                sample.append(product)
            elif (at := random.randrange(count)) < _SAMPLE:
                sample[at] = product
        return count, sample

    def _begin(self, engine: PrecomputedEngine, sample: Sequence[Product]) -> Manifest:
        model, size = self.model, STORAGES[self.storage]
        manifest = Manifest(model.folder.name, model.fingerprint, self.storage, size or engine.width)
        if size:
            packing = Packing.fit(map(engine.rows, model.precompute(sample)), size)
            basis = save_array(self.folder, "basis", packing.basis)
            manifest = replace(manifest, basis=basis, width=len(packing.basis))
        self._note(manifest)
        return manifest

    def _begun(self) -> Manifest:
        manifest = Manifest.read(self.folder, BUILDING)
        if (manifest.fingerprint, manifest.storage) != (self.model.fingerprint, self.storage):
            raise InputError(
                f"{self.folder}: the build in it was begun with model '{manifest.model}' "
                f"({manifest.fingerprint[:12]}) and storage '{manifest.storage}'; go on with these, or overwrite it"
            )
        return manifest

    def _note(self, manifest: Manifest) -> None:
        manifest.write(self.folder, BUILDING)

    def _go_on(self, manifest: Manifest, count: int, progress: Progress | None) -> None:
        remaining = iter(self.catalogue)
        done = 0
        for part in manifest.parts:
            if source_of(list(islice(remaining, part.products))) != part.source:
                raise InputError(
                    f"{self.folder}: the catalogue has changed since the build in it was begun; overwrite it"
                )
            done += part.products
        basis = np.load(manifest.basis.check(self.folder, whole=True)) if manifest.basis else None
        packing = None if basis is None else Packing(basis)
        parts = [OpenPart(self.folder, part) for part in manifest.parts]

        def tell(so_far: int, _: int) -> None:
            if progress:
                progress(done + so_far, count)

        for part_ in _parts(self.model, remaining, self.folder, packing, tell):
            parts.append(part_)
            manifest = replace(manifest, parts=(*manifest.parts, part_.part))
            self._note(manifest)
        index = index_of([part.ids.to_pylist() for part in parts])
        commit(State(self.folder, manifest, tuple(parts), index, packing))
        (self.folder / BUILDING).unlink(missing_ok=True)


def compute(
    model: Reranker,
    products: Sequence[Product],
    folder: Path,
    packing: Packing | None,
    *,
    progress: Progress | None = None,
) -> list[OpenPart]:
    """Compute products, and write them as parts."""
    return list(
        _parts(model, iter(products), folder, packing, lambda done, _: progress and progress(done, len(products)))
    )


def _parts(
    model: Reranker,
    products: Iterator[Product],
    folder: Path,
    packing: Packing | None,
    progress: Progress,
) -> Iterator[OpenPart]:
    """Compute products, and write a part whenever there is enough for one."""
    held: list[Product] = []
    stored: list[NDArray[np.int8]] = []
    which: list[int] = []
    texts: dict[str, int] = {}
    done = size = 0
    while some := list(islice(products, _AT_ONCE)):
        rendered = [model.render(product, f"product '{product.id}'").text for product in some]
        new = {text: product for text, product in zip(rendered, some, strict=True) if text not in texts}
        for text, one in zip(new, model.precompute(list(new.values())), strict=True):
            texts[text] = len(stored)
            stored.append(packing.encode(model.precomputed.rows(one)) if packing else one)
            size += stored[-1].size
        which += [texts[text] for text in rendered]
        held += some
        done += len(some)
        progress(done, done)
        if size >= PART_BYTES:
            yield OpenPart(folder, write_part(folder, held, stored, which))
            held, stored, which, texts, size = [], [], [], {}, 0
    if held:
        yield OpenPart(folder, write_part(folder, held, stored, which))
