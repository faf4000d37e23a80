"""The loss for graded lists: its value on lists worked out by hand, and runs with it from judgments."""

from math import exp, log

import pytest
import torch
from sentence_transformers import CrossEncoder
from torch import nn

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import InputError, RecipeError, RowError
from xephang.training import Recipe, train
from xephang.training.graded_list import GradedListLoss

GRADED = {"name": "GradedListLoss"}
INPUTS = [["giày nam", "dép"], [["giày nam đen", "dép nữ | size 36 đế êm", "sandal"], ["guốc gỗ", "giày"]]]
GRADES = [torch.tensor([3, 0, 2]), torch.tensor([0, 0])]


@pytest.fixture(scope="module")
def model(tiny):
    return CrossEncoder(str(tiny), device="cpu").eval()


@pytest.fixture(scope="module")
def logits(model):
    """The logits of INPUTS, list by list."""
    return [
        model.predict([(query, text) for text in texts], activation_fn=nn.Identity()).tolist()
        for query, texts in zip(*INPUTS, strict=True)
    ]


def list_loss(scores, grades):
    gains = [2**grade - 1 for grade in grades]
    whole = log(sum(exp(score) for score in scores))
    return -sum(gain / sum(gains) * (score - whole) for gain, score in zip(gains, scores, strict=True))


def pair_loss(scores, grades, targets=(0.01, 0.08, 0.72, 0.97)):
    chances = [1 / (1 + exp(-score)) for score in scores]
    worth = [targets[grade] for grade in grades]
    return -sum(w * log(c) + (1 - w) * log(1 - c) for w, c in zip(worth, chances, strict=True)) / len(scores)


def value(loss, inputs=INPUTS, grades=GRADES):
    with torch.no_grad():
        return loss(inputs, grades).item()


def test_the_list_part_is_cross_entropy_with_the_gains_and_passes_over_lists_without_any(model, logits):
    found = value(GradedListLoss(model, pair_weight=0))
    assert found == pytest.approx(list_loss(logits[0], [3, 0, 2]), rel=1e-4)


def test_the_list_part_is_a_mean_over_lists_of_any_length(model, logits):
    grades = [torch.tensor([3, 0, 2]), torch.tensor([0, 1])]
    expected = (list_loss(logits[0], [3, 0, 2]) + list_loss(logits[1], [0, 1])) / 2
    assert value(GradedListLoss(model, pair_weight=0), grades=grades) == pytest.approx(expected, rel=1e-4)


def test_the_pair_part_is_a_mean_over_all_pairs(model, logits):
    found = value(GradedListLoss(model, list_weight=0))
    assert found == pytest.approx(pair_loss([*logits[0], *logits[1]], [3, 0, 2, 0, 0]), rel=1e-4)


def test_targets_and_weights_count(model, logits):
    targets = [0, 0.25, 0.5, 1]
    loss = GradedListLoss(model, targets=targets, list_weight=2.0, pair_weight=0.5)
    expected = 2 * list_loss(logits[0], [3, 0, 2])
    expected += 0.5 * pair_loss([*logits[0], *logits[1]], [3, 0, 2, 0, 0], targets)
    assert value(loss) == pytest.approx(expected, rel=1e-4)
    assert loss.get_config_dict() == {"targets": targets, "list_weight": 2.0, "pair_weight": 0.5}


@pytest.fixture(scope="module")
def teacher(tiny_apart):
    return Reranker.load(tiny_apart, precision="fp32", threads=1)


def margin_loss(scores, taught):
    """Half the mean squared error of the margins of each two documents, a document with itself among them."""
    pairs = [(i, j) for i in range(len(scores)) for j in range(len(scores))]
    return sum((scores[i] - scores[j] - taught[i] + taught[j]) ** 2 for i, j in pairs) / len(pairs) / 2


def test_the_teachers_part_is_a_mean_over_lists_of_the_error_of_margins(model, logits, teacher):
    asked = ["giày nữ đế êm", "dép"]  # not what the model reads: the teacher gets the query without its noise
    taught = [
        teacher.score([(query, text) for text in texts]).logits.tolist()
        for query, texts in zip(asked, INPUTS[1], strict=True)
    ]
    loss = GradedListLoss(model, teacher=teacher, teacher_weight=3.0)
    part = sum(margin_loss(*both) for both in zip(logits, taught, strict=True)) / 2
    assert part > 0.01
    expected = value(GradedListLoss(model)) + 3 * part
    assert value(loss, [*INPUTS, asked]) == pytest.approx(expected, rel=1e-4)
    assert value(loss, [*INPUTS, INPUTS[0]]) != pytest.approx(expected, rel=1e-4)
    assert loss.get_config_dict()["teacher_weight"] == 3


def test_margins_count_and_not_where_they_lie(model, logits):
    class Shifted:
        """A teacher whose logits are the model's, and so many higher."""

        def score(self, pairs):
            found = torch.tensor([*logits[0], *logits[1]]) + torch.tensor([5.0] * 3 + [-7.0] * 2)
            return type("Scores", (), {"logits": found.numpy()})

    loss = GradedListLoss(model, teacher=Shifted())
    assert value(loss, [*INPUTS, INPUTS[0]]) == pytest.approx(value(GradedListLoss(model)), abs=1e-5)


def test_a_list_of_one_document_has_no_margins(model, teacher):
    inputs, grades = [["giày nam"], [["giày nam đen"]]], [torch.tensor([3])]
    taught = value(GradedListLoss(model, teacher=teacher), [*inputs, ["giày"]], grades)
    assert taught == pytest.approx(value(GradedListLoss(model), inputs, grades))


def test_a_run_with_a_teacher_reads_queries_without_noise_and_says_who_taught(bake, tiny, tiny_apart, tmp_path, toy):
    noisy = [{**row, "query": row["query"].replace("giày", "giafy")} for row in toy.graded()]
    clean = [{**row, "clean": other["query"]} for row, other in zip(noisy, toy.graded(), strict=True)]
    folders = []
    for name, rows in (("noisy", noisy), ("clean", clean)):
        loss = {**GRADED, "teacher_weight": 10.0}
        recipe = bake(pairs=rows, loss=loss, model={"teacher": str(tiny_apart)})
        folders.append(train(recipe, tmp_path / name, base=str(tiny)))
    assert not toy.same_weights(*folders)
    record = load_record(folders[0])
    assert record.loss.parameters["teacher_weight"] == 10
    assert f"It also learnt the margins of {tiny_apart.name}, its teacher." in record.base_note
    assert Recipe.load(folders[0] / "recipe.toml").teacher_name == tiny_apart.name


def test_a_run_without_a_teacher_leaves_a_recipe_without_one(bake, tiny, tmp_path, toy):
    folder = train(bake(pairs=toy.graded(), loss=GRADED), tmp_path / "model", base=str(tiny))
    assert Recipe.load(folder / "recipe.toml").teacher == ""
    assert "teacher" not in load_record(folder).base_note


def test_gradients_are_finite_where_lists_differ_in_length_or_teach_nothing(tiny):
    model = CrossEncoder(str(tiny), device="cpu")
    for grades in (GRADES, [torch.tensor([0, 0, 0]), torch.tensor([0, 0])]):
        model.zero_grad()
        GradedListLoss(model)(INPUTS, grades).backward()
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        assert gradients
        assert all(torch.isfinite(gradient).all() for gradient in gradients)
        assert any(gradient.abs().sum() > 0 for gradient in gradients)


def test_it_trains_under_bfloat16(model, bake, tiny, tmp_path, toy):
    with torch.autocast("cpu", torch.bfloat16):
        assert GradedListLoss(model)(INPUTS, GRADES).dtype == torch.float32
    recipe = bake(pairs=toy.graded(), loss=GRADED, hyperparameters={"bf16": True})
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    assert not toy.same_weights(folder, tiny)
    assert all(weight.isfinite().all() for weight in toy.weights(folder).values())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"targets": [0, 0.5, 1]}, "targets must be 4 numbers from 0 to 1, one a grade"),
        ({"targets": [0, 0.5, 1, 1.5]}, "targets must be 4 numbers"),
        ({"targets": "high"}, "GradedListLoss: "),
        ({"list_weight": -1}, "must be 0 or more, and not both 0"),
        ({"list_weight": 0, "pair_weight": 0}, "not both 0"),
        ({"pair_weight": "much"}, "GradedListLoss: "),
        ({"target": [0]}, "did you mean 'targets'"),
        ({"teacher_weight": 1}, "'teacher_weight' counts with a teacher only"),
        ({"teacher": "giay"}, "'teacher' is not known; did you mean 'teacher_weight'"),
    ],
    ids=str,
)
def test_a_mistake_in_its_parameters_is_explained(bake, tiny, tmp_path, toy, parameters, message):
    with pytest.raises(RecipeError, match=message):
        train(bake(pairs=toy.graded(), loss={**GRADED, **parameters}), tmp_path / "model", base=str(tiny))


def test_it_is_no_loss_for_classes(bake, tiny_classes, tmp_path, toy):
    with pytest.raises(RecipeError, match="1 label, and this one has 3"):
        train(bake(pairs=toy.graded(), loss=GRADED, model={"num_labels": 3}), tmp_path / "m", base=str(tiny_classes))


def test_a_run_on_judgments_learns_their_order(bake, tiny, tmp_path, toy):
    rows = toy.graded()
    settings = {"max_steps": 60, "per_device_train_batch_size": 6, "learning_rate": 3e-3}
    folder = train(bake(pairs=rows, loss=GRADED, hyperparameters=settings), tmp_path / "model", base=str(tiny))
    first, last = (line["loss"] for line in [x for x in toy.metrics(folder) if "loss" in x][::6])
    assert last < first
    scores = CrossEncoder(str(folder), device="cpu").predict([(row["query"], row["document"]) for row in rows])
    of_grade = {g: [s for s, row in zip(scores, rows, strict=True) if row["grade"] == g] for g in range(4)}
    means = [sum(found) / len(found) for found in of_grade.values()]
    assert means == sorted(means)
    assert means[3] - means[0] > 0.5


def test_a_batch_counts_lists(bake, tiny, tmp_path, toy):
    settings = {"max_steps": -1, "num_train_epochs": 1, "per_device_train_batch_size": 4, "logging_steps": 1}
    folder = train(bake(pairs=toy.graded(), loss=GRADED, hyperparameters=settings), tmp_path / "m", base=str(tiny))
    assert [line["step"] for line in toy.metrics(folder) if "loss" in line] == [1, 2]  # six lists


@pytest.mark.parametrize("name", ["LambdaLoss", "BinaryCrossEntropyLoss"])
def test_judgments_train_other_losses_where_their_labels_fit(bake, tiny, tmp_path, toy, name):
    rows = [{**row, "grade": min(row["grade"], 1)} for row in toy.graded()]
    folder = train(bake(pairs=rows, loss={"name": name}), tmp_path / "model", base=str(tiny))
    assert not toy.same_weights(folder, tiny)


def test_labels_that_are_no_grades_are_refused(bake, tiny, tmp_path, toy):
    with pytest.raises(InputError, match=r"row 2: label 0\.5, where this loss takes whole numbers from 0 to 3;"):
        train(bake(pairs=toy.toy_pairs((1, 0.5)), loss=GRADED), tmp_path / "model", base=str(tiny))
    rows = [{**row, "grade": 4} for row in toy.graded()]
    with pytest.raises(RowError, match=r"row 1, field 'grade': expected a grade 0, 1, 2 or 3, got 4"):
        train(bake(pairs=rows, loss=GRADED), tmp_path / "model", base=str(tiny))


def test_the_paper_is_cited_and_the_parameters_are_recorded(bake, tiny, tmp_path, toy):
    folder = train(bake(pairs=toy.graded(), loss=GRADED), tmp_path / "model", base=str(tiny))
    assert load_record(folder).loss.parameters["targets"] == [0.01, 0.08, 0.72, 0.97]
    assert "cao-2007-listnet" in (folder / "README.md").read_text(encoding="utf-8")
