import threading
from dataclasses import replace

import numpy as np
import pytest
from shops import held, shoe, shop, strays

from xephang.catalogue import Catalogue
from xephang.compiled import CompiledCatalogue, building, is_compiled
from xephang.errors import InputError, ModelError
from xephang.product import Product

SHOP = shop(300)


class Stopped(Exception):
    pass


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Have each 64 products make a part."""
    monkeypatch.setattr(building, "PART_BYTES", 1)


def stop_after(products):
    def progress(done, count):
        if done > products:
            raise Stopped

    return progress


@pytest.fixture
def stopped(model, folder):
    """A build of 300 products that was stopped after three parts."""

    def stop(storage="fast", **options):
        with pytest.raises(Stopped):
            CompiledCatalogue.build(model, SHOP, folder, storage=storage, progress=stop_after(200), **options)
        return folder

    return stop


def build(model, folder, **options):
    return CompiledCatalogue.build(model, SHOP, folder, **options)


def same(one, other):
    return one.ids() == other.ids() and all(map(np.array_equal, one.stored(one.ids()), other.stored(other.ids())))


def test_a_build_of_many_parts_holds_all_products_in_order(model, folder):
    compiled = build(model, folder)
    assert len(compiled.manifest.parts) == 5
    assert compiled.products(compiled.ids()) == SHOP
    assert not strays(folder)


def test_a_build_reads_a_file(model, folder, tmp_path):
    Catalogue.of(SHOP).write_parquet(tmp_path / "hàng.parquet")
    compiled = CompiledCatalogue.build(model, Catalogue.open(tmp_path / "hàng.parquet"), folder)
    assert compiled.products(compiled.ids()) == SHOP


def test_a_build_tells_how_far_it_is(model, folder):
    told = []
    build(model, folder, progress=lambda done, count: told.append((done, count)))
    assert told == [(64, 300), (128, 300), (192, 300), (256, 300), (300, 300)]


@pytest.mark.parametrize("storage", ["fast", "small"])
def test_a_resumed_build_is_the_build_that_was_not_stopped(model, stopped, folder, tmp_path, storage):
    stopped(storage)
    assert not is_compiled(folder)
    told = []
    resumed = build(model, folder, storage=storage, resume=True, progress=lambda *each: told.append(each))
    assert told == [(256, 300), (300, 300)], "what was done is not done again"
    assert same(resumed, build(model, tmp_path / "whole", storage=storage))
    assert resumed.products(resumed.ids()) == SHOP
    assert not strays(folder)
    assert not (folder / "building.json").exists()


def test_a_stopped_build_has_to_be_resumed_or_overwritten(model, stopped, folder):
    stopped()
    with pytest.raises(InputError, match="holds a build that was interrupted; resume it, or overwrite it"):
        build(model, folder)
    with pytest.raises(InputError, match="holds a build that was interrupted; go on with it by --resume"):
        CompiledCatalogue.open(folder)
    compiled = CompiledCatalogue.build(model, shop(3, 1), folder, overwrite=True)
    assert compiled.products(compiled.ids()) == shop(3, 1)
    assert not strays(folder)
    assert not (folder / "building.json").exists()


CHANGED = {
    "one changed": [shoe(0, 1), *SHOP[1:]],
    "one inserted": [shoe(999), *SHOP],
    "one left out": SHOP[1:],
    "two swapped": [SHOP[1], SHOP[0], *SHOP[2:]],
    "cut off in a part that was done": SHOP[:100],
    "a price": [replace(SHOP[0], price=1.0), *SHOP[1:]],
}


@pytest.mark.parametrize("products", CHANGED.values(), ids=CHANGED)
def test_a_changed_catalogue_is_not_gone_on_with(model, stopped, folder, products):
    stopped()
    with pytest.raises(InputError, match="the catalogue has changed since the build in it was begun; overwrite it"):
        CompiledCatalogue.build(model, products, folder, resume=True)
    assert len(build(model, folder, resume=True)) == 300, "the build that was begun is still there"


def test_a_build_is_not_gone_on_with_by_another_model_or_storage(model, other_model, stopped, folder):
    stopped()
    for options in ({"model": other_model}, {"model": model, "storage": "small"}):
        with pytest.raises(InputError, match=r"was begun with model '.*' \(.*\) and storage 'fast'; go on with these"):
            build(folder=folder, resume=True, **options)
    assert len(build(model, folder, resume=True)) == 300


def test_nothing_to_resume_is_a_build_from_the_start(model, folder):
    assert len(build(model, folder, resume=True)) == 300
    with pytest.raises(InputError, match="holds a compiled catalogue already"):
        build(model, folder, resume=True)


def test_a_catalogue_is_not_overwritten_unasked(compiled, model, folder):
    with pytest.raises(InputError, match="holds a compiled catalogue already; update it, or overwrite it"):
        build(model, folder)
    assert contents_of(folder) == held(shop(30))


def contents_of(folder):
    opened = CompiledCatalogue.open(folder)
    return held(opened.products(opened.ids()))


def test_the_old_state_can_be_read_until_the_new_one_is_whole(compiled, model, folder):
    seen = []
    build(model, folder, overwrite=True, progress=lambda *_: seen.append(contents_of(folder)))
    assert seen == [held(shop(30))] * 5
    assert contents_of(folder) == held(SHOP)
    assert not strays(folder)


def test_the_old_state_outlives_an_overwriting_build_that_is_stopped(compiled, model, stopped, folder):
    stopped(overwrite=True)
    compiled.update([shoe(0, 1)])
    assert contents_of(folder) == held(shop(30)) | held([shoe(0, 1)])
    told = []
    build(model, folder, resume=True, progress=lambda *each: told.append(each))
    assert told[0] == (256, 300), "the update has left the build's parts alone"
    assert contents_of(folder) == held(SHOP)
    assert not strays(folder)


def test_a_build_that_was_whole_but_not_in_place_yet_is_resumed(model, folder):
    build(model, folder)
    (folder / "compiled.json").rename(folder / "building.json")
    told = []
    compiled = build(model, folder, resume=True, progress=lambda *each: told.append(each))
    assert told == []
    assert compiled.products(compiled.ids()) == SHOP
    assert not strays(folder)


def test_what_a_kill_leaves_before_there_is_a_manifest_is_no_obstacle(model, folder):
    folder.mkdir()
    left = [f"basis-{'0' * 32}.npy", f".building.json.{'f' * 32}.tmp", ".lock"]
    for name in left:
        (folder / name).touch()
    assert len(build(model, folder, storage="small")) == 300
    assert not strays(folder)


@pytest.mark.parametrize("name", ["notes.txt", "basis.npy", "parts", ".hidden", "index-1.npy"])
@pytest.mark.parametrize("options", [{}, {"overwrite": True}, {"resume": True}], ids=str)
def test_a_folder_with_other_files_is_refused_and_left_alone(model, folder, name, options):
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(InputError, match="is not empty and holds no compiled catalogue; name another folder"):
        build(model, folder, **options)
    assert [path.name for path in folder.iterdir()] == [name]


def test_other_files_beside_a_catalogue_are_left_alone(compiled, folder):
    (folder / "mine.npy").write_text("mine")
    compiled.update([shoe(0, 1)])
    assert (folder / "mine.npy").read_text() == "mine"


BAD = {
    "nothing to read": (Product(id="leer", brand="OEM"), "^product 'leer': the template .* none of them; leave it out"),
    "no Unicode": (replace(shoe(1), id="a\ud800"), "can not be written to Parquet"),
    "no JSON": (replace(shoe(1), id="x", extra={"a": float("nan")}), "^product 'x': can not be written to Parquet"),
}


@pytest.mark.parametrize(("bad", "problem"), BAD.values(), ids=BAD)
def test_a_product_that_can_not_be_compiled_is_named_before_anything_is_written(model, folder, bad, problem):
    with pytest.raises(InputError, match=problem):
        CompiledCatalogue.build(model, [*SHOP, bad], folder)
    assert not folder.exists()


def test_a_storage_that_is_not_known(model, folder):
    with pytest.raises(InputError, match="storage 'tiny' is not known; storages are fast, small"):
        build(model, folder, storage="tiny")
    assert not folder.exists()


def test_a_model_that_does_not_read_products_apart(tiny_exported, folder):
    from xephang import Reranker

    with pytest.raises(ModelError, match="can not be computed ahead with the onnx engine"):
        build(Reranker.load(tiny_exported), folder)
    assert not folder.exists()


@pytest.mark.parametrize("under", [False, True], ids=["a file", "under a file"])
def test_a_place_that_can_not_be_a_folder(model, folder, under):
    folder.write_text("mine")
    with pytest.raises(InputError, match="hàng"):
        build(model, folder / "catalogue" if under else folder)
    assert folder.read_text() == "mine"


def test_of_two_builds_at_once_one_is_refused(model, folder):
    started, go_on = threading.Event(), threading.Event()

    def hold(done, _):
        started.set()
        go_on.wait()

    first = threading.Thread(target=lambda: build(model, folder, progress=hold))
    first.start()
    started.wait()
    with pytest.raises(InputError, match="another process is writing into it"):
        build(model, folder, overwrite=True)
    go_on.set()
    first.join()
    assert contents_of(folder) == held(SHOP)


def test_a_build_that_was_overtaken_while_it_read_is_refused(model, folder):
    class Slow(Catalogue):
        """Another process is done before this catalogue has been read."""

        def __iter__(self):
            if not folder.exists():
                CompiledCatalogue.build(model, shop(3), folder)
            return super().__iter__()

    with pytest.raises(InputError, match="holds a compiled catalogue already"):
        CompiledCatalogue.build(model, Slow.of(SHOP), folder)
    assert contents_of(folder) == held(shop(3))


def test_products_of_one_text_but_other_cuts_are_told_apart(model, folder):
    """What is cut first of a text that is too long depends on the fields that it was made of."""
    long = " ".join(["giày"] * 600)
    one = Product(id="a", title=f"Dép {long}", category="đen | màu nâu")
    other = Product(id="b", title=f"Dép {long}", category="đen", color="nâu")
    assert model.template.render(one).text == model.template.render(other).text
    stored = CompiledCatalogue.build(model, [one, other], folder).stored(["a", "b"])
    made = model.precompute([one, other])
    assert [list(each) for each in stored] == [list(each) for each in made]
