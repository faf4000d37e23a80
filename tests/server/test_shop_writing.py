"""Products that are added, replaced and deleted over HTTP, while others search."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from serving import PATIENCE, settings_of, until

from xephang.errors import InputError, ModelError
from xephang.files import exclusive
from xephang.product import Product
from xephang.search import Search, Shop
from xephang.search import shop as shop_module
from xephang.server.held import Held
from xephang.server.shop.bodies import ProductsAnswer

BOOT = {"id": "BOOT-1", "title": "Ủng đi mưa zzyzx cao cổ", "brand": "Thượng Đình", "size": "39", "price": 199_000}


@pytest.fixture
def client(make_shop_client):
    return make_shop_client()


@pytest.fixture
def folder(client):
    return client.app.state.service.hosting.current.shop.folder


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


def send(client, *rows, **options):
    return client.post("/v1/products", content=lines(*rows).encode(), **options)


def sent(client, *rows, status=200, **options):
    response = send(client, *rows, **options)
    assert response.status_code == status, response.text
    ProductsAnswer.model_validate_json(response.text)
    return response.json()


def counts(answer):
    return tuple(answer[name] for name in ("created", "replaced", "deleted", "failed"))


def search(client, query, **body):
    response = client.post("/v1/search", json={"query": query} | body)
    assert response.status_code == 200, response.text
    return response.json()


def total(client):
    return search(client, "")["total"]


def test_a_product_is_found_at_once_and_by_its_id_and_gone_at_once(client):
    assert search(client, "zzyzx")["total"] == 0
    assert sent(client, BOOT)["rows"] == [{"row": 1, "id": "BOOT-1", "status": "created"}]
    found = search(client, "ung di mua zzyzx")["results"][0]
    assert found["product"] == Product.from_dict(BOOT).to_dict()
    assert found["score"] is not None
    assert client.get("/v1/products/BOOT-1").json()["product"] == found["product"]
    assert client.post("/rerank", json={"query": "ủng", "ids": ["BOOT-1"]}).status_code == 200
    assert total(client) == 151
    assert sent(client, {"delete": "BOOT-1"})["rows"] == [{"row": 1, "id": "BOOT-1", "status": "deleted"}]
    assert client.get("/v1/products/BOOT-1").status_code == 404
    assert search(client, "zzyzx")["results"] == []
    assert total(client) == 150


def test_a_replaced_product_is_found_by_its_new_words_alone(client):
    sent(client, BOOT)
    again = BOOT | {"title": "Sandal qqxqq quai hậu"}
    assert sent(client, again)["rows"] == [{"row": 1, "id": "BOOT-1", "status": "replaced"}]
    assert [one["id"] for one in search(client, "qqxqq")["results"]][:1] == ["BOOT-1"]
    assert search(client, "zzyzx")["results"] == []
    assert total(client) == 151


def test_all_of_a_body_is_one_change(client, folder):
    before = Shop.open(folder).compiled.manifest
    given = search(client, "", page_size=3)["results"]
    gone, other, _ = (one["id"] for one in given)
    answer = sent(client, BOOT, {"delete": gone}, BOOT | {"id": other}, "{", {"id": "x"}, {"delete": "none"})
    assert counts(answer) == (1, 1, 1, 3)
    assert [row["row"] for row in answer["rows"]] == [1, 2, 3, 4, 5, 6]
    after = Shop.open(folder)
    assert after.compiled.manifest != before
    assert len(after) == 150
    assert gone not in after.compiled
    assert after.compiled.products([other])[0].title == BOOT["title"]


def test_the_last_row_of_an_id_counts_and_both_are_told(client):
    answer = sent(client, BOOT, BOOT | {"title": "Sandal qqxqq"})
    assert [row["status"] for row in answer["rows"]] == ["created", "replaced"]
    assert client.get("/v1/products/BOOT-1").json()["product"]["title"] == "Sandal qqxqq"
    answer = sent(client, BOOT | {"id": "BOOT-2"}, {"delete": "BOOT-2"})
    assert [row["status"] for row in answer["rows"]] == ["created", "deleted"]
    assert client.get("/v1/products/BOOT-2").status_code == 404
    assert total(client) == 151


@pytest.mark.parametrize("body", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
def test_a_body_without_rows_changes_nothing(client, folder, body):
    before = Shop.open(folder).compiled.manifest
    response = client.post("/v1/products", content=body)
    assert response.status_code == 200
    assert response.json() == {"object": "products", "created": 0, "replaced": 0, "deleted": 0, "failed": 0, "rows": []}
    assert Shop.open(folder).compiled.manifest == before


@pytest.mark.parametrize("rows", [["<html>"], ["[]", "null", "7"], [{"id": "a"}], [{"delete": "none"}], ["{", {}]])
def test_a_body_without_a_good_row_is_refused_and_changes_nothing(client, folder, rows):
    before = Shop.open(folder).compiled.manifest
    answer = sent(client, *rows, status=400)
    assert counts(answer) == (0, 0, 0, len(rows))
    assert all(row["problem"].startswith(f"row {row['row']}") for row in answer["rows"])
    kept = Shop.open(folder)
    assert (kept.compiled.manifest.products, kept.compiled.manifest.parts) == (before.products, before.parts)


def test_a_row_names_the_field_that_is_wrong(client):
    answer = sent(client, BOOT, BOOT | {"id": "BOOT-2", "price": "rẻ lắm"})
    problem = answer["rows"][1]["problem"]
    assert problem.startswith("row 2, field 'price': ")
    assert counts(answer) == (1, 0, 0, 1)


@pytest.mark.parametrize("said", ["true", "1", "yes", "TRUE"])
def test_a_dry_run_tells_the_same_and_changes_nothing(client, folder, said):
    before = Shop.open(folder).compiled.manifest
    gone = search(client, "")["results"][0]["id"]
    rows = [BOOT, {"delete": gone}, {"delete": "none"}, {"id": "x"}]
    told = sent(client, *rows, params={"dry_run": said})
    assert Shop.open(folder).compiled.manifest == before
    assert total(client) == 150
    assert told == sent(client, *rows, params={"dry_run": "false"})
    assert total(client) == 150


def test_a_shop_can_be_emptied_and_filled_again(client, folder):
    gone = [{"delete": id} for id in Shop.open(folder).compiled.ids()]
    assert counts(sent(client, *gone)) == (0, 0, 150, 0)
    for query in ("", "giày chạy bộ nữ"):
        answer = search(client, query)
        assert (answer["total"], answer["results"], answer["pages"]) == (0, [], 0)
    assert client.get("/info").json()["products"] == 0
    assert client.get("/v1/suggest?q=gi").json()["suggestions"] == []
    assert client.post("/admin/reload").status_code == 200
    assert counts(sent(client, BOOT)) == (1, 0, 0, 0)
    assert [one["id"] for one in search(client, "ủng đi mưa")["results"]] == ["BOOT-1"]


def test_a_dry_run_that_is_neither_is_refused(client):
    response = send(client, BOOT, params={"dry_run": "maybe"})
    assert response.status_code == 400
    assert response.json()["message"] == "dry_run is 'maybe'; it must be true or false"
    assert total(client) == 150


def test_a_body_that_is_too_large_is_refused(make_shop_client):
    client = make_shop_client(max_body_mb=0.01)
    assert send(client, *[BOOT] * 200).status_code == 413
    assert total(client) == 150


def test_a_product_of_too_many_characters_is_a_bad_row(make_shop_client):
    client = make_shop_client(max_characters=500)
    answer = sent(client, BOOT, BOOT | {"id": "BOOT-2", "description": "êm " * 500})
    assert answer["rows"][1]["problem"].endswith("500 are allowed: shorten it")


TEXTS = {
    "nfd": "U\u0309ng zzyzx",
    "mojibake": "GiÃ\xa0y zzyzx",
    "full width": "Ｇｉàｙ zzyzx",
    "zero width": "Gi\u200bày zzyzx",
    "emoji": "👟 zzyzx 🏃‍♀️",
    "markup": "<script>alert(1)</script> zzyzx",
    "right to left": "\u202eGiày\u202c zzyzx",
    "long": "zzyzx " + "giày " * 1990,
}


@pytest.mark.parametrize("way", TEXTS)
def test_products_are_kept_and_found_whatever_they_are_called(client, way):
    sent(client, BOOT | {"title": TEXTS[way]})
    expected = Product.from_dict(BOOT | {"title": TEXTS[way]})
    found = search(client, "zzyzx")["results"][0]
    assert found["product"] == expected.to_dict()
    for field, spans in found["highlights"].items():
        text = expected.value(field)
        assert all(0 <= start < end <= len(text) for start, end in spans)


@pytest.mark.parametrize("id", ["a/b", "/", "a b?c#d%", "mã số 1", "👟", "a" * 2000, "<b>", '"', "export"])
def test_ids_may_be_anything(client, id):
    sent(client, BOOT | {"id": id})
    response = client.get(f"/v1/products/{quote(id, safe='')}")
    assert response.status_code == 200, response.text
    assert response.json()["id"] == response.json()["product"]["id"] == id
    assert sent(client, {"delete": id})["deleted"] == 1


@pytest.fixture
def held_up(monkeypatch):
    """Hold each change up: return the event that says so, and the one that lets it go on."""
    entered, opened = threading.Event(), threading.Event()
    change = Shop.change

    def waiting(*given, **options):
        entered.set()
        assert opened.wait(PATIENCE)
        return change(*given, **options)

    monkeypatch.setattr(Shop, "change", waiting)
    yield entered, opened
    opened.set()


def test_reads_go_on_while_somebody_writes(client, held_up):
    entered, opened = held_up
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(sent, client, BOOT)
        assert entered.wait(PATIENCE)
        assert total(client) == 150
        assert client.get("/v1/suggest?q=gi").status_code == 200
        second = threads.submit(sent, client, BOOT | {"id": "BOOT-2"})
        opened.set()
        assert counts(writing.result()) == counts(second.result()) == (1, 0, 0, 0)
    assert total(client) == 152


def test_a_writer_waits_no_longer_than_the_deadline(make_shop_client, held_up):
    client = make_shop_client(deadline=0.5)
    entered, opened = held_up
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(sent, client, BOOT)
        assert entered.wait(PATIENCE)
        refused = send(client, BOOT | {"id": "BOOT-2"})
        opened.set()
        assert counts(writing.result()) == (1, 0, 0, 0), "what is begun is finished, however long it takes"
    assert refused.status_code == 409
    assert refused.json()["message"] == "other changes are being written; try again later"
    assert int(refused.headers["retry-after"]) >= 1


def test_another_process_that_writes_is_told_of(client, folder):
    with exclusive(folder / ".lock"):
        refused = send(client, BOOT)
        assert search(client, "giày")["total"] > 0
        assert sent(client, BOOT, params={"dry_run": "true"})["created"] == 1
    assert refused.status_code == 409
    assert refused.json()["message"] == "another process is writing into the search folder; try again later"
    assert refused.json()["error"]["type"] == "conflict_error"
    assert int(refused.headers["retry-after"]) >= 1
    assert sent(client, BOOT)["created"] == 1


def test_a_disk_that_can_not_be_written_is_no_bug_of_the_server(client, monkeypatch):
    def full(*given, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Shop, "change", full)
    response = send(client, BOOT)
    assert response.status_code == 424
    assert response.json()["message"] == "nothing was changed: No space left on device"
    assert total(client) == 150


def test_other_workers_see_it_with_their_next_look(make_shop_client):
    here, there = make_shop_client(), make_shop_client()
    sent(here, BOOT)
    assert total(there) == 150
    there.app.state.service.hosting.refresh()
    assert total(there) == 151
    assert search(there, "zzyzx")["results"][0]["id"] == "BOOT-1"
    sent(there, {"delete": "BOOT-1"}, BOOT | {"id": "BOOT-2"})
    here.app.state.service.hosting.refresh()
    assert [one["id"] for one in search(here, "zzyzx")["results"]] == ["BOOT-2"]


def test_other_workers_look_by_themselves(make_shop_client):
    here, there = make_shop_client(), make_shop_client(refresh_seconds=0.01)
    sent(here, BOOT)
    until(lambda: total(there) == 151, "a look")


def test_a_reload_opens_the_folder_as_it_is_now(client, folder, giay):
    Shop.open(folder, model=giay).update([Product.from_dict(BOOT)])
    assert total(client) == 150
    assert client.post("/admin/reload").status_code == 200
    assert total(client) == 151


def test_a_folder_that_can_not_be_read_any_more_is_served_as_it_was(client, folder, caplog):
    (folder / "compiled.json").write_text("{", encoding="utf-8")
    client.app.state.service.hosting.refresh()
    assert "the catalogue can not be refreshed, its last state is served" in caplog.text
    assert total(client) == 150


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_of_another_site_can_write(client, site):
    response = send(client, BOOT, headers={"sec-fetch-site": site})
    assert response.status_code == 401
    assert total(client) == 150
    assert send(client, BOOT, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_search_sees_one_state_whatever_is_written_meanwhile(search_folder, giay, tmp_path):
    """First stage, scores and products of an answer are of one moment."""
    folder = shutil.copytree(search_folder, tmp_path / "shop")
    held = Held.open(settings_of("giay", catalogue=str(folder)))
    snapshot = held.shop.snapshot()
    found = snapshot.find(Search("giày", page_size=100))
    ids = snapshot.candidates(Search("giày"), found)
    before = snapshot.compiled.products(ids)
    Shop.open(folder, model=giay).change([Product(id=ids[1], title="Tủ gỗ")], [ids[0], *ids[2:]])
    held.renew()
    assert len(held.shop) == 151 - len(ids)
    assert snapshot.compiled.products(ids) == before
    assert snapshot.find(Search("giày", page_size=100)).ids == found.ids
    ranked = [(one["id"], one["score"]) for one in giay.rank("giày", ids=list(ids), catalogue=snapshot.compiled)]
    page = snapshot.page(Search("giày", page_size=100), found, ranked)
    assert [hit.product for hit in page.hits if hit.id == ids[1]] == [before[1]]


def test_a_folder_that_can_not_be_written_is_the_servers_fault_and_not_told(client, folder, caplog):
    manifest = (folder / "compiled.json").read_bytes()
    (folder / "compiled.json").write_text("{", encoding="utf-8")
    response = send(client, BOOT)
    (folder / "compiled.json").write_bytes(manifest)
    assert response.status_code == 424
    assert response.json()["message"] == (
        "nothing was changed: the search folder can not be used; the server's log says why"
    )
    assert str(folder) in next(one.problem for one in caplog.records if hasattr(one, "problem"))
    assert sent(client, BOOT)["created"] == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ModelError("the folder is of another model"), id="another model"),
        pytest.param(InputError("it can not be written: No space left on device"), id="full"),
    ],
)
def test_what_no_request_can_mend_is_no_bad_request(client, monkeypatch, error):
    def fail(*given, **options):
        raise error from OSError(28, "No space left on device")

    monkeypatch.setattr(Shop, "change", fail)
    response = send(client, BOOT)
    assert response.status_code == 424
    assert str(error) not in response.json()["message"]


def test_a_change_opens_the_folder_once_and_is_seen_at_once(client, monkeypatch):
    opened = []
    open_state = shop_module._open
    monkeypatch.setattr(shop_module, "_open", lambda *given: opened.append(given) or open_state(*given))
    sent(client, BOOT)
    assert len(opened) == 1
    assert total(client) == 151
