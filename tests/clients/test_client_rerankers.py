"""The rerankers library of AnswerDotAI: its APIRanker, of each provider whose format the server speaks."""

import pytest
from rerankers import Reranker
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY

PATHS = {"cohere": "/v2/rerank", "jina": "/v1/rerank", "text-embeddings-inference": "/rerank"}
providers = pytest.mark.parametrize("provider", PATHS)


def ranker(url, provider, key=KEY):
    return Reranker(
        "giay", model_type="APIRanker", verbose=0, api_provider=provider, api_key=key, url=url + PATHS[provider]
    )


@providers
def test_the_ranker_ranks(url, provider):
    found = ranker(url, provider).rank(QUERY, DOCUMENTS, doc_ids=["a", "b", "c", "d", "e"])
    check([one.text for one in found.results], [one.score for one in found.results])
    assert found.top_k(1)[0].doc_id == "b" and found.has_scores


@providers
def test_a_wrong_key_is_an_error_though_the_library_never_looks_at_the_status(url, provider):
    with pytest.raises((KeyError, TypeError)):
        ranker(url, provider, key="wrong").rank(QUERY, DOCUMENTS)
