"""Build a compiled catalogue part by part, so that an interrupted build goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np

from xephang.catalogue import Catalogue
from xephang.compiled.index import index_of
from xephang.compiled.manifest import BUILDING, MANIFEST, Manifest
from xephang.compiled.packing import LAZY, STORAGES, Packing
from xephang.compiled.part import Draft, OpenPart, load, source_of, write_part
from xephang.compiled.state import State
from xephang.compiled.writing import MOST_IN_A_PART, PART_BYTES, Attach, attach, check_free, commit, locked, save_array
from xephang.engines.precomputed import PrecomputedEngine, Stored
from xephang.errors import InputError
from xephang.files import check_folder
from xephang.product import Product, Rendered
from xephang.progress import Progress
from xephang.reranker import Reranker

Encoder = Callable[[Sequence[Product]], Sequence[Stored]]
"""Makes of products what is stored of them."""
_AT_ONCE = 64
_SAMPLE = 2000


@dataclass(frozen=True)
class Build:
    """One build.

    :param storage: one of `STORAGES`.
    :param attaching: see `Attach`.
    """

    model: Reranker
    catalogue: Catalogue
    folder: Path
    storage: str
    attaching: Attach | None = None

    def run(self, *, resume: bool, overwrite: bool, progress: Progress | None) -> None:
        """Compute all products; see `CompiledCatalogue.build`."""
        if self.storage not in STORAGES:
            raise InputError(f"storage '{self.storage}' is not known; storages are {', '.join(STORAGES)}")
        engine = self.model.precomputed
        self._goes_on(resume, overwrite)
        count, sample = self._read_through()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: can not be written: {error.strerror or error}") from error
        with locked(self.folder):
            # Another process may have written while the catalogue was read.
            manifest = self._begun() if self._goes_on(resume, overwrite) else self._begin(engine, sample)
            self._go_on(manifest, count, progress)

    def _goes_on(self, resume: bool, overwrite: bool) -> bool:
        """Say whether there is a build in the folder to go on with.

        :raises InputError: if the folder is taken.
        """
        check_folder(self.folder)
        taken, begun = (self.folder / MANIFEST).is_file(), (self.folder / BUILDING).is_file()
        if resume and begun:
            return True
        if taken and self.attaching is None and Manifest.read(self.folder).attached:
            raise InputError(f"{self.folder}: is a search folder, and would lose its index; use xephang index")
        if taken and not overwrite:
            raise InputError(f"{self.folder}: holds a compiled catalogue already; update it, or overwrite it")
        if begun and not overwrite:
            raise InputError(f"{self.folder}: holds a build that was interrupted; resume it, or overwrite it")
        if not taken and not begun:
            check_free(self.folder)
        return False

    def _read_through(self) -> tuple[int, list[Product]]:
        """Count the products, and choose some at random by reservoir sampling; one that can not be used shows here."""
        from xephang.catalogue.parquet import record_of  # as in `part`

        random, count = Random(0), 0
        sample: list[Product] = []
        for count, product in enumerate(self.catalogue, start=1):
            _rendered(self.model, product)
            record_of(product)
            if len(sample) < _SAMPLE:
                sample.append(product)
            elif (at := random.randrange(count)) < _SAMPLE:
                sample[at] = product
        return count, sample

    def _begin(self, engine: PrecomputedEngine, sample: Sequence[Product]) -> Manifest:
        model, size = self.model, STORAGES[self.storage]
        manifest = Manifest(model.folder.name, model.fingerprint, self.storage, engine.width if size is None else size)
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
        packing = Packing(load(manifest.basis.check(self.folder, whole=True))) if manifest.basis else None
        parts = [OpenPart(self.folder, part) for part in manifest.parts]

        def tell(so_far: int, _: int) -> None:
            if progress:
                progress(done + so_far, count)

        for part_ in _parts(self.model, remaining, self.folder, _encoder(self.model, self.storage, packing), tell):
            parts.append(part_)
            manifest = replace(manifest, parts=(*manifest.parts, part_.part))
            self._note(manifest)
        index = index_of([part.ids.to_pylist() for part in parts])
        state = State(self.folder, manifest, tuple(parts), index, packing)
        commit(attach(self.attaching, state, state.each(), (), ""), built=True)


def compute(
    model: Reranker,
    products: Sequence[Product],
    folder: Path,
    storage: str,
    packing: Packing | None,
    *,
    progress: Progress | None = None,
) -> list[OpenPart]:
    """Compute products, and write them as parts."""

    def tell(done: int, _: int) -> None:
        if progress:
            progress(done, len(products))

    return list(_parts(model, iter(products), folder, _encoder(model, storage, packing), tell))


def _encoder(model: Reranker, storage: str, packing: Packing | None) -> Encoder:
    """Return what makes of products what is stored of them."""

    def encode(products: Sequence[Product]) -> Sequence[Stored]:
        if storage == LAZY:
            return [np.empty(0, np.int8)] * len(products)
        stored = model.precompute(products)
        return packing.encode([model.precomputed.rows(one) for one in stored]) if packing else stored

    return encode


def _parts(
    model: Reranker,
    products: Iterator[Product],
    folder: Path,
    encode: Encoder,
    progress: Progress,
) -> Iterator[OpenPart]:
    """Compute products, and write a part whenever there is enough for one."""
    held: list[Product] = []
    draft, done = Draft(), 0
    while some := list(islice(products, _AT_ONCE)):
        rendered = [_rendered(model, product) for product in some]
        new = {text: product for text, product in zip(rendered, some, strict=True) if text not in draft}
        for text, one in zip(new, encode(list(new.values())), strict=True):
            draft.keep(text, one)
        for text in rendered:
            draft.add(text)
        held += some
        done += len(some)
        progress(done, done)
        if draft.size >= PART_BYTES or len(held) >= MOST_IN_A_PART:
            yield OpenPart(folder, write_part(folder, held, draft))
            held, draft = [], Draft()
    if held:
        yield OpenPart(folder, write_part(folder, held, draft))


def _rendered(model: Reranker, product: Product) -> Rendered:
    try:
        return model.template.render(product)
    except InputError as error:
        named = f"product '{product.id}': "
        raise InputError(f"{named}{str(error).removeprefix(named)}; leave it out") from error
