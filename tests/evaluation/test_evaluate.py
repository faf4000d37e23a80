import json

import numpy as np
import pytest

from xephang import Reranker
from xephang.errors import GateError, InputError, ModelError
from xephang.evaluation import Bm25, Run, evaluate
from xephang.evaluation.evaluation import label
from xephang.evaluation.significance import holm, randomisation_test
from xephang.judgments import Judgment, measure
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import ALL_METRICS


@pytest.fixture
def compared(grades, given):
    """Six queries on which one system is always right, one always wrong, and one in between."""
    judged = grades(*([3, 2, 0, 0] for _ in range(6)))
    right, wrong = (4, 3, 2, 1) * 6, (1, 2, 3, 4) * 6
    between = (4, 3, 2, 1) * 3 + (1, 2, 3, 4) * 3
    return evaluate([given("right", right), given("wrong", wrong), given("between", between)], judged, bm25=False)


def test_means_are_those_of_measure(compared, grades):
    judgments = list(compared.judged.judgments)
    for place, result in enumerate(compared.results):
        wanted = measure(judgments, result.scored.scores.tolist(), ALL_METRICS)
        assert {name: compared.mean(name, place) for name in ALL_METRICS} == pytest.approx(wanted)


def test_intervals_hold_the_means(compared):
    for result in compared.results:
        assert (result.intervals[:, 0] <= result.means + 1e-12).all()
        assert (result.means <= result.intervals[:, 1] + 1e-12).all()


def test_the_first_is_compared_with_each_other(compared):
    wrong, between = compared.comparisons
    assert (wrong.name, between.name) == ("wrong", "between")
    column = compared.column("mrr@10")
    assert wrong.difference[column] == pytest.approx(1 - 1 / 3)
    assert between.difference[column] == pytest.approx((1 - 1 / 3) / 2)
    differences = compared.results[0].values - compared.results[1].values
    assert wrong.p == pytest.approx(randomisation_test(differences))
    assert wrong.p[column] == pytest.approx(2 / 64, abs=0.01)


def test_several_comparisons_are_corrected(compared):
    column = compared.column("ndcg@10")
    p = [one.p[column] for one in compared.comparisons]
    assert [one.p_holm[column] for one in compared.comparisons] == pytest.approx(holm(p))
    assert compared.comparisons[0].p_holm[column] == pytest.approx(2 * p[0])


def test_one_comparison_needs_no_correction(grades, given):
    found = evaluate([given("a", (2, 1)), given("b", (1, 2))], grades([3, 0]), bm25=False).comparisons
    assert found[0].p_holm.tolist() == found[0].p.tolist()


def test_one_system_alone_is_compared_with_nothing(grades, given):
    assert evaluate([given("a", (2, 1))], grades([3, 0]), bm25=False).comparisons == ()


def test_ties_count_against_the_system(grades, given):
    assert evaluate([given("flat", (1, 1, 1))], grades([3, 0, 0]), bm25=False).mean("mrr@10") == pytest.approx(1 / 3)


def test_each_query_counts_in_its_slices(shop, given):
    system = given("by length", tuple(range(16)))
    found = evaluate([system], shop, bm25=False)
    assert [(one.kind, one.value, one.queries) for one in found.slices] == [
        ("shape", "head", 3),
        ("shape", "material", 1),
        ("noise", "clean", 3),
        ("noise", "no diacritics", 1),
    ]
    rows = dict(zip(found.judged.queries, found.results[0].values, strict=True))
    np.testing.assert_allclose(found.slices[3].means[0], rows["q2"])
    np.testing.assert_allclose(found.slices[0].means[0], (rows["q1"] + rows["q2"] + rows["q3"]) / 3)


def test_a_model_beside_bm25(tiny_exported, shop):
    found = evaluate([tiny_exported], shop)
    assert [result.name for result in found.results] == [Reranker.load(tiny_exported).folder.name, *_BM25]
    assert found.first.reliability is not None and found.results[1].reliability is None
    assert found.mean("ndcg@10", 2) >= found.mean("ndcg@10", 1)


_BM25 = ["BM25 accented", "BM25 folded"]


def test_systems_of_every_kind_and_the_same_name_twice(tiny_exported, shop, write):
    run = write("model.run", "q1 Q0 d1 1 2 x")
    reranker = Reranker.load(tiny_exported)
    found = evaluate([reranker, str(tiny_exported), Run(run), Bm25()], JudgmentSet.read(shop), bm25=False)
    name = reranker.folder.name
    assert [result.name for result in found.results] == [
        name,
        f"{name} (2)",
        "model" + " (3)" * (name == "model"),
        _BM25[0],
    ]
    assert found.comparisons[0].difference.tolist() == [0.0] * len(ALL_METRICS)
    assert found.comparisons[0].p.tolist() == [1.0] * len(ALL_METRICS)


def test_judgments_in_memory_will_do(given):
    found = evaluate([given("a", (2, 1))], [Judgment("q", "x", 3), Judgment("q", "y", 0)], bm25=False)
    assert found.mean("ndcg@1") == 1


def test_bm25_can_be_measured_by_itself(shop):
    assert [result.name for result in evaluate([], shop).results] == _BM25


def test_the_same_seed_gives_the_same_figures(shop, given):
    systems = [given("a", tuple(range(16))), given("b", (1, 3, 2, 0) * 4)]
    first, again, other = (evaluate(systems, shop, seed=seed, resamples=200).to_dict() for seed in (1, 1, 2))
    assert first | {"stamp": 0} == again | {"stamp": 0}
    assert first["comparisons"] != other["comparisons"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"systems": [], "bm25": False}, "there are no systems to measure; name a model", id="no system"),
        pytest.param({"resamples": 0}, "resamples is 0; it must be at least 1", id="resamples"),
        pytest.param({"judgments": []}, "there are no judgments to measure on", id="no judgments"),
        pytest.param({"judgments": "none.jsonl"}, "none.jsonl: there is no such file", id="no file"),
    ],
)
def test_what_can_not_be_evaluated(shop, arguments, says):
    with pytest.raises(InputError, match=says):
        evaluate(**{"systems": [Bm25()], "judgments": shop, **arguments})


def test_a_model_that_is_none(shop):
    with pytest.raises(ModelError, match="no such folder"):
        evaluate(["nowhere"], shop)


def test_thresholds(compared):
    compared.check({"ndcg@10": 1.0, "mrr@10": 0.5})
    with pytest.raises(GateError, match=r"^right on judgments: p@10 is 0\.2000, less than 0\.5; p@5 is 0\.4000, less"):
        compared.check({"p@10": 0.5, "ndcg@10": 0.9, "p@5": 0.41})
    with pytest.raises(InputError, match="metric 'ndcg@3' is not known"):
        compared.check({"ndcg@3": 0.5})


def test_everything_is_in_the_dictionary_and_is_json(compared):
    table = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert table["judgments"] == {
        "name": "judgments", "sha256": "", "queries": 6, "candidates": 24, "repeated_rows": 0
    }  # fmt: skip
    assert [system["name"] for system in table["systems"]] == ["right", "wrong", "between"]
    assert table["systems"][0]["metrics"]["ndcg@10"]["mean"] == 1.0
    assert [one["other"] for one in table["comparisons"]] == ["wrong", "between"]
    assert len(table["queries"]) == 6
    assert table["queries"][5] == {
        "query_id": "q6",
        "query": "query 5",
        "systems": {
            result.name: pytest.approx(dict(zip(ALL_METRICS, result.values[5], strict=True)))
            for result in compared.results
        },
    }
    assert table["stamp"]["xephang"] and table["stamp"]["processor"]


@pytest.mark.parametrize(
    ("metric", "wanted"), [("ndcg@10", "nDCG@10"), ("map", "MAP"), ("p@1", "P@1"), ("mrr@10", "MRR@10")]
)
def test_metrics_as_people_write_them(metric, wanted):
    assert label(metric) == wanted
