"""What is at which path, for whom, and under which headers."""

import pytest
from starlette.responses import Response

from xephang.version import __version__

GIVEN = {"query": "giày", "documents": ["dép"]}


@pytest.fixture
def guarded(make_client, tmp_path):
    (tmp_path / "keys.txt").write_text("search\nmetrics watch\nadmin root\n", encoding="utf-8")
    return make_client(keys_file=str(tmp_path / "keys.txt"))


def test_it_says_that_it_lives_and_is_ready(client):
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"ready": True}


def test_it_is_not_ready_while_it_drains_but_answers(make_client):
    client = make_client()
    client.app.state.service.draining = True
    ready = client.get("/ready")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    assert client.get("/health").status_code == 200
    assert client.post("/rerank", json=GIVEN).status_code == 200


def test_it_is_not_ready_once_nothing_scores_any_more(make_client):
    client = make_client()
    client.app.state.service.scorer.close()
    assert client.get("/ready").status_code == 503
    assert client.post("/rerank", json=GIVEN).status_code == 503


@pytest.mark.parametrize(("site", "status"), [("cross-site", 401), ("same-site", 401), ("none", 200)])
def test_no_page_of_another_site_can_reload_the_model(make_client, site, status):
    answer = make_client().post("/admin/reload", headers={"sec-fetch-site": site})
    assert answer.status_code == status


def test_the_model_is_listed_as_openai_lists_models(client):
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [(one["id"], one["object"], one["owned_by"]) for one in listed["data"]] == [("model", "model", "xephang")]


def test_it_describes_itself_as_text_embeddings_inference_does(client, reranker):
    info = client.get("/info").json()
    assert info.items() >= {
        "model_id": "model", "model_type": {"reranker": {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}},
        "max_concurrent_requests": 256, "max_input_length": 512, "max_batch_tokens": 2048,
        "max_client_batch_size": 1000, "version": __version__, "products": None, "activation": reranker.activation,
    }.items()  # fmt: skip
    assert len(info["model_sha"]) == 64


def test_a_response_may_say_what_a_browser_may_make_of_it_itself(client):
    said = {"content-security-policy": "default-src 'self'", "cache-control": "max-age=1"}

    async def page(request):
        return Response("page", headers=said)

    client.app.router.add_route("/of-its-own", page)
    headers = client.get("/of-its-own").headers
    for name, value in said.items():
        assert headers.get_list(name) == [value]
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/health", "/ready", "/info", "/v1/models", "/metrics"])
def test_what_can_be_looked_at_has_a_head(client, path):
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


ERRORS = [
    ("GET", "/nope", 404), ("GET", "/docs", 404), ("GET", "/redoc", 404), ("POST", "/rerank/", 404),
    ("GET", "/rerank", 405), ("PUT", "/rerank", 405), ("OPTIONS", "/rerank", 405), ("POST", "/health", 405),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), ERRORS)
def test_what_is_not_there_is_an_error_that_clients_can_read(client, method, path, status):
    response = client.request(method, path, follow_redirects=False)
    said = response.json()
    assert response.status_code == status
    assert said["message"] == said["detail"] == said["error"]["message"]
    assert said["error"]["code"] == status
    assert said["id"] == response.headers["x-request-id"]


REQUESTS = [
    ("GET", "/health"), ("GET", "/ready"), ("GET", "/v1/models"), ("GET", "/info"), ("GET", "/metrics"),
    ("GET", "/openapi.json"), ("POST", "/rerank"), ("POST", "/score"), ("POST", "/admin/reload"),
    ("POST", "/v1/search"), ("GET", "/v1/suggest"), ("GET", "/v1/products/SP-1"), ("POST", "/v1/products"),
    ("GET", "/v1/judgments/export"), ("GET", "/nope"), ("DELETE", "/rerank"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), REQUESTS)
@pytest.mark.parametrize("key", ["", "root"])
def test_browsers_make_nothing_else_of_an_answer(guarded, method, path, key):
    headers = guarded.request(method, path, headers={"authorization": key} if key else {}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert len(headers.get_list("x-request-id")) == 1
    assert "server" not in headers


WHO_MAY = {
    ("POST", "/rerank"): {"search", "root"},
    ("POST", "/v1/rerank"): {"search", "root"},
    ("POST", "/v2/rerank"): {"search", "root"},
    ("POST", "/score"): {"search", "root"},
    ("GET", "/v1/models"): {"search", "root"},
    ("GET", "/info"): {"search", "root"},
    ("GET", "/metrics"): {"watch", "root"},
    ("POST", "/admin/reload"): {"root"},
    ("POST", "/v1/search"): {"search", "root"},
    ("GET", "/v1/suggest"): {"search", "root"},
    ("GET", "/v1/products/SP-1"): {"search", "root"},
    ("POST", "/v1/products"): {"root"},
    ("POST", "/v1/judgments"): {"search", "root"},
    ("GET", "/v1/judgments"): {"search", "root"},
    ("GET", "/v1/judgments/export"): {"search", "root"},
    ("POST", "/v1/judgments/import"): {"root"},
    ("GET", "/health"): {"", "search", "watch", "root", "stranger"},
    ("GET", "/ready"): {"", "search", "watch", "root", "stranger"},
}


@pytest.mark.parametrize(("method", "path"), WHO_MAY)
def test_each_path_is_for_those_with_a_key_for_it(guarded, method, path):
    allowed = WHO_MAY[method, path]
    for key in ("", "search", "watch", "root", "stranger"):
        for header in (key, f"Bearer {key}"):
            answer = guarded.request(method, path, headers={"authorization": header} if key else {}, json=GIVEN)
            if key in allowed:
                assert answer.status_code not in (401, 403), (key, header)
            else:
                assert answer.status_code == 401, (key, header)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json()["error"]["type"] == "authentication_error"
                assert key == "" or key not in answer.text


def test_pages_of_others_may_not_ask_unless_that_is_set(client):
    asked = {"origin": "https://shop.vn", "access-control-request-method": "POST"}
    answers = (client.options("/rerank", headers=asked), client.post("/rerank", json=GIVEN, headers=asked))
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_pages_that_are_named_may_ask(make_client):
    client = make_client(cors_origins=("https://shop.vn", "https://www.shop.vn"))
    asked = {
        "origin": "https://www.shop.vn",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    allowed = client.options("/rerank", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://www.shop.vn"
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    answer = client.post("/rerank", json=GIVEN, headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://www.shop.vn"
    other = client.options("/rerank", headers=asked | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    for answer in (allowed, other):
        assert answer.headers["x-content-type-options"] == "nosniff"
