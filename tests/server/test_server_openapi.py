"""The OpenAPI document: whole, and true of what the server does."""

import re

import pytest

from xephang.server.formats.documents import DocumentsAnswer, DocumentsError
from xephang.server.formats.score import ScoreAnswer
from xephang.server.formats.search import SearchAnswer
from xephang.server.formats.tei import TeiError
from xephang.server.openapi import Ranks
from xephang.server.shop.bodies import (
    GradesAnswer,
    JudgmentAnswer,
    JudgmentsAnswer,
    ProductAnswer,
    ProductsAnswer,
    SuggestionsAnswer,
)
from xephang.version import __version__

RERANK = ("/rerank", "/v1/rerank", "/v2/rerank")
ANSWERS = {"DocumentsAnswer": DocumentsAnswer, "Ranks": Ranks, "ScoreAnswer": ScoreAnswer}
SEARCHED = {"/v1/search": SearchAnswer, "/v1/judgments": JudgmentAnswer}
LINES = {"/v1/products": ProductsAnswer, "/v1/judgments/import": JudgmentsAnswer}
READ = {
    "/v1/suggest": SuggestionsAnswer,
    "/v1/products/{id}": ProductAnswer,
    "/v1/judgments": GradesAnswer,
    "/v1/judgments/export": None,
}
ERRORS = {"DocumentsError": DocumentsError, "TeiError": TeiError}


@pytest.fixture(scope="module")
def document(client):
    return client.get("/openapi.json").json()


def operations(document):
    return {(path, method): one for path, methods in document["paths"].items() for method, one in methods.items()}


def found(node, key):
    """Return all values of a key, however deep."""
    if isinstance(node, dict):
        return [value for name, value in node.items() if name == key] + [
            one for value in node.values() for one in found(value, key)
        ]
    return [one for value in node for one in found(value, key)] if isinstance(node, list) else []


def examples(document, path):
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return [one["value"] for one in content["examples"].values()]


def named(document, path, status):
    """Return the names of the schemas of an answer."""
    schema = document["paths"][path]["post"]["responses"][str(status)]["content"]["application/json"]["schema"]
    return {one.rpartition("/")[2] for one in found(schema, "$ref")}


def test_it_says_what_it_is(document):
    assert document["openapi"].startswith("3.1.")
    assert (document["info"]["title"], document["info"]["version"]) == ("xephang", __version__)


def test_every_path_is_in_it(document):
    assert set(operations(document)) == {
        *((path, "post") for path in (*RERANK, *SEARCHED, "/score", "/admin/reload", *LINES)),
        *((path, "get") for path in ("/health", "/ready", "/v1/models", "/info", "/metrics", *READ)),
    }


def test_every_operation_is_whole(document):
    ids = []
    for one in operations(document).values():
        ids.append(one["operationId"])
        assert one["summary"]
        assert "200" in one["responses"]
        for status, answer in one["responses"].items():
            assert re.fullmatch("[2-5][0-9][0-9]", status)
            assert answer["description"]
            for content in answer["content"].values():
                assert content["schema"]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    references = found(document, "$ref")
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in schemas
    assert {reference.rpartition("/")[2] for reference in references} == set(schemas), "nothing in it is unused"
    for name, schema in schemas.items():
        assert schema.get("description"), name


@pytest.mark.parametrize("path", [*RERANK, "/score"])
def test_examples_are_answered_as_the_document_says(client, document, path):
    given = examples(document, path)
    assert given
    answers = set()
    for body in given:
        response = client.post(path, json=body)
        assert response.status_code == 200
        for name in named(document, path, 200):
            model = ANSWERS[name]
            if isinstance(response.json(), list) == (name == "Ranks"):
                read = model.model_validate_json(response.text)
                assert read.model_dump(exclude_unset=True) == response.json(), "and holds nothing besides"
                answers.add(name)
    assert answers == named(document, path, 200)


@pytest.mark.parametrize("path", [*RERANK, "/score"])
def test_errors_are_answered_as_the_document_says(client, document, path):
    names = named(document, path, 400)
    assert names == ({"DocumentsError"} if path == "/score" else set(ERRORS))
    for body in ("{", '{"query": "a", "texts": 3}', '{"query": "a", "documents": []}', '{"query": "a", "texts": []}'):
        response = client.post(path, content=body)
        assert str(response.status_code) in document["paths"][path]["post"]["responses"]
        read = [name for name in names if set(ERRORS[name].model_fields) == set(response.json())]
        assert len(read) == 1
        ERRORS[read[0]].model_validate_json(response.text)


@pytest.mark.parametrize("path", [*RERANK, "/score"])
def test_every_status_that_there_is_is_in_it(document, path):
    said = document["paths"][path]["post"]["responses"]
    statuses = {200, 400, 401, 408, 413, 424, 429, 500, 503, 504} | ({422} if path != "/score" else set())
    assert statuses <= set(map(int, said))
    assert "nothing to rank" not in said["400"]["description"] or "read" in said["400"]["description"]


def test_keys_are_said_to_be_sent_as_bearer_tokens_or_not_at_all(document):
    assert document["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    guarded = {path for (path, _), one in operations(document).items() if one.get("security") == [{"key": []}, {}]}
    shop = {*SEARCHED, *LINES, *READ}
    assert guarded == {*RERANK, *shop, "/score", "/v1/models", "/info", "/metrics", "/admin/reload"}


def test_it_is_the_same_each_time(client, document):
    assert client.get("/openapi.json").json() == document


def test_requests_say_their_least(document):
    schemas = document["components"]["schemas"]
    assert schemas["TeiRequest"]["required"] == ["query", "texts"]
    assert schemas["TeiRequest"]["properties"]["texts"]["minItems"] == 1
    assert schemas["DocumentsRequest"]["required"] == ["query"]
    assert schemas["ScoreRequest"]["required"] == ["text_1", "text_2"]


def shown(response, model):
    """Check that an answer is what its model says, and holds nothing besides."""
    assert response.status_code == 200, response.text
    assert model.model_validate_json(response.text).model_dump(exclude_unset=True) == response.json()


@pytest.mark.parametrize("path", SEARCHED)
def test_a_shops_examples_are_answered_as_the_document_says(writing_client, document, path):
    given = examples(document, path)
    assert given
    assert named(document, path, 200) == {SEARCHED[path].__name__}
    product = writing_client.post("/v1/search", json={"query": ""}).json()["results"][0]["id"]
    for body in given:
        shown(
            writing_client.post(path, json=body | ({"product_id": product} if "product_id" in body else {})),
            SEARCHED[path],
        )


@pytest.mark.parametrize("path", LINES)
def test_examples_of_lines_are_answered_as_the_document_says(writing_client, document, path):
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/x-ndjson"]
    assert named(document, path, 200) == {LINES[path].__name__}
    assert named(document, path, 400) == {LINES[path].__name__, "DocumentsError"}
    shown(writing_client.post(path, content=content["example"].encode()), LINES[path])
    refused = writing_client.post(path, content=b"{")
    assert refused.status_code == 400
    LINES[path].model_validate_json(refused.text)


@pytest.mark.parametrize("path", READ)
def test_what_is_read_of_a_shop_is_as_the_document_says(writing_client, document, path):
    said = document["paths"][path]["get"]
    product = writing_client.post("/v1/search", json={"query": ""}).json()["results"][0]["id"]
    options = {one["name"]: one["example"] for one in said["parameters"] if "example" in one} if READ[path] else {}
    response = writing_client.get(path.replace("{id}", product), params=options)
    if model := READ[path]:
        shown(response, model)
        assert found(said["responses"]["200"], "$ref") == [f"#/components/schemas/{model.__name__}"]
    else:
        assert response.headers["content-type"] in said["responses"]["200"]["content"]


@pytest.mark.parametrize(("path", "method"), [*((p, "post") for p in (*SEARCHED, *LINES)), *((p, "get") for p in READ)])
def test_every_refusal_of_a_shops_paths_is_in_the_document(document, path, method):
    said = document["paths"][path][method]["responses"]
    assert {"400", "401", "404", "500", "503"} <= set(said)
    assert ("413" in said, "408" in said) == (method == "post", method == "post")
    assert ("429" in said, "504" in said) == (path == "/v1/search", path == "/v1/search")
    assert ("409" in said) == ((path, method) == ("/v1/products", "post"))
    for status, answer in said.items():
        assert status == "200" or "DocumentsError" in str(answer)
