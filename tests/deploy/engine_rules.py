"""What the engines of docs/engines.md send and what they read, in our own words, and the files that configure them.

OpenSearch: opensearch-project/ml-commons (`CohereRerankPreProcessFunction`, `CohereRerankPostProcessFunction`,
`ConnectorUtils`) and neural-search (`DocumentContextSourceFetcher`). Elasticsearch: elastic/elasticsearch, under
x-pack/plugin/inference (`HuggingFaceRerankRequestEntity`, `HuggingFaceRerankResponseEntity`) and `Queries` of its core
(`calculateMinShouldMatch`, as in Lucene's users). Milvus: milvus-io/milvus, under internal/util/function
(`vllm_client.go`, `tei.go`, `common.go`, `model_function.go`). Vespa: vespa-engine/vespa (`TokenTransformer`).
"""

import json
import re
from decimal import Decimal
from urllib.parse import urlsplit

import numpy as np
from artefacts import DEPLOY

ENGINES = DEPLOY / "engines"


def configuration(path):
    """The JSON of one of the files."""
    return json.loads((ENGINES / path).read_text(encoding="utf-8"))


def filled(template, values):
    """Put parameters and credentials into a connector's template."""
    return re.sub(r"\$\{(?:parameters|credential)\.(\w+)\}", lambda match: str(values[match[1]]), template)


def by_opensearch(client, connector, query, contexts):
    """Ask as a connector does when a search has these contexts; return the answer."""
    (action,) = connector["actions"]
    values = {
        **connector["parameters"],
        **connector["credential"],
        "query": json.dumps(query)[1:-1],
        "documents": json.dumps(contexts),
        "top_n": len(contexts),
    }
    headers = {name: filled(text, values) for name, text in action["headers"].items()}
    body = filled(action["request_body"], values).encode()
    return client.request(action["method"], urlsplit(action["url"]).path, headers=headers, content=body)


def opensearch_scores(answer):
    """Read an answer: scores that Java takes for doubles, one for each document."""
    results = json.loads(answer.content, parse_float=lambda text: float(text) if len(text) <= 18 else Decimal(text))[
        "results"
    ]
    scores = [None] * len(results)
    for one in results:
        assert type(one["index"]) is int and type(one["relevance_score"]) is float
        scores[one["index"]] = one["relevance_score"]
    assert None not in scores
    return scores


def by_elasticsearch(client, inference, query, texts):
    """Ask as the `hugging_face` service does; return a score for each text."""
    settings = inference["service_settings"]
    headers = {"Authorization": f"Bearer {settings['api_key']}"}
    body = {"texts": texts, "query": query, "return_text": False}
    answer = client.post(urlsplit(settings["url"]).path, json=body, headers=headers)
    items = answer.json()
    assert isinstance(items, list) and all(set(item) == {"index", "score"} for item in items)
    assert len(items) == len(texts), "the retriever refuses an answer of another length"
    return [item["score"] for item in sorted(items, key=lambda item: item["index"])]


def by_milvus(client, params, texts):
    """Ask as a rerank function of these parameters does, batch by batch; return a 32-bit score for each text."""
    (query,) = params["queries"]
    size = int(params.get("max_client_batch_size", 32))
    address = urlsplit(params["endpoint"])
    assert params["reranker"] == "model" and address.scheme in ("http", "https") and address.netloc
    scores = []
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        field = {"vllm": "documents", "tei": "texts"}[params["provider"]]
        answer = client.post("/rerank", json={"query": query, field: batch})
        assert answer.status_code == 200
        items = answer.json() if params["provider"] == "tei" else answer.json()["results"]
        name = "score" if params["provider"] == "tei" else "relevance_score"
        found = [np.float32(item[name]) for item in sorted(items, key=lambda item: item["index"])]
        assert len(found) == len(batch)
        scores += found
    return scores


def least_matching(percent, words):
    """How many of a query's words have to match by a `minimum_should_match` in percent."""
    part = words * percent / 100
    return words + int(part) if part < 0 else int(part)


def vespa_inputs(cls, sep, length, query, product):
    """What `customTokenInputIds`, `tokenAttentionMask` and `tokenTypeIds` make of two lists of tokens."""
    ids = [cls, *query, sep, *product, sep][:length]
    types = [0] * (len(query) + 2) + [1] * (len(product) + 1)

    def padded(values):
        return np.array([values[:length] + [0] * (length - len(values[:length]))], dtype=np.int64)

    return {"input_ids": padded(ids), "attention_mask": padded([1] * len(ids)), "token_type_ids": padded(types)}
