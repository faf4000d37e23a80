"""The OpenAPI document is held against the server: what it allows is answered, what it forbids is refused."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

RERANK = ("/rerank", "/v1/rerank", "/v2/rerank")
LOOKS = (
    ("POST", "/admin/reload"),
    *(("GET", path) for path in ("/health", "/ready", "/v1/models", "/info", "/metrics")),
)
BOUNDED = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
BEYOND_A_SCHEMA = re.compile(
    "this server was given none|it has none of them|leaves no room for a product|text_1 has .* texts and text_2"
    "|field '.*': |could (all|both) be|document [0-9]+: "
    "|there is no product|explain is for at most 50 results|query is empty|id is empty|has no id"
    "|is no facet here|is nothing; swap them"
)
"""Of what a schema allows, all that the server may refuse: what depends on the model, the catalogue or two fields."""


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """Send lines as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def document_of(client):
    """The document that the running application gives, which is neither started nor ended another time."""

    async def running(scope, receive, send):
        if scope["type"] == "http":
            await client.app(scope, receive, send)
            return
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})

    return schemathesis.openapi.from_asgi("/openapi.json", running)


@pytest.fixture(scope="session")
def document(client):
    return document_of(client)


@pytest.fixture(scope="session")
def shops_document(writing_client):
    return document_of(writing_client)


def message(response):
    said = response.json()
    return said["error"] if isinstance(said["error"], str) else said["message"]


@pytest.mark.parametrize("path", [*RERANK, "/score"])
def test_bodies_that_the_document_allows_are_answered(document, path):
    answered = 0

    @BOUNDED
    @given(document[path]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case):
        nonlocal answered
        response = case.call()
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        answered += response.status_code == 200
        assert response.status_code == 200 or BEYOND_A_SCHEMA.search(message(response)), (case.body, response.text)

    ask()
    assert answered > 20


@pytest.mark.parametrize("path", [*RERANK, "/score"])
def test_bodies_that_the_document_forbids_are_refused(document, path):
    @BOUNDED
    @given(document[path]["POST"].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case):
        response = case.call_and_validate()
        assert 400 <= response.status_code < 500
        assert len(message(response)) < 400

    ask()


@pytest.mark.parametrize(("method", "path"), LOOKS)
def test_looks_are_answered_as_the_document_says(document, method, path):
    @BOUNDED
    @given(document[path][method].as_strategy())
    def ask(case):
        assert case.call_and_validate().status_code == 200

    ask()


@pytest.mark.parametrize("path", ["/v1/search", "/v1/judgments"])
def test_bodies_that_the_document_allows_are_answered_of_a_shop(shops_document, path):
    answered = 0

    @BOUNDED
    @given(shops_document[path]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case):
        nonlocal answered
        response = case.call()
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        answered += response.status_code == 200
        assert response.status_code == 200 or BEYOND_A_SCHEMA.search(message(response)), (case.body, response.text)

    ask()
    assert answered > 20 or path == "/v1/judgments"


@pytest.mark.parametrize("path", ["/v1/search", "/v1/judgments"])
def test_bodies_that_the_document_forbids_are_refused_of_a_shop(shops_document, path):
    @BOUNDED
    @given(shops_document[path]["POST"].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case):
        response = case.call_and_validate()
        assert 400 <= response.status_code < 500
        assert len(message(response)) < 400

    ask()


@pytest.mark.parametrize("path", ["/v1/products", "/v1/judgments/import"])
def test_lines_are_answered_whatever_they_are(shops_document, path):
    @BOUNDED
    @given(shops_document[path]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case):
        response = case.call()
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        assert response.status_code in (200, 400)

    ask()


@pytest.mark.parametrize("path", ["/v1/suggest", "/v1/products/{id}", "/v1/judgments", "/v1/judgments/export"])
def test_looks_at_a_shop_are_answered_as_the_document_says(shops_document, path):
    @BOUNDED
    @given(shops_document[path]["GET"].as_strategy())
    def ask(case):
        response = case.call()
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        assert response.status_code == 200 or (path, response.status_code) == ("/v1/products/{id}", 404)

    ask()
