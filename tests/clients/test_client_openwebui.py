"""Open WebUI's external reranker, re-written from backend/open_webui/retrieval/models/external.py."""

import requests
from shoes import DOCUMENTS, QUERY, check

from conftest import KEY


def test_the_external_reranker_ranks(url):
    body = {"model": "giay", "query": QUERY, "documents": DOCUMENTS, "top_n": len(DOCUMENTS)}
    answer = requests.post(f"{url}/v1/rerank", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    answer.raise_for_status()
    results = sorted(answer.json()["results"], key=lambda result: result["index"])
    scores = [result["relevance_score"] for result in results]
    assert len(scores) == len(DOCUMENTS)
    best_first = sorted(range(len(DOCUMENTS)), key=lambda place: -scores[place])
    check([DOCUMENTS[place] for place in best_first], sorted(scores, reverse=True))
