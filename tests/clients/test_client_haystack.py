"""Haystack's rankers: TEI, Cohere, Jina and vLLM."""

import asyncio

import cohere
import pytest
from haystack import Document, Pipeline
from haystack.utils import Secret
from haystack_integrations.components.rankers.cohere import CohereRanker
from haystack_integrations.components.rankers.huggingface_api import HuggingFaceTEIRanker
from haystack_integrations.components.rankers.huggingface_api.ranker import TruncationDirection
from haystack_integrations.components.rankers.jina import JinaRanker
from haystack_integrations.components.rankers.vllm import VLLMRanker
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY

FOUND = [Document(content=text) for text in DOCUMENTS]


def with_tei(url, key=KEY, **given):
    return HuggingFaceTEIRanker(url=url, token=Secret.from_token(key), **given)


def with_cohere(url, key=KEY, **given):
    return CohereRanker(model="giay", api_base_url=url, api_key=Secret.from_token(key), **given)


def with_jina(url, key=KEY, **given):
    return JinaRanker(model="giay", base_url=f"{url}/v1/rerank", api_key=Secret.from_token(key), **given)


def with_vllm(url, key=KEY, **given):
    return VLLMRanker(model="giay", api_base_url=f"{url}/v1", api_key=Secret.from_token(key), **given)


RANKERS = [with_tei, with_cohere, with_jina, with_vllm]


def results(answer):
    return [one.content for one in answer["documents"]], [one.score for one in answer["documents"]]


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("top_k", [2, 10])
def test_a_ranker_ranks(url, ranker, top_k):
    check(*results(ranker(url, top_k=top_k).run(query=QUERY, documents=FOUND)), count=min(top_k, len(FOUND)))


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_ranker_ranks_asynchronously_and_inside_a_pipeline(url, ranker):
    check(*results(asyncio.run(ranker(url).run_async(query=QUERY, documents=FOUND))))
    pipeline = Pipeline()
    pipeline.add_component("ranker", ranker(url))
    check(*results(pipeline.run({"ranker": {"query": QUERY, "documents": FOUND}})["ranker"]))


@pytest.mark.parametrize("direction", TruncationDirection)
def test_tei_s_ranker_may_cut_either_side(url, direction):
    check(*results(with_tei(url).run(query=QUERY, documents=FOUND, truncation_direction=direction)))


def test_tei_s_ranker_gets_logits_where_it_asks_for_raw_scores(url):
    answer = with_tei(url, raw_scores=True).run(query=QUERY, documents=FOUND)
    scores = [one.score for one in answer["documents"]]
    assert scores == sorted(scores, reverse=True) and scores[-1] < 0


def test_jina_s_and_vllm_s_rankers_find_model_and_usage(url):
    for ranker in (with_jina, with_vllm):
        meta = ranker(url).run(query=QUERY, documents=FOUND)["meta"]
        assert meta["model"] == "giay" and meta["usage"]["total_tokens"] > 0


def test_thresholds_mean_probabilities(url):
    for ranker in (with_jina, with_vllm):
        check(*results(ranker(url, score_threshold=0.5).run(query=QUERY, documents=FOUND)), count=1)


def test_meta_fields_are_ranked_with_the_text(url):
    brands = [Document(content="Giày chạy bộ nữ", meta={"brand": brand}) for brand in ("Adidas", "Bitis")]
    for ranker in (with_cohere, with_vllm):
        answer = ranker(url, meta_fields_to_embed=["brand"]).run(query="giày chạy bộ nữ bitis", documents=brands)
        assert [one.meta["brand"] for one in answer["documents"]] == ["Bitis", "Adidas"]


def test_a_wrong_key_is_said(url):
    for ranker in (with_tei, with_jina, with_vllm):
        with pytest.raises(RuntimeError, match="API key"):
            ranker(url, key="wrong").run(query=QUERY, documents=FOUND)
    with pytest.raises(cohere.UnauthorizedError):
        with_cohere(url, key="wrong").run(query=QUERY, documents=FOUND)
