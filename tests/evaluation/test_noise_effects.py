import json

import numpy as np
import pytest

from xephang import Product, Reranker
from xephang.errors import InputError
from xephang.evaluation import evaluate, tables
from xephang.evaluation.html import html
from xephang.evaluation.markdown import markdown
from xephang.evaluation.noise import noise_kinds, retyped
from xephang.evaluation.systems import Model
from xephang.judgments import Judgment
from xephang.judgments.judged import Candidate, JudgmentSet
from xephang.judgments.noise import NOISE


@pytest.fixture(scope="module")
def reranker(tiny_exported):
    return Reranker.load(tiny_exported, threads=1)


@pytest.fixture(scope="module")
def judged():
    """Five queries, one of them ASCII, one without letters, over the same four documents."""
    texts = ("Giày chạy bộ nữ Adidas hồng", "Giày tây nam da bò", "Dép tổ ong nhựa đen", "Giày đá bóng nam Nike")
    grades = {
        "giày chạy bộ nữ": (3, 0, 0, 1),
        "giày tây nam": (0, 3, 0, 1),
        "dép tổ ong": (0, 0, 3, 0),
        "sneaker": (1, 0, 0, 2),
        "38": (0, 1, 0, 3),
    }
    rows = [Judgment(q, text, grade) for q, row in grades.items() for text, grade in zip(texts, row, strict=True)]
    return JudgmentSet.of(rows)


@pytest.fixture(scope="module")
def measured(reranker, judged):
    return evaluate([reranker], judged, noise="all", resamples=300)


def test_each_kind_is_measured_over_the_queries_that_it_changes(measured):
    found = {effect.kind: effect for effect in measured.noise}
    assert list(found) == [kind for kind in NOISE if kind in found]
    assert {kind: found[kind].queries for kind in ("no-diacritics", "telex", "vni", "typo", "caps")} == {
        "no-diacritics": 3, "telex": 3, "vni": 3, "typo": 3, "caps": 4,
    }  # fmt: skip
    assert all(effect.queries for effect in measured.noise)


def test_the_figures_are_those_of_an_evaluation_of_the_noisy_queries(measured, reranker, judged):
    effect = next(one for one in measured.noise if one.kind == "vni")
    noisy = retyped(judged, "vni")
    alone = evaluate([reranker], noisy, bm25=False, resamples=300)
    before = evaluate(
        [reranker], [Judgment(c.query, c.document, c.grade) for c in judged.candidates[:12]], bm25=False, resamples=300
    )
    assert effect.noisy == pytest.approx(alone.mean("ndcg@10"))
    assert effect.clean == pytest.approx(before.mean("ndcg@10"))
    assert effect.difference == pytest.approx(effect.noisy - effect.clean)
    assert effect.interval[0] <= effect.difference <= effect.interval[1]
    column = measured.column("ndcg@10")
    each = alone.first.values[:, column] - before.first.values[:, column]
    assert each.min() - 1e-9 <= effect.interval[0] and effect.interval[1] <= each.max() + 1e-9


def test_the_share_of_first_documents_kept_is_counted_by_document(measured, reranker, judged):
    effect = next(one for one in measured.noise if one.kind == "telex")
    kept = []
    for places, noisy in zip(list(judged.places.values())[:3], retyped(judged, "telex").places.values(), strict=True):
        clean = reranker.score([(judged.candidates[p].query, judged.candidates[p].text) for p in places]).logits
        asked = retyped(judged, "telex").candidates
        typed = reranker.score([(asked[p].query, asked[p].text) for p in noisy]).logits
        kept.append(clean.argmax() == typed.argmax())
    assert effect.top_kept == pytest.approx(np.mean(kept))


def test_a_model_that_reads_no_diacritics_loses_nothing_without_them(measured):
    """The tiny model's tokenizer strips accents and lowers case."""
    for kind in ("no-diacritics", "partial-diacritics", "caps"):
        effect = next(one for one in measured.noise if one.kind == kind)
        assert (effect.difference, effect.interval, effect.top_kept) == (0.0, (0.0, 0.0), 1.0)


def test_noise_is_the_same_whatever_the_seed_and_the_other_queries(judged):
    few = JudgmentSet(judged.name, judged.candidates[4:8])
    for kind in NOISE:
        assert retyped(judged, kind) == retyped(judged, kind)
        assert set(retyped(few, kind).candidates) <= set(retyped(judged, kind).candidates)


def test_grades_documents_and_ids_are_the_clean_queries(judged):
    for kind in NOISE:
        for one in retyped(judged, kind).candidates:
            same = next(c for c in judged.candidates if (c.query_id, c.document_id) == (one.query_id, one.document_id))
            assert (one.document, one.grade) == (same.document, same.grade)
            assert one.query != same.query


def test_a_query_that_noise_only_normalises_has_not_changed():
    product = Product(id="1", title="Giày")
    decomposed = JudgmentSet("x", (Candidate("q", "1", "gia\u0300y", product, 3),))
    assert retyped(decomposed, "word-order").candidates == ()
    assert [one.query for one in retyped(decomposed, "no-diacritics").candidates] == ["giay"]


def test_only_models_are_measured(reranker, judged, given):
    systems = [reranker, given("run", tuple(range(20))), Model(reranker)]
    found = evaluate(systems, judged, noise=["caps"], resamples=50)
    assert [(one.system, one.kind) for one in found.noise] == [("model", "caps"), ("model (2)", "caps")]


def test_without_noise_there_is_no_table(reranker, judged):
    found = evaluate([reranker], judged, bm25=False, resamples=50)
    assert found.noise == ()
    assert tables.noise(found) is None
    assert "Noise against clean" not in markdown(found) + html(found)
    assert found.to_dict()["noise"] == []


def test_the_table_is_in_every_report(measured):
    table = tables.noise(measured)
    assert table is not None
    assert all(len(row) == len(table.header) for row in table.rows)
    assert table.rows[0][:3] == ["model", "no-diacritics", "3"]
    assert table.rows[0][5:] == ["+0.000", "+0.000 to +0.000", "100%"]
    for text in (markdown(measured), html(measured)):
        assert "Noise against clean" in text
        assert "kinds that change none are left out" in text
    kinds = [one["kind"] for one in json.loads(json.dumps(measured.to_dict(), allow_nan=False))["noise"]]
    assert kinds == [row[1] for row in table.rows]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ("all", tuple(NOISE)),
        (["all", "vni"], tuple(NOISE)),
        ("typo", ("typo",)),
        (["typo", "telex", "typo"], ("telex", "typo")),
        ([], ()),
    ],
)
def test_kinds(names, wanted):
    assert noise_kinds(names) == wanted


def test_a_kind_that_is_none_is_refused_before_anything_is_read():
    with pytest.raises(InputError, match=r"noise 'shouting' is not known; give all, or some of no-diacritics, "):
        evaluate(["nowhere"], "none.jsonl", noise=["shouting"])
