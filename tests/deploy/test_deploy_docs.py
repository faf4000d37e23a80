"""docs/deploy.md, observe.md, secure.md and tune.md say what the code says; and every YAML file is clean."""

import re

import pytest
from artefacts import DEPLOY, DOCS, ROOT, SETTINGS, environment_names, metrics, read
from yamllint import linter
from yamllint.config import YamlLintConfig

from xephang.server.formats import documents, score, tei

STYLE = YamlLintConfig("extends: default\nrules: {line-length: {max: 120}, document-start: disable}")
OBSERVE, SERVING = (read(ROOT / "docs" / f"{name}.md") for name in ("observe", "serving"))


def rows(text, first):
    """The rows of the table whose first heading this is, each a list of its cells."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return table[1:]


def shown(default):
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yaml")), ids=lambda path: path.relative_to(DEPLOY).as_posix())
def test_yaml_is_clean(path):
    assert [str(problem) for problem in linter.run(read(path), STYLE)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path):
    text = read(path)
    assert environment_names(text) <= set(SETTINGS)
    flags = {flag.replace("-", "_") for line in re.findall(r"xephang serve([^`\n]*)", text) for flag in flags_of(line)}
    assert flags <= {*SETTINGS, "help", "config"}
    about = {word for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)}
    others = {"rule_files", "request_id"} | {
        name for name in about if name.endswith("_ms") or name.startswith("xephang_")
    }
    assert about - others <= set(SETTINGS)


def flags_of(line):
    return re.findall(r"(?<!\S)--([a-z][a-z-]*)", line)


@pytest.mark.parametrize(("page", "heading"), [("tune", "setting"), ("secure", "limit")])
def test_the_defaults_are_those_of_the_code(page, heading):
    table = rows(read(ROOT / "docs" / f"{page}.md"), heading)
    assert len(table) > 5
    told = {name.strip("`"): default for name, default, *_ in table}
    assert told == {name: shown(SETTINGS[name]) for name in told}


def test_every_metric_is_told_of_as_it_is():
    told = {
        name.strip("`"): (kind, set(re.findall(r"\w+", labels))) for name, kind, labels, _ in rows(OBSERVE, "metric")
    }
    own = {name: (kind, set(labels)) for name, (kind, labels, _) in metrics().items()}
    own["xephang_memory_bytes"][1].add("pid")  # which is put in where workers' numbers are brought together
    assert told == own


OF_RECORDS = ('"level": "error"', "problem")


def test_every_status_of_a_refusal_is_told_of():
    own = {status for format in (documents, score, tei) for status in format.STATUS.values()}
    assert {int(status) for status, _ in rows(SERVING, "status")} == own


def test_what_is_told_of_logs_is_what_is_logged():
    source = "\n".join(read(path) for path in (ROOT / "src" / "xephang" / "server").glob("*.py"))
    (said,) = re.findall(r"Other events are (.*?)`log_level`", OBSERVE, re.S)
    events = [one for one in re.findall(r"`([^`]+)`", " ".join(said.split())) if one not in OF_RECORDS]
    assert len(events) > 4 and [event for event in events if f'"{event}"' not in source] == []
    fields = re.findall(r'^  "(\w+)":', OBSERVE, re.M)
    assert [field for field in fields if f'"{field}"' not in source] == []


def test_the_server_tells_no_third_party_what_runs_on_it():
    """ONNX Runtime's telemetry is on by default."""
    assert "ENV ORT_DISABLE_TELEMETRY=1" in read(DEPLOY / "Dockerfile")
    assert "Environment=ORT_DISABLE_TELEMETRY=1" in read(DEPLOY / "xephang.service")


def test_what_make_is_told_to_do_it_can():
    targets = set(re.findall(r"(?m)^([a-z]+):", read(ROOT / "Makefile")))
    told = {target for path in DOCS for target in re.findall(r"`make ([a-z]+)", read(path))}
    assert "audit" in told and told <= targets
