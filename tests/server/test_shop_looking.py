"""Suggestions, and products by their ids."""

import unicodedata

import pytest

from xephang.server.shop.bodies import ProductAnswer, SuggestionsAnswer


def suggested(client, query, **options):
    response = client.get("/v1/suggest", params={"q": query} | options)
    assert response.status_code == 200, response.text
    SuggestionsAnswer.model_validate_json(response.text)
    answer = response.json()
    assert (answer["object"], answer["query"]) == ("suggestions", query)
    return answer["suggestions"]


def texts(client, query, **options):
    return [one["text"] for one in suggested(client, query, **options)]


def test_a_beginning_is_completed_as_the_shop_does(shop_client, shop):
    for begun in ("gi", "giay", "giày n", "giay chay", "sandal"):
        expected = [(one.text, one.count) for one in shop.suggest(begun, 8)]
        assert [(one["text"], one["count"]) for one in suggested(shop_client, begun)] == expected != []


@pytest.mark.parametrize(
    "begun",
    ["giày", "giay", "GIAY", "  giay", unicodedata.normalize("NFD", "giày"), "ｇｉａｙ", "gi\u200bay"],
)
def test_it_does_not_matter_how_it_is_written(shop_client, begun):
    assert texts(shop_client, begun) == texts(shop_client, "giay") != []


def test_there_are_eight_or_as_many_as_are_asked_for(shop_client):
    assert len(texts(shop_client, "gi")) == 8
    for limit in (1, 3, 20):
        assert texts(shop_client, "gi", limit=limit) == texts(shop_client, "gi", limit=20)[:limit]


@pytest.mark.parametrize("query", ["", " ", "\x00", "zzyzx", "👟", "a" * 10_000, "<script>", "giay " * 1000, "%", "*"])
def test_whatever_is_typed_is_answered(shop_client, query):
    assert len(suggested(shop_client, query)) <= 8


def test_nothing_typed_has_no_suggestions(shop_client):
    answer = shop_client.get("/v1/suggest").json()
    assert answer == {"object": "suggestions", "query": "", "suggestions": []}


@pytest.mark.parametrize("limit", ["0", "21", "-1", "", "1.5", "ten", "²", "٣", "1e1", "9" * 5000, "1\x00"])
def test_a_limit_that_is_none_is_refused(shop_client, limit):
    response = shop_client.get("/v1/suggest", params={"q": "gi", "limit": limit})
    assert response.status_code == 400
    assert "it must be 1 to 20" in response.json()["message"]


def test_more_characters_than_are_allowed_are_refused(make_shop_client):
    response = make_shop_client(max_characters=10).get("/v1/suggest", params={"q": "giày chạy bộ"})
    assert response.status_code == 400
    assert response.json()["message"] == "q has 12 characters; 10 are allowed: shorten it"


def test_a_product_is_told_as_the_catalogue_has_it(shop_client, shop):
    for id in shop.compiled.ids()[::30]:
        response = shop_client.get(f"/v1/products/{id}")
        ProductAnswer.model_validate_json(response.text)
        product = shop.compiled.products([id])[0]
        assert response.json() == {"object": "product", "id": id, "product": product.to_dict()}


@pytest.mark.parametrize("id", ["none", "SP", "sp0100000", "%00", "%ff", "a/b/c", "%20", ""])
def test_a_product_that_is_not_there_is_missing(shop_client, id):
    response = shop_client.get(f"/v1/products/{id}")
    assert response.status_code == 404
    assert response.json()["message"].startswith("there is no product '")
    assert response.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", ["/v1/suggest?q=gi", "/v1/products/SP0100000"])
def test_what_can_be_read_has_a_head(shop_client, path):
    head = shop_client.head(path)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/search", 405), ("GET", "/v1/products", 405), ("DELETE", "/v1/products/SP0100000", 405),
     ("POST", "/v1/suggest", 405), ("PUT", "/v1/judgments", 405)],
)  # fmt: skip
def test_each_path_has_its_methods(shop_client, method, path, status):
    assert shop_client.request(method, path).status_code == status
