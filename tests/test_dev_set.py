"""The dev set on real listings: whole, well formed, and apart from everything that is trained on."""

import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

from xephang.text import fold, normalise

ROOT = Path(__file__).parents[1]
QUALITY = ROOT / "benchmarks" / "quality"


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def key(text: object) -> str:
    return fold(normalise(str(text))).lower()


@pytest.fixture(scope="module")
def queries() -> list[dict[str, object]]:
    return rows(QUALITY / "queries.jsonl")


@pytest.fixture(scope="module")
def grades() -> list[dict[str, object]]:
    return rows(QUALITY / "grades.jsonl")


def test_there_are_enough_queries_each_with_about_thirty_graded_listings(queries, grades):
    assert len(queries) >= 80
    assert len({row["id"] for row in queries}) == len(queries)
    per_query = Counter(row["query_id"] for row in grades)
    assert set(per_query) == {row["id"] for row in queries}
    assert all(25 <= count <= 35 for count in per_query.values())


def test_the_pool_was_graded_whole_and_once(grades):
    graded = [(row["query_id"], row["listing_id"]) for row in grades]
    pooled = [(row["query_id"], row["listing_id"]) for row in rows(QUALITY / "pool.jsonl")]
    assert sorted(graded) == sorted(pooled)
    assert len(set(graded)) == len(graded)
    assert {row["grade"] for row in grades} == {0, 1, 2, 3}


def test_a_tenth_was_graded_twice(grades):
    graded = {(row["query_id"], row["listing_id"]) for row in grades}
    second = [(row["query_id"], row["listing_id"]) for row in rows(QUALITY / "grades_second.jsonl")]
    assert len(second) >= len(graded) / 10
    assert set(second) <= graded


def test_no_query_of_it_is_trained_on(queries, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    script = runpy.run_path(str(ROOT / "scripts" / "make_judgments.py"))
    asked = {key(row["query"]) for row in queries} | {key(row["clean"]) for row in queries}
    assert asked <= {key(query) for query in script["kept_out"]()}
    monkeypatch.setattr(
        "sys.argv", ["", "--queries", "60", "--dev-queries", "8", "--products", "300", "-o", str(tmp_path)]
    )
    script["main"]()
    made = {name: rows(tmp_path / f"{name}.jsonl") for name in ("train", "dev")}
    trained = {name: {key(row["query"]) for row in found} for name, found in made.items()}
    assert len(trained["train"]) == 60 and len(trained["dev"]) == 8
    assert not asked & (trained["train"] | trained["dev"]) and not trained["train"] & trained["dev"]
    texts = [{key(row["document"]) for row in made[name]} for name in ("train", "dev")]
    assert not texts[0] & texts[1]
    assert not asked & {key(row["sentence_0"]) for row in rows(ROOT / "recipes" / "seed.jsonl")}


def test_no_recipe_names_it():
    for recipe in (ROOT / "recipes").glob("*.toml"):
        assert "benchmarks" not in recipe.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["grades.jsonl", "grades_second.jsonl", "pool.jsonl"])
def test_no_text_of_a_listing_is_kept(name):
    allowed = {"query_id", "listing_id", "grade"}
    for row in rows(QUALITY / name):
        assert set(row) <= allowed
        assert str(row["listing_id"]).isdigit()


def test_agreement_is_computed_from_the_two_gradings(grades):
    found = runpy.run_path(str(QUALITY / "measure.py"))["agreement"]()
    first = {(row["query_id"], row["listing_id"]): row["grade"] for row in grades}
    second = rows(QUALITY / "grades_second.jsonl")
    same = sum(first[row["query_id"], row["listing_id"]] == row["grade"] for row in second)
    assert found["rows"] == len(second)
    assert found["exact"] == pytest.approx(same / len(second))
    assert found["exact"] <= found["within_one"] <= 1
    assert found["kappa"] <= found["quadratic_weighted_kappa"] <= 1
