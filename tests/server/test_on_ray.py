"""The application as a Ray Serve deployment, on a cluster of this machine."""

import asyncio
import json
import logging
import socket
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from serving import settings_of, shoe, until
from starlette.testclient import TestClient

from xephang import Reranker
from xephang.errors import InputError, MissingExtraError
from xephang.search import Shop
from xephang.server import create_app

pytestmark = [
    pytest.mark.slow,
    # Ray Serve warns of what Ray Serve itself does.
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:ray\..*"),
]
KEY = {"authorization": "Bearer khoa-bi-mat"}
TEXTS = ["Giày chạy bộ nữ đế êm", "Tủ giày gỗ 3 tầng", "Sandal nam đen", "Dép trẻ em", "Lót giày êm chân"]


@dataclass(frozen=True)
class Deployed:
    """Where it answers."""

    url: str

    def ask(self, path, body=None, **headers):
        """Return status, headers and content."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, {"content-type": "application/json"} | headers)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, answer.headers, json.loads(answer.read())
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, json.loads(answer.read())


@pytest.fixture(scope="module")
def settings(tiny_apart, tmp_path_factory):
    """A search folder of thirty products, behind a key."""
    folder = tmp_path_factory.mktemp("on-ray")
    shop = [shoe(number) for number in range(30)]
    Shop.build(Reranker.load(tiny_apart, threads=1), shop, folder / "shop", lexicon="footwear")
    (folder / "keys.txt").write_text("khoa-bi-mat\n", encoding="utf-8")
    return settings_of(
        tiny_apart,
        catalogue=str(folder / "shop"),
        keys_file=str(folder / "keys.txt"),
        max_wait=60.0,
        refresh_seconds=0.1,
    )


@pytest.fixture(scope="module")
def deployed(settings, cluster):
    """Two replicas, as an autoscaler may run them."""
    from ray import serve

    from xephang.server.on_ray import deployment

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    scaling = {"min_replicas": 2, "max_replicas": 2}
    serve.run(deployment(settings, autoscaling_config=scaling), name="xephang")
    yield Deployed(f"http://127.0.0.1:{port}")
    serve.shutdown()


@pytest.fixture(scope="module")
def here(settings):
    """The same application in this process."""
    with TestClient(create_app(settings), headers=KEY) as client:
        yield client


def states():
    """How many replicas are in which state."""
    from ray import serve

    (one,) = serve.status().applications["xephang"].deployments.values()
    return one.replica_states


def test_it_lives(deployed):
    status, headers, said = deployed.ask("/health")
    assert (status, said) == (200, {"status": "ok"})
    assert headers["x-content-type-options"] == "nosniff"
    assert deployed.ask("/ready")[2] == {"ready": True}


def test_as_many_replicas_run_as_the_autoscaler_wants(deployed):
    assert states() == {"RUNNING": 2}


@pytest.mark.parametrize(
    "query", ["giày chạy bộ nữ", "giayf chayj booj", "g2iay", "dc ko", "GiÃ y", "ｇｉày", "giày 👟", "\u200bgiày"]
)
def test_scores_are_those_of_this_process(deployed, here, query):
    body = {"query": query, "documents": TEXTS, "return_documents": True}
    there = deployed.ask("/v2/rerank", body, **KEY)
    assert there[0] == 200
    assert there[2]["results"] == here.post("/v2/rerank", json=body).json()["results"]


def test_every_replica_gives_the_same(deployed):
    body = {"query": "giày chạy bộ nữ", "ids": [f"p{number}" for number in range(30)]}
    answers = [deployed.ask("/v2/rerank", body, **KEY) for _ in range(20)]
    assert {status for status, _, _ in answers} == {200}
    assert len({json.dumps(said["results"]) for _, _, said in answers}) == 1


@pytest.mark.parametrize("path", ["/rerank", "/score"])
def test_other_formats_too(deployed, here, path):
    body = {"query": "giày", "texts": TEXTS} if path == "/rerank" else {"text_1": "giày", "text_2": TEXTS}
    status, _, said = deployed.ask(path, body, **KEY)
    expected = here.post(path, json=body).json()
    assert status == 200
    assert said == expected if path == "/rerank" else said["data"] == expected["data"]


def test_a_search_finds_the_same(deployed, here):
    body = {"query": "giay chay bo trang", "page_size": 5}
    status, _, said = deployed.ask("/v1/search", body, **KEY)
    expected = here.post("/v1/search", json=body).json()
    assert status == 200 and said["total"] > 0
    for name in ("results", "facets", "constraints", "total", "reranked"):
        assert said[name] == expected[name]


def test_the_page_is_there(deployed):
    asked = urllib.request.Request(deployed.url + "/?q=giay", headers=KEY)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/html")
        assert "<html" in answer.read().decode()


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sai"}], ids=["none", "a wrong one"])
def test_a_key_is_asked_for(deployed, headers):
    status, _, said = deployed.ask("/v2/rerank", {"query": "giày", "documents": TEXTS}, **headers)
    assert status == 401 and said["message"].startswith("no valid API key")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v2/rerank", {"query": "giày", "documents": []}, 400, "documents is empty"),
        ("/v2/rerank", {"query": "giày", "ids": ["không có"]}, 400, "there is no product 'không có'"),
        ("/v2/rerank", {"query": "giày " * 9000, "documents": TEXTS}, 400, "leaves no room"),
        ("/none", {}, 404, "Not Found"),
        ("/admin/reload", {}, 401, "no valid API key"),
    ],
)
def test_errors_come_as_from_the_server(deployed, path, body, status, said):
    found = deployed.ask(path, body, **KEY)
    assert found[0] == status and said in found[2]["message"]
    assert found[1]["x-request-id"] == found[2]["id"]


@pytest.mark.parametrize("own", [{}, {"x-request-id": "a-1"}], ids=["none given", "given"])
def test_a_requests_id_comes_back(deployed, own):
    """Ray's proxy adds it once more."""
    _, headers, said = deployed.ask("/v2/rerank", {"query": "giày", "documents": TEXTS}, **KEY, **own)
    assert set(headers.get_all("x-request-id")) == {said["id"]}
    assert said["id"] == own.get("x-request-id", said["id"])


def test_requests_in_flight_are_answered_when_it_is_deployed_again(deployed, settings):
    """As after a new model: Ray replaces the replicas, and each ends what it has begun."""
    from ray import serve

    from xephang.server.on_ray import deployment

    body = {"query": "giày", "documents": [f"{text} {number}" for number in range(20) for text in TEXTS]}
    found, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            found.append(deployed.ask("/v2/rerank", body, **KEY)[0])

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    until(lambda: found, "an answer")
    serve.run(deployment(settings, replicas=1), name="xephang")
    stop.set()
    for asker in askers:
        asker.join()
    assert set(found) == {200}
    until(lambda: states() == {"RUNNING": 1}, "the end of the others")


def test_its_lifespan_runs(deployed, settings):
    """It is what looks for new keys now and then."""
    with Path(settings.keys_file).open("a", encoding="utf-8") as file:
        file.write("khoa-moi\n")
    new = {"authorization": "Bearer khoa-moi"}
    until(lambda: deployed.ask("/info", **new)[0] == 200, "a look for new keys")


def test_a_replica_whose_scorer_has_ended_is_not_well(settings):
    from xephang.server.on_ray import deployment

    app = create_app(settings)
    replica = SimpleNamespace(app=app)
    check = bound(deployment(settings)).func_or_class.check_health
    check(replica)
    app.state.service.close()
    with pytest.raises(RuntimeError, match="the scorer has ended"):
        check(replica)


def bound(application):
    return application._bound_deployment


def test_what_ray_is_told(settings):
    from xephang.server.on_ray import deployment

    one = bound(deployment(settings, replicas=3, cpus=2, name="giày", user_config={"a": 1}))
    assert (one.name, one.num_replicas, one.user_config) == ("giày", 3, {"a": 1})
    assert one.ray_actor_options["num_cpus"] == 2
    assert one.max_ongoing_requests == settings.max_connections


def test_limits_of_rays_can_be_given(settings):
    from xephang.server.on_ray import deployment

    assert bound(deployment(settings, max_ongoing_requests=7)).max_ongoing_requests == 7


def test_it_is_built_of_words(settings):
    from xephang.server.on_ray import build

    words = {"model": settings.model, "allow_anonymous": "true", "replicas": "2", "cpus": "1", "name": "shop"}
    one = bound(build({**words, "max_documents": 50, "cors_origins": ["https://a.example", "https://b.example"]}))
    assert (one.name, one.num_replicas) == ("shop", 2)
    scaled = bound(build({**words, "autoscaling_config": {"min_replicas": 1, "max_replicas": 9}}))
    assert scaled._deployment_config.autoscaling_config.max_replicas == 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "Ray says who can reach it: give keys_file, or say allow_anonymous if that is meant"),
        ({"allow_anonymous": "true", "replicas": "many"}, "replicas: expected a whole number, got 'many'"),
        ({"allow_anonymous": "true", "replicas": 0}, "replicas is 0 and cpus 1; both must be at least 1"),
        ({"allow_anonymous": "true", "cpus": -1}, "cpus -1; both must be at least 1"),
        ({"allow_anonymous": "maybe"}, "XEPHANG_ALLOW_ANONYMOUS: expected true or false, got 'maybe'"),
        ({"alow_anonymous": "true"}, "XEPHANG_ALOW_ANONYMOUS: there is no such setting"),
    ],
)
def test_wrong_arguments_are_said(arguments, said):
    from xephang.server.on_ray import build

    with pytest.raises(InputError) as raised:
        build(arguments)
    assert said in str(raised.value)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "xephang.server.on_ray", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"xephang\.server\.on_ray needs the 'ray' extra"):
        __import__("xephang.server.on_ray")


def test_a_reload_of_one_replica_is_refused(settings):
    from xephang.errors import ModelError
    from xephang.server.on_ray import _refuse_reload

    with pytest.raises(ModelError, match="deploy again, and Ray replaces all of them in turn"):
        asyncio.run(_refuse_reload())
