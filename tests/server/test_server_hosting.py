"""Models that are exchanged while they are served, and catalogues that others change."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import PATIENCE, compiled_of, settings_of, shoe, until

from xephang import Reranker
from xephang.compiled import CompiledCatalogue
from xephang.errors import XephangError
from xephang.server.hosting import Hosting, Own

ASKED = {"query": "giày chạy bộ nữ", "documents": ["giày nữ", "dép", "guốc đỏ"]}


@pytest.fixture
def folder(tiny_exported, tmp_path):
    return shutil.copytree(tiny_exported, tmp_path / "model")


def replace(folder, other):
    """Put another model into a folder."""
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


def spoil(folder):
    for path in (folder / "onnx").iterdir():
        path.write_bytes(path.read_bytes()[:100])


def scores(client):
    response = client.post("/rerank", json=ASKED)
    assert response.status_code == 200, response.text
    return [one["relevance_score"] for one in sorted(response.json()["results"], key=lambda one: one["index"])]


def expected(model):
    pairs = [(ASKED["query"], one) for one in ASKED["documents"]]
    return pytest.approx(list(Reranker.load(model, threads=1).predict(pairs)), abs=1e-6)


def test_the_next_model_is_opened_beside_the_present_one_and_answers_once_it_is_switched_to(folder, tiny_apart):
    hosting = Hosting(settings_of(folder))
    old = hosting.current
    replace(folder, tiny_apart)
    new = hosting.prepare(1)
    assert hosting.current is old
    hosting.switch(1)
    assert hosting.current is new
    assert (old.reranker.engine.name, new.reranker.engine.name) == ("onnx", "precomputed")
    assert new.fingerprint != old.fingerprint
    with pytest.raises(KeyError):
        hosting._held[0]


def test_processes_that_share_a_number_switch_together(folder, tiny_apart):
    shared = Own()
    both = [Hosting(settings_of(folder), shared) for _ in range(2)]
    replace(folder, tiny_apart)
    prepared = [hosting.prepare(1) for hosting in both]
    shared.value = 1
    assert [hosting.current for hosting in both] == prepared
    for hosting in both:
        hosting.retire()
        assert list(hosting._held) == [1]


def test_a_model_that_does_not_open_leaves_the_present_one(folder):
    hosting = Hosting(settings_of(folder))
    old = hosting.current
    spoil(folder)
    with pytest.raises(XephangError):
        hosting.prepare(1)
    assert hosting.current is old
    hosting.retire()
    assert hosting.current is old


def test_a_reload_changes_the_scores(make_client, folder, tiny_apart, tiny_exported):
    client = make_client(model=folder)
    assert scores(client) == expected(tiny_exported)
    replace(folder, tiny_apart)
    assert scores(client) == expected(tiny_exported), "until it is told to"
    said = client.post("/admin/reload").json()
    assert said == {"model": "model", "fingerprint": said["fingerprint"], "generation": 1}
    assert scores(client) == expected(tiny_apart)
    assert client.get("/info").json()["model_sha"] == said["fingerprint"]
    replace(folder, tiny_exported)
    assert client.post("/admin/reload").json()["generation"] == 2
    assert scores(client) == expected(tiny_exported)


@pytest.mark.parametrize("how", [spoil, shutil.rmtree], ids=["cut short", "gone"])
def test_a_broken_model_leaves_the_old_one_serving(make_client, folder, tiny_exported, how):
    client = make_client(model=folder)
    before = client.get("/info").json()
    how(folder)
    refused = client.post("/admin/reload")
    assert refused.status_code == 424
    assert refused.json()["detail"].startswith("the old model serves on: ")
    assert scores(client) == expected(tiny_exported)
    assert client.get("/info").json() == before
    assert client.get("/ready").status_code == 200


def test_a_request_is_answered_by_the_model_that_it_came_to(make_client, folder, tiny_apart, tiny_exported, gate):
    client = make_client(model=folder)
    gate.before(client.app.state.service.hosting.current.reranker)
    with ThreadPoolExecutor(1) as threads:
        early = threads.submit(scores, client)
        gate.wait()
        replace(folder, tiny_apart)
        assert client.post("/admin/reload").status_code == 200
        gate.open()
        assert early.result() == expected(tiny_exported)
    assert scores(client) == expected(tiny_apart)


def test_a_look_that_fails_is_not_the_last_one(make_client, tmp_path, monkeypatch):
    (tmp_path / "keys.txt").write_text("old\n", encoding="utf-8")
    client = make_client(keys_file=str(tmp_path / "keys.txt"), refresh_seconds=0.01)
    looked = threading.Event()

    def fail():
        looked.set()
        raise OSError("the disk is gone")

    monkeypatch.setattr(client.app.state.service.hosting, "refresh", fail)
    assert looked.wait(PATIENCE)
    (tmp_path / "keys.txt").write_text("another\n", encoding="utf-8")
    until(lambda: client.get("/info", headers={"authorization": "another"}).status_code == 200, "a look at the keys")


# --- catalogues ---


@pytest.fixture
def shop(tiny_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def hosting(tiny_apart, shop):
    return Hosting(settings_of(tiny_apart, catalogue=str(shop)))


def test_what_others_change_in_the_catalogue_is_seen(hosting, shop, caplog):
    catalogue = CompiledCatalogue.open(shop, model=hosting.current.reranker)
    catalogue.update([shoe(1, version=1), shoe(99)])
    assert len(hosting.current.catalogue) == 30
    hosting.refresh()
    assert len(hosting.current.catalogue) == 31
    assert hosting.current.catalogue.products(["p1"]) == [shoe(1, version=1)]
    catalogue.delete(["p99"])
    hosting.refresh()
    assert len(hosting.current.catalogue) == 30
    assert not caplog.records


def test_a_catalogue_that_has_not_changed_is_not_opened_again(hosting):
    before = hosting.current.catalogue
    hosting.refresh()
    assert hosting.current.catalogue is before


def test_a_catalogue_that_can_not_be_read_is_served_as_it_was(hosting, shop, caplog):
    (shop / "compiled.json").write_text("{", encoding="utf-8")
    hosting.refresh()
    assert len(hosting.current.catalogue) == 30
    assert "the catalogue can not be refreshed, its last state is served" in caplog.text


def test_a_catalogue_of_another_model_is_not_taken(hosting, shop, tiny_apart, caplog):
    other = Reranker.load(tiny_apart, precision="fp32", threads=1)
    CompiledCatalogue.build(other, [shoe(7)], shop, overwrite=True)
    hosting.refresh()
    assert len(hosting.current.catalogue) == 30
    assert "compile it again" in str(caplog.records[0].problem)


def test_a_changed_product_has_its_new_score(make_client, tiny_apart, shop):
    client = make_client(model=tiny_apart, catalogue=str(shop), refresh_seconds=3600.0)
    hosting = client.app.state.service.hosting

    def ranked():
        return client.post("/rerank", json={"query": "giày đỏ", "ids": ["p1", "p2"]}).json()["results"]

    before = ranked()
    CompiledCatalogue.open(shop, model=Reranker.load(tiny_apart, threads=1)).update([shoe(1, version=1)])
    assert ranked() == before
    hosting.refresh()
    after = {one["index"]: one["relevance_score"] for one in ranked()}
    old = {one["index"]: one["relevance_score"] for one in before}
    assert after[1] == old[1]
    reranker, catalogue = Reranker.load(tiny_apart, threads=1), CompiledCatalogue.open(shop)
    fresh = {one["corpus_id"]: one["score"] for one in reranker.rank("giày đỏ", ids=["p1", "p2"], catalogue=catalogue)}
    assert after[0] == pytest.approx(fresh[0], abs=1e-6) != old[0]


def test_a_model_that_did_not_compile_the_catalogue_is_not_switched_to(make_client, tiny_apart, shop, tmp_path):
    folder = shutil.copytree(tiny_apart, tmp_path / "model")
    client = make_client(model=folder, catalogue=str(shop))
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    refused = client.post("/admin/reload")
    assert refused.status_code == 424
    assert "compile it again" in refused.json()["detail"]
    assert client.post("/rerank", json={"query": "giày", "ids": ["p1"]}).status_code == 200


def test_it_looks_by_itself_now_and_then(make_client, tiny_apart, shop):
    client = make_client(model=tiny_apart, catalogue=str(shop), refresh_seconds=0.01)
    assert client.get("/info").json()["products"] == 30
    CompiledCatalogue.open(shop).delete(["p1"])
    until(lambda: client.get("/info").json()["products"] == 29, "a look")
