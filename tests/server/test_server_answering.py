"""What a request is answered with: products by id, explanations, ties, and what no answer may hold."""

import json
import shutil

import numpy as np
import pytest
from serving import compiled_of, shoe

from xephang import Reranker
from xephang.compiled import CompiledCatalogue

QUERY = "giày chạy bộ nữ màu đỏ"
IDS = ["p3", "p0", "p29", "p3", "p11"]


@pytest.fixture(scope="module", params=["fast", "small"])
def folder(request, tiny_apart, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop") / request.param
    compiled_of(tiny_apart, folder, request.param)
    return folder


@pytest.fixture
def shop(make_client, tiny_apart, folder):
    return make_client(model=tiny_apart, catalogue=str(folder))


def results(client, **body):
    response = client.post("/v2/rerank", json={"query": QUERY} | body)
    assert response.status_code == 200, response.text
    return response.json()["results"]


def assert_ranked(found, expected):
    assert [one["index"] for one in found] == [one["corpus_id"] for one in expected]
    scores = [one["score"] for one in expected]
    assert [one["relevance_score"] for one in found] == pytest.approx(scores, abs=1e-6)


def test_products_are_ranked_by_id_as_the_reranker_ranks_them(shop, folder, apart_reranker):
    catalogue = CompiledCatalogue.open(folder)
    assert_ranked(results(shop, ids=IDS), apart_reranker.rank(QUERY, ids=IDS, catalogue=catalogue))
    many = [f"p{number % 30}" for number in range(400)]
    assert_ranked(results(shop, ids=many), apart_reranker.rank(QUERY, ids=many, catalogue=catalogue))
    assert_ranked(
        results(shop, ids=IDS, raw_scores=True, top_n=2),
        apart_reranker.rank(QUERY, ids=IDS, catalogue=catalogue, activation="identity", top_k=2),
    )


def test_products_by_id_come_back_as_texts(shop, apart_reranker):
    for one in results(shop, ids=IDS, return_documents=True):
        product = shoe(int(IDS[one["index"]][1:]))
        assert one["document"] == {"text": apart_reranker.render(product).text}


def test_products_by_id_are_explained(shop, folder, apart_reranker):
    expected = apart_reranker.rank(QUERY, ids=IDS, catalogue=CompiledCatalogue.open(folder), explain=True, top_k=3)
    assert_explained(results(shop, ids=IDS, explain=True, top_n=3), expected)


def test_documents_beside_a_catalogue_are_ranked_as_ever(shop, apart_reranker):
    documents = ["giày", {"title": "Dép"}]
    assert_ranked(results(shop, documents=documents), apart_reranker.rank(QUERY, documents))


def test_an_id_that_is_not_there_is_named(shop):
    response = shop.post("/rerank", json={"query": QUERY, "ids": ["p1", "p77", "p78"]})
    assert response.status_code == 400
    assert "there is no product 'p77' in it (2 such ids)" in response.json()["detail"]


def test_a_query_too_long_for_ids_is_refused(shop):
    response = shop.post("/rerank", json={"query": "giày " * 600, "ids": ["p1"]})
    assert (response.status_code, "the query has 600 tokens" in response.json()["detail"]) == (400, True)


def assert_explained(found, expected):
    assert_ranked(found, expected)
    for one, other in zip(found, expected, strict=True):
        said = other["explanation"].to_dict()
        assert one["explanation"]["facets"] == said["facets"]
        for word, wanted in zip(one["explanation"]["words"], said["words"], strict=True):
            assert word == {**wanted, "contribution": pytest.approx(wanted["contribution"], abs=1e-5)}


DOCUMENTS = ["dép nam đen", {"title": "Giày chạy bộ nữ", "color": "đỏ"}, "", {"text": "giày đỏ"}]


@pytest.mark.parametrize("query", [QUERY, "giày", "", "gia\u0300y  NỮ"])
@pytest.mark.parametrize("top_n", [1, 4])
def test_an_explanation_is_the_rerankers(client, reranker, query, top_n):
    found = results(client, query=query, documents=DOCUMENTS, explain=True, top_n=top_n)
    assert_explained(found, reranker.rank(query, DOCUMENTS, explain=True, top_k=top_n))


def test_facets_are_explained_where_a_model_names_a_lexicon(make_client, tiny_exported, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_exported, folder)
    manifest = json.loads((folder / "xephang.json").read_text(encoding="utf-8"))
    (folder / "xephang.json").write_text(json.dumps(manifest | {"lexicon": "footwear"}), encoding="utf-8")
    found = results(make_client(model=folder), documents=DOCUMENTS, explain=True)
    assert_explained(found, Reranker.load(folder, threads=1).rank(QUERY, DOCUMENTS, explain=True))
    assert {facet["verdict"] for one in found for facet in one["explanation"]["facets"]} >= {"matched", "unknown"}


def test_a_model_of_several_labels_ranks_and_refuses_to_explain(make_client, tiny_classes):
    client = make_client(model=tiny_classes, engine="torch")
    documents = ["giày", "dép"]
    assert_ranked(results(client, documents=documents), Reranker.load(tiny_classes).rank(QUERY, documents))
    refused = client.post("/rerank", json={"query": QUERY, "documents": documents, "explain": True})
    assert refused.status_code == 400
    assert "explain is for models of one label, this one has 3" in refused.json()["detail"]


def test_ties_keep_the_order_given(client):
    assert [one["index"] for one in results(client, documents=["dép"] * 7)] == list(range(7))
    assert [one["index"] for one in results(client, documents=["dép"] * 7, top_n=3)] == [0, 1, 2]


def test_the_order_is_that_of_the_logits_even_where_probabilities_are_flat(client, monkeypatch):
    reranker = client.app.state.service.hosting.current.reranker
    documents = ["giày", "dép", "guốc", "sandal"]
    order = [one["index"] for one in results(client, documents=documents)]
    monkeypatch.setattr(reranker, "activate", lambda logits, activation: np.ones(len(logits), np.float32))
    assert [one["index"] for one in results(client, documents=documents)] == order


@pytest.mark.parametrize("path", ["/rerank", "/score"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_an_error_and_never_sent(make_client, monkeypatch, path, value):
    client = make_client(score_cache=0)
    engine = client.app.state.service.hosting.current.reranker.engine
    monkeypatch.setattr(engine, "logits", lambda pairs, **_: np.full((len(pairs), 1), value, np.float32))
    body = {"query": "giày", "documents": ["a"]} if path == "/rerank" else {"text_1": "giày", "text_2": "a"}
    response = client.post(path, json=body | {"raw_scores": True})
    assert response.status_code == 424
    assert response.json()["detail"] == "the model gave a score that is no number"


def test_many_long_documents_are_ranked_as_ever_and_a_bad_one_is_named(client, reranker):
    """They are rendered some at a time, so that others have their turn in between."""
    documents = [f"giày {place} " + "đế êm " * 500 for place in range(40)]
    expected = reranker.predict([(QUERY, text) for text in documents])
    found = results(client, documents=documents, return_documents=True)
    assert all(one["document"]["text"] == documents[one["index"]] for one in found)
    assert [one["relevance_score"] for one in found] == pytest.approx(
        [expected[one["index"]] for one in found], abs=1e-6
    )
    refused = client.post("/rerank", json={"query": QUERY, "documents": [*documents, {"title": 3.5, "brand": {}}]})
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("document 40: ")


def test_a_thousand_documents_are_ranked_in_one_request(client, reranker):
    documents = [f"{kind} {size}" for kind in ("giày", "dép", "guốc", "sandal") for size in range(250)]
    found = results(client, documents=documents)
    assert len(found) == 1000
    expected = reranker.predict([(QUERY, text) for text in documents])
    scores = [expected[one["index"]] for one in found]
    assert [one["relevance_score"] for one in found] == pytest.approx(scores, abs=1e-6)
