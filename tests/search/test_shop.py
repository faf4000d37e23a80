"""Build, open and index search folders."""

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest
from stock import BY_ID, HAND_MADE, everything, stock

from xephang.catalogue import Catalogue
from xephang.compiled import CompiledCatalogue, building
from xephang.compiled.manifest import Manifest
from xephang.errors import InputError, ModelError
from xephang.product import Product
from xephang.search import Search, Shop, is_search_folder, writing


def facets(shop):
    return {one.facet for one in shop.find(Search()).facets}


def test_a_shop_holds_what_was_given(shop):
    assert len(shop) == len(stock())
    assert set(everything(shop)) == set(shop.compiled.ids()) == {product.id for product in stock()}
    assert shop.compiled.products(list(BY_ID)) == list(BY_ID.values())


@pytest.mark.parametrize("storage", ["fast", "small", "lazy"])
def test_a_shop_is_built_of_a_catalogue_or_of_products_in_either_storage(tiny_model, tmp_path, storage):
    progress, indexed = [], []
    shop = Shop.build(
        tiny_model,
        Catalogue.of(HAND_MADE),
        tmp_path / "hàng",
        storage=storage,
        progress=lambda done, total: progress.append((done, total)),
        indexing=lambda done, total: indexed.append((done, total)),
    )
    assert shop.compiled.manifest.storage == storage
    assert progress[-1] == (len(HAND_MADE), len(HAND_MADE))
    assert indexed[-1] == (len(HAND_MADE), len(HAND_MADE))
    assert set(everything(shop)) == set(BY_ID)
    assert shop.search("dép").hits


def test_facets_come_from_the_model_s_lexicon_a_named_one_or_the_products(shop, changing, tiny_model, tmp_path):
    assert {"category", "gender", "size", "color"} <= facets(shop)
    assert {"category", "gender", "size", "color"} <= facets(changing)
    plain = Shop.build(tiny_model, HAND_MADE, tmp_path / "không từ điển")
    assert facets(plain) == {"category", "brand", "color", "size", "gender"}
    bags = [Product(id="1", title="Balo laptop 15.6 inch"), Product(id="2", title="Túi xách nữ da thật")]
    named = Shop.build(tiny_model, bags, tmp_path / "túi", lexicon="bags")
    assert named.first_stage.facet_terms.lexicon.name == "bags"


def test_a_lexicon_of_one_s_own_goes_with_the_folder(tiny_model, tmp_path):
    source = Path(__file__).parents[2] / "src/xephang/lexicon/bags.toml"
    own = shutil.copyfile(source, tmp_path / "của tôi.toml")
    products = [Product(id="1", title="Balo laptop 15.6 inch nữ")]
    expected = facets(Shop.build(tiny_model, products, tmp_path / "một", lexicon="bags"))
    Shop.build(tiny_model, products, tmp_path / "hai", lexicon=own)
    own.unlink()
    shop = Shop.open(tmp_path / "hai", model=tiny_model)
    assert facets(shop) == expected
    shop.update([Product(id="2", title="Ví nam da bò")])
    assert "gender=nam" in shop.first_stage.facet_terms.of_product(shop.compiled.products(["2"])[0])
    assert everything(shop, filters={"gender": ["nam"]}) == ["2"]


@pytest.mark.parametrize("text", ["", "không phải TOML", "\ud800", "[facets]"])
def test_a_lexicon_that_can_not_be_used_is_told_before_anything_is_computed(tiny_model, tmp_path, text):
    (tmp_path / "sai.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    for lexicon in (tmp_path / "sai.toml", tmp_path / "không có.toml", "giay dep"):
        with pytest.raises(InputError):
            Shop.build(tiny_model, HAND_MADE, tmp_path / "hàng", lexicon=lexicon)
    assert not (tmp_path / "hàng").exists()


def test_facets_are_read_by_several_processes_to_the_same_index(tiny_model, changing, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_ALONE", 0)
    monkeypatch.setattr(writing, "_AT_ONCE", 4)
    many = Shop.build(tiny_model, HAND_MADE, tmp_path / "nhiều", lexicon="footwear", processes=2)
    for query in ("", "giày nữ", "dép"):
        search = Search(query, first_stage_only=True)
        assert many.find(search).facets == changing.find(search).facets
        assert many.find(search).ids == changing.find(search).ids


@pytest.mark.parametrize("products", [[], [Product(title="không mã")], [Product(id="1"), Product(id="2", title="x")]])
def test_products_that_can_not_be_used_are_told_and_leave_nothing(tiny_model, tmp_path, products):
    if any(product.title and not product.id for product in products):
        assert len(Shop.build(tiny_model, products, tmp_path / "hàng")) == 1, "numbered from 1"
        return
    with pytest.raises(InputError):
        Shop.build(tiny_model, products, tmp_path / "hàng")
    assert not is_search_folder(tmp_path / "hàng")


def test_an_id_that_tantivy_would_drop_is_refused(tiny_model, changing):
    long = Product(id="m" * 10_001, title="Dép")
    with pytest.raises(InputError, match=r"its id has 10,001 characters; the search index takes 10,000"):
        changing.update([long, Product(id="mới", title="Dép")])
    assert "mới" not in changing.compiled
    changing.update([Product(id="đ" * 10_000, title="Dép zzqx")])
    assert changing.delete(["đ" * 10_000]) == 1
    assert len(everything(changing)) == len(changing)


def test_a_taken_folder_is_built_over_only_when_told_so(tiny_model, changing, folder):
    with pytest.raises(InputError, match="holds a compiled catalogue already"):
        Shop.build(tiny_model, HAND_MADE[:3], folder)
    assert len(Shop.open(folder)) == len(HAND_MADE)
    shop = Shop.build(tiny_model, HAND_MADE[:3], folder, overwrite=True)
    assert set(everything(shop)) == {product.id for product in HAND_MADE[:3]}
    assert len(list(folder.glob("search-*"))) == 1
    changing.refresh()
    assert len(changing) == 3


class Stop(Exception):
    pass


def stop_at(count):
    def progress(done, total):
        if done >= count:
            raise Stop

    return progress


def test_a_build_that_was_interrupted_goes_on(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "PART_BYTES", 1)
    products = [Product(id=f"p{number}", title=f"Dép số {number}") for number in range(150)]
    with pytest.raises(Stop):
        Shop.build(tiny_model, products, tmp_path / "hàng", progress=stop_at(128))
    assert not is_search_folder(tmp_path / "hàng")
    with pytest.raises(InputError, match="holds a build that was interrupted"):
        Shop.build(tiny_model, products, tmp_path / "hàng")
    computed = []
    shop = Shop.build(
        tiny_model, products, tmp_path / "hàng", resume=True, progress=lambda done, total: computed.append(done)
    )
    assert computed[0] > 64
    assert set(everything(shop, candidates=1)) == {product.id for product in products}


def test_a_build_that_was_interrupted_while_indexing_goes_on(tiny_model, tmp_path):
    def stop(done, count):
        raise Stop

    folder = tmp_path / "hàng"
    with pytest.raises(Stop):
        Shop.build(tiny_model, HAND_MADE, folder, indexing=stop)
    assert list(folder.glob("search-*")) == [], "swept"
    shop = Shop.build(tiny_model, HAND_MADE, folder, resume=True)
    assert set(everything(shop)) == set(BY_ID)


@pytest.fixture
def compiled(tiny_model, tmp_path):
    """A compiled catalogue without an index."""
    CompiledCatalogue.build(tiny_model, HAND_MADE, tmp_path / "không chỉ mục")
    return tmp_path / "không chỉ mục"


def test_a_compiled_catalogue_is_indexed(tiny_model, compiled):
    assert not is_search_folder(compiled)
    with pytest.raises(InputError, match="has no search index; run: xephang index"):
        Shop.open(compiled)
    before = Manifest.read(compiled)
    indexed = []
    shop = Shop.index(tiny_model, compiled, indexing=lambda done, total: indexed.append((done, total)))
    assert is_search_folder(compiled)
    assert indexed[-1] == (len(HAND_MADE), len(HAND_MADE))
    assert set(everything(shop)) == set(BY_ID)
    assert Manifest.read(compiled).parts == before.parts, "nothing was computed again"


def test_a_shop_is_indexed_anew_with_another_lexicon(tiny_model, changing, folder):
    plain, before = facets(changing), changing.compiled.manifest.attached
    shop = Shop.index(tiny_model, folder, lexicon="bags")
    assert shop.first_stage.facet_terms.lexicon.name == "bags"
    assert [path.name for path in folder.glob("search-*")] == [shop.compiled.manifest.attached] != [before]
    assert facets(changing) == plain, "what is open stays as it was"


def test_what_is_no_search_folder_is_told(tiny_model, tmp_path):
    (tmp_path / "trống").mkdir()
    for place in (tmp_path / "trống", tmp_path / "không có"):
        assert not is_search_folder(place)
        with pytest.raises(InputError, match="holds no compiled catalogue"):
            Shop.open(place)
        with pytest.raises(InputError, match="holds no compiled catalogue"):
            Shop.index(tiny_model, place)


def test_another_model_is_told(giay, folder):
    with pytest.raises(ModelError, match="was compiled with"):
        Shop.open(folder, model=giay)
    with pytest.raises(ModelError, match="was compiled with"):
        Shop.index(giay, folder)


def test_without_a_model_the_folder_s_own_is_loaded_when_it_is_needed(built, folder):
    shop = Shop.open(built)
    assert shop.find(Search("giày")).total > 0
    assert shop.search("giày nữ").reranked > 0
    assert shop.model.folder.name == "giay"
    unknown = Shop.open(folder)
    assert unknown.search(Search("giày", first_stage_only=True)).hits
    with pytest.raises((ModelError, InputError)):
        unknown.search("giày")


def test_a_folder_that_is_moved_opens_where_it_is(folder, tiny_model, tmp_path):
    before = everything(Shop.open(folder), "giày nữ")
    moved = shutil.move(folder, tmp_path / "nơi khác")
    shop = Shop.open(moved, model=tiny_model)
    assert everything(shop, "giày nữ") == before
    shop.update([Product(id="mới", title="Giày nữ mới")])
    assert "mới" in everything(shop, "giày nữ mới")


def test_a_search_folder_is_a_compiled_catalogue_all_the_same(shop, giay, built):
    compiled = CompiledCatalogue.open(built, model=giay)
    compiled.verify()
    ids = everything(shop, "giày nữ")[:10]
    alone = giay.rank("giày nữ", ids=ids, catalogue=compiled)
    assert alone == giay.rank("giày nữ", ids=ids, catalogue=shop.compiled)


@pytest.mark.parametrize("write", ["update", "delete"])
def test_a_catalogue_is_not_changed_without_its_index(tiny_model, folder, write):
    compiled, before = CompiledCatalogue.open(folder, model=tiny_model), Manifest.read(folder)
    with pytest.raises(InputError, match="has a search index beside it, which has to change too; use xephang index"):
        compiled.update([Product(id="x", title="Dép")]) if write == "update" else compiled.delete(["H-CODE"])
    assert Manifest.read(folder) == before
    assert set(everything(Shop.open(folder))) == set(BY_ID)


def test_a_catalogue_is_not_built_over_a_shop_but_another_shop_is(tiny_model, folder):
    with pytest.raises(InputError, match="would lose its index"):
        CompiledCatalogue.build(tiny_model, HAND_MADE[:2], folder, overwrite=True)
    assert len(everything(Shop.open(folder))) == len(HAND_MADE)
    assert len(Shop.build(tiny_model, HAND_MADE[:2], folder, overwrite=True)) == 2
    assert len(everything(Shop.open(folder))) == 2


def _counted(folder, queue):
    queue.put(len(everything(Shop.open(folder))))


def test_another_process_opens_it(folder):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_counted, args=(folder, queue))
    process.start()
    assert queue.get(timeout=60) == len(HAND_MADE)
    process.join()


def test_the_manifest_names_the_index(folder):
    named = json.loads((folder / "compiled.json").read_text(encoding="utf-8"))["attached"]
    assert (folder / named / "search.json").is_file()
