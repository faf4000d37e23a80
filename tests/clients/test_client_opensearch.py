"""OpenSearch's ml-commons connector: the page's template as it is filled, and what its post-processing takes.

Read in opensearch-project/ml-commons: `CohereRerankPreProcessFunction`, `ConnectorUtils`, `MLPostProcessFunction` and
`CohereRerankPostProcessFunction`; and in JsonPath and json-smart, which read the answer: `JsonSmartJsonProvider` and
`JSONParserBase.extractFloat`. A number without point and exponent becomes an Integer, one of more than 18 characters a
BigDecimal (run with JsonPath 2.0 and json-smart 2.2), and a score must be a Double.
"""

import json
import re
from decimal import Decimal

import pytest
import requests
from pages import blocks
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY


def fill(template, values):
    """Put parameters and credentials into a template."""
    return re.sub(r"\$\{(?:parameters|credential)\.(\w+)\}", lambda match: str(values[match[1]]), template)


def predict(connector, query, documents):
    """Send what the connector sends when a search asks for scores."""
    action = connector["actions"][0]
    values = {
        **connector["parameters"],
        **connector["credential"],
        "query": json.dumps(query)[1:-1],
        "documents": json.dumps(documents),
        "top_n": len(documents),
    }
    headers = {name: fill(text, values) for name, text in action["headers"].items()}
    body = fill(action["request_body"], values).encode()
    return requests.request(action["method"], action["url"], headers=headers, data=body, timeout=60)


def post_process(answer):
    """The scores in the order of the documents, as the connector hands them on."""
    results = json.loads(answer, parse_float=lambda text: float(text) if len(text) <= 18 else Decimal(text))["results"]
    assert isinstance(results, list) and {"index", "relevance_score"} <= set(results[0])
    scores = [None] * len(results)
    for one in results:
        assert type(one["index"]) is int and one["index"] < len(scores), "ArrayIndexOutOfBoundsException"
        assert type(one["relevance_score"]) is float, f"ClassCastException: {one['relevance_score']!r} is no Double"
        scores[one["index"]] = one["relevance_score"]
    assert None not in scores
    return scores


@pytest.fixture
def connector(url):
    """The page's connector."""
    return next(
        found for block in blocks("opensearch.md", url, "json") if "actions" in (found := json.loads(block.text))
    )


@pytest.mark.parametrize("query", [QUERY, 'giày "chạy bộ" nữ\n\\ 8p'], ids=["plain", "to be escaped"])
def test_the_connector_ranks(connector, query):
    scores = post_process(predict(connector, query, DOCUMENTS).content)
    best_first = sorted(range(len(DOCUMENTS)), key=lambda place: -scores[place])
    check([DOCUMENTS[place] for place in best_first], sorted(scores, reverse=True))


def test_every_score_is_a_double(connector):
    words = ["giày", "chạy bộ", "nữ", "nam", "đế êm", "trắng", "size 38", "sandal", "da bò", "trẻ em", "đen", "Bitis"]
    documents = [f"{a} {b} {c}" for a in words for b in words for c in words[:5] if len({a, b, c}) == 3]
    assert len(documents) > 400
    assert len(post_process(predict(connector, QUERY, documents).content)) == len(documents)


def test_one_document_is_ranked(connector):
    assert len(post_process(predict(connector, QUERY, DOCUMENTS[:1]).content)) == 1


def test_the_page_s_trusted_endpoint_is_the_connector_s(url, connector):
    settings = json.loads(blocks("opensearch.md", url, "json")[0].text)["persistent"]
    trusted = settings["plugins.ml_commons.trusted_connector_endpoints_regex"]
    assert any(re.fullmatch(pattern, connector["actions"][0]["url"]) for pattern in trusted)
    assert connector["credential"]["key"] == KEY


@pytest.mark.parametrize(
    "results",
    [
        pytest.param('{"index": 0, "relevance_score": 1}', id="an integer"),
        pytest.param('{"index": 0, "relevance_score": 0.12345678901234567}', id="nineteen characters"),
        pytest.param('{"index": 3, "relevance_score": 0.5}', id="fewer results than documents"),
    ],
)
def test_the_rules_find_faults(results):
    with pytest.raises(AssertionError):
        post_process(f'{{"results": [{results}]}}')
