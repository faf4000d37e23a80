import threading
from dataclasses import replace

import numpy as np
import pytest
from shops import held, shoe, shop

from xephang.compiled import CompiledCatalogue
from xephang.compiled.index import hashed
from xephang.compiled.manifest import Manifest
from xephang.compiled.state import State
from xephang.errors import InputError


@pytest.fixture
def state(compiled, folder):
    return State.open(folder)


def test_ids_of_one_hash_are_told_apart(state):
    """A hash of 64 bits is no proof: the id itself decides."""
    index = state.index.copy()
    index[0] = hashed(["p7"])[0]
    all_alike = replace(state, index=index)
    assert all_alike.products(all_alike.places(["p7"])) == [shoe(7)]
    shared = replace(state, index=index)
    shared.index[0] = hashed(["stranger"])[0]
    assert shared.find(["stranger"]) == [None]
    with pytest.raises(InputError, match="there is no product 'stranger'"):
        shared.places(["stranger"])


def test_rows_that_are_gone_are_not_found(state):
    left = state.without(state.places(["p3", "p4", "p3"]))
    assert left.find(["p3", "p4"]) == [None, None]
    assert left.products(left.places(["p5"])) == [shoe(5)]
    assert left.ids() == [f"p{number}" for number in range(30) if number not in (3, 4)]
    assert state.find(["p3"]) == [(0, 3)], "the state that it came of stays as it is"


DAMAGED = {
    "stored.bin cut off": ("stored.bin", lambda content: content[:-1], r"stored\.bin: is not the file"),
    "stored.bin empty": ("stored.bin", lambda content: b"", r"stored\.bin: is not the file"),
    "spans.npy changed": ("spans.npy", lambda content: content[:-1] + b"\x7f", r"spans\.npy: is not the file"),
    "index changed": ("index-*.npy", lambda content: content[:-1] + b"\x7f", r"index-\w+\.npy: is not the file"),
    "basis changed": ("basis-*.npy", lambda content: content[:-1] + b"\x7f", r"basis-\w+\.npy: is not the file"),
    "products cut off": ("products.parquet", lambda content: content[:99], r"products\.parquet: is not the file"),
    "manifest cut off": ("compiled.json", lambda content: content[:99], r"compiled\.json: can not be read as JSON"),
    "manifest of another format": (
        "compiled.json", lambda content: content.replace(b'"format": 1', b'"format": 9'), r"compiled\.json: format 9;"
    ),
    "manifest without an index": (
        "compiled.json", lambda content: content.replace(b'"index": {', b'"index": 1, "x": {'), r"compiled\.json: not"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "problem"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named(model, folder, name, damage, problem):
    CompiledCatalogue.build(model, shop(30), folder, storage="small")
    (path,) = folder.rglob(name)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=problem):
        State.open(folder)


@pytest.mark.parametrize("name", ["stored.bin", "spans.npy", "products.parquet", "index-*.npy", "basis-*.npy"])
def test_a_missing_file_is_named(model, folder, name):
    CompiledCatalogue.build(model, shop(30), folder, storage="small")
    (path,) = folder.rglob(name)
    path.unlink()
    with pytest.raises(InputError, match=f"{path.name}: is missing; compile the catalogue again"):
        State.open(folder)


def test_a_manifest_of_a_build_that_is_not_through_is_no_catalogue(compiled, folder):
    replace(Manifest.read(folder), index=None).write(folder)
    with pytest.raises(InputError, match=r"compiled\.json: names no index"):
        State.open(folder)


def test_opening_goes_on_while_others_write(compiled, folder):
    """Files go between reading the manifest and opening them; whoever opens takes the next state then."""
    stop = threading.Event()

    def write():
        version = 0
        while not stop.is_set():
            version += 1
            compiled.update([shoe(0, version), shoe(1, version)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(60):
            opened = CompiledCatalogue.open(folder)
            found = held(opened.products(opened.ids()))
            assert len(found) == 30
            assert found["p0"].extra == found["p1"].extra, "both were written together"
            assert found["p29"] == shoe(29)
    finally:
        stop.set()
        writer.join()


def test_files_are_those_of_the_folder(model, folder):
    compiled = CompiledCatalogue.build(model, shop(30), folder, storage="small")
    compiled.update([shoe(99)])
    named = {folder / file.path for file in State.open(folder).files}
    assert named == {path for path in folder.rglob("*") if path.suffix in (".npy", ".bin", ".parquet")}


def test_the_index_is_as_wide_as_the_products(state):
    assert state.index.shape == (3, 30)
    assert state.index.dtype == np.uint64
