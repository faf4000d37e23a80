import gc
import re
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from xephang.cli.serve import show
from xephang.server.messages import Served
from xephang.server.supervisor import Started
from xephang.settings import Settings


@pytest.fixture
def served(monkeypatch):
    """What the command would have served."""
    seen = []
    monkeypatch.setattr("xephang.server.serve", lambda settings, started: seen.append(settings))
    for name in ("XEPHANG_PORT", "XEPHANG_HOST"):
        monkeypatch.delenv(name, raising=False)
    return seen


def test_without_flags_the_defaults_are_served(xephang, served):
    ran = xephang("serve")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert served == [Settings()]


def test_every_setting_has_a_flag(xephang, served):
    given = {
        "catalogue": "shop", "judgments": "grades.jsonl", "engine": "precomputed", "precision": "fp32",
        "host": "0.0.0.0", "port": 81, "workers": 2,
        "threads": 3, "keys_file": "keys.txt", "cors_origins": ("https://a.vn", "https://b.vn"), "max_body_mb": 2.5,
        "max_documents": 10, "max_characters": 20, "max_tokens": 30, "batch_tokens": 40, "max_waiting": 50,
        "max_wait": 1.5, "deadline": 2.0, "read_seconds": 3.0, "max_connections": 60, "drain_seconds": 0.0,
        "shutdown_seconds": 4.0, "refresh_seconds": 7.0, "cache_mb": 0.0, "score_cache": 0, "log_level": "debug",
        "otlp_endpoint": "http://collector",
    }  # fmt: skip
    switches = ["allow_anonymous", "document_strings", "log_queries"]
    arguments = ["my-model", *(f"--{name.replace('_', '-')}" for name in switches)]
    for name, value in given.items():
        for one in value if isinstance(value, tuple) else (value,):
            arguments += [f"--{name.replace('_', '-')}", one]
    assert {"model", *switches, *given} == {one.name for one in fields(Settings)}
    assert xephang("serve", *arguments).code == 0
    assert served == [Settings("my-model", **given, **dict.fromkeys(switches, True))]


def test_a_flag_goes_before_the_environment_and_that_before_a_file(xephang, served, monkeypatch, tmp_path):
    (tmp_path / "x.toml").write_text('port = 1\nmodel = "of-file"\nmax_wait = 1.0\n', encoding="utf-8")
    monkeypatch.setenv("XEPHANG_PORT", "2")
    monkeypatch.setenv("XEPHANG_MAX_WAIT", "2")
    assert xephang("serve", "--config", tmp_path / "x.toml", "--port", 3).code == 0
    assert [(one.port, one.max_wait, one.model) for one in served] == [(3, 2.0, "of-file")]


def test_help_says_of_every_setting_what_it_is(xephang, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    ran = xephang("serve", "--help")
    text = re.sub(r"[│\s]+", " ", ran.out)
    assert ran.code == 0
    for one in fields(Settings):
        assert one.name == "model" or f"--{one.name.replace('_', '-')}" in text
        assert one.metadata["help"] in text
    assert "[8000]" in text
    assert "--cache-mb MB" in text


WRONG = {
    "an unknown flag": (["--prot", "80"], "No such option: --prot"),
    "a word as a port": (["--port", "http"], "Invalid value for '--port'"),
    "a port that is none": (["--port", "65536"], "port is 65536; ports end at 65535"),
    "no workers": (["--workers", "0"], "workers is 0; it must be at least 1"),
    "another engine": (["--engine", "tpu"], "Invalid value for '--engine'"),
    "others without a key": (["--host", "0.0.0.0"], "host 0.0.0.0: others than this machine could ask without a key"),
    "a file that is not there": (["--config", "none.toml"], "none.toml: can not be read as TOML"),
    "two models": (["giay", "giay-two"], "unexpected extra argument"),
}


@pytest.mark.parametrize(("arguments", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_a_sentence(xephang, served, arguments, problem):
    ran = xephang("serve", *arguments)
    assert (ran.code, ran.out, served) == (2, "", [])
    assert problem in re.sub(r"[│\s]+", " ", ran.err)


def test_a_variable_that_names_no_setting_is_said(xephang, served, monkeypatch):
    monkeypatch.setenv("XEPHANG_PROT", "80")
    ran = xephang("serve")
    assert (ran.code, served) == (2, [])
    assert "XEPHANG_PROT: there is no such setting" in ran.err


def test_a_port_that_is_taken_is_said(xephang):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = xephang("serve", "--port", port)
        gc.collect()  # an open socket would be found here
    assert (ran.code, ran.out) == (2, "")
    assert re.search(rf"127\.0\.0\.1:{port}: can not be listened on: .*give another --port or --host", ran.err)


WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "fastapi" else find(name, *rest)
from xephang.cli import main
main(["serve"])
"""


def test_without_the_extra_it_says_what_to_install():
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(source)}
    )
    assert ran.returncode == 2
    assert "xephang.server needs the 'serve' extra: pip install 'xephang[serve]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_help_needs_no_extra():
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT.replace('["serve"]', '["serve", "--help"]')],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": str(source)},
    )  # fmt: skip
    assert ran.returncode == 0


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, ["http://127.0.0.1:8123", "giay (0123456789ab), engine onnx, scores calibrated", "only this machine"]),
        ({"host": "::1"}, ["http://[::1]:8123"]),
        ({"catalogue": "shop", "workers": 2, "threads": 3}, ["shop: 1,200 products by id", "2, each with 3 threads"]),
        (
            {"catalogue": "search"},
            ["search: 1,200 products to search, and by id", "http://127.0.0.1:8123/ ", "/v1/search"],
        ),
        ({"catalogue": "shop"}, ["none: it needs a search folder, which xephang index makes"]),
        ({"catalogue": "search", "judgments": "grades.jsonl"}, ["grades.jsonl"]),
        ({}, ["none are taken: --judgments FILE takes them"]),
        ({"keys_file": "keys.txt"}, ["keys.txt"]),
        ({"allow_anonymous": True}, ["none: anybody who reaches the address may ask"]),
        ({"model": "x", "max_documents": 1234}, ["1,234 documents, 8 MB and 30 s a request; 256 may wait"]),
    ],
)
def test_on_a_terminal_it_says_what_is_served_where(monkeypatch, capsys, settings, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    given = Settings(**settings)
    products = 1200 if given.catalogue else None
    served = Served("giay", "0123456789abcdef", "onnx", "calibrated", products, given.catalogue == "search")
    show(Started(given, given.host, 8123, served))
    said = capsys.readouterr()
    assert said.out == ""
    for text in shown:
        assert text in said.err
