"""Elasticsearch's inference services: its requests as it writes them, and its parsers' rules, in our own words.

Read in elastic/elasticsearch, under x-pack/plugin/inference/src/main/java/org/elasticsearch/xpack/inference:
`HuggingFaceRerankRequestEntity`, `HuggingFaceRerankResponseEntity` (as it began, which takes less than that of now),
`HuggingFaceErrorResponseEntity`, `CohereV2RerankRequest`, `CohereRankedResponseEntity`, `CohereErrorResponseEntity`
and `XContentUtils.positionParserAtTokenAfterField`.
"""

import json

import pytest
import requests
from pages import blocks
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY


def ask(url, body, key=KEY):
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def ranked(items, score_field, fields):
    """(index, score, text) of each item; a field that the parser does not know throws, as a wrong kind does."""
    found = []
    for item in items:
        assert isinstance(item, dict) and set(item) <= fields
        assert type(item["index"]) is int and type(item[score_field]) in (int, float)
        found.append((item["index"], item[score_field], item))
    return found


def hugging_face(answer, top_n=None):
    """Parse the answer to a `hugging_face` request: a bare array, sorted again by score."""
    items = json.loads(answer)
    assert isinstance(items, list)
    found = ranked(items, "score", {"index", "score", "text"})
    assert all(isinstance(item.get("text", ""), str) for _, _, item in found)
    found.sort(key=lambda one: -one[1])
    return [(index, score, item.get("text")) for index, score, item in found[:top_n]]


def cohere(answer):
    """Parse the answer to a `cohere` request.

    The parser walks to `results` and gives up at the first object that ends before it; a document is one flat object.
    """
    top = json.loads(answer)
    assert isinstance(top, dict)
    before = list(top)[: list(top).index("results")]
    assert not any(isinstance(top[key], dict | list) for key in before)
    found = ranked(top["results"], "relevance_score", {"index", "relevance_score", "document"})
    documents = [item.get("document") for _, _, item in found]
    assert all(document is None or isinstance(document["text"], str) for document in documents)
    assert not any(isinstance(value, dict | list) for document in documents if document for value in document.values())
    return [(index, score, item["document"]["text"] if "document" in item else None) for index, score, item in found]


@pytest.fixture
def endpoint(url):
    """The service settings of the page's inference endpoint."""
    return json.loads(blocks("elasticsearch.md", url, "json")[0].text)["service_settings"]


@pytest.mark.parametrize("asked", [{}, {"return_text": True}, {"return_text": False, "top_n": 2}])
def test_the_hugging_face_service_ranks(endpoint, asked):
    answer = ask(endpoint["url"], {"texts": DOCUMENTS, "query": QUERY, **asked}, endpoint["api_key"])
    found = hugging_face(answer.content, asked.get("top_n"))
    check([DOCUMENTS[one[0]] for one in found], [one[1] for one in found], count=asked.get("top_n", 5))
    assert [one[2] for one in found] == [DOCUMENTS[one[0]] if asked.get("return_text") else None for one in found]


def test_the_hugging_face_service_says_why_it_failed(endpoint):
    for answer, status in [
        (ask(endpoint["url"], {"texts": [], "query": QUERY}), (400, 422)),
        (ask(endpoint["url"], {"texts": [1], "query": QUERY}), (400, 422)),
    ]:
        assert answer.status_code in status and isinstance(answer.json()["error"], str)
    assert ask(endpoint["url"], {"texts": DOCUMENTS, "query": QUERY}, "wrong").status_code == 401


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
@pytest.mark.parametrize("asked", [{}, {"return_documents": True}, {"return_documents": False, "top_n": 2}])
def test_the_cohere_service_ranks(url, path, asked):
    body = {"model": "giay", "query": QUERY, "documents": DOCUMENTS, "max_chunks_per_doc": 10, **asked}
    found = cohere(ask(url + path, body).content)
    check([DOCUMENTS[one[0]] for one in found], [one[1] for one in found], count=asked.get("top_n", 5))
    assert [one[2] for one in found] == [DOCUMENTS[one[0]] if asked.get("return_documents") else None for one in found]


def test_the_cohere_service_says_why_it_failed(url):
    body = {"model": "giay", "query": QUERY, "documents": DOCUMENTS}
    for answer in (ask(f"{url}/v2/rerank", body | {"documents": []}), ask(f"{url}/v2/rerank", body, "wrong")):
        assert answer.status_code in (400, 401, 422) and isinstance(answer.json()["message"], str)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param('{"results": [{"index": 0, "score": 0.5}]}', id="no array"),
        pytest.param('[{"index": 0, "score": 0.5, "explanation": {}}]', id="an unknown field"),
        pytest.param('[{"index": 0.0, "score": 0.5}]', id="an index that is no integer"),
    ],
)
def test_the_rules_for_hugging_face_find_faults(answer):
    with pytest.raises(AssertionError):
        hugging_face(answer)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param('{"meta": {}, "results": []}', id="an object before the results"),
        pytest.param('{"results": [{"index": 0, "relevance_score": 0.5, "text": "a"}]}', id="an unknown field"),
        pytest.param(
            '{"results": [{"index": 0, "relevance_score": 0.5, "document": {"text": "a", "b": {}}}]}', id="deep"
        ),
    ],
)
def test_the_rules_for_cohere_find_faults(answer):
    with pytest.raises(AssertionError):
        cohere(answer)
