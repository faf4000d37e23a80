"""deploy/grafana/xephang.json and deploy/prometheus/alerts.yaml."""

import json
import re

import promql_parser
import pytest
from artefacts import DEPLOY, ROOT, documents, metrics, read, series

from xephang.server.metrics import Metrics

BOARD = json.loads(read(DEPLOY / "grafana" / "xephang.json"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
(GROUP,) = documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]
ALERTS = GROUP["rules"]
QUERIES = {
    **{f"{panel['title']} {t['refId']}": t["expr"] for panel in PANELS for t in panel["targets"]},
    **{f"annotation {one['name']}": one["expr"] for one in BOARD["annotations"]["list"]},
    **{rule["alert"]: rule["expr"] for rule in ALERTS},
}


def parsed(query):
    """A query as Prometheus reads it, with intervals in place of Grafana's variables."""
    return promql_parser.parse(re.sub(r"\$__\w*interval", "5m", query))


def selectors(query):
    """Each name that a query reads, with the labels that it is chosen by."""
    found = []

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node.name, {matcher.name for matcher in node.matchers.matchers}))

    promql_parser.walk(parsed(query), visit)
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_asks_for_metrics_and_labels_that_the_server_has(query):
    known, found = series(), selectors(query)
    assert found and all(name in known for name, _ in found), found
    for name, labels in found:
        assert labels <= known[name]
    everywhere = set.union(*(known[name] for name, _ in found))
    for labels in re.findall(r"\bby \(([^)]*)\)", query):
        assert {label.strip() for label in labels.split(",")} <= everywhere


@pytest.mark.parametrize("query", ["rate(xephang_tokens_sum)", "sum(", "rate(xephang_tokens_sum[5m]"])
def test_the_parser_says_no_to_what_is_no_query(query):
    with pytest.raises(ValueError):
        parsed(query)


def test_the_dashboard_shows_every_metric():
    asked = " ".join(t["expr"] for panel in PANELS for t in panel["targets"])
    assert [name for name in metrics() if not re.search(rf"\b{name}", asked)] == []


def test_panels_are_told_apart_and_none_lies_over_another():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    taken = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_asks_the_data_source_that_is_chosen():
    variables = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert {"datasource", "instance"} == variables
    sources = {panel["datasource"]["uid"] for panel in PANELS}
    sources |= {t["datasource"]["uid"] for panel in PANELS for t in panel["targets"]}
    assert sources == {"${datasource}"}


def test_what_alerts_wait_for_is_counted_before_it_happens():
    """A counter that is born at 1 has not risen, so the first failure would raise no alarm."""
    told = Metrics().text().decode()
    assert 'xephang_reloads_total{outcome="failed"} 0.0' in told
    assert 'xephang_refused_total{reason="overloaded"} 0.0' in told


def test_alerts_say_what_to_do():
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS) <= 8
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["labels"]["severity"] in ("warning", "critical")
    pages = re.findall(r"docs/\w+\.md", read(DEPLOY / "prometheus" / "alerts.yaml"))
    assert pages and all((ROOT / page).exists() for page in pages)
