"""The cohere SDK, version 1 and 2 of its API, with `base_url`."""

import asyncio

import cohere
import pytest
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY


def results(response):
    return [DOCUMENTS[one.index] for one in response.results], [one.relevance_score for one in response.results]


@pytest.fixture(params=[cohere.Client, cohere.ClientV2], ids=["v1", "v2"])
def client(url, request):
    return request.param(api_key=KEY, base_url=url)


def test_the_sdk_ranks(client):
    response = client.rerank(model="giay", query=QUERY, documents=DOCUMENTS)
    check(*results(response))
    assert response.id
    assert response.meta.billed_units.search_units == 1


@pytest.mark.parametrize("top_n", [1, 3, 100])
def test_the_sdk_gets_as_many_as_it_asks_for(client, top_n):
    response = client.rerank(model="giay", query=QUERY, documents=DOCUMENTS, top_n=top_n)
    check(*results(response), count=min(top_n, len(DOCUMENTS)))


def test_version_1_gets_documents_back(url):
    client = cohere.Client(api_key=KEY, base_url=url)
    given = [{"text": text} for text in DOCUMENTS]
    response = client.rerank(model="giay", query=QUERY, documents=given, return_documents=True)
    check(*results(response))
    assert [one.document.text for one in response.results] == [DOCUMENTS[one.index] for one in response.results]


def test_version_1_ranks_products_by_their_fields(url):
    client = cohere.Client(api_key=KEY, base_url=url)
    given = [{"title": text, "brand": "Bitis", "price": "250000"} for text in DOCUMENTS]
    check(*results(client.rerank(model="giay", query=QUERY, documents=given, rank_fields=["title", "brand"])))


def test_the_asynchronous_client_ranks(url):
    async def ask():
        async with cohere.AsyncClientV2(api_key=KEY, base_url=url) as client:
            return await client.rerank(model="giay", query=QUERY, documents=DOCUMENTS, max_tokens_per_doc=64)

    check(*results(asyncio.run(ask())))


def test_a_wrong_key_is_the_sdk_s_own_error(url):
    for kind in (cohere.Client, cohere.ClientV2):
        with pytest.raises(cohere.UnauthorizedError) as error:
            kind(api_key="wrong", base_url=url).rerank(model="giay", query=QUERY, documents=DOCUMENTS)
        assert error.value.status_code == 401 and "API key" in error.value.body["message"]


def test_a_bad_request_is_the_sdk_s_own_error(client):
    with pytest.raises((cohere.BadRequestError, cohere.UnprocessableEntityError)) as error:
        client.rerank(model="giay", query=QUERY, documents=[])
    assert "documents" in error.value.body["message"]


def test_a_thousand_documents_are_ranked(client):
    response = client.rerank(model="giay", query=QUERY, documents=[*DOCUMENTS, *map(str, range(995))], top_n=1)
    check(*results(response), count=1)
