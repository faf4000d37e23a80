"""The speeds that README and docs quote come from the rounds that were measured."""

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEED = ROOT / "benchmarks" / "speed"
RESULT = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text(encoding="utf-8"))
MEMORY = json.loads((ROOT / "benchmarks" / "results" / "memory.json").read_text(encoding="utf-8"))
CORPORA = ("seed texts", "listing texts")


@pytest.fixture(scope="module")
def tables():
    """The module that prints the tables."""
    sys.path.insert(0, str(SPEED))
    try:
        import tables
    finally:
        sys.path.remove(str(SPEED))
    return tables


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_ratio_is_the_median_of_what_ran_side_by_side(corpus):
    seconds = RESULT[corpus]["seconds"]
    rounds = list(zip(*seconds.values(), strict=True))
    for place, (name, values) in enumerate(seconds.items()):
        assert RESULT[corpus]["median"][name] == statistics.median(values)
        assert RESULT[corpus]["times_faster"][name] == statistics.median(taken[0] / taken[place] for taken in rounds)


def test_the_docs_have_the_tables_that_the_figures_make(tables):
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    made = (tables.stages(RESULT), tables.growth(RESULT), tables.memory(MEMORY), tables.quality(tables.load_quality()))
    for one in made:
        assert one.strip() in page


def test_the_readme_quotes_them(tables):
    quoted = re.findall(r"\| ([\d,.]+ ms \([\d,.]+×\))", (ROOT / "README.md").read_text(encoding="utf-8"))
    made = re.findall(r"\| ([\d,.]+ ms \([\d,.]+×\))", tables.stages(RESULT))
    assert quoted and set(quoted) <= set(made)


def test_every_contender_has_a_row(tables):
    assert set(RESULT["seed texts"]["seconds"]) == {*tables.PEERS, *tables.STAGES}


def test_the_script_takes_ratios_round_by_round():
    """A machine that slows down for one round changes no ratio, though it changes a ratio of medians."""
    code = (
        "import json, measure; print(json.dumps(measure.summary("
        "{'sentence-transformers torch': [2.0, 20.0, 3.0], 'xephang': [1.0, 10.0, 1.0]})))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=SPEED, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    assert found["times_faster"] == {"sentence-transformers torch": 1.0, "xephang": 2.0}
    assert found["median"] == {"sentence-transformers torch": 3.0, "xephang": 1.0}
