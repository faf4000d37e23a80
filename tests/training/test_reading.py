"""The data of a recipe: products of a catalogue, grades as the labels of a loss, and what the card says of lists."""

from dataclasses import replace

import pytest

from xephang.card import load_record
from xephang.errors import InputError, RecipeError, RowError
from xephang.product import SEED, Product
from xephang.training import Recipe, train
from xephang.training.reading import read_data

PRODUCTS = [{"mã": f"G{i}", "tên hàng": f"Giày {i}", "màu": "đen", "cỡ": 36 + i} for i in range(6)]


def shop(toy, folder, **data):
    """Return a recipe whose pairs and dev judgments name products of a catalogue; the seventh nobody asks for."""
    toy.write_rows(folder / "catalogue.jsonl", [*PRODUCTS, {"mã": "G9", "tên hàng": "Dép", "màu": "đỏ", "cỡ": 40}])
    rows = [{"sentence_0": f"giày {i // 2}", "product_id": f"G{i}", "label": 3 * (i % 2)} for i in range(4)]
    toy.write_rows(folder / "pairs.jsonl", rows)
    dev = [{"query": "giày da", "product_id": f"G{i}", "grade": 3 * (i % 2)} for i in (4, 5)]
    toy.write_rows(folder / "dev.jsonl", dev)
    data = {"pairs": "pairs.jsonl", "dev": "dev.jsonl", "catalogue": "catalogue.jsonl", **data}
    settings = {"max_steps": 1, "per_device_train_batch_size": 4, "seed": 7}
    return Recipe.from_dict(
        {"name": "shop", "data": data, "template": {"name": "seed"}, "hyperparameters": settings}, folder
    )


def rendered(at):
    return SEED.render(Product.from_dict(PRODUCTS[at])).text


def test_products_of_the_catalogue_are_rendered_by_the_recipes_template(toy, tmp_path):
    data = read_data(shop(toy, tmp_path))
    assert [pair.document for pair in data.pairs] == [rendered(i) for i in range(4)]
    assert [judgment.document for judgment in data.dev] == [rendered(4), rendered(5)]
    assert all(row.cut_first for row in (*data.pairs, *data.dev))


def test_a_catalogue_with_names_of_its_own(toy, tmp_path):
    recipe = shop(toy, tmp_path, catalogue_columns={"title": "màu"})
    template = replace(SEED, parts=(("title", "{title}, cỡ {size}"),), cut_first=())
    assert read_data(replace(recipe, template=template)).pairs[0].document == "đen, cỡ 36"


def test_a_product_that_the_catalogue_does_not_have_is_named(toy, tmp_path):
    recipe = shop(toy, tmp_path)
    toy.write_rows(tmp_path / "pairs.jsonl", [{"sentence_0": "giày", "product_id": "G77", "label": 1}])
    with pytest.raises(RowError, match=r"pairs\.jsonl, row 1, field 'product_id': 'G77' is not in the catalogue"):
        read_data(recipe)


def test_a_catalogue_that_is_not_there(toy, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: there is no such file"):
        read_data(shop(toy, tmp_path, catalogue="nowhere.csv"))


def test_dev_judgments_of_a_product_that_is_trained_on_are_refused(toy, tmp_path):
    recipe = shop(toy, tmp_path)
    toy.write_rows(tmp_path / "dev.jsonl", [{"query": "giày da", "product": PRODUCTS[0], "grade": 1}])
    with pytest.raises(InputError, match=r"dev\.jsonl: the document '.*' is in .*pairs\.jsonl too"):
        read_data(recipe)


def test_the_catalogue_is_part_of_the_resolved_recipe(toy, tiny, tmp_path):
    folder = train(shop(toy, tmp_path, label="scaled"), tmp_path / "model", base=str(tiny))
    again = Recipe.load(folder / "recipe.toml")
    assert again.catalogue.samefile(tmp_path / "catalogue.jsonl")
    assert toy.same_weights(train(again, tmp_path / "again"), folder)
    toy.write_rows(tmp_path / "catalogue.jsonl", [{**product, "màu": "đỏ"} for product in PRODUCTS])
    with pytest.raises(RecipeError, match=r"catalogue\.jsonl: SHA-256 is .* the data have changed"):
        train(again, tmp_path / "other")


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        ({}, [0, 1, 2, 3]),
        ({"label": "given"}, [0, 1, 2, 3]),
        ({"label": "binary"}, [0, 0, 1, 1]),
        ({"label": "binary", "relevant_grade": 1}, [0, 1, 1, 1]),
        ({"label": "binary", "relevant_grade": 3}, [0, 0, 0, 1]),
        ({"label": "scaled"}, [0, 1 / 3, 2 / 3, 1]),
    ],
    ids=str,
)
def test_grades_become_the_labels_that_the_recipe_asks_for(toy, tmp_path, data, labels):
    toy.write_rows(tmp_path / "p.jsonl", toy.toy_pairs((0, 1, 2, 3)))
    recipe = Recipe.from_dict({"name": "x", "data": {"pairs": "p.jsonl", **data}}, tmp_path)
    assert [pair.label for pair in read_data(recipe).pairs[:4]] == labels
    again = Recipe.from_dict(recipe.to_dict(), tmp_path)
    assert (again.label, again.relevant_grade) == (recipe.label, recipe.relevant_grade)


@pytest.mark.parametrize("label", ["binary", "scaled"])
@pytest.mark.parametrize("grade", [0.5, 4, -1])
def test_a_label_that_is_no_grade_can_not_be_mapped(toy, tmp_path, label, grade):
    toy.write_rows(tmp_path / "p.jsonl", toy.toy_pairs((0, grade)))
    recipe = Recipe.from_dict({"name": "x", "data": {"pairs": "p.jsonl", "label": label}}, tmp_path)
    with pytest.raises(InputError, match=rf"training row 2: label {grade}, where \[data\] label = '{label}' takes"):
        read_data(recipe)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"label": "bianry"}, r"\[data\] label 'bianry' is not known; did you mean 'binary'"),
        ({"label": "binary", "relevant_grade": 4}, "'relevant_grade' must be 1 to 3, got 4"),
        ({"label": "binary", "relevant_grade": 0}, "'relevant_grade' must be at least 1"),
        ({"relevant_grade": 2}, "'relevant_grade' counts for label = 'binary' only"),
        ({"label": "scaled", "relevant_grade": 2}, "'relevant_grade' counts for label = 'binary' only"),
        ({"catalogue": 3}, "'catalogue' must be str"),
        ({"columns": {"produkt": "x"}}, "did you mean 'product'"),
    ],
    ids=str,
)
def test_a_mistake_in_the_data_settings_is_explained(data, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.from_dict({"name": "x", "data": {"pairs": "p", **data}})


def test_graded_judgments_train_binary_cross_entropy(bake, tiny, tmp_path, toy):
    toy.write_rows(tmp_path / "graded.jsonl", toy.toy_dev())
    recipe = replace(bake(), pairs=tmp_path / "graded.jsonl", label="binary", relevant_grade=2)
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    assert load_record(folder).dataset.statistics[2].shares == {"0": 0.5, "1": 0.5}


def listwise(toy):
    """Six queries with four grades each, and three whose documents are all alike."""
    alike = [{"sentence_0": f"mũ {i // 2}", "sentence_1": f"mũ len {i}", "label": i // 4} for i in range(6)]
    return [
        *toy.toy_pairs((0, 1, 2, 3)),
        *alike,
        {"sentence_0": "giày sneaker màu trắng", "sentence_1": "a", "label": 0},
    ]


@pytest.mark.parametrize("name", ["ListNetLoss", "LambdaLoss"])
def test_the_card_tells_of_the_lists_that_were_trained(bake, tiny, tmp_path, toy, name):
    folder = train(bake(pairs=listwise(toy), loss={"name": name}), tmp_path / "model", base=str(tiny))
    dataset = load_record(folder).dataset
    assert (dataset.size, dataset.columns) == (6, ("query", "docs", "labels"))
    _, documents, labels = dataset.statistics
    assert (documents.type, documents.minimum, documents.mean, documents.maximum) == ("list", 4, 25 / 6, 5)
    assert (labels.type, labels.minimum, labels.maximum) == ("list", 4, 5)
    card = (folder / "README.md").read_text(encoding="utf-8")
    for line in (
        "* Size: 6 training samples",
        "6 queries with 25 documents; documents a query: 4 at least, 4.17 on average, 5 at most",
        "Labels in them: 0: 28.00%, 1: 24.00%, 2: 24.00%, 3: 24.00%.",
        "Left out: 3 of 9 queries, for want of two documents with different labels.",
    ):
        assert line in card


def test_queries_left_out_of_triplets_are_counted_too(bake, tiny, tmp_path, toy):
    recipe = bake(pairs=listwise(toy), loss={"name": "MultipleNegativesRankingLoss"})
    dataset = load_record(train(recipe, tmp_path / "model", base=str(tiny))).dataset
    assert dataset.columns == ("query", "positive", "negative")
    assert any(
        note.startswith("Left out: 3 of 9 queries, for want of a document with a label") for note in dataset.notes
    )


def test_graded_lists_without_an_order_are_counted(bake, tiny, tmp_path, toy):
    recipe = bake(pairs=listwise(toy), loss={"name": "GradedListLoss"})
    notes = load_record(train(recipe, tmp_path / "model", base=str(tiny))).dataset.notes
    assert any(note.startswith("Lists: 9 queries with 31 documents") for note in notes)
    assert "Lists whose grades are all 0, which teach no order: 2." in notes


def test_pairs_have_nothing_to_add(bake, tiny, tmp_path):
    assert load_record(train(bake(), tmp_path / "model", base=str(tiny))).dataset.notes == ()
