"""Change a compiled catalogue: write what is new, replace the manifest, then remove what nothing names any more."""

import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from xephang.compiled.manifest import ATTACHED, BUILDING, MANIFEST, File, Manifest, Part
from xephang.compiled.part import PARTS, Draft, OpenPart, write_part
from xephang.compiled.state import Each, State
from xephang.errors import InputError
from xephang.files import exclusive
from xephang.product import Product

PART_BYTES = 128 * 2**20
"""How much is held in memory before it is written as a part."""
MOST_IN_A_PART = 50_000
"""Products of a part, however few bytes they come to."""
Attach = Callable[[Sequence[Product] | Each, Sequence[str], Path | None], str]
"""Write what changes together with a compiled catalogue, a search index; return the name of its folder, new each time.

It is given the products that come, the ids of products that go or are replaced, and what was attached before.
"""
_MOST_SMALL_PARTS = 16
_LOCK = ".lock"
_MADE = re.compile(r"(index|basis)-[0-9a-f]{32}\.npy|\.(compiled|building)\.json\.[0-9a-f]{32}\.tmp")
"""What stands beside the manifests and the parts. A kill leaves some of it, even before there is a manifest."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who writes into a folder, and leave nothing in it that no manifest names.

    :raises InputError: if another process writes.
    """
    with exclusive(folder / _LOCK):
        try:
            yield
        finally:
            _sweep(folder)


def commit(state: State, *, built: bool = False) -> State:
    """Write a state's index and manifest, and open it.

    :param built: it was a build's; the build's own manifest goes with the same step.
    """
    index = save_array(state.folder, "index", state.index)
    parts = tuple(part.part for part in state.parts)
    manifest = replace(state.manifest, products=state.index.shape[1], index=index, parts=parts)
    manifest.write(state.folder, BUILDING if built else MANIFEST)
    if built:
        (state.folder / BUILDING).replace(state.folder / MANIFEST)
    return State.of(state.folder, manifest)


def attach(
    attaching: Attach | None, state: State, products: Sequence[Product] | Each, gone: Sequence[str], before: str
) -> State:
    """Return a state that names what was attached to it; see `Attach`.

    :param before: the name of what was attached before, empty for nothing.
    """
    if attaching is None:
        return state
    name = attaching(products, gone, state.folder / before if before else None)
    return replace(state, manifest=replace(state.manifest, attached=name))


def save_array(folder: Path, name: str, array: NDArray[np.generic]) -> File:
    """Write an array under a name that no other has."""
    return File.written(folder, f"{name}-{uuid4().hex}.npy", lambda path: np.save(path, array))


def _sweep(folder: Path) -> None:
    """Remove what no manifest names: what was replaced, and what a kill left behind."""
    try:
        manifests = [Manifest.read(folder, name) for name in (MANIFEST, BUILDING) if (folder / name).is_file()]
    except InputError:
        return  # what it names is not known
    if not manifests:
        return  # somebody has moved it away, and may bring it back
    named = {part.name for manifest in manifests for part in manifest.parts}
    files = {file.path for manifest in manifests for file in (manifest.index, manifest.basis) if file}
    attached = {manifest.attached for manifest in manifests}
    for path in (folder / PARTS).glob("*"):
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.iterdir():
        if ATTACHED.fullmatch(path.name) and path.name not in attached:
            shutil.rmtree(path, ignore_errors=True)
        elif _MADE.fullmatch(path.name) and path.name not in files:
            with suppress(OSError):  # Windows keeps what somebody reads
                path.unlink()


def compacted(state: State) -> State:
    """Leave empty parts out, and write small and mostly dead ones together, where there are many; see `commit`."""
    live = np.bincount(state.index[1].astype(np.int64), minlength=len(state.parts))
    sizes = [(int(count), part.part) for count, part in zip(live, state.parts, strict=True)]
    dead = {at for at, (count, part) in enumerate(sizes) if 0 < count * 2 < part.products}
    small = {at for at, (count, part) in enumerate(sizes) if count and _is_small(part)}
    worn = dead | small if dead or len(small) > _MOST_SMALL_PARTS else set()
    kept = [at for at, (count, _) in enumerate(sizes) if count and at not in worn]
    names = np.zeros(len(state.parts), np.uint64)
    names[kept] = np.arange(len(kept), dtype=np.uint64)
    index = state.index[:, np.isin(state.index[1], np.array(kept, np.uint64))].copy()
    index[1] = names[index[1].astype(np.int64)]
    left = replace(state, parts=tuple(state.parts[at] for at in kept), index=index)
    return left.with_parts(list(_together(state, worn)))


def _is_small(part: Part) -> bool:
    return part.files[0].bytes < PART_BYTES // 4 and part.products < MOST_IN_A_PART // 4


def _together(state: State, worn: Collection[int]) -> Iterator[OpenPart]:
    """Write the products that are left in some parts into new ones."""
    order = np.lexsort((state.index[2], state.index[1]))
    places = [(part, row) for part, row in state.index[1:, order].T.tolist() if part in worn]
    draft, first = Draft(), 0
    for after, (part, row) in enumerate(places, start=1):
        text = part, state.parts[part].span(row)[0]
        draft.keep(text, state.parts[part].stored(row))
        draft.add(text)
        if draft.size >= PART_BYTES or after - first >= MOST_IN_A_PART or after == len(places):
            yield OpenPart(state.folder, write_part(state.folder, state.products(places[first:after]), draft))
            draft, first = Draft(), after


def check_free(folder: Path) -> None:
    """Check that a folder can take a compiled catalogue.

    :raises InputError: if it holds other files.
    """
    if folder.is_dir() and not all(map(_is_ours, folder.iterdir())):
        raise InputError(f"{folder}: is not empty and holds no compiled catalogue; name another folder")


def _is_ours(path: Path) -> bool:
    return path.name == _LOCK or bool(_MADE.fullmatch(path.name) or ATTACHED.fullmatch(path.name))
