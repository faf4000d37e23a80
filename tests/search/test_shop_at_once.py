"""Readers beside writers, in threads and in other processes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import selling
from stock import everything

from xephang.errors import BusyError
from xephang.search import Search, Shop


def versions(shop):
    """Return the versions that a state's products are of, by index and by compiled numbers."""
    state = shop.snapshot()
    results = state.search(Search("giày mẫu", page_size=100, candidates=50))
    assert {hit.id for hit in results.hits} == set(state.compiled.ids()), "the first stage found what is compiled"
    priced = state.find(Search(sort="price", page_size=100))
    return {hit.product.price for hit in results.hits} | set(priced.prices)


def test_readers_see_whole_states_while_a_writer_changes_them(tiny_model, tmp_path):
    folder = tmp_path / "hàng"
    shop = Shop.build(tiny_model, selling.wares(8).values(), folder)
    other, done, seen = Shop.open(folder, model=tiny_model), threading.Event(), [set(), set(), set()]

    def read(reader, mine):
        while not done.is_set():
            reader.refresh()
            found = versions(reader)
            assert len(found) == 1, "one version of all products"
            mine |= found
        reader.refresh()
        mine |= versions(reader)

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read, *one) for one in zip((other, other, shop), seen, strict=True)]
        try:
            for version in range(1, 13):
                shop.update(selling.wares(8, version).values())
        finally:
            done.set()
        for one in reading:
            one.result()
    assert {12_000.0} == versions(shop) == versions(other)
    assert all(len(mine) > 1 and 12_000.0 in mine for mine in seen)
    assert len(list(folder.glob("search-*"))) == 1


def test_of_two_who_write_at_once_one_is_told_to_wait(tiny_model, tmp_path):
    folder = tmp_path / "hàng"
    shop = Shop.build(tiny_model, selling.wares(4).values(), folder)
    began, go_on = threading.Event(), threading.Event()

    def progress(done, total):
        began.set()
        go_on.wait()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.update, selling.wares(4, 1).values(), progress=progress)
        began.wait()
        try:
            for write in (lambda: shop.delete(["p0"]), lambda: Shop.open(folder, model=tiny_model).delete(["p1"])):
                try:
                    write()
                    raise AssertionError("two wrote at once")
                except BusyError as error:
                    assert "another process is writing into it" in str(error)
            assert versions(shop) == {0.0}
        finally:
            go_on.set()
        assert first.result() == 4
    assert versions(shop) == {1000.0}
    assert shop.delete(["p0"]) == 1


def test_many_threads_find_the_same_as_one(shop):
    queries = ("giày nữ size 38", "dép", "giayf chajy booj", "", "sandal dưới 300k", "zzqwx") * 4
    expected = [(shop.find(Search(query)).ids, shop.find(Search(query)).facets) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda query: shop.find(Search(query)), queries))
    assert [(one.ids, one.facets) for one in found] == expected


def test_shops_that_are_opened_while_one_is_changed_are_whole(tiny_model, tmp_path):
    folder = tmp_path / "hàng"
    shop = Shop.build(tiny_model, selling.wares(6).values(), folder)
    done, opened = threading.Event(), []

    def open_and_open():
        while not done.is_set():
            one = Shop.open(folder, model=tiny_model)
            assert sorted(everything(one)) == sorted(one.compiled.ids())
            opened.append(one.compiled.manifest.attached)

    with ThreadPoolExecutor(2) as pool:
        opening = [pool.submit(open_and_open) for _ in range(2)]
        try:
            for version in range(1, 11):
                shop.change(*selling.change(version, dict.fromkeys(shop.compiled.ids())))
        finally:
            done.set()
        for one in opening:
            one.result()
    assert len(set(opened)) > 1
