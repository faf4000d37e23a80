"""text-embeddings-inference's format, as shared/design/WIRE.md has it, through the application."""

import pytest

from xephang.server import Settings
from xephang.server.asking import Refused
from xephang.server.formats import tei

QUERY = "giày chạy bộ nữ"
TEXTS = ["dép", "Giày chạy bộ nữ đế êm", "", "giày đá bóng nam", "dép"]


def ask(client, **body):
    return client.post("/rerank", json={"query": QUERY, "texts": TEXTS} | body)


def ranked(client, **body):
    response = ask(client, **body)
    assert response.status_code == 200, response.text
    return response.json()


def parse(**body):
    return tei.parse({"query": QUERY, "texts": TEXTS} | body, Settings())


def test_the_answer_is_a_bare_array_highest_first_of_index_and_score(client, reranker):
    found = ranked(client)
    assert all(list(one) == ["index", "score"] for one in found)
    assert [one["index"] for one in found] == [one["corpus_id"] for one in reranker.rank(QUERY, TEXTS)]
    expected = reranker.predict([(QUERY, text) for text in TEXTS])
    assert [one["score"] for one in found] == pytest.approx([expected[one["index"]] for one in found], abs=1e-6)


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_the_body_decides_whatever_the_path(client, path):
    found = client.post(path, json={"query": QUERY, "texts": TEXTS, "documents": ["x"], "model": "giay"})
    assert isinstance(found.json(), list)


def test_texts_come_back_as_they_were_sent(client):
    texts = ["  Giày  ＮＩＫＥ \n", "", "dép 👟"]
    found = ranked(client, texts=texts, return_text=True)
    assert {one["index"]: one["text"] for one in found} == dict(enumerate(texts))
    assert all(list(one) == ["index", "score", "text"] for one in found)


def test_raw_scores_are_logits(client, reranker):
    found = ranked(client, raw_scores=True)
    logits = reranker.predict([(QUERY, text) for text in TEXTS], activation="identity")
    assert [one["score"] for one in found] == pytest.approx([logits[one["index"]] for one in found], abs=1e-6)
    assert [one["index"] for one in found] == [one["index"] for one in ranked(client)]


def test_clients_send_more_and_send_nothing_as_null(client):
    """LlamaIndex sends `model`, Elasticsearch `top_n`, others null for what they leave open."""
    more = {"model": "BAAI/bge-reranker-base", "top_n": 1, "documents": None, "input_type": "x", "options": {"a": [1]}}
    null = dict.fromkeys(("raw_scores", "return_text", "truncate", "truncation_direction"))
    assert ranked(client, **more, **null) == ranked(client)


def test_one_text_and_an_empty_query_are_ranked_too(client):
    assert len(ranked(client, texts=["giày"])) == 1
    assert len(ranked(client, query="")) == len(TEXTS)


LONG = "dép nam đế êm " * 300


def test_a_long_text_is_cut_unless_that_is_not_wanted(client):
    assert len(ranked(client, texts=["giày", LONG])) == 2
    assert len(ranked(client, texts=["giày", LONG], truncate=True)) == 2
    refused = ask(client, texts=["giày", LONG], truncate=False)
    assert refused.status_code == 422
    assert refused.json()["error_type"] == "validation"
    assert refused.json()["error"].startswith("text 1 has ")
    assert len(ranked(client, texts=["giày"], truncate=False)) == 1


@pytest.mark.parametrize("direction", ["Left", "left", "Right", "right"])
def test_a_long_text_loses_its_head_on_the_left(client, reranker, direction):
    text = "giày chạy bộ nữ " + LONG + "sandal đỏ"
    room = reranker.tokenizer.max_length - reranker.tokenizer.special_tokens - reranker.tokenizer.count(QUERY)
    words = text.split()
    kept = " ".join(words[-room:] if direction.lower() == "left" else words[:room])
    assert reranker.tokenizer.count(kept) == room, "every word is one token"
    found = ranked(client, texts=[text], truncation_direction=direction, truncate=True)
    assert found[0]["score"] == pytest.approx(float(reranker.predict([(QUERY, kept)])[0]), abs=1e-6)


def test_what_is_asked_for_reaches_the_scorer():
    asked = parse(truncation_direction="Left", truncate=False, raw_scores=True, return_text=True)
    assert (asked.queries, list(asked.documents), asked.ids, asked.top_n) == ((QUERY,), TEXTS, None, None)
    assert (asked.whole, asked.logits, asked.return_documents, asked.explain) == (True, True, True, False)
    assert asked.cutting.left
    assert tei.parse({"query": "", "texts": [""]}, Settings(max_tokens=5)).cutting.most == 5


WRONG = {
    "no texts": ({"texts": []}, 400, "empty"),
    "no query": ({"query": None}, 422, "validation"),
    "a number for a query": ({"query": 7}, 422, "validation"),
    "a text for texts": ({"texts": "giày"}, 422, "validation"),
    "null among texts": ({"texts": ["giày", None]}, 422, "validation"),
    "a product among texts": ({"texts": [{"title": "giày"}]}, 422, "validation"),
    "another direction": ({"truncation_direction": "Up"}, 422, "validation"),
    "a query too long": ({"query": "giày " * 600}, 422, "validation"),
}


@pytest.mark.parametrize(("body", "status", "kind"), WRONG.values(), ids=WRONG)
def test_errors_are_in_the_same_format(client, body, status, kind):
    response = ask(client, **body)
    assert response.status_code == status
    said = response.json()
    assert set(said) == {"error", "error_type"}
    assert said["error_type"] == kind
    assert isinstance(said["error"], str)


def test_what_is_no_json_is_answered_in_the_format_that_it_seems_to_be_in(client):
    response = client.post("/rerank", content=b'{"query": "giay", "texts": ["a"')
    assert (response.status_code, response.json()["error_type"]) == (422, "validation")


def test_more_than_is_allowed_is_refused():
    with pytest.raises(Refused, match="texts: 1,001 are given and 1,000 allowed"):
        parse(texts=["giày"] * 1001)
    with pytest.raises(Refused, match=r"texts\[1\] has 100,001 characters"):
        parse(texts=["", "a" * 100_001])
    with pytest.raises(Refused, match=r"query has 100,001 characters"):
        parse(query="a" * 100_001)
    assert len(parse(texts=["giày"] * 1000)) == 1000
