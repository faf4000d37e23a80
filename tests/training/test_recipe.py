"""Recipes: what they may say, and how they complain."""

import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from xephang.errors import RecipeError
from xephang.product import LISTING, SEED
from xephang.training import Recipe
from xephang.training.recipe import LossSettings

ROOT = Path(__file__).parents[2]
LEAST = {"name": "toy", "data": {"pairs": "rows.jsonl"}}


def test_a_recipe_of_three_lines_has_every_default(tmp_path):
    recipe = Recipe.from_dict(LEAST, tmp_path)
    assert recipe.pairs == tmp_path / "rows.jsonl"
    assert recipe.base == "cross-encoder/ms-marco-MiniLM-L6-v2"
    assert (recipe.max_length, recipe.num_labels, recipe.dev, recipe.patience) == (512, 1, None, None)
    assert recipe.loss == LossSettings("BinaryCrossEntropyLoss", {})
    assert recipe.template == LISTING


def test_the_seed_recipe_loads_and_its_rows_are_there():
    recipe = Recipe.load(ROOT / "recipes" / "seed.toml")
    assert recipe.name == "seed"
    assert recipe.pairs.is_file()


def test_the_bundled_recipe_reads_what_make_model_writes():
    recipe = Recipe.load(ROOT / "recipes" / "giay.toml")
    made = (ROOT / "runs" / "data").resolve()
    assert recipe.name == "giay"
    assert (recipe.pairs.resolve(), recipe.dev.resolve()) == (made / "train.jsonl", made / "dev.jsonl")


def test_the_seed_recipe_says_what_the_card_says():
    recipe = Recipe.load(ROOT / "recipes" / "seed.toml")
    assert (recipe.base, recipe.max_length, recipe.num_labels) == ("cross-encoder/ms-marco-MiniLM-L6-v2", 512, 1)
    assert recipe.loss == LossSettings("FitMixinLoss", {"loss_fct": "torch.nn.BCEWithLogitsLoss"})
    assert recipe.template == SEED


def test_paths_count_from_the_recipes_folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "base").mkdir()
    path = tmp_path / "data" / "r.toml"
    path.write_text('name = "x"\n[model]\nbase = "base"\n[data]\npairs = "../p.csv"\ndev = "d.csv"\n', encoding="utf-8")
    recipe = Recipe.load(path)
    assert recipe.pairs.resolve() == tmp_path / "p.csv"
    assert recipe.dev == tmp_path / "data" / "d.csv"
    assert recipe.base == str(tmp_path / "data" / "base")


def test_a_teacher_is_a_folder_beside_the_recipe_or_a_name(tmp_path):
    (tmp_path / "large").mkdir()
    for name, read in (("large", str(tmp_path / "large")), ("giay", "giay"), ("a/b", "a/b")):
        table = {**LEAST, "model": {"teacher": name}, "loss": {"name": "GradedListLoss"}}
        recipe = Recipe.from_dict(table, tmp_path)
        assert (recipe.teacher, recipe.teacher_name) == (read, name)
    for model in ({}, {"teacher": ""}):
        assert Recipe.from_dict({**LEAST, "model": model}, tmp_path).teacher == ""


@pytest.mark.parametrize("loss", [{}, {"loss": {"name": "MarginMSELoss"}}])
def test_a_teacher_of_a_loss_that_learns_from_none_is_refused(loss):
    with pytest.raises(RecipeError, match=r"\[model\] 'teacher': GradedListLoss learns from one, and .* does not"):
        Recipe.from_dict({**LEAST, "model": {"teacher": "giay"}, **loss})


def test_a_byte_order_mark_is_no_matter(tmp_path):
    (tmp_path / "r.toml").write_text('name = "giày"\n[data]\npairs = "p.csv"\n', encoding="utf-8-sig")
    assert Recipe.load(tmp_path / "r.toml").name == "giày"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"name = ", "not valid TOML", id="cut short"),
        pytest.param(b'{"name": "x"}', "not valid TOML", id="JSON"),
        pytest.param(b'name = "gi\xe0y"', "not valid TOML", id="Latin-1"),
        pytest.param(b'name = "a"\nname = "b"\n', "not valid TOML", id="a key twice"),
        pytest.param(b"", "'name' is missing", id="empty"),
        pytest.param(b'name = "x"\n', r"'pairs' is missing from \[data\]", id="no rows named"),
        pytest.param(b'nmae = "x"\n', "did you mean 'name'", id="misspelt key"),
    ],
)
def test_a_file_that_is_no_recipe_is_named(tmp_path, content, message):
    (tmp_path / "r.toml").write_bytes(content)
    with pytest.raises(RecipeError, match=message) as error:
        Recipe.load(tmp_path / "r.toml")
    assert str(error.value).startswith(str(tmp_path / "r.toml"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(RecipeError, match=r"nowhere\.toml: can not be read .*give the path of a recipe"):
        Recipe.load(tmp_path / "nowhere.toml")
    with pytest.raises(RecipeError, match="can not be read"):
        Recipe.load(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"modle": {}}, "the recipe: 'modle' is not known; did you mean 'model'"),
        ({"hyperparameter": {}}, "did you mean 'hyperparameters'"),
        ({"model": {"max_lenght": 5}}, r"\[model\]: 'max_lenght' is not known; did you mean 'max_length'"),
        ({"data": {"pairs": "p", "pair": "q"}}, r"\[data\]: 'pair' is not known; did you mean 'pairs'"),
        ({"selection": {"metrics": "map"}}, r"\[selection\]: 'metrics' is not known; did you mean 'metric'"),
        (
            {"selection": {"metric": "ndcg@100"}},
            r"\[selection\] metric 'ndcg@100' is not known; did you mean 'ndcg@10'",
        ),
        ({"card": {"licence": "MIT"}}, r"\[card\]: 'licence' is not known; did you mean 'license'"),
        ({"card": {"zzz": "x"}}, "known are title, language"),
        (
            {"data": {"pairs": "p", "columns": {"query": "q"}}},
            r"\[data.columns\]: 'query' is not known; known are sent",
        ),
        ({"data": {"pairs": "p", "dev_columns": {"grades": "q"}}}, "did you mean 'grade'"),
        ({"template": {"name": "sede"}}, "no template is called 'sede'"),
        ({"loss": {"loss_fct": "x"}}, r"\[loss\]: give its 'name'"),
        ({"model": {"vocab": 5}}, r"\[model\]: 'vocab' is not known; did you mean 'vocabulary'"),
        ({"model": {"lexicon": "footwear"}}, "'lexicon' counts for a new vocabulary only: give 'vocabulary' too"),
    ],
)
def test_an_unknown_key_or_choice_offers_the_nearest(table, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.from_dict({**LEAST, **table})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": 5}, "'name' must be str, got 5"),
        ({"model": "x"}, r"'model' must be a table: \[model\]"),
        ({"model": {"base": 1}}, "'base' must be str"),
        ({"model": {"max_length": "512"}}, "'max_length' must be int, got '512'"),
        ({"model": {"max_length": True}}, "'max_length' must be int, got True"),
        ({"model": {"max_length": 0}}, "'max_length' must be at least 1"),
        ({"model": {"num_labels": 1.0}}, "'num_labels' must be int"),
        ({"model": {"vocabulary": "20000"}}, "'vocabulary' must be int"),
        ({"model": {"vocabulary": 0}}, "'vocabulary' must be at least 1"),
        ({"model": {"intermediate_size": 0}}, "'intermediate_size' must be at least 1"),
        ({"model": {"intermediate_size": 384.0}}, "'intermediate_size' must be int"),
        ({"model": {"teacher": ["giay"]}}, "'teacher' must be str"),
        ({"model": {"layers": 3}}, "'layers' must be list"),
        ({"model": {"layers": [0, "1"]}}, "'layers' must be different whole numbers from 0"),
        ({"model": {"layers": [True]}}, "'layers' must be different whole numbers from 0"),
        ({"model": {"layers": [-1]}}, "'layers' must be different whole numbers from 0"),
        ({"model": {"layers": [1, 1]}}, "'layers' must be different whole numbers from 0"),
        ({"data": {"pairs": ["a", "b"]}}, "'pairs' must be str"),
        ({"data": {"pairs": "p", "columns": "q"}}, "'columns' must be dict"),
        ({"data": {"pairs": "p", "dev": False}}, "'dev' must be str"),
        ({"selection": {"patience": -1}}, "'patience' must be at least 1"),
        ({"loss": "MSELoss"}, r"'loss' must be a table"),
        ({"hyperparameters": []}, r"'hyperparameters' must be a table"),
        ({"card": {"language": ["vi", "en"]}}, "'language' must be str"),
        ({"template": "seed"}, r"'template' must be a table"),
    ],
)
def test_a_wrong_type_is_refused(table, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.from_dict({**LEAST, **table})


def test_what_a_recipe_says_survives_being_written(tmp_path):
    table = {
        "name": "đủ",
        "model": {"base": "a/b", "base_sha256": "0" * 64, "max_length": 128, "num_labels": 4}
        | {"vocabulary": 20_000, "vocabulary_sha256": "1" * 64, "lexicon": "footwear", "layers": [0, 1, 5]},
        "data": {"pairs": "p.csv", "columns": {"label": "điểm"}, "dev": "d.csv", "dev_columns": {"grade": "điểm"}},
        "selection": {"metric": "map", "patience": 3},
        "loss": {"name": "FitMixinLoss", "loss_fct": "torch.nn.MSELoss", "loss_fct_args": {"reduction": "sum"}},
        "hyperparameters": {"learning_rate": 2e-5, "lr_scheduler_kwargs": {"num_cycles": 2}},
        "card": {"title": "Giày", "license": "mit"},
        "template": {"name": "seed", "separator": " ; "},
    }
    recipe = Recipe.from_dict(table, tmp_path)
    (tmp_path / "again.toml").write_text(tomli_w.dumps(recipe.to_dict()), encoding="utf-8")
    assert Recipe.load(tmp_path / "again.toml") == recipe


def test_what_a_recipe_says_of_teacher_and_narrowing_survives_too(tmp_path):
    model = {"teacher": "giay", "intermediate_size": 384, "product_position": 24}
    table = {**LEAST, "model": model, "loss": {"name": "GradedListLoss", "teacher_weight": 0.5}}
    recipe = Recipe.from_dict(table, tmp_path)
    assert (recipe.teacher, recipe.intermediate_size, recipe.product_position) == ("giay", 384, 24)
    (tmp_path / "again.toml").write_text(tomli_w.dumps(recipe.to_dict()), encoding="utf-8")
    assert Recipe.load(tmp_path / "again.toml") == recipe


def test_what_is_none_is_left_out_where_toml_has_no_word_for_it():
    settings = {"data_seed": None, "accelerator_config": {"dispatch_batches": None, "even_batches": True}}
    written = Recipe.from_dict({**LEAST, "hyperparameters": settings}).to_dict()["hyperparameters"]
    assert written == {"accelerator_config": {"even_batches": True}}


KEYS = st.sampled_from(["name", "model", "data", "pairs", "base", "max_length", "loss", "card", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_table_is_a_recipe_or_a_recipe_error(table):
    try:
        recipe = Recipe.from_dict(table)
    except RecipeError:
        return
    assert tomllib.loads(tomli_w.dumps(recipe.to_dict()))["name"] == recipe.name
