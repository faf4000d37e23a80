import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shops import held, shoe, shop, strays

from xephang.catalogue import Catalogue
from xephang.compiled import CompiledCatalogue, is_compiled, writing
from xephang.errors import InputError, ModelError
from xephang.product import Product


def contents(catalogue):
    return held(catalogue.products(catalogue.ids()))


def test_every_product_is_there_as_it_was(compiled, folder):
    opened = CompiledCatalogue.open(folder)
    assert opened.products(opened.ids()) == compiled.products(compiled.ids()) == shop(30)
    assert len(opened) == 30
    assert "p29" in opened
    assert "p30" not in opened
    assert 29 not in opened
    opened.verify()


def test_products_come_in_the_order_asked_for_and_as_often(compiled):
    assert compiled.products(["p7", "p1", "p7"]) == [shoe(7), shoe(1), shoe(7)]
    assert compiled.products([]) == compiled.stored([]) == []


def test_what_is_stored_is_what_the_model_makes_of_a_product(compiled, model):
    for found, made in zip(compiled.stored(compiled.ids()), model.precompute(shop(30)), strict=True):
        assert np.array_equal(found, made)


def test_products_of_one_text_share_what_is_stored(model, folder):
    variants = [replace(shoe(3), id=f"v{number}", price=float(number)) for number in range(50)]
    alone = CompiledCatalogue.build(model, variants[:1], folder / "alone")
    shared = CompiledCatalogue.build(model, variants, folder / "shared")
    stored = [catalogue.manifest.parts[0].files[0].bytes for catalogue in (alone, shared)]
    assert stored[0] == stored[1]
    assert shared.products(["v7", "v33"]) == [variants[7], variants[33]]
    first, second, third = shared.stored(["v7", "v33", "v7"])
    assert first is second is third, "so that it is scored once"


@pytest.mark.parametrize(
    "id", ["giày 👟", "a\u0301", "á", "\u200bx", "'\"\\", "a\nb", "nul\0", "../../etc/passwd", "CON", "dài" * 50_000]
)
def test_any_text_can_be_an_id(model, folder, id):
    one = replace(shoe(1), id=id)
    compiled = CompiledCatalogue.build(model, [one, shoe(2)], folder)
    assert compiled.products([id]) == [one]
    compiled.delete([id])
    assert CompiledCatalogue.open(folder).ids() == ["p2"]


@pytest.mark.parametrize("id", ["", "p30", "P1", "p1 ", "\ud800", "p" * 100_000])
def test_an_id_that_is_not_there_is_named(compiled, id):
    for asked in (compiled.stored, compiled.products, compiled.delete):
        with pytest.raises(InputError, match="there is no product"):
            asked(["p1", id])
    assert len(compiled) == 30


def test_several_ids_that_are_not_there_are_counted(compiled):
    with pytest.raises(InputError, match=r"no product 'x' in it \(1,200 such ids\); leave it out, or add it"):
        compiled.products(["p1", *["x"] * 1200])


@pytest.mark.parametrize(("ids", "problem"), [("p1", r"write \['p1'\]"), (["p1", 2], "2 is int, expected text")])
def test_ids_that_are_none_are_refused_before_anything_is_deleted(compiled, ids, problem):
    for asked in (compiled.stored, compiled.products, compiled.delete):
        with pytest.raises(InputError, match=problem):
            asked(ids)
    assert len(compiled) == 30


def test_an_update_adds_and_replaces(compiled, folder):
    assert compiled.update([shoe(3, 1), shoe(99), shoe(5, 1)]) == 2
    expected = held(shop(30)) | held([shoe(3, 1), shoe(99), shoe(5, 1)])
    assert contents(compiled) == contents(CompiledCatalogue.open(folder)) == expected
    assert len(compiled) == 31
    assert not strays(folder)


def test_what_an_update_stores_is_what_a_build_stores(compiled, model):
    compiled.update(shop(30, version=1))
    for found, made in zip(compiled.stored([f"p{n}" for n in range(30)]), model.precompute(shop(30, 1)), strict=True):
        assert np.array_equal(found, made)


def test_an_update_takes_a_catalogue_and_tells_how_far_it_is(compiled):
    told = []
    compiled.update(Catalogue.of(shop(150, 1)), progress=lambda done, count: told.append((done, count)))
    assert told == [(64, 150), (128, 150), (150, 150)]


NOTHING_TO_READ = Product(id="leer", brand="OEM")
UNUSABLE = {
    "two of one id": ([shoe(1, 1), shoe(1, 2)], "product 2, field 'id': 'p1' stands in row 1 already"),
    "no id": ([replace(shoe(1), id="")], "none of them has an id"),
    "no id beside one": ([shoe(1, 1), replace(shoe(2), id="")], "product 2, field 'id': is empty"),
    "none at all": ([], "there are none"),
    "nothing to read": ([shoe(1, 1), NOTHING_TO_READ], "^product 'leer': the template .* none of them; leave it out"),
    "an extra that JSON does not know": ([shoe(1, 1), replace(shoe(2), extra={"a": {1, 2}})], "product 'p2': can not"),
    "text that is no Unicode": ([shoe(1, 1), replace(shoe(2), description="\ud800")], "product 'p2': can not be"),
}


@pytest.mark.parametrize(("products", "problem"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_update_that_fails_changes_nothing(compiled, folder, products, problem):
    before = (folder / "compiled.json").read_bytes()
    with pytest.raises(InputError, match=problem):
        compiled.update(products)
    assert (folder / "compiled.json").read_bytes() == before
    assert contents(compiled) == held(shop(30))
    assert not strays(folder)


def test_an_update_that_is_stopped_changes_nothing(compiled, folder):
    def stop(done, _):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compiled.update(shop(10, 1), progress=stop)
    assert contents(CompiledCatalogue.open(folder)) == held(shop(30))
    assert not strays(folder)


def test_updates_need_a_model(compiled, folder):
    with pytest.raises(InputError, match="was opened without a model"):
        CompiledCatalogue.open(folder).update([shoe(1, 1)])


def test_deleted_products_are_gone_and_others_stay(compiled, folder):
    CompiledCatalogue.open(folder).delete(iter(["p3", "p0", "p3"]))
    compiled.refresh()
    assert compiled.ids() == [f"p{number}" for number in range(30) if number not in (0, 3)]
    assert contents(compiled) == held(product for product in shop(30) if product.id not in ("p0", "p3"))
    with pytest.raises(InputError, match="there is no product 'p3'"):
        compiled.stored(["p3"])
    assert not strays(folder)


@pytest.mark.parametrize("storage", ["fast", "small"])
def test_a_catalogue_that_was_emptied_can_be_filled_again(model, folder, storage):
    compiled = CompiledCatalogue.build(model, shop(30), folder, storage=storage)
    compiled.delete(compiled.ids())
    assert compiled.ids() == CompiledCatalogue.open(folder).ids() == []
    assert compiled.manifest.parts == ()
    compiled.update(shop(3, 1))
    assert contents(CompiledCatalogue.open(folder)) == held(shop(3, 1))
    assert not strays(folder)


def test_a_reader_keeps_its_state_until_it_refreshes(compiled, model, folder):
    reader = CompiledCatalogue.open(folder)
    compiled.update(shop(30, 1))
    compiled.delete(["p5"])
    assert contents(reader) == held(shop(30)), "though the files are gone"
    for found, made in zip(reader.stored(["p5", "p6"]), model.precompute([shoe(5), shoe(6)]), strict=True):
        assert np.array_equal(found, made)
    reader.refresh()
    assert contents(reader) == {id: one for id, one in held(shop(30, 1)).items() if id != "p5"}


def test_the_second_of_two_writers_is_refused(compiled, folder):
    started, go_on, failed = threading.Event(), threading.Event(), []

    def hold(done, _):
        started.set()
        go_on.wait()

    first = threading.Thread(target=lambda: compiled.update([shoe(1, 1)], progress=hold))
    first.start()
    started.wait()
    second = CompiledCatalogue.open(folder, model=compiled._model)
    for write in (lambda: second.update([shoe(2, 2)]), lambda: second.delete(["p2"])):
        with pytest.raises(InputError, match="another process is writing into it; wait until it is done") as caught:
            write()
        failed.append(str(caught.value))
    go_on.set()
    first.join()
    assert len(failed) == 2
    second.update([shoe(2, 2)])
    assert contents(second) == held(shop(30)) | held([shoe(1, 1), shoe(2, 2)])


def test_a_writer_builds_on_what_others_have_written(compiled, model, folder):
    other = CompiledCatalogue.open(folder, model=model)
    other.update([shoe(50)])
    compiled.update([shoe(51)])
    other.delete(["p51"])
    assert set(contents(other)) == {*(f"p{number}" for number in range(30)), "p50"}


def test_another_models_catalogue_is_refused(compiled, other_model, folder):
    with pytest.raises(ModelError, match=r"hàng: was compiled with .* load the model that did"):
        CompiledCatalogue.open(folder, model=other_model)
    with pytest.raises(ModelError, match="compile it again"):
        compiled.check(other_model)


def test_an_update_looks_at_the_model_that_compiled_what_is_there_now(compiled, other_model, folder):
    CompiledCatalogue.build(other_model, shop(3), folder, overwrite=True)
    with pytest.raises(ModelError, match="was compiled with"):
        compiled.update([shoe(1, 1)])
    assert contents(CompiledCatalogue.open(folder)) == held(shop(3))


def test_verify_finds_what_opening_does_not_read(compiled, folder):
    stored = folder / compiled.manifest.parts[0].files[0].path
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    opened = CompiledCatalogue.open(folder)
    with pytest.raises(InputError, match=r"stored\.bin: is not the file that compiled\.json records"):
        opened.verify()


def test_verify_looks_at_what_is_there_now(compiled, folder):
    reader = CompiledCatalogue.open(folder)
    before = {file.path for file in reader._state.files}
    compiled.update(shop(30, 1))
    assert not all((folder / path).exists() for path in before), "what the reader opened is gone in part"
    reader.verify()


def test_the_bytes_are_those_of_its_files(compiled, folder):
    assert compiled.bytes == sum(
        path.stat().st_size for path in folder.rglob("*") if path.suffix in (".npy", ".bin", ".parquet")
    )


def test_a_folder_is_compiled_once_it_is_whole(compiled, folder, tmp_path):
    assert is_compiled(folder)
    assert not is_compiled(tmp_path)
    with pytest.raises(InputError, match=r"holds no compiled catalogue .* run: xephang compile"):
        CompiledCatalogue.open(tmp_path)


def test_a_folder_whose_manifest_was_moved_away_keeps_its_files(compiled, folder, tmp_path):
    (folder / "compiled.json").rename(tmp_path / "compiled.json")
    with pytest.raises(InputError, match="holds no compiled catalogue"):
        compiled.update([shoe(1, 1)])
    (tmp_path / "compiled.json").rename(folder / "compiled.json")
    assert contents(CompiledCatalogue.open(folder)) == held(shop(30))


NUMBERS = st.integers(0, 11)
WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("update"), st.lists(NUMBERS, min_size=1, max_size=5, unique=True)),
        st.tuples(st.just("delete"), st.lists(NUMBERS, max_size=5)),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES, most=st.integers(0, 4), size=st.sampled_from([1, 20_000, writing.PART_BYTES]))
def test_any_writes_leave_what_a_dict_would_hold(model, tmp_path_factory, writes, most, size):
    folder = tmp_path_factory.mktemp("any") / "catalogue"
    expected = held(shop(6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_MOST_SMALL_PARTS", most)
        patch.setattr(writing, "PART_BYTES", size)
        compiled = CompiledCatalogue.build(model, expected.values(), folder)
        for version, (write, numbers) in enumerate(writes, start=1):
            if write == "update":
                added = held(shoe(number, version) for number in numbers)
                assert compiled.update(added.values()) == len(expected.keys() & added.keys())
                expected |= added
            else:
                ids = [f"p{number}" for number in numbers if f"p{number}" in expected]
                compiled.delete(ids)
                expected = {id: product for id, product in expected.items() if id not in ids}
            assert contents(compiled) == expected
    opened = CompiledCatalogue.open(folder)
    assert contents(opened) == expected
    opened.verify()
    assert not strays(folder)
    for found, made in zip(opened.stored(list(expected)), model.precompute(list(expected.values())), strict=True):
        assert np.array_equal(found, made)


def test_many_small_updates_leave_few_parts(compiled, folder):
    for number in range(40):
        compiled.update([shoe(number, 1)])
    assert len(compiled.manifest.parts) <= 17
    assert contents(compiled) == held(shop(40, 1))


def test_replacing_a_product_again_and_again_writes_only_that(compiled):
    compiled.update([shoe(100)])
    first = {part.name for part in compiled.manifest.parts[:1]}
    for version in range(1, 30):
        compiled.update([shoe(100, version)])
    assert first == {part.name for part in compiled.manifest.parts[:1]}
    assert len(compiled.manifest.parts) == 2
