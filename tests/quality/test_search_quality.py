"""What docs/search-quality.md says comes from what was measured, and what is measured is what was graded."""

import importlib.util
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SEARCH = ROOT / "benchmarks" / "search"
PAGE = ROOT / "docs" / "search-quality.md"
RESULT = json.loads((SEARCH / "results" / "quality.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scripts():
    """The benchmark's modules, which import each other by bare names; they put `scripts` on the path."""
    before, sys.path[:] = list(sys.path), [str(SEARCH), *sys.path]
    try:
        import graded
        import measures
    finally:
        sys.path[:] = before
    spec = importlib.util.spec_from_file_location("search_tables", SEARCH / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    return {"graded": graded, "measures": measures, "tables": tables}


@pytest.fixture(scope="module")
def few(scripts):
    """A small catalogue, with a few queries."""
    return scripts["graded"].graded(scripts["graded"].Source("dev", 7, 4, listings=300))


def test_the_page_shows_what_was_measured(scripts):
    tables = scripts["tables"]
    page = PAGE.read_text(encoding="utf-8")
    shown = {match[2]: match[0] for match in tables.BLOCK.finditer(page)}
    assert set(shown) == set(tables.TABLES)
    for name, made in tables.TABLES.items():
        assert made(RESULT) in shown[name], name


def test_figures_in_the_text_are_the_measured_ones():
    page = PAGE.read_text(encoding="utf-8")
    assert f"their {RESULT['dev']['queries']} queries" in page
    assert f"The {RESULT['real']['queries']} queries and {RESULT['real']['grades']:,} grades" in page
    assert f"{RESULT['real']['products']:,} listings" in page
    assert f"The model is `{RESULT['model']}`" in page


@pytest.mark.parametrize("of", ["dev", "held out"])
def test_the_first_stage_is_not_what_limits(of):
    found = RESULT[of]
    assert found["100 against the whole catalogue"]["high"] >= 0
    assert found["all"]["ideal"] > found["all"]["together"] >= found["all"]["reranked"]
    for kind, row in found["by"]["noise"].items():
        assert row["recall"] > row["BM25 folded, recall"], kind
        assert row["ideal"] >= max(row["together"], row["reranked"], row["first"]), kind


def test_both_together_are_better_than_either_on_real_listings():
    for wording in ("query", "clean"):
        row = RESULT["real"][wording]
        assert row["together"] > max(row["first"], row["reranked"])


def test_figures_hold_no_text_of_a_listing_or_a_query():
    text = json.dumps({name: RESULT[name] for name in ("dev", "held out", "real")}, ensure_ascii=False)
    assert not re.search(r"[^\x00-\x7f]", text)


def test_every_product_has_a_grade_for_every_query(few):
    assert len({product.id for product in few.products}) == len(few.products) > 90
    for query in few.queries:
        assert len(query.grades) == len(few.products)
        assert set(query.grades.tolist()) <= {0, 1, 2, 3}


def test_grades_are_those_of_the_judgments(few):
    place = {product.id: at for at, product in enumerate(few.products)}
    for query in few.queries:
        assert [int(query.grades[place[one.id]]) for one, _ in query.made.judged] == [
            grade for _, grade in query.made.judged
        ]


def test_queries_are_typed_in_every_kind_that_changes_them_and_always_alike(few):
    for query in few.queries:
        typed = query.typed()
        assert typed == query.typed()
        assert typed["clean"] == query.clean
        assert all(text != query.clean for kind, text in typed.items() if kind != "clean")
        assert typed["caps"] == query.clean.upper()


def test_recall_of_more_than_can_be_found_is_a_share_of_what_can(scripts):
    recall = scripts["measures"].recall
    grades = np.array([3, 3, 0, 3, 2, 0], np.int8)
    assert recall(grades, np.array([0, 2]), 3) == pytest.approx(1 / 3)
    assert recall(grades, np.array([0, 1, 3]), 3) == 1
    assert recall(grades, np.array([0, 1]), 3, depth=2) == 1
    assert recall(grades, np.array([4, 2]), 2, depth=2) == 0.5
    assert recall(grades, np.array([], np.int64), 3) == 0
    assert math.isnan(recall(np.zeros(4, np.int8), np.array([0]), 3))


def test_ndcg_is_against_the_whole_catalogue(scripts):
    ndcg, ideal = scripts["measures"].ndcg, scripts["measures"].ideal
    grades = np.array([0, 3, 1, 2], np.int8)
    assert ndcg(grades, np.array([1, 3, 2, 0])) == 1
    assert ndcg(grades, np.array([1])) == pytest.approx(7 / (7 + 3 / math.log2(3) + 1 / 2))
    assert ndcg(grades, np.array([0])) == 0
    assert ideal(grades, np.array([0, 2, 1])).tolist() == [1, 2, 0]
    assert math.isnan(ndcg(np.zeros(3, np.int8), np.array([0])))


def test_means_leave_out_queries_without_the_measure(scripts):
    rows = [{"a": 1.0, "b": 0.5}, {"a": float("nan")}, {"a": 0.0, "b": 1.0}]
    assert scripts["measures"].means(rows) == {"queries": 3, "a": 0.5, "b": 0.75}


def test_a_difference_s_interval_holds_its_mean(scripts):
    found = scripts["measures"].interval([0.1, 0.2, 0.3, float("nan")] * 10)
    assert found["low"] < found["mean"] == 0.2 < found["high"]
