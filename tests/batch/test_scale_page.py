"""What docs/scale.md says comes from what was measured."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scale.md"
RESULT = ROOT / "benchmarks" / "results" / "scale.json"


@pytest.fixture(scope="module")
def result():
    return json.loads(RESULT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("scale_tables", ROOT / "benchmarks" / "scale" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_tables_that_the_figures_make(tables):
    page = PAGE.read_text(encoding="utf-8")
    made = tables.tables()
    assert set(re.findall(r"<!-- table: (\w+) -->", page)) == made.keys()
    assert tables.filled(page, made) == page


def test_what_is_quoted_was_no_quick_trial(result):
    assert not result["settings"]["quick"]
    assert result["machine"]["processor"] and result["machine"]["ray"]


@pytest.mark.parametrize("kind", ["ids", "texts"])
def test_every_round_scored_everything(result, kind):
    pairs = result["settings"][kind]["pairs"]
    assert len(result["rounds"]) == result["settings"]["rounds"] >= 3
    assert {one["pairs"] for turn in result["rounds"] for one in turn[kind].values()} == {pairs}


@pytest.mark.parametrize("kind", ["ids", "texts"])
def test_efficiency_is_of_the_same_round(result, kind):
    one, two = "Ray, 1 worker", "Ray, 2 workers"
    ratios = [
        turn[kind][two]["pairs_per_second"] / (2 * turn[kind][one]["pairs_per_second"]) for turn in result["rounds"]
    ]
    assert result["median"][kind]["efficiency"] == {"median": sorted(ratios)[len(ratios) // 2], "rounds": ratios}


@pytest.mark.parametrize(("load", "said"), [(0.4, "Nothing else ran"), (9.0, "Other work had the machine")])
def test_a_busy_machine_is_told_of(tables, result, load, said):
    turns = [{kind: {"one process": {"load_before": load}} for kind in tables.KINDS}]
    assert said in tables.caution({**result, "rounds": turns})


def test_a_billion_pairs_are_arithmetic(tables, result):
    rate = result["median"]["ids"]["Ray, 1 worker"]["pairs_per_second"]
    (line,) = [line for line in tables.plan(result).splitlines() if "by id" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == f"{1e9 / rate / 3600:,.0f}"
    assert cells[2] == f"{1e9 / rate / 1000 / 60:,.0f}"
