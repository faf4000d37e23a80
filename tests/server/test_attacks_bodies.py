"""Bodies that mean harm: each is refused in its caller's format, at once, and without a word in the log."""

import gzip
import json
import logging

import pytest

LONG = 100_001
VALUES = 500_001
IN_ALL = 7_900_000
"""Bytes that just pass as a body."""


@pytest.fixture(autouse=True)
def nothing_goes_wrong(client, caplog):
    """Whatever a caller sends is no trouble of ours, and the next one is answered."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert client.post("/rerank", json={"query": "giày", "texts": ["dép"]}).status_code == 200


def message(response):
    """Read an error as its caller's format has it."""
    said = response.json()
    if isinstance(said["error"], str):
        assert set(said) == {"error", "error_type"}
        return said["error"]
    assert said["message"] == said["detail"] == said["error"]["message"]
    assert said["error"]["code"] == response.status_code
    return said["message"]


def many(item, count=IN_ALL):
    return b"%b%b1]" % (b"[", item * (count // len(item)))


def in_documents(value):
    return b'{"query":"q","documents":[{"title":"a","x":%b}]}' % value


NOT_JSON = {
    "nothing": b"",
    "NULs": b"\0" * 1000,
    "a zip": gzip.compress(b'{"query": "a", "documents": ["b"]}'),
    "a mark of order": b"\xef\xbb\xbf" + b'{"query": "a", "documents": ["b"]}',
    "UTF-16": '{"query": "a", "documents": ["b"]}'.encode("utf-16-le"),
    "half a letter": b'{"query": "\xc3", "documents": ["b"]}',
    "a letter in too many bytes": b'{"query": "\xc0\xaf", "documents": ["b"]}',
    "a surrogate in UTF-8": b'{"query": "\xed\xa0\x80", "documents": ["b"]}',
    "half an emoji": b'{"query": "\\ud83d", "documents": ["b"]}',
    "a raw NUL": b'{"query": "\0", "documents": ["b"]}',
    "NaN": b'{"query": "a", "documents": ["b"], "top_n": NaN}',
    "Infinity": b'{"query": "a", "documents": ["b"], "top_n": Infinity}',
    "a number without end": b'{"query": "a", "documents": ["b"], "top_n": %b}' % (b"1" * 7_000_000),
    "lists in lists": in_documents(b"[" * 200_000 + b"]" * 200_000),
    "tables in tables": in_documents(b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
    "an end that is missing": b'{"query": "a", "documents": ["b"',
    "a second body": b'{"query": "a", "documents": ["b"]}{"query": "a", "documents": ["b"]}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize("path", ["/rerank", "/score"])
def test_what_is_no_json_is_refused(client, path, body):
    response = client.post(path, content=body, headers={"content-encoding": "gzip"})
    assert response.status_code == 400
    assert message(response).startswith("the body is no JSON: ")


def test_what_is_no_json_but_names_texts_is_refused_as_tei_has_it(client):
    response = client.post("/rerank", content=b'{"query": "a", "texts": ["b"')
    assert (response.status_code, response.json()["error_type"]) == (422, "validation")


TOO_MANY = {
    "empty lists in a product": in_documents(many(b"[],")),
    "empty tables beside": b'{"query":"q","documents":["a"],"x":%b}' % many(b"{},"),
    "empty documents": b'{"query":"q","documents":%b}' % many(b"{},"),
    "numbers for documents": b'{"query":"q","documents":%b}' % many(b"1,"),
    "numbers for texts": b'{"query":"q","texts":%b}' % many(b"1,"),
    "empty ids": b'{"query":"q","ids":%b}' % many(b'"",'),
    "keys of a product": b'{"query":"q","documents":[{%b}]}' % b",".join(b'"%d":1' % i for i in range(VALUES)),
    "open lists": b"[" * IN_ALL,
    "open tables": b'{"a":' * (IN_ALL // 5),
}


@pytest.mark.parametrize("body", TOO_MANY.values(), ids=TOO_MANY)
@pytest.mark.parametrize("path", ["/rerank", "/score"])
def test_millions_of_values_are_refused_unread(client, path, body):
    response = client.post(path, content=body)
    assert response.status_code == 413
    assert "the body holds more than 500,000 values" in message(response)


MANY_ITEMS = {
    "numbers for documents": {"query": "q", "documents": [1] * 400_000},
    "empty documents": {"query": "q", "documents": [""] * 400_000},
    "numbers for texts": {"query": "q", "texts": [1] * 400_000},
    "lists for texts": {"query": "q", "texts": [[]] * 200_000},
    "numbers for ids": {"query": "q", "ids": [1] * 400_000},
    "numbers for queries": {"text_1": [1] * 400_000, "text_2": "a"},
    "numbers to score": {"text_1": "a", "text_2": [1] * 400_000},
    "texts to score": {"text_1": "a", "text_2": ["b"] * 400_000},
}


@pytest.mark.parametrize("body", MANY_ITEMS.values(), ids=MANY_ITEMS)
def test_of_very_many_items_one_problem_is_told(client, body):
    response = client.post("/score" if "text_1" in body else "/rerank", json=body)
    assert response.status_code == (422 if "texts" in body else 400)
    assert len(message(response)) < 200


def product(**fields):
    return {"query": "giày", "documents": [{"title": "dép", **fields}]}


LONG_TEXTS = {
    "query": {"query": "á " * (LONG // 2 + 1), "documents": ["a"]},
    "document": {"query": "q", "documents": ["á" * LONG]},
    "its text": {"query": "q", "documents": [{"text": "á" * LONG}]},
    "text": {"query": "q", "texts": ["á" * LONG]},
    "title": product(title="á " * LONG),
    "key": product(**{"k" * LONG: "b"}),
    "a field that no template reads": product(anything="Ã" * LONG),
    "a text in a list in a table": product(anything={"a": [["Ã" * LONG]]}),
    "price": product(price="1" * LONG),
    "a table as text": product(extra=json.dumps({"a": "Ã" * LONG})),
    "small texts that add up": product(anything=["áº»"] * LONG),
    "text_1": {"text_1": "á" * LONG, "text_2": "b"},
    "text_2": {"text_1": "a", "text_2": ["b", "á" * LONG]},
}


@pytest.mark.parametrize("body", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_long_texts_are_refused_before_they_are_mended_or_kept(client, body):
    response = client.post("/score" if "text_1" in body else "/rerank", json=body)
    assert response.status_code == (422 if "texts" in body else 400)
    assert "characters; 100,000 are allowed: shorten it" in message(response)


WRONG = {
    "a table as text, nested too deeply": (product(extra='{"x":' + "[" * 600 + "]" * 600 + "}"), "nested too deeply"),
    "a title so": (product(extra='{"name":' + "[" * 600 + "]" * 600 + "}", title=""), "nested too deeply"),
    "a price of no end": (product(price=10**400), "is no price"),
    "a price below nought": (product(price=-1), "is no price"),
    "a price that is a list": (product(price=[1, 2]), "price"),
    "a title that is a table": (product(title={"vi": "dép"}), "expected text, got dict"),
    "a title that is true": (product(title=True), "expected text, got bool"),
    "two titles": (product(**{"tên": "a", "name": "b", "title": "c", "TITLE": "d"}), None),
    "the same field many times": (
        {"query": "q", "documents": [{"title": "a", **{"màu" + " " * i: "x" for i in range(90)}}]},
        "'màu' and 'màu ' and ",
    ),
    "no text at all": ({"query": "q", "documents": [{}]}, "has none of them"),
    "nothing but spaces": (product(title="\u200b \t"), "has none of them"),
    "a query with no room beside it": ({"query": "giày " * 600, "documents": ["a"]}, "leaves no room for a product"),
    "no room by the caller's wish": (
        {"query": "giày", "documents": ["a"], "truncate_prompt_tokens": 1},
        "leaves no room for a product",
    ),
    "ids without a catalogue": ({"query": "q", "ids": ["p1"]}, "this server was given none"),
    "ids and documents": ({"query": "q", "ids": ["p1"], "documents": ["a"]}, "give either documents, or ids"),
    "neither": ({"query": "q"}, "give either documents, or ids"),
    "nothing below all": ({"query": "q", "documents": ["a"], "top_n": -1}, "greater than or equal to 0"),
    "half a result": ({"query": "q", "documents": ["a"], "top_n": 0.5}, "top_n: Input should be a valid integer"),
    "true results": ({"query": "q", "documents": ["a"], "top_n": True}, "top_n: Input should be a valid integer"),
    "explanations without end": ({"query": "q", "documents": ["a"] * 51, "explain": True}, "at most 50 results"),
}


@pytest.mark.parametrize(("body", "problem"), WRONG.values(), ids=WRONG)
def test_what_can_not_be_ranked_is_refused_with_the_reason(client, body, problem):
    response = client.post("/rerank", json=body)
    assert response.status_code == (400 if problem else 200), response.text
    if problem:
        assert problem in message(response)
        assert len(message(response)) < 1200


ODD = {
    "numbers as texts": product(title=36.0, size=-1e308, brand=10**4000),
    "a number over all numbers": b'{"query":"q","documents":[{"title":"a","size":1e999,"color":-1e999,"x":1e-999}]}',
    "the same key twice": b'{"query":1,"query":"q","documents":3,"documents":["a"]}',
    "NUL as a letter": {"query": "\0", "documents": ["\0", {"title": "a\0b"}]},
    "marks of direction": {"query": "\u202e\u200f", "documents": ["\u202eabc", "\ufeff"]},
    "nothing": {"query": "", "documents": ["", {"text": ""}]},
    "marks without a letter": {"query": "\u0301" * 500, "documents": ["a" + "\u0323\u0301" * 20_000]},
    "one word": {"query": "giày", "documents": ["a" * 100_000, "ề" * 50_000, "👟" * 20_000]},
    "all results and more": {"query": "giày", "documents": ["a", "b"], "top_n": 10**400},
    "all tokens and more": {
        "query": "a",
        "documents": ["b"],
        "max_tokens_per_doc": 10**30,
        "truncate_prompt_tokens": 10**30,
    },
    "tables in a table as text": product(
        extra=json.dumps({"extra": json.dumps({"extra": '{"size": NaN, "color": "đỏ"}'})})
    ),
    "a table as text that is none": product(extra="{" * 5000),
    "as deep as may be": in_documents(b"[" * 190 + b"]" * 190),
    "junk beside": {"query": "q", "documents": ["a"], "x": [[], {}, None, 1e308] * 1000},
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_what_is_odd_but_can_be_ranked_is_ranked(client, body):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post("/rerank", content=sent)
    assert response.status_code == 200, response.text
    scores = [one["relevance_score"] for one in response.json()["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_names_of_fields_are_not_kept_for_ever(client):
    from xephang.product.names import name_key

    before = name_key.cache_info().currsize
    for i in range(50):
        assert client.post("/rerank", json=product(**{f"{i} " + "k" * 200: "x"})).status_code == 200
    assert name_key.cache_info().currsize == before


def test_ids_of_requests_that_are_no_plain_words_are_not_repeated(client):
    for given in (b"a" * 5000, b"\xff\xfe", b"a\tb", b""):
        response = client.post("/rerank", json={"query": "q", "texts": ["a"]}, headers={b"x-request-id": given})
        assert response.status_code == 200
        assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    "path",
    ["//rerank", "/rerank/", "/rerank//", "/v2//rerank", "/rerank%00", "/rerank%2f", "/%2e%2e/rerank", "/RERANK"],
)
def test_paths_that_are_almost_right_are_not_there_and_lead_nowhere(client, path):
    asked, headers = {"query": "q", "texts": ["a"]}, {"host": "evil.example"}
    response = client.post(f"http://testserver{path}", json=asked, headers=headers, follow_redirects=False)
    assert response.status_code == 404
    assert "location" not in response.headers
    assert message(response).endswith("Not Found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO"])
@pytest.mark.parametrize("path", ["/rerank", "/score", "/admin/reload"])
def test_other_methods_are_not_allowed(client, method, path):
    response = client.request(method, path, json={"query": "q", "texts": ["a"]})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
