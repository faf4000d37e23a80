"""LlamaIndex's node postprocessors: TEI, Cohere and Jina."""

import cohere
import pytest
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.cohere_rerank import CohereRerank
from llama_index.postprocessor.jinaai_rerank import JinaRerank
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY


def nodes():
    return [NodeWithScore(node=TextNode(text=text), score=0.1) for text in DOCUMENTS]


def with_tei(url, key=KEY, **given):
    return TextEmbeddingInference(base_url=url, auth_token=key, **given)


def with_cohere(url, key=KEY, **given):
    return CohereRerank(base_url=url, api_key=key, model="giay", **given)


def with_jina(url, key=KEY, **given):
    return JinaRerank(base_url=f"{url}/v1", api_key=key, model="giay", **given)


@pytest.mark.parametrize("postprocessor", [with_tei, with_cohere, with_jina])
@pytest.mark.parametrize("top_n", [2, 5])
def test_a_postprocessor_ranks(url, postprocessor, top_n):
    ranked = postprocessor(url, top_n=top_n).postprocess_nodes(nodes(), query_str=QUERY)
    check([one.text for one in ranked], [one.score for one in ranked], count=top_n)


@pytest.mark.parametrize("token", [KEY, f"Bearer {KEY}", lambda url: f"Bearer {KEY}"], ids=["raw", "Bearer", "made"])
def test_tei_s_postprocessor_sends_its_token_as_it_is(url, token):
    ranked = with_tei(url, key=token).postprocess_nodes(nodes(), query_str=QUERY)
    check([one.text for one in ranked], [one.score for one in ranked])


def test_a_wrong_key_is_said(url):
    with pytest.raises(cohere.UnauthorizedError):
        with_cohere(url, key="wrong").postprocess_nodes(nodes(), query_str=QUERY)
    with pytest.raises(RuntimeError, match="API key"):
        with_jina(url, key="wrong").postprocess_nodes(nodes(), query_str=QUERY)


def test_tei_s_postprocessor_fails_on_a_wrong_key_though_it_never_looks_at_the_status(url):
    with pytest.raises((AssertionError, TypeError)):
        with_tei(url, key="wrong").postprocess_nodes(nodes(), query_str=QUERY)
