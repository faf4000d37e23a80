"""deploy/Dockerfile, .dockerignore and deploy/compose.yaml."""

import json
import re
import subprocess
import sys
import threading
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from artefacts import DEPLOY, PROJECT, ROOT, SETTINGS, documents, environment_names, read, seconds, stopping, tool

DOCKERFILE = read(DEPLOY / "Dockerfile")
COMPOSE = documents(DEPLOY / "compose.yaml")[0]
SERVICE = COMPOSE["services"]["xephang"]


def instructions():
    """The lines of the Dockerfile, those that go on put together."""
    lines = [line for line in DOCKERFILE.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()


def of(word):
    return [line.split(maxsplit=1)[1] for line in instructions() if line.split()[0] == word]


def test_hadolint_finds_nothing():
    assert tool("hadolint", "--no-color", DEPLOY / "Dockerfile") == (0, "")


def test_compose_follows_its_specification():
    code, said = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    assert code == 0, said


def test_the_image_is_of_this_version_and_of_a_python_that_the_package_is_for():
    assert f"ARG VERSION={PROJECT['version']}" in instructions()
    assert SERVICE["image"] == f"xephang:{PROJECT['version']}"
    (python,) = set(re.findall(r"^ARG PYTHON=(.*)$", DOCKERFILE, re.M))
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


def test_the_image_has_what_serving_needs_and_no_more():
    (extras,) = re.findall(r"^ARG EXTRAS=(.*)$", DOCKERFILE, re.M)
    assert extras == "serve" and extras in PROJECT["optional-dependencies"]
    assert not [one for one in PROJECT["optional-dependencies"]["serve"] if one.startswith("torch")]


def test_what_the_build_copies_is_let_through_and_nothing_else():
    ignored = [line for line in read(ROOT / ".dockerignore").splitlines() if line and not line.startswith("#")]
    assert ignored[0] == "*"
    through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {name for line in of("COPY") if not line.startswith("--from") for name in line.split()[:-1]}
    assert copied == through
    assert all((ROOT / name).exists() for name in copied)
    assert any(fnmatch("src/xephang/__pycache__", pattern) for pattern in ignored[1:])


def test_it_runs_as_a_user_with_a_fixed_number_and_in_exec_form():
    (user,) = of("USER")
    uid, gid = user.split(":")
    assert int(uid) > 10000 and f"--uid {uid} " in DOCKERFILE and f"--gid {gid} " in DOCKERFILE
    assert json.loads(of("ENTRYPOINT")[0]) == ["xephang", "serve"]
    assert of("EXPOSE") == [str(SETTINGS["port"])]


def test_it_listens_for_others_and_gives_nobody_a_key():
    """With no keys the server refuses to start on this address, which is what an image should do."""
    assert any("XEPHANG_HOST=0.0.0.0" in line.split() for line in of("ENV"))
    assert environment_names(" ".join(of("ENV"))) == {"host"}


@pytest.mark.parametrize("text", [DOCKERFILE, read(DEPLOY / "compose.yaml")], ids=["Dockerfile", "compose.yaml"])
def test_every_variable_is_a_settings(text):
    assert environment_names(text) <= set(SETTINGS)


@pytest.fixture
def port():
    """A server that is ready at first, and not ready when asked again."""
    answers = iter([200, 503])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(next(answers) if self.path == "/ready" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_health_check_tells_ready_from_not_ready_from_gone(port):
    command = json.loads(of("HEALTHCHECK")[0].split("CMD ", 1)[1])
    assert command[0] == "python"

    def ask(port):
        env = {"XEPHANG_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
        return subprocess.run([sys.executable, *command[1:]], env=env, capture_output=True).returncode

    assert [ask(port), ask(port), ask(1)] == [0, 1, 1]


def test_compose_gives_the_server_nothing_that_it_does_not_need():
    assert SERVICE["read_only"] is True and SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert set(SERVICE["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert all(volume.endswith(":ro") for volume in SERVICE["volumes"])
    assert [one.split(":")[0] for one in SERVICE["tmpfs"]] == ["/tmp"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICE["ports"])


def test_the_keys_are_a_secret_that_the_server_is_told_of():
    (secret,) = SERVICE["secrets"]
    assert secret in COMPOSE["secrets"]
    assert SERVICE["environment"]["XEPHANG_KEYS_FILE"] == f"/run/secrets/{secret}"


def test_compose_waits_until_the_server_has_finished():
    assert seconds(SERVICE["stop_grace_period"]) > stopping() + 5
