import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from shops import held, shoe, shop, strays

from xephang.compiled import CompiledCatalogue, writing
from xephang.compiled.state import State
from xephang.compiled.writing import commit, compacted, locked, save_array
from xephang.errors import InputError


def contents(state):
    return held(state.products(state.places(state.ids())))


@pytest.fixture
def in_parts(compiled, folder):
    """Thirty products and ten of them anew, each in a part of its own."""
    for number in range(10):
        compiled.update([shoe(number, 1)])
    return State.open(folder)


EXPECTED = held(shop(30)) | held(shop(10, 1))


def test_few_small_parts_are_left_as_they_are(in_parts):
    assert compacted(in_parts).parts == in_parts.parts
    assert len(in_parts.parts) == 11


def test_many_small_parts_become_one(in_parts, folder, monkeypatch):
    monkeypatch.setattr(writing, "_MOST_SMALL_PARTS", 3)
    state = commit(compacted(in_parts))
    assert len(state.parts) == 1
    assert contents(state) == contents(State.open(folder)) == EXPECTED


def test_parts_that_are_mostly_dead_are_written_anew(in_parts):
    left = compacted(in_parts.without(in_parts.places([f"p{number}" for number in range(10, 26)])))
    assert sum(part.part.products for part in left.parts) == 14
    assert contents(left) == {id: one for id, one in EXPECTED.items() if not 10 <= int(id[1:]) < 26}


def test_empty_parts_are_left_out_and_the_others_not_touched(in_parts):
    left = compacted(in_parts.without(in_parts.places(["p0", "p5"])))
    assert left.parts == tuple(part for at, part in enumerate(in_parts.parts) if at not in (1, 6))
    assert contents(left) == {id: one for id, one in EXPECTED.items() if id not in ("p0", "p5")}


def test_products_written_together_are_cut_into_parts_again(in_parts, model, monkeypatch):
    monkeypatch.setattr(writing, "_MOST_SMALL_PARTS", 0)
    monkeypatch.setattr(writing, "PART_BYTES", 4 * max(one.part.files[0].bytes for one in in_parts.parts[1:]))
    state = compacted(in_parts.without(in_parts.places(["p29"])))
    assert 1 < len(state.parts) < 11
    assert contents(state) == {id: one for id, one in EXPECTED.items() if id != "p29"}
    for id, product in contents(state).items():
        ((part, row),) = state.places([id])
        assert np.array_equal(state.parts[part].stored(row), model.precompute([product])[0])


def test_whoever_holds_the_lock_sweeps_what_nothing_names(compiled, folder):
    for name in (f"index-{'0' * 32}.npy", f".compiled.json.{'f' * 32}.tmp", f".building.json.{'f' * 32}.tmp"):
        (folder / name).touch()
    (folder / "parts" / ("0" * 32)).mkdir()
    (folder / "parts" / ("0" * 32) / "stored.bin").touch()
    (folder / "mine.tmp").touch()
    with locked(folder):
        assert len(strays(folder)) == 5
    assert strays(folder) == {"mine.tmp"}
    assert len(list((folder / "parts").iterdir())) == 1


def test_nothing_is_swept_beside_a_manifest_that_can_not_be_read(compiled, folder):
    (folder / "building.json").write_text("{")
    (stray := folder / f"index-{'0' * 32}.npy").touch()
    compiled.delete(["p0"])
    assert stray.exists(), "the build may need it"
    assert len(CompiledCatalogue.open(folder)) == 29


def test_the_lock_is_let_go_after_an_error(compiled, folder):
    with pytest.raises(RuntimeError), locked(folder):
        raise RuntimeError
    with locked(folder), pytest.raises(InputError, match="another process is writing"), locked(folder):
        pass
    with locked(folder):
        pass


def test_arrays_never_share_a_name(tmp_path):
    files = [save_array(tmp_path, "index", np.arange(3)) for _ in range(2)]
    assert files[0].path != files[1].path
    assert [np.load(tmp_path / file.path).tolist() for file in files] == [[0, 1, 2]] * 2


@pytest.fixture
def unprivileged():
    """Yield a folder of a user who is not root; root may write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


def test_a_read_only_folder_can_be_read_and_not_written(model, unprivileged):
    folder = unprivileged / "hàng"
    CompiledCatalogue.build(model, shop(30), folder)
    places = [folder, *(path for path in folder.rglob("*"))]
    for path in places:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        compiled = CompiledCatalogue.open(folder, model=model)
        assert held(compiled.products(compiled.ids())) == held(shop(30))
        for write in (lambda: compiled.update([shoe(1, 1)]), lambda: compiled.delete(["p1"])):
            with pytest.raises(InputError, match="can not be written: Permission denied"):
                write()
        with pytest.raises(InputError, match="can not be written: Permission denied"):
            CompiledCatalogue.build(model, shop(3), folder / "new")
        compiled.verify()
    finally:
        for path in places:
            path.chmod(0o700)


def test_a_folder_that_can_not_be_written_keeps_its_state(compiled, model, folder):
    """As on a full disk: the lock can be had, and no new file."""
    (parts := folder / "parts").rename(folder / "elsewhere")
    parts.touch()
    with pytest.raises(InputError, match="can not be"):
        compiled.update([shoe(1, 1)])
    parts.unlink()
    (folder / "elsewhere").rename(parts)
    assert held(compiled.products(compiled.ids())) == held(shop(30))
    assert len(CompiledCatalogue.open(folder)) == 30
