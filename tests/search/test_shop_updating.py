"""What is added, replaced and deleted is so in the index and in the compiled numbers, at once."""

import numpy as np
import pytest
from stock import BY_ID, everything

from xephang.compiled import CompiledCatalogue
from xephang.errors import BusyError, InputError
from xephang.files import exclusive
from xephang.product import Product
from xephang.search import Search, Shop


def agree(shop):
    """Check that index and compiled numbers hold the same products; return them by id."""
    ids = shop.compiled.ids()
    assert sorted(everything(shop)) == sorted(ids)
    assert shop.find(Search()).total == len(shop) == len(ids)
    return {product.id: product for product in shop.compiled.products(ids)}


def test_what_is_added_is_found_and_ranked(changing):
    new = Product(id="mới", title="Ủng câu cá ống dài quẩy", brand="Zzqx", price=77_000.0)
    assert changing.update([new]) == 0
    assert agree(changing) == BY_ID | {"mới": new}
    assert everything(changing, "ủng câu cá quẩy")[0] == "mới"
    (hit,) = [hit for hit in changing.search("ủng câu cá quẩy").hits if hit.id == "mới"]
    assert hit.score is not None
    assert hit.product == new


def test_what_is_replaced_is_found_by_its_new_words_alone(changing):
    other = Product(id="H-WOMEN", title="Ví zzqx", gender="Nam", size="40", price=5_000.0)
    assert changing.update([other, Product(id="mới", title="Dép")]) == 1
    assert agree(changing)["H-WOMEN"] == other
    assert everything(changing, "zzqx") == ["H-WOMEN"]
    assert "H-WOMEN" not in everything(changing, "đính nơ")
    assert "H-WOMEN" in everything(changing, filters={"gender": ["nam"]})
    assert "H-WOMEN" not in everything(changing, filters={"gender": ["nu"]})
    assert "H-WOMEN" in everything(changing, price=(5_000, 5_000))


def test_what_is_deleted_is_found_no_more(changing):
    assert changing.delete(["H-WOMEN", "H-LONG", "không có", "H-WOMEN"]) == 2
    left = agree(changing)
    assert set(left) == set(BY_ID) - {"H-WOMEN", "H-LONG"}
    assert "H-LONG" not in everything(changing, "guốc mộc phú xuân")


def test_a_change_adds_replaces_and_deletes_in_one_step(changing, folder):
    before = changing.compiled.manifest
    new = [Product(id="mới", title="Dép mới"), Product(id="H-CODE", title="Giày cũ đổi tên")]
    there = changing.change(new, ["H-MEN", "không có"])
    assert there == {"H-CODE", "H-MEN"}
    assert set(agree(changing)) == set(BY_ID) - {"H-MEN"} | {"mới"}
    assert changing.compiled.manifest != before
    assert len(list(folder.glob("search-*"))) == 1


def test_what_is_given_and_deleted_at_once_is_there(changing):
    new = Product(id="H-MEN", title="Giày zzqx")
    assert changing.change([new, Product(id="mới", title="Dép")], ["H-MEN", "mới"]) == {"H-MEN"}
    assert agree(changing)["H-MEN"] == new
    assert "mới" in agree(changing)


@pytest.mark.parametrize(
    ("products", "message"),
    [
        ([Product(title="không mã")], "none of them has an id"),
        ([Product(id="a", title="x"), Product(id="a", title="y")], "'a' stands in row 1 already"),
        ([Product(id="a", title="x"), Product(id="b")], "has nothing to rank by"),
        ([Product(id="a", title="x"), Product(title="y")], "is empty; give each product its own id"),
        ([Product(id="a", title="x\ud800")], "can not be written"),
    ],
)
def test_of_products_that_can_not_be_used_none_is_taken(changing, folder, products, message):
    before = changing.compiled.manifest
    with pytest.raises(InputError, match=message):
        changing.change(products, ["H-MEN"])
    assert agree(changing) == BY_ID
    assert changing.compiled.manifest == before
    assert len(list(folder.glob("search-*"))) == 1


def test_products_may_come_and_ids_go_as_a_stream(changing):
    there = changing.change((Product(id=id, title="Dép zzqx") for id in ("a", "b")), (id for id in ["H-MEN"]))
    assert there == {"H-MEN"}
    assert sorted(everything(changing, "zzqx")) == ["a", "b"]


def test_a_shop_can_be_emptied_and_filled_again(changing):
    assert changing.delete(list(BY_ID)) == len(BY_ID)
    assert agree(changing) == {}
    results = changing.search(Search("giày nữ size 38 dưới 500k", filters={"gender": ["nu"]}))
    assert (results.hits, results.found.total, results.reranked, results.pages) == ((), 0, 0, 0)
    assert changing.suggest("giày") == []
    changing.update(BY_ID.values())
    assert agree(changing) == BY_ID


def test_many_changes_leave_one_index_and_what_a_build_would_have_made(changing, folder, tiny_model, tmp_path):
    for version in range(12):
        products = [Product(id=f"p{version % 5}", title=f"Dép lê mẫu {version}", price=1000.0 + version)]
        changing.change(products, [f"p{(version + 2) % 5}"])
    found = agree(changing)
    assert len(list(folder.glob("search-*"))) == 1
    anew = Shop.build(tiny_model, list(found.values()), tmp_path / "mới", lexicon="footwear")
    for query in ("", "dép lê", "giày nữ size 38", "dưới 200k"):
        search = Search(query, page_size=100, candidates=1000)
        assert set(changing.find(search).ids) == set(anew.find(search).ids)
        assert changing.find(search).facets == anew.find(search).facets
        assert changing.find(search).price_range == anew.find(search).price_range
    ids = list(found)
    for one, other in zip(changing.compiled.stored(ids), anew.compiled.stored(ids), strict=True):
        assert np.array_equal(one, other)


def test_another_opened_shop_sees_changes_once_it_is_refreshed(changing, folder, tiny_model):
    other = Shop.open(folder, model=tiny_model)
    changing.change([Product(id="mới", title="Dép zzqx")], ["H-MEN"])
    assert agree(other) == BY_ID, "until then it stays as it was, though the files are gone"
    assert other.search("giày nam").hits
    other.refresh()
    assert agree(other) == agree(changing)
    state = other.compiled
    other.refresh()
    assert other.compiled is state, "nothing has changed"


def test_a_snapshot_keeps_its_state(changing):
    before = changing.snapshot()
    first = before.search(Search("giày nam", page_size=100))
    changing.delete(list(BY_ID)[:8])
    again = before.search(Search("giày nam", page_size=100))
    assert [hit.id for hit in again.hits] == [hit.id for hit in first.hits]
    assert again.found.facets == first.found.facets
    assert agree(before) == BY_ID
    assert len(agree(changing)) == len(BY_ID) - 8


def test_two_writers_do_not_write_at_once(changing, folder, tiny_model):
    with exclusive(folder / ".lock"):
        with pytest.raises(BusyError, match="another process is writing into it; wait until it is done"):
            changing.update([Product(id="mới", title="Dép")])
        with pytest.raises(BusyError):
            changing.delete(["H-MEN"])
        with pytest.raises(BusyError):
            Shop.build(tiny_model, BY_ID.values(), folder, overwrite=True)
        with pytest.raises(BusyError):
            Shop.index(tiny_model, folder)
        assert changing.search("giày").hits, "reads go on"
    assert changing.delete(["H-MEN"]) == 1


def test_a_shop_that_was_built_anew_is_changed_as_it_is_now(changing, folder, tiny_model):
    Shop.build(tiny_model, [Product(id="a", title="Ví da")], folder, overwrite=True)
    assert changing.change([Product(id="b", title="Ví vải")], ["H-MEN"]) == frozenset()
    assert set(agree(changing)) == {"a", "b"}


def test_a_catalogue_that_is_opened_apart_sees_the_same(changing, folder):
    changing.delete(["H-MEN"])
    assert "H-MEN" not in CompiledCatalogue.open(folder)
    CompiledCatalogue.open(folder).verify()
