"""What is cheap to send and dear to answer: requests are charged for what they cost, so that others keep their turn."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import PATIENCE, compiled_of, until

LONG = "giày chạy bộ nam nữ êm nhẹ " * 45
SMALL = {"query": "giày", "documents": ["dép"]}


def charged(client):
    """Return the tokens of all batches so far, by the estimates that they were dealt out by."""
    return float(re.search(r"^xephang_batch_tokens_sum (\S+)$", client.get("/metrics").text, re.MULTILINE)[1])


ASKED = {
    "a long query": {"query": LONG, "documents": [f"dép {i}" for i in range(40)]},
    "long documents": {"query": "giày", "documents": [f"{i} {LONG}" for i in range(40)]},
    "a long query and long documents": {"query": LONG, "documents": [f"{i} {LONG}" for i in range(40)]},
    "long words for each of its words": {"query": LONG[:400], "documents": ["dép", "giày"], "explain": True},
}


@pytest.mark.parametrize("body", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("which", ["client", "apart_client"])
def test_a_request_is_charged_for_what_is_read(request, which, body):
    client = request.getfixturevalue(which)
    before = charged(client)
    response = client.post("/rerank", json=body)
    assert response.status_code == 200, response.text
    assert charged(client) - before >= 0.5 * response.json()["usage"]["total_tokens"]


def test_pairs_with_a_query_each_are_charged_for_them(client):
    before = charged(client)
    response = client.post("/score", json={"text_1": [f"{i} {LONG}" for i in range(40)], "text_2": ["dép"] * 40})
    assert charged(client) - before >= 0.5 * response.json()["usage"]["total_tokens"]


def test_products_by_id_are_charged_for_the_query(make_client, tiny_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "shop")
    client = make_client(model=tiny_apart, catalogue=str(tmp_path / "shop"))
    costs = []
    for query in ("giày", LONG):
        before = charged(client)
        assert client.post("/rerank", json={"query": query, "ids": [f"p{i}" for i in range(30)]}).status_code == 200
        costs.append(charged(client) - before)
    assert costs[1] > 3 * costs[0]


def test_text_that_is_not_read_is_charged_for_too(client):
    """It is tokenised all the same, which for 100,000 characters takes as long as reading thousands of tokens."""
    before = charged(client)
    for tail in ("", "giày " * 19_000):
        assert client.post("/rerank", json={"query": "giày", "texts": [LONG + tail]}).status_code == 200
        before, cost = charged(client), charged(client) - before
    assert cost > 4000


@pytest.mark.parametrize("explain", [False, True])
def test_a_small_request_goes_before_large_ones_that_came_first(make_client, gate, explain):
    client = make_client(max_wait=1e6, deadline=PATIENCE, batch_tokens=256)
    service = client.app.state.service
    gate.before(service.hosting.current.reranker)
    large = {"query": LONG[:400], "documents": [{"title": f"{i} {LONG}"} for i in range(6)], "explain": explain}
    finished = []

    def ask(body):
        assert client.post("/rerank", json=body).status_code == 200
        finished.append(len(body["documents"]))

    with ThreadPoolExecutor(9) as threads:
        waiting = [threads.submit(ask, large) for _ in range(8)]
        until(lambda: service.scorer.waiting == 8, "that all large ones wait")
        waiting.append(threads.submit(ask, SMALL))
        until(lambda: service.scorer.waiting == 9, "that the small one waits too")
        gate.open()
        for one in waiting:
            one.result()
    assert finished == [1] + [6] * 8
