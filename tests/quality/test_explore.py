"""The log of experiments in the docs is what was measured."""

from pathlib import Path

from explore import VARIANTS, as_table, log, variant

from xephang.training import Recipe

ROOT = Path(__file__).parents[2]


def test_the_docs_have_the_log_as_it_is():
    assert len(log()) > 10
    assert as_table().strip() in (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")


def test_every_variant_changes_the_recipe_or_is_it():
    recipe = Recipe.load(ROOT / "recipes" / "giay-teacher.toml")
    of_rows = {name for name, (_, changes) in VARIANTS.items() if {"without_grade", "noise"} & changes.keys()}
    as_it_is = _settings(variant(recipe, "recipe", 300))
    alike = [name for name in VARIANTS if name not in of_rows and _settings(variant(recipe, name, 300)) == as_it_is]
    assert alike == ["recipe", "apart"]


def _settings(recipe: Recipe) -> dict[str, object]:
    return {**vars(recipe), "name": ""}
