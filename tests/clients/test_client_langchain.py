"""LangChain's document compressors: CohereRerank and InfinityRerank."""

import cohere
import pytest
from infinity_client.api.default import rerank as infinity_rerank
from infinity_client.client import AuthenticatedClient, Client
from infinity_client.errors import UnexpectedStatus
from infinity_client.models import RerankInput
from langchain_cohere import CohereRerank
from langchain_community.document_compressors import InfinityRerank
from langchain_core.documents import Document
from shoes import BEST, DOCUMENTS, QUERY, check

from conftest import KEY

FOUND = [Document(page_content=text, metadata={"place": place}) for place, text in enumerate(DOCUMENTS)]


def results(compressed):
    assert [DOCUMENTS[one.metadata["place"]] for one in compressed] == [one.page_content for one in compressed]
    return [one.page_content for one in compressed], [one.metadata["relevance_score"] for one in compressed]


def with_cohere(url, key=KEY, top_n=3):
    return CohereRerank(model="giay", base_url=url, cohere_api_key=key, top_n=top_n)


def with_infinity(url, key=KEY, top_n=3):
    client = Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, raise_on_unexpected_status=True)
    return InfinityRerank(client=client, model="giay", top_n=top_n)


@pytest.mark.parametrize("compressor", [with_cohere, with_infinity])
def test_a_compressor_ranks(url, compressor):
    check(*results(compressor(url).compress_documents(FOUND, QUERY)), count=3)
    check(*results(compressor(url, top_n=None).compress_documents(FOUND, QUERY)))


def test_dicts_reach_the_server_without_vietnamese_letters():
    """The trap that the page tells of; where this fails, LangChain has mended it."""
    assert "\\u1EA1y" in with_cohere("http://127.0.0.1:9")._document_to_str({"title": "chạy"})


def test_a_wrong_key_is_said(url):
    with pytest.raises(cohere.UnauthorizedError):
        with_cohere(url, key="wrong").compress_documents(FOUND, QUERY)
    with pytest.raises(UnexpectedStatus, match="API key"):
        with_infinity(url, key="wrong").compress_documents(FOUND, QUERY)


def test_a_bad_request_is_said(url):
    with pytest.raises(UnexpectedStatus, match="allowed"):
        with_infinity(url).compress_documents(FOUND * 201, QUERY)
    with pytest.raises((cohere.BadRequestError, cohere.UnprocessableEntityError), match="allowed"):
        with_cohere(url).compress_documents(FOUND * 201, QUERY)


def test_infinity_s_own_client_gets_documents_as_plain_strings(strings_url):
    asked = RerankInput(QUERY, DOCUMENTS, return_documents=True, top_n=2)
    found = infinity_rerank.sync(client=Client(base_url=strings_url), body=asked)
    check([one.document for one in found.results], [one.relevance_score for one in found.results], count=2)
    assert found.results[0].document == BEST and found.usage.total_tokens > 0


def test_infinity_s_own_client_can_send_a_key(url):
    client = AuthenticatedClient(base_url=url, token=KEY)
    assert infinity_rerank.sync(client=client, body=RerankInput(QUERY, DOCUMENTS)).results[0].index == 1
