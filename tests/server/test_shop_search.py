"""Searches over HTTP: what `Shop.search` finds, on every option, and whatever is typed."""

import json
import unicodedata

import pytest
from serving import shoe

from xephang.compiled import CompiledCatalogue
from xephang.errors import ModelError
from xephang.search import Search
from xephang.server.formats.search import SearchAnswer

QUERY = "giay chay bo nu duoi 500k"


def ask(client, query=QUERY, **body):
    return client.post("/v1/search", json={"query": query} | body)


def found(client, query=QUERY, **body):
    response = ask(client, query, **body)
    assert response.status_code == 200, response.text
    SearchAnswer.model_validate_json(response.text)
    return response.json()


def said(answer):
    """Return what does not change from one answer to the next, scores rounded."""
    kept = {name: value for name, value in answer.items() if name not in ("id", "object", "model", "milliseconds")}
    return json.loads(json.dumps(kept), parse_float=lambda text: round(float(text), 4))


def ids(answer):
    return [one["id"] for one in answer["results"]]


OPTIONS = {
    "query alone": {},
    "no constraint": {"query": "sandal"},
    "one filter": {"query": "giày", "filters": {"gender": ["nam"]}},
    "two values": {"query": "giày", "filters": {"brand": ["adidas", "thuong-dinh"]}},
    "two filters": {"query": "giày", "filters": {"gender": ["nu"], "color": ["den", "trang"]}},
    "price": {"query": "giày", "price": {"min": 100_000, "max": 300_000}},
    "from a price on": {"query": "giày", "price": {"min": 300_000}},
    "up to a price": {"query": "giày", "price": {"max": 200_000}},
    "ignored": {"ignore": ["price"]},
    "all ignored": {"ignore": ["price", "gender=nu"]},
    "cheapest": {"query": "giày nữ", "sort": "price"},
    "dearest": {"query": "giày nữ", "sort": "-price"},
    "second page": {"query": "giày", "page": 2},
    "small pages": {"query": "giày", "page": 3, "page_size": 7},
    "beyond": {"query": "giày", "page": 1000},
    "few candidates": {"query": "giày", "candidates": 5},
    "one candidate": {"query": "giày", "candidates": 1},
    "no facets": {"query": "giày", "facets": False},
    "first stage": {"query": "giày da nam", "first_stage_only": True},
    "explained": {"query": "giày chạy bộ nữ", "explain": True, "page_size": 5},
    "explained, not reranked": {"query": "giày", "explain": True, "first_stage_only": True},
    "explained beyond the candidates": {"query": "giày", "explain": True, "candidates": 2, "page_size": 4},
    "everything": {"query": ""},
    "everything of a brand": {"query": "", "filters": {"brand": ["adidas"]}, "sort": "price"},
    "nothing": {"query": "xe máy zzyzx"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_answer_is_what_the_shop_finds(shop_client, shop, name):
    body = {"query": QUERY} | OPTIONS[name]
    price = body.get("price", {})
    fields = {key: value for key, value in body.items() if key != "price"}
    search = Search(**fields, price=(price.get("min"), price.get("max")))
    assert said(found(shop_client, **body)) == said(shop.search(search).to_dict())


def test_an_answer_has_an_id_and_names_its_model(shop_client):
    response = ask(shop_client)
    answer = response.json()
    assert (answer["object"], answer["model"]) == ("search", "giay")
    assert answer["id"] == response.headers["x-request-id"] != ""
    assert set(answer["milliseconds"]) == {"understand", "match", "facets", "rerank", "products", "total"}
    assert all(took >= 0 for took in answer["milliseconds"].values())


def test_constraints_of_the_query_hold_and_can_be_taken_away(shop_client):
    answer = found(shop_client)
    keys = {one["key"]: one for one in answer["constraints"]}
    assert set(keys) == {"gender=nu", "price"}
    assert keys["price"]["text"] == QUERY[keys["price"]["start"] : keys["price"]["end"]] == "duoi 500k"
    assert all(one["product"]["price"] <= 500_000 for one in answer["results"])
    without = found(shop_client, ignore=["price"])
    assert without["total"] > answer["total"]
    assert [one["key"] for one in without["constraints"] if one["active"]] == ["gender=nu"]


def test_pages_follow_each_other_and_hold_each_product_once(shop_client):
    first = found(shop_client, "giày", page_size=40)
    pages = [found(shop_client, "giày", page_size=40, page=page) for page in range(1, first["pages"] + 1)]
    together = [id for page in pages for id in ids(page)]
    assert len(together) == len(set(together)) == first["total"] > 100
    assert [one["rank"] for page in pages for one in page["results"]] == list(range(1, len(together) + 1))
    assert found(shop_client, "giày", page_size=40, page=first["pages"] + 1)["results"] == []


@pytest.mark.parametrize("candidates", [1, 10, 60])
def test_only_candidates_have_a_score(shop_client, candidates):
    answer = found(shop_client, "giày", candidates=candidates, page_size=100)
    scored = [one for one in answer["results"] if one["score"] is not None]
    assert answer["reranked"] == len(scored) == candidates
    assert sorted(one["first_rank"] for one in scored) == list(range(1, candidates + 1))
    assert scored == answer["results"][:candidates], "they come first"


def test_the_first_stage_alone_scores_nothing(shop_client):
    answer = found(shop_client, "giày", first_stage_only=True)
    assert answer["reranked"] == 0
    assert all(one["score"] is None and one["rank"] == one["first_rank"] for one in answer["results"])
    assert "rerank" not in answer["milliseconds"]


@pytest.mark.parametrize(("sort", "sign"), [("price", 1), ("-price", -1)])
def test_results_are_sorted_by_price(shop_client, sort, sign):
    answer = found(shop_client, "", sort=sort, page_size=100)
    prices = [one["product"]["price"] for one in answer["results"] if "price" in one["product"]]
    assert len(prices) > 50
    assert prices == sorted(prices, key=lambda price: sign * price)


def test_filters_leave_only_what_has_one_of_the_values(shop_client):
    everything = found(shop_client, "", page_size=100)
    brand = next(facet for facet in everything["facets"] if facet["facet"] == "brand")
    for value in brand["values"][:5]:
        narrowed = found(shop_client, "", filters={"brand": [value["id"]]}, page_size=100)
        assert narrowed["total"] == value["count"]


def test_a_filter_that_nothing_meets_finds_nothing(shop_client):
    assert found(shop_client, "giày", filters={"brand": ["không có"]})["results"] == []


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"filters": {"khong-co": ["x"]}}, "filters: 'khong-co' is no facet here; facets are category, brand, "),
        ({"filters": {"brand\x00": ["\x00"]}}, " is no facet here"),
        ({"filters": {"price": ["1"]}}, "'price' is no facet here"),
        ({"price": {"min": 500_000, "max": 1}}, "price: from 500,000 to 1 is nothing; swap them"),
    ],
)
def test_what_can_find_nothing_is_refused(shop_client, asked, problem):
    response = ask(shop_client, "giày", **asked)
    assert response.status_code == 400
    assert problem in response.json()["message"]


@pytest.mark.parametrize("filters", [{"brand": []}, {"brand": [], "color": []}, {}])
def test_a_filter_without_values_leaves_everything(shop_client, filters):
    assert found(shop_client, "giày", filters=filters)["total"] == found(shop_client, "giày")["total"]


def test_what_is_ignored_and_never_was_there_changes_nothing(shop_client):
    assert said(found(shop_client, ignore=["size=99", "", "x\x00", "price "])) == said(found(shop_client))


def test_explanations_are_of_the_pages_results_alone(shop_client):
    answer = found(shop_client, "giày chạy bộ nữ", explain=True, page_size=3, page=2)
    assert len(answer["results"]) == 3
    for one in answer["results"]:
        assert [word["word"] for word in one["explanation"]["words"]] == ["giày", "chạy", "bộ", "nữ"]
        assert {facet["facet"] for facet in one["explanation"]["facets"]}
    assert all("explanation" not in one for one in found(shop_client, "giày")["results"])


WRITTEN = {
    "nfd": unicodedata.normalize("NFD", "giày chạy bộ nữ"),
    "telex": "giayf chayj booj nuwx",
    "vni": "gia2y cha5y bo65 nu74",
    "capitals": "GIÀY CHẠY BỘ NỮ",
    "full width": "ｇｉàｙ ｃｈạｙ ｂộ ｎữ",
    "zero width": "gi\u200bày chạy\u200b bộ nữ",
    "nul": "giày\x00chạy bộ nữ",
    "emoji": "giày 👟 chạy bộ nữ 🏃",
    "mojibake": "giÃ\xa0y cháº¡y bá»™ ná»¯",
    "controls": "giày\tchạy\r\nbộ nữ\x7f",
    "none": "giay chay bo nu",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_query_is_read_however_it_is_written(shop_client, shop, way):
    answer = found(shop_client, WRITTEN[way])
    assert answer["total"] > 0
    assert said(answer) == said(shop.search(WRITTEN[way]).to_dict())
    titles = [one["product"]["title"].lower() for one in answer["results"]]
    assert any("giày" in title or "giầy" in title for title in titles)


HOSTILE = {
    "blanks": " \t\n\u00a0\u3000",
    "controls": "".join(map(chr, range(32))),
    "syntax": 'title:giày AND (brand:"nike" OR NOT *) ^5 ~2 [1 TO 2] \\ /.*/ +-&&||!{}',
    "markup": "<script>alert(1)</script> {{7*7}} ${x} %s %n ' OR 1=1 --",
    "long": "giày " * 2000,
    "one word": "a" * 10_000,
    "marks": "a" + "\u0301" * 10_000,
    "right to left": "\u202egiày\u202c مرحبا",
    "astral": "𝔤𝔦𝔞𝔶 " * 500,
    "private": "\ue000\uffff\ufffd\U0010ffff",
    "digits": "9" * 5000,
    "prices": "dưới 500k trên 10tr từ 1 đến 2 " * 100,
    "quotes": '"' * 3000,
}


@pytest.mark.parametrize("way", HOSTILE)
def test_whatever_is_typed_is_answered(shop_client, way):
    answer = found(shop_client, HOSTILE[way])
    assert answer["page"] == 1
    assert len(answer["results"]) <= 20
    for one in (*answer["constraints"], *answer["corrections"]):
        assert answer["query"][one["start"] : one["end"]] == one["text"]


@pytest.mark.parametrize("way", HOSTILE)
def test_whatever_is_typed_is_explained(shop_client, way):
    assert found(shop_client, HOSTILE[way], explain=True, page_size=2)["page_size"] == 2


@pytest.mark.parametrize("sort", ["relevance", "price", "-price"])
def test_the_furthest_page_is_empty(shop_client, sort):
    answer = found(shop_client, "giày", page=1_000_000, page_size=100, sort=sort)
    assert answer["results"] == []
    assert (answer["page"], answer["total"]) == (1_000_000, found(shop_client, "giày")["total"])


@pytest.mark.parametrize("price", [{"min": 1e300}, {"max": 0}, {"max": 5e-324}, {"min": 2**70}])
def test_prices_that_nothing_has_find_nothing(shop_client, price):
    assert found(shop_client, "giày", price=price)["results"] == []


BAD = [
    ({"query": 7}, "query: Input should be a valid string"),
    ({"page": 0}, "page: "),
    ({"sort": "x"}, "sort: "),
    ({"candidates": 1001}, "candidates: "),
    ({"price": {"min": -1}}, "price: "),
    ({"explain": True, "page_size": 51}, "explain is for at most 50 results"),
]


@pytest.mark.parametrize(("body", "problem"), BAD)
def test_a_bad_search_is_refused_as_the_documents_format_does(shop_client, body, problem):
    response = ask(shop_client, **body)
    answer = response.json()
    assert response.status_code == 400
    assert problem in answer["message"] == answer["detail"] == answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"a"', b'{"query": NaN}', b'{"query": "\\ud800"}', b"\xff",
     b'{"query": "\xed\xa0\x80"}',
     b'{"query": "a", "price": {"max": Infinity}}', b'{"query": "a", "price": {"max": 1e999}}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_search_is_refused(shop_client, body):
    response = shop_client.post("/v1/search", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_no_server_without_a_search_folder_can_be_searched(client):
    for response in (
        ask(client), client.get("/v1/suggest?q=a"), client.get("/v1/products/SP-1"), client.post("/v1/products"),
    ):  # fmt: skip
        assert response.status_code == 404
        assert response.json()["error"] == {
            "message": "this server has no search folder: make one with xephang index, and serve it by --catalogue",
            "type": "not_found_error",
            "param": None,
            "code": 404,
        }


def test_a_compiled_catalogue_alone_can_not_be_searched_either(make_client, tiny_apart, apart_reranker, tmp_path):
    CompiledCatalogue.build(apart_reranker, [shoe(1)], tmp_path / "shop")
    client = make_client(model=tiny_apart, catalogue=str(tmp_path / "shop"))
    assert ask(client).status_code == 404
    assert client.get("/info").json()["search"] is False
    assert client.post("/rerank", json={"query": "giày", "ids": ["p1"]}).status_code == 200


def test_a_search_folder_is_ranked_by_id_too(shop_client, shop):
    given = shop.compiled.ids()[:5]
    ranked = shop_client.post("/rerank", json={"query": "giày nữ", "ids": given}).json()["results"]
    assert len(ranked) == 5
    info = shop_client.get("/info").json()
    assert info["products"] == len(shop) == 150
    assert (info["search"], info["grading"]) == (True, False)


def test_a_model_that_did_not_compile_the_shop_does_not_open_it(search_folder, tiny_apart, make_client):
    with pytest.raises(ModelError, match="compile it again"):
        make_client(model=tiny_apart, catalogue=str(search_folder))


def test_a_page_with_too_much_to_explain_is_refused_before_it_is_reranked(shop_client):
    query = " ".join(["giày chạy bộ nữ màu đen"] * 6)
    response = ask(shop_client, query=query, explain=True, page_size=50)
    assert response.status_code == 400
    assert response.json()["message"] == (
        "explain takes results times words, 50 x 30, and at most 1,000 are allowed; ask for a page_size of 33 or fewer "
        "words"
    )
    assert found(shop_client, query, explain=True, page_size=3)["results"][0]["explanation"]
    assert found(shop_client, query, page_size=50)["results"]
