import re
import runpy
from dataclasses import fields, replace
from pathlib import Path

import pytest

from xephang.errors import InputError
from xephang.settings import Settings, own_environment, reference

ROOT = Path(__file__).parents[1]


def read(environment=None, file=None, **given):
    return Settings.read(given, environment=environment or {}, file=file)


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "xephang.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_anything_said_only_this_machine_is_served():
    settings = read()
    assert (settings.model, settings.host, settings.port) == ("giay", "127.0.0.1", 8000)
    assert (settings.keys_file, settings.cors_origins, settings.log_queries) == (None, (), False)


def test_a_flag_goes_before_the_environment_and_that_before_the_file(toml):
    file = toml("port = 1\nworkers = 2\nmax_wait = 3\nmax_tokens = 64")
    settings = read({"XEPHANG_PORT": "10", "XEPHANG_WORKERS": "20"}, file, port=100)
    assert (settings.port, settings.workers, settings.max_wait, settings.max_tokens) == (100, 20, 3.0, 64)


def test_a_flag_that_is_not_given_hides_nothing(toml):
    settings = read({"XEPHANG_CORS_ORIGINS": "https://a.vn"}, toml("port = 9"), port=None, cors_origins=[])
    assert (settings.port, settings.cors_origins) == (9, ("https://a.vn",))
    assert read(cors_origins=["https://a.vn", "https://b.vn"]).cors_origins == ("https://a.vn", "https://b.vn")


def test_a_flag_can_be_off_and_nought():
    settings = read({"XEPHANG_LOG_QUERIES": "1", "XEPHANG_SCORE_CACHE": "5"}, log_queries=False, score_cache=0)
    assert (settings.log_queries, settings.score_cache) == (False, 0)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MODEL", "shop/giay", "shop/giay"),
        ("ENGINE", "onnx", "onnx"),
        ("PRECISION", "fp32", "fp32"),
        ("PORT", "0", 0),
        ("THREADS", "4", 4),
        ("MAX_BODY_MB", "0.5", 0.5),
        ("DEADLINE", "30", 30.0),
        ("CORS_ORIGINS", " https://a.vn , ,https://b.vn", ("https://a.vn", "https://b.vn")),
        ("CORS_ORIGINS", "", ()),
        ("DOCUMENT_STRINGS", "Yes", True),
        ("DOCUMENT_STRINGS", "off", False),
        ("LOG_LEVEL", "debug", "debug"),
        ("OTLP_ENDPOINT", "http://collector:4318/v1/traces", "http://collector:4318/v1/traces"),
    ],
)
def test_the_environment_is_read_as_the_settings_are(name, text, value):
    found = getattr(read({f"XEPHANG_{name}": text}), name.lower())
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('model = "shop/giay"', "shop/giay"),
        ("max_wait = 2", 2.0),
        ("cache_mb = 0", 0.0),
        ('cors_origins = ["https://a.vn"]', ("https://a.vn",)),
        ("log_queries = true", True),
        ('engine = "precomputed"', "precomputed"),
    ],
)
def test_a_file_is_read_as_the_settings_are(toml, line, value):
    found = getattr(read(file=toml(line)), line.split(" = ")[0])
    assert (found, type(found)) == (value, type(value))


WRONG_IN_A_FILE = {
    "prot = 80": r"xephang\.toml, prot: there is no such setting; settings are model, .*port",
    'port = "80"': r"xephang\.toml, port: expected int, got '80'",
    "port = 80.5": r"port: expected int, got 80\.5",
    "port = true": r"port: expected int, got True",
    "max_wait = true": r"max_wait: expected float, got True",
    "workers = 0": "workers is 0; it must be at least 1",
    'max_wait = "5 s"': r"max_wait: expected float, got '5 s'",
    "log_queries = 1": "log_queries: expected bool, got 1",
    'log_level = "loud"': 'log_level: expected "debug" or "info" or "warning" or "error", got \'loud\'',
    'engine = "tpu"': 'engine: expected "onnx" or "precomputed" or "torch", got \'tpu\'',
    'cors_origins = "https://a.vn"': r"cors_origins: expected a list of texts, got 'https://a\.vn'",
    "cors_origins = [1]": r"cors_origins: expected a list of texts, got \[1\]",
    "threads = []": r"threads: expected int, got \[\]",
    "model = 3": "model: expected str, got 3",
    "[server]\nport = 3": r"xephang\.toml, server: there is no such setting",
    "port = ": r"xephang\.toml: can not be read as TOML",
}


@pytest.mark.parametrize(("text", "problem"), WRONG_IN_A_FILE.items(), ids=WRONG_IN_A_FILE)
def test_what_a_file_has_wrong_is_named(toml, text, problem):
    with pytest.raises(InputError, match=problem):
        read(file=toml(text))


def test_a_file_that_is_none_is_named(tmp_path):
    (tmp_path / "latin1.toml").write_bytes(b'model = "gi\xe0y"')
    for name in ("none.toml", "latin1.toml", "."):
        with pytest.raises(InputError, match="can not be read as TOML"):
            read(file=tmp_path / name)


WRONG_IN_THE_ENVIRONMENT = {
    "XEPHANG_PROT=80": "XEPHANG_PROT: there is no such setting; settings are model,",
    "XEPHANG_PORT=tcp://10.0.0.1:8000": "XEPHANG_PORT: expected a number, got 'tcp://",
    "XEPHANG_PORT=80.5": "XEPHANG_PORT: expected a number",
    "XEPHANG_PORT=": "XEPHANG_PORT: expected a number",
    "XEPHANG_DEADLINE=soon": "XEPHANG_DEADLINE: expected a number, got 'soon'",
    "XEPHANG_LOG_QUERIES=maybe": "XEPHANG_LOG_QUERIES: expected true or false, got 'maybe'",
    "XEPHANG_ENGINE=tpu": 'XEPHANG_ENGINE: expected "onnx"',
}


@pytest.mark.parametrize(("said", "problem"), WRONG_IN_THE_ENVIRONMENT.items(), ids=WRONG_IN_THE_ENVIRONMENT)
def test_what_the_environment_has_wrong_is_named(said, problem):
    name, _, text = said.partition("=")
    with pytest.raises(InputError, match=problem):
        read({name: text})


def test_other_variables_are_others_business(monkeypatch):
    monkeypatch.setenv("XEPHANG_PORT", "7")
    monkeypatch.setenv("PORT", "8")
    assert own_environment()["XEPHANG_PORT"] == "7"
    assert "PORT" not in own_environment()
    assert read({"PORT": "8", "XEPHANGPORT": "9"}).port == 8000


BOUNDED = [(one.name, one.metadata["least"], one.type) for one in fields(Settings) if one.metadata["least"] is not None]


@pytest.mark.parametrize(("name", "least", "kind"), BOUNDED, ids=[name for name, *_ in BOUNDED])
def test_every_bound_holds(name, least, kind):
    assert getattr(Settings(**{name: least}), name) == least
    below = least - 1 if kind is not float else least / 2 - 0.001
    with pytest.raises(InputError, match=f"{name} is .*; it must be at least {least}"):
        Settings(**{name: below})


@pytest.mark.parametrize("name", [name for name, _, kind in BOUNDED if kind is float])
def test_what_is_no_number_is_refused(name):
    with pytest.raises(InputError, match=f"{name} is nan"):
        read({f"XEPHANG_{name.upper()}": "nan"})


def test_no_body_is_of_any_size():
    with pytest.raises(InputError, match="max_body_mb is inf"):
        read({"XEPHANG_MAX_BODY_MB": "inf"})


def test_ports_end():
    assert Settings(port=65535).port == 65535
    with pytest.raises(InputError, match="port is 65536; ports end at 65535"):
        Settings(port=65536)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_needs_no_key(host):
    assert Settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.7", "192.168.1.2", "shop.vn", "localhost.shop.vn"])
def test_others_are_not_served_without_a_key_unless_that_is_meant(host):
    with pytest.raises(InputError, match=f"host {re.escape(host)}: .*--keys-file FILE, or say --allow-anonymous"):
        Settings(host=host)
    assert Settings(host=host, allow_anonymous=True).host == host
    assert Settings(host=host, keys_file="keys.txt").host == host


def test_the_machines_threads_are_shared_out_among_the_workers():
    assert Settings(workers=3).with_threads(8).threads == 2
    assert Settings(workers=16).with_threads(8).threads == 1
    assert Settings(workers=3, threads=5).with_threads(8).threads == 5


def test_the_reference_names_every_setting_three_ways_with_its_default():
    lines = reference().splitlines()
    rows = {row[2].strip("`"): row for row in (line[2:-2].split(" | ") for line in lines[2:])}
    assert set(rows) == {one.name for one in fields(Settings)}
    assert rows["max_wait"][:4] == ["`--max-wait`", "`XEPHANG_MAX_WAIT`", "`max_wait`", "`5.0`"]
    assert rows["model"][:4] == ["MODEL", "`XEPHANG_MODEL`", "`model`", "`giay`"]
    assert rows["log_queries"][3] == "`false`"
    assert rows["catalogue"][3] == ""
    assert all(len(row) == 5 and row[4] for row in rows.values()), "each says what it is"


def test_the_page_of_settings_is_what_the_code_says_now():
    made = runpy.run_path(str(ROOT / "scripts" / "make_settings_reference.py"))
    assert made["PAGE"] == ROOT / "docs" / "settings.md"
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "docs/settings.md is stale: run make docs"


def test_settings_are_never_changed():
    settings = Settings()
    with pytest.raises(AttributeError):
        settings.port = 1
    assert replace(settings, port=1).port == 1
