"""Whatever the grades and scores are, an evaluation agrees with itself and with the definitions."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.evaluation import evaluate
from xephang.evaluation.html import html
from xephang.evaluation.markdown import markdown
from xephang.evaluation.systems import Scored
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import ALL_METRICS

ROWS = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12),
    min_size=1,
    max_size=6,
)
FEW = settings(max_examples=40, deadline=None)


class Fixed:
    def __init__(self, name, scores):
        self.name, self._scores = name, scores

    def score(self, judged):
        return Scored(np.array(self._scores, float))


def evaluated(rows, *, which=(1, 2), **options):
    judged = JudgmentSet.of(
        [Judgment(f"q {i}", f"d {i} {j}", row[0]) for i, one in enumerate(rows) for j, row in enumerate(one)]
    )
    systems = [Fixed(f"system {k}", [row[k] for one in rows for row in one]) for k in which]
    return evaluate(systems, judged, bm25=False, resamples=50, **options)


def by_definition(rows, k):
    """Every metric of one query for the scores in column k."""
    order = [row[0] for row in sorted(rows, key=lambda row: (-row[k], row[0]))]
    best = sorted(order, reverse=True)

    def dcg(grades, cut):
        return sum((2**grade - 1) / np.log2(rank + 1) for rank, grade in enumerate(grades[:cut], start=1))

    hits = [grade >= 2 for grade in order]
    first = hits.index(True) + 1 if any(hits) else 99
    precisions = [sum(hits[:rank]) / rank for rank, hit in enumerate(hits, start=1) if hit]
    found = {f"ndcg@{cut}": dcg(order, cut) / (dcg(best, cut) or 1) for cut in (1, 5, 10)}
    found |= {f"p@{cut}": sum(hits[:cut]) / cut for cut in (1, 5, 10)}
    return found | {"mrr@10": 1 / first if first <= 10 else 0.0, "map": sum(precisions) / (len(precisions) or 1)}


@FEW
@given(ROWS)
def test_every_value_is_that_of_the_definition(rows):
    found = evaluated(rows)
    for k, result in zip((1, 2), found.results, strict=True):
        for one, values in zip(rows, result.values, strict=True):
            assert dict(zip(ALL_METRICS, values, strict=True)) == pytest.approx(by_definition(one, k))
        np.testing.assert_allclose(result.means, result.values.mean(axis=0))


@FEW
@given(ROWS)
def test_exchanging_two_systems_turns_the_signs_and_keeps_the_p(rows):
    one, other = evaluated(rows).comparisons[0], evaluated(rows, which=(2, 1)).comparisons[0]
    np.testing.assert_allclose(one.difference, -other.difference)
    np.testing.assert_allclose(one.p, other.p)
    np.testing.assert_allclose(one.intervals, -other.intervals[:, ::-1], atol=1e-12)


@FEW
@given(ROWS)
def test_a_system_is_no_better_than_itself(rows):
    one = evaluated(rows, which=(1, 1)).comparisons[0]
    assert not one.difference.any() and not one.intervals.any()
    assert (one.p == 1).all()


@FEW
@given(ROWS, st.data())
def test_slices_that_part_the_queries_add_up_to_the_whole(rows, data):
    judged = evaluated(rows).judged
    values = {query_id: data.draw(st.sampled_from("abc")) for query_id in judged.queries}
    kinds = {v: frozenset(i for i, value in values.items() if value == v) for v in sorted(set(values.values()))}
    judged = JudgmentSet(judged.name, judged.candidates, {"kind": kinds})
    found = evaluate([Fixed("a", [row[1] for one in rows for row in one])], judged, bm25=True, resamples=10)
    assert sum(one.queries for one in found.slices) == len(rows)
    whole = sum(one.queries * one.means for one in found.slices) / len(rows)
    np.testing.assert_allclose(whole, [result.means for result in found.results])


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=2, max_size=2, unique=True), st.text(max_size=40))
def test_any_texts_make_a_report(texts, name):
    judged = JudgmentSet.of([Judgment(texts[0], texts[1], 3), Judgment(texts[0], texts[0], 0)], name=name)
    found = evaluate([Fixed(name, [1, 2]), Fixed(texts[1], [2, 1])], judged, resamples=10)
    for made in (html(found), markdown(found)):
        made.encode("utf-8")
        assert not {"\x00", "\x1b", "\u202e"} & set(made)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_the_format_of_the_file_makes_no_difference(tmp_path, shop, kind):
    rows = [json.loads(line) for line in shop.read_text(encoding="utf-8").splitlines()]
    path = tmp_path / f"again.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        mark = "," if kind == "csv" else "\t"
        lines = [mark.join(map(str, row.values())) for row in rows]
        path.write_text("\n".join([mark.join(rows[0]), *lines]), encoding="utf-8")
    first, again = JudgmentSet.read(shop), JudgmentSet.read(path)
    assert (again.candidates, again.slices) == (first.candidates, first.slices)
