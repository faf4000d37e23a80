"""The figures of docs/search-speed.md come from what was measured."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULT = json.loads((ROOT / "benchmarks" / "results" / "search.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables():
    """The module that prints the tables."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "search"))
    try:
        import speed_tables
    finally:
        sys.path.remove(str(ROOT / "benchmarks" / "search"))
    return speed_tables


def test_the_page_has_the_tables_that_the_figures_make(tables):
    page = (ROOT / "docs" / "search-speed.md").read_text(encoding="utf-8")
    assert tables.filled(page, tables.tables()) == page
    assert all(made in page for made in tables.tables().values())


def test_every_stage_of_every_shop_was_measured(tables):
    assert [shop["products"] for shop in RESULT["shops"]] == [10_000, 100_000, 1_000_000]
    for shop in RESULT["shops"]:
        assert set(shop["milliseconds"]) == set(tables.STAGES)
        assert all(one["p50"] <= one["p95"] for one in shop["milliseconds"].values())
