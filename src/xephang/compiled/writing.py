"""Change a compiled catalogue: write what is new, replace the manifest, then remove what nothing names any more."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from xephang.compiled.manifest import BUILDING, MANIFEST, File, Manifest
from xephang.compiled.part import PARTS, OpenPart, write_part
from xephang.compiled.state import State
from xephang.errors import InputError
from xephang.files import exclusive

PART_BYTES = 128 * 2**20
"""How much is held in memory before it is written as a part."""
_MOST_SMALL_PARTS = 16
_LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who writes into a folder; a lock goes with its process.

    :raises InputError: if another process writes.
    """
    with exclusive(folder / _LOCK):
        yield


def commit(state: State) -> State:
    """Write a state's index and manifest, and open it."""
    index = save_array(state.folder, "index", state.index)
    parts = tuple(part.part for part in state.parts)
    manifest = replace(state.manifest, products=state.index.shape[1], index=index, parts=parts)
    manifest.write(state.folder)
    _sweep(state.folder)
    return State.of(state.folder, manifest)


def save_array(folder: Path, name: str, array: NDArray[np.generic]) -> File:
    """Write an array under a name that no other has."""
    path = f"{name}-{uuid4().hex}.npy"
    np.save(folder / path, array)
    return File.of(folder, path)


def _sweep(folder: Path) -> None:
    """Remove what no manifest names: what was replaced, and what a kill left behind."""
    manifests = [Manifest.read(folder, name) for name in (MANIFEST, BUILDING) if (folder / name).is_file()]
    named = {part.name for manifest in manifests for part in manifest.parts}
    files = {file.path for manifest in manifests for file in (manifest.index, manifest.basis) if file}
    for path in (folder / PARTS).glob("*"):
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("*.npy"):
        if path.name not in files:
            path.unlink(missing_ok=True)


def compacted(state: State) -> State:
    """Write small and mostly dead parts together, where there are many."""
    live = np.bincount(state.index[1].astype(np.int64), minlength=len(state.parts))
    worn = [
        at
        for at, part in enumerate(state.parts)
        if live[at] * 2 < part.part.products or part.part.files[0].bytes < PART_BYTES // 4
    ]
    dead = [at for at in worn if live[at] * 2 < state.parts[at].part.products]
    if len(worn) <= _MOST_SMALL_PARTS and not dead:
        return state
    kept = [at for at in range(len(state.parts)) if at not in worn]
    fresh = list(_together(state, worn))
    names = np.full(len(state.parts), -1, np.int64)
    names[kept] = np.arange(len(kept))
    index = state.index[:, np.isin(state.index[1], np.array(kept, np.uint64))].copy()
    index[1] = names[index[1].astype(np.int64)]
    left = replace(state, parts=tuple(state.parts[at] for at in kept), index=index)
    return commit(left.with_parts(fresh))


def _together(state: State, worn: list[int]) -> Iterator[OpenPart]:
    """Write the products that are left in some parts into new ones."""
    order = np.lexsort((state.index[2], state.index[1]))
    places = [(part, row) for part, row in state.index[1:, order].T.tolist() if part in worn]
    while places:
        arrays: dict[tuple[int, int], NDArray[np.int8]] = {}
        which: list[tuple[int, int]] = []
        for part, row in places:
            key = part, state.parts[part].span(row)[0]
            arrays.setdefault(key, state.parts[part].stored(row))
            which.append(key)
            if sum(one.size for one in arrays.values()) >= PART_BYTES:
                break
        numbers = {key: at for at, key in enumerate(arrays)}
        products = state.products(places[: len(which)])
        part_ = write_part(state.folder, products, list(arrays.values()), [numbers[key] for key in which])
        yield OpenPart(state.folder, part_)
        places = places[len(which) :]


def check_free(folder: Path) -> None:
    """Check that a folder can take a compiled catalogue.

    :raises InputError: if it holds other files.
    """
    if folder.is_dir() and any(path.name != _LOCK for path in folder.iterdir()):
        raise InputError(f"{folder}: is not empty and holds no compiled catalogue; name another folder")
