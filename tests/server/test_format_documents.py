"""The format of Cohere, Jina, infinity and vLLM, as shared/design/WIRE.md has it, through the application."""

import re
import time

import numpy as np
import pytest

from xephang.server import Settings
from xephang.server.asking import Refused
from xephang.server.formats import documents

QUERY = "giày chạy bộ nữ"
SHOE = {"title": "Giày chạy bộ nữ", "brand": "Adidas", "size": "38", "attributes": ["đế êm"], "kho": {"HN": 3}}
DOCUMENTS = ["dép", SHOE, {"text": "giày đá bóng nam"}, "", {"text": "dép", "title": "Guốc", "id": 7}]


def ask(client, path="/v2/rerank", **body):
    return client.post(path, json={"query": QUERY, "documents": DOCUMENTS} | body)


def answered(client, **body):
    response = ask(client, **body)
    assert response.status_code == 200, response.text
    return response.json()


def parse(settings=None, **body):
    return documents.parse({"query": QUERY, "documents": DOCUMENTS} | body, settings or Settings())


def order(answer):
    return [one["index"] for one in answer["results"]]


def scores(answer):
    return {one["index"]: one["relevance_score"] for one in answer["results"]}


@pytest.fixture(scope="module")
def expected(reranker):
    return reranker.rank(QUERY, DOCUMENTS, return_documents=True)


def test_an_answer_has_what_every_client_of_the_family_reads(client, expected):
    before = int(time.time())
    response = ask(client)
    answer = response.json()
    assert set(answer) == {"id", "object", "model", "created", "results", "usage", "meta"}
    assert (answer["object"], answer["model"]) == ("rerank", "model")
    assert before <= answer["created"] <= int(time.time())
    assert answer["id"] == response.headers["x-request-id"] != ""
    assert answer["meta"] == {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    assert order(answer) == [one["corpus_id"] for one in expected]
    assert [one["relevance_score"] for one in answer["results"]] == pytest.approx(
        [one["score"] for one in expected], abs=1e-6
    )
    assert all(set(one) == {"index", "relevance_score"} for one in answer["results"]), "more makes Elasticsearch throw"


def test_usage_counts_the_tokens_that_were_read(client, reranker):
    def tokens(query, text):
        return len(reranker.tokenizer.encode(query, [reranker.render(text)])[0].ids)

    read = sum(tokens(QUERY, one) for one in DOCUMENTS)
    assert answered(client)["usage"] == {"prompt_tokens": read, "total_tokens": read}


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_all_three_paths_answer_alike(client, path):
    found = ask(client, path).json()
    assert (order(found), scores(found)) == (order(answered(client)), scores(answered(client)))


@pytest.mark.parametrize("score", [0.5, 1, 0, 1e-5, 1.2345678e-5, 1.2345678e-38, 0.123456789, 0.42821434, -12.345678])
def test_scores_are_written_as_every_parser_reads_them(client, monkeypatch, score):
    """Java's take 1 for an integer, and what has more than 18 characters for a BigDecimal."""
    reranker = client.app.state.service.hosting.current.reranker
    monkeypatch.setattr(reranker, "activate", lambda logits, activation: np.full(len(DOCUMENTS), score, np.float32))
    written = re.findall(r'"relevance_score":([^,}]+)', ask(client).text)
    assert len(written) == len(DOCUMENTS)
    for text in written:
        assert float(text) == pytest.approx(score, rel=1e-6)
        assert np.float32(text) == np.float32(score), "nothing is lost"
        assert len(text) <= 18
        assert "." in text or "e" in text


@pytest.mark.parametrize(("top_n", "count"), [(1, 1), (3, 3), (5, 5), (6, 5), (10**9, 5), (0, 5), (None, 5)])
def test_top_n_is_clamped(client, expected, top_n, count):
    assert order(answered(client, top_n=top_n)) == [one["corpus_id"] for one in expected][:count]


def test_documents_come_back_as_the_model_read_them(client, expected):
    answer = answered(client, return_documents=True)
    texts = {one["corpus_id"]: one["text"] for one in expected}
    for one in answer["results"]:
        assert set(one) == {"index", "relevance_score", "document"}
        given = DOCUMENTS[one["index"]]
        assert one["document"] == {"text": given if isinstance(given, str) else texts[one["index"]]}
    assert texts[1].startswith("Giày chạy bộ nữ | Adidas")


def test_infinity_takes_documents_as_plain_strings(make_client):
    answer = answered(make_client(document_strings=True), documents=["giày"], return_documents=True)
    assert answer["results"][0]["document"] == "giày"


def test_logits_on_request(client, reranker):
    logits = reranker.predict([(QUERY, one) for one in DOCUMENTS], activation="identity")
    for body in ({"raw_scores": True}, {"use_activation": False}):
        found = scores(answered(client, **body))
        assert [found[i] for i in range(len(DOCUMENTS))] == pytest.approx(list(logits), abs=1e-6)
    assert scores(answered(client, use_activation=True, raw_scores=False)) == scores(answered(client))


def test_clients_send_more_and_send_nothing_as_null(client):
    null = dict.fromkeys(
        ("model", "top_n", "return_documents", "max_tokens_per_doc", "truncate_prompt_tokens", "raw_scores",
         "use_activation", "explain", "ids")
    )  # fmt: skip
    more = {"rank_fields": ["title"], "max_chunks_per_doc": 10, "priority": 0, "user": None, "truncation": True}
    for body in (null, more, {"model": "rerank-v3.5"}):
        assert scores(answered(client, **body)) == scores(answered(client))


LONG = "dép nam đế êm " * 300


def test_what_was_cut_is_said(client):
    meta = answered(client, documents=["giày", LONG, LONG])["meta"]
    assert meta["warnings"] == ["2 documents were longer than is read; their least important parts were cut"]
    assert "warnings" not in answered(client)["meta"]


def test_fewer_tokens_of_a_document_can_be_read(client, reranker):
    for body in ({"max_tokens_per_doc": 4}, {"truncate_prompt_tokens": 4 + 3 + reranker.tokenizer.count(QUERY)}):
        answer = answered(client, documents=[LONG, "giày"], **body)
        expected = reranker.predict([(QUERY, "dép nam đế êm"), (QUERY, "giày")])
        assert [scores(answer)[i] for i in (0, 1)] == pytest.approx(list(expected), abs=1e-6)
        assert answer["meta"]["warnings"][0].startswith("1 documents were longer")
    assert scores(answered(client, truncate_prompt_tokens=-1)) == scores(answered(client))
    assert scores(answered(client, max_tokens_per_doc=10**6)) == scores(answered(client)), "Cohere's clients send 4096"


def test_the_servers_own_limit_of_tokens_holds_too(make_client, reranker):
    client = make_client(max_tokens=4)
    for body in ({}, {"max_tokens_per_doc": 100}, {"truncate_prompt_tokens": 100}):
        answer = answered(client, documents=[LONG], **body)
        assert scores(answer)[0] == pytest.approx(float(reranker.predict([(QUERY, "dép nam đế êm")])[0]), abs=1e-6)


def test_a_product_loses_its_least_important_part_first(client, reranker):
    product = SHOE | {"description": LONG}
    room = reranker.tokenizer.count(reranker.render(SHOE).text)
    whole, cut = (answered(client, documents=[one], max_tokens_per_doc=room) for one in (SHOE, product))
    assert scores(cut)[0] == pytest.approx(scores(whole)[0], abs=1e-6)


def test_what_is_asked_for_reaches_the_scorer():
    asked = parse(top_n=2, return_documents=True, explain=True, max_tokens_per_doc=9, truncate_prompt_tokens=20)
    assert (asked.queries, list(asked.documents), asked.ids, asked.top_n) == ((QUERY,), DOCUMENTS, None, 2)
    assert (asked.return_documents, asked.explain, asked.logits, asked.whole) == (True, True, False, False)
    assert (asked.cutting.most, asked.cutting.most_of_pair, asked.cutting.left) == (9, 20, False)
    assert parse(Settings(max_tokens=5), max_tokens_per_doc=9).cutting.most == 5
    by_id = documents.parse({"query": QUERY, "ids": ["a", "b", "a"]}, Settings())
    assert (len(by_id), by_id.ids, by_id.top_n) == (3, ["a", "b", "a"], 3)


WRONG = {
    "no documents": ({"documents": []}, "documents is empty; give at least one"),
    "no ids": ({"documents": None, "ids": []}, "ids is empty; give at least one"),
    "neither": ({"documents": None}, "give either documents, or ids of the compiled catalogue's products"),
    "both": ({"ids": ["p1"]}, "give either documents, or ids"),
    "ids without a catalogue": ({"documents": None, "ids": ["p1"]}, "this server was given none"),
    "no query": ({"query": None}, "query: Input should be a valid string"),
    "one document": ({"documents": "giày"}, "documents: Input should be a valid list"),
    "null among documents": ({"documents": ["giày", None]}, "documents[1]: "),
    "a number among documents": ({"documents": ["giày", 3]}, "documents[1]: "),
    "a product without anything": ({"documents": ["giày", {}]}, "document 1: "),
    "a product of another kind": ({"documents": ["giày", {"title": {"vi": "giày"}}]}, "document 1: field 'title'"),
    "a number as text": ({"documents": [{"text": 3}]}, "document 0: "),
    "fewer than none": ({"top_n": -1}, "top_n: "),
    "half a result": ({"top_n": 1.5}, "top_n: "),
    "no tokens": ({"max_tokens_per_doc": 0}, "max_tokens_per_doc: "),
    "a query that leaves no room": ({"truncate_prompt_tokens": 3}, "the query has 4 tokens"),
    "a query too long": ({"query": "giày " * 600}, "the query has 600 tokens"),
    "a number as an id": ({"documents": None, "ids": [1]}, "ids[0]: "),
}


@pytest.mark.parametrize(("body", "problem"), WRONG.values(), ids=WRONG)
def test_errors_have_every_shape_that_clients_read(client, body, problem):
    response = ask(client, **body)
    said = response.json()
    assert response.status_code == 400
    assert set(said) == {"id", "message", "detail", "error"}
    assert said["id"] == response.headers["x-request-id"]
    assert said["message"] == said["detail"] == said["error"]["message"]
    assert problem in said["message"]
    assert said["error"].items() >= {"type": "invalid_request_error", "param": None, "code": 400}.items()


def test_more_than_is_allowed_is_refused():
    with pytest.raises(Refused, match="documents: 1,001 are given and 1,000 allowed"):
        parse(documents=["giày"] * 1001)
    with pytest.raises(Refused, match="ids: 3 are given and 2 allowed"):
        parse(Settings(max_documents=2), documents=None, ids=["a", "b", "c"])
    long = "a" * 99_996
    for one in (long + "12345", {"text": long + "1"}, {"title": "", long: ""}, {"title": "", "x": [[{"y": [long]}]]}):
        with pytest.raises(Refused, match=r"documents\[1\] has 100,00\d characters; 100,000 are allowed: shorten it"):
            parse(documents=["giày", one])
    assert len(parse(documents=[long, {"text": long}])) == 2
    with pytest.raises(Refused, match="explain is for at most 50 results, and 51 are asked for; say top_n"):
        parse(documents=["giày"] * 51, explain=True)
    assert parse(documents=["giày"] * 1000, explain=True, top_n=50).top_n == 50
