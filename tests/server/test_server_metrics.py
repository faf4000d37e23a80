"""What Prometheus reads: the names that docs and dashboards rely on, and that they move."""

import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families

NAMES = {
    "xephang_requests": {"format", "status"},
    "xephang_request_seconds": {"format"},
    "xephang_first_stage_seconds": set(),
    "xephang_queue_seconds": set(),
    "xephang_tokenise_seconds": set(),
    "xephang_inference_seconds": set(),
    "xephang_batch_tokens": set(),
    "xephang_batch_fill": set(),
    "xephang_candidates": set(),
    "xephang_tokens": set(),
    "xephang_waiting_requests": set(),
    "xephang_memory_bytes": set(),
    "xephang_model_info": {"model", "fingerprint"},
    "xephang_cache_hits": {"cache"},
    "xephang_cache_misses": {"cache"},
    "xephang_dropped": {"reason"},
    "xephang_refused": {"reason"},
    "xephang_reloads": {"outcome"},
}
GIVEN = {"query": "giày", "documents": ["dép", "guốc", "dép"]}


def families(client):
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(response.text)}


def value(client, name, **labels):
    """Return a sample's value; nought of what was never counted."""
    for family in families(client).values():
        for sample in family.samples:
            if sample.name == f"xephang_{name}" and labels.items() <= sample.labels.items():
                return sample.value
    return 0.0


def test_every_name_is_there_with_its_labels(make_client):
    client = make_client(deadline=0.001, max_documents=3)
    client.post("/rerank", json=GIVEN)
    client.post("/rerank", json=GIVEN | {"documents": ["a"] * 4})
    client.post("/admin/reload")
    found = families(client)
    assert set(NAMES) <= set(found)
    for name, labels in NAMES.items():
        assert found[name].documentation, f"{name} says what it is"
        for sample in found[name].samples:
            assert set(sample.labels) - {"le"} == labels, name


def test_a_request_is_counted_once_everywhere(make_client):
    client = make_client()
    for body in (GIVEN, GIVEN, {"query": "giày", "texts": ["dép"]}):
        client.post("/rerank", json=body)
    client.post("/score", json={"text_1": "giày", "text_2": "guốc"})
    client.post("/rerank", content=b"{")
    assert value(client, "requests_total", format="documents", status="200") == 2
    assert value(client, "requests_total", format="tei", status="200") == 1
    assert value(client, "requests_total", format="score", status="200") == 1
    assert value(client, "requests_total", format="other", status="400") == 1
    assert value(client, "request_seconds_count", format="documents") == 2
    assert value(client, "candidates_count") == 4
    assert value(client, "candidates_sum") == 3 + 3 + 1 + 1
    assert value(client, "tokens_sum") == 2 * 5 * 3 + 5 + 5, "each pair is [CLS] a word [SEP] a word [SEP]"
    assert value(client, "queue_seconds_count") == 4
    assert value(client, "queue_seconds_sum") >= 0


def test_batches_and_caches_are_counted(make_client, tiny_apart):
    client = make_client(model=tiny_apart)
    client.post("/rerank", json=GIVEN)
    assert value(client, "batch_tokens_count") == 1
    assert 0 < value(client, "batch_fill_sum") == value(client, "batch_tokens_sum") / 2048
    assert value(client, "tokenise_seconds_count") == value(client, "inference_seconds_count") == 1
    assert value(client, "cache_misses_total", cache="scores") == 2
    assert value(client, "cache_hits_total", cache="scores") == 0
    assert value(client, "cache_misses_total", cache="products") == 2
    client.post("/rerank", json=GIVEN)
    client.post("/rerank", json=GIVEN | {"query": "sandal"})
    assert value(client, "cache_hits_total", cache="scores") == 2
    assert value(client, "cache_misses_total", cache="scores") == 4
    assert value(client, "cache_hits_total", cache="products") == 2


@pytest.mark.parametrize(
    ("settings", "body", "reason"),
    [
        ({"max_documents": 2}, GIVEN, "validation"),
        ({}, GIVEN | {"documents": []}, "empty"),
        ({"max_body_mb": 0.001}, GIVEN | {"documents": ["a" * 2000]}, "too large"),
    ],
)
def test_refusals_are_counted_by_reason(make_client, settings, body, reason):
    client = make_client(**settings)
    client.post("/rerank", json=body)
    assert value(client, "refused_total", reason=reason) == 1
    assert value(client, "dropped_total") == 0
    assert value(client, "candidates_count") == 0


def test_a_deadline_is_counted_as_dropped(make_client, gate):
    client = make_client(deadline=0.02)
    gate.before(client.app.state.service.hosting.current.reranker)
    client.post("/rerank", json=GIVEN)
    gate.open()
    assert value(client, "dropped_total", reason="deadline") == 1
    assert value(client, "requests_total", format="documents", status="504") == 1
    assert value(client, "refused_total") == 0


def test_gauges_say_how_things_are(make_client, tmp_path, tiny_exported, tiny_apart):
    folder = shutil.copytree(tiny_exported, tmp_path / "shop")
    client = make_client(model=folder)
    assert value(client, "waiting_requests") == 0
    assert value(client, "memory_bytes") > 10_000_000
    old = client.get("/info").json()["model_sha"]
    assert value(client, "model_info", model="shop", fingerprint=old) == 1
    shutil.rmtree(folder)
    shutil.copytree(tiny_apart, folder)
    new = client.post("/admin/reload").json()["fingerprint"]
    assert value(client, "model_info", model="shop", fingerprint=new) == 1
    assert value(client, "model_info", fingerprint=old) == 0
    assert value(client, "reloads_total", outcome="done") == 1
    shutil.rmtree(folder)
    client.post("/admin/reload")
    assert value(client, "reloads_total", outcome="failed") == 1


def test_two_servers_of_one_process_count_each_for_itself(make_client):
    first, second = make_client(), make_client()
    first.post("/rerank", json=GIVEN)
    assert value(second, "requests_total") == 0
