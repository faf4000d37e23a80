"""Judgments from clicks: what a biased log is worth once its positions are accounted for."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xephang.errors import InputError, RowError
from xephang.judgments import Grading, JudgmentSet, judge_clicks
from xephang.judgments.click_log import DEEPEST, read_clicks
from xephang.judgments.clicks import estimate
from xephang.judgments.examination import estimate_examination
from xephang.product import SEED

POSITIONS = 8
EXAMINATION = 1 / np.arange(1, POSITIONS + 1) ** 0.9


def shown(query="giày", product="a", position=1, clicked=0, **more):
    return {"query": query, "product_id": product, "position": position, "clicked": clicked, **more}


def summed(query="giày", product="a", position=1, impressions=100, clicks=10):
    return {"query": query, "product_id": product, "position": position, "impressions": impressions, "clicks": clicks}


@pytest.fixture
def simulated(write):
    """A log of queries whose rankings vary a little around an order that is wrong, and what really attracts."""
    rng = np.random.default_rng(3)
    attraction = rng.beta(1.2, 5, (40, 14))
    rows = []
    for query, attracts in enumerate(attraction):
        habit = rng.permutation(len(attracts)) * 0.05
        for _ in range(25):
            order = np.argsort(habit + rng.normal(0, 0.12, len(attracts)))[:POSITIONS]
            clicks = rng.binomial(30, EXAMINATION * attracts[order])
            rows += [
                summed(f"câu {query}", f"p{product}", place, 30, int(clicked))
                for place, (product, clicked) in enumerate(zip(order, clicks, strict=True), start=1)
            ]
    return write("log.jsonl", *rows), attraction


def kendall(first, second):
    """The share of pairs in the same order less the share in the other."""
    signs = np.sign(np.subtract.outer(first, first)) * np.sign(np.subtract.outer(second, second))
    return signs.sum() / (len(first) * (len(first) - 1))


def test_examination_is_recovered_from_a_biased_log(simulated):
    found = estimate_examination(read_clicks(simulated[0]))
    assert found.converged and found.informative > 0.9
    assert list(found.positions) == list(range(1, POSITIONS + 1))
    assert list(found.positions.values()) == pytest.approx(EXAMINATION.tolist(), rel=0.12)


def test_products_are_ordered_better_than_by_their_click_rate(simulated):
    counts = read_clicks(simulated[0])
    found = estimate(counts, estimate_examination(counts))
    ours, raw = [], []
    for query, attracts in enumerate(simulated[1]):
        here = found.query == query
        products = [int(counts.products[at][1:]) for at in found.product[here]]
        ours.append(kendall(found.lift[here], attracts[products]))
        where = counts.query == query
        totals = [np.bincount(counts.product[where], one[where], 14) for one in (counts.clicks, counts.impressions)]
        rate = [totals[0][at] / totals[1][at] for at in found.product[here]]
        raw.append(kendall(np.array(rate), attracts[products]))
    assert np.mean(ours) > 0.75
    assert np.mean(ours) > np.mean(raw) + 0.1


def test_lifts_are_sorted_within_a_query_and_drawn_to_one_where_little_is_known(write):
    log = write(
        "log.jsonl",
        *(summed("giày", product, 1, *counts) for product, counts in
          (("much", (10_000, 2_000)), ("little", (10, 2)), ("none", (10_000, 0)), ("rest", (10_000, 1_000)))),
    )  # fmt: skip
    counts = read_clicks(log)
    found = estimate(counts, estimate_examination(counts))
    assert [counts.products[at] for at in found.product] == ["much", "little", "rest", "none"]
    assert found.lift[0] == pytest.approx(2, abs=0.01)
    assert found.lift[1] == pytest.approx((2 + 2) / (1 + 2), abs=0.01)
    assert found.lift[2] == pytest.approx(1, abs=0.01)
    assert found.weight[1] == pytest.approx(1 / 3, abs=0.01)
    assert found.weight[0] > 0.99


def test_a_log_that_never_moves_a_product_falls_back_to_the_click_rate_of_positions(write):
    rows = [summed("giày", f"p{k}", k, 1000, clicks) for k, clicks in enumerate((400, 200, 100), start=1)]
    found = estimate_examination(read_clicks(write("log.jsonl", *rows)))
    assert found.informative == 0
    assert found.positions == pytest.approx({1: 1.0, 2: 0.5, 3: 0.25})


def test_positions_with_few_clicks_share_their_estimate(write):
    rows = [summed("giày", f"p{i}", position, 100, clicks) for i in (0, 1)
            for position, clicks in ((1, 30), (2, 12), (3, 3), (4, 2), (9, 1))]  # fmt: skip
    positions = estimate_examination(read_clicks(write("log.jsonl", *rows))).positions
    assert positions[1] == 1.0
    assert positions[2] == positions[3] == positions[4] == positions[9] < positions[1]


def test_the_position_that_is_looked_at_most_need_not_be_the_first(write):
    rows = [
        summed(f"câu {q}", product, position, 1000, round(1000 * examined * attracts))
        for q in range(3)
        for product, attracts in (("a", 0.1), ("b", 0.3))
        for position, examined in ((1, 0.5), (2, 1.0), (3, 0.25))
    ]
    found = estimate_examination(read_clicks(write("log.jsonl", *rows)))
    assert found.positions == pytest.approx({1: 0.5, 2: 1.0, 3: 0.25}, rel=1e-3)


def test_single_and_summed_rows_give_the_same_counts(write):
    single = [shown(clicked=clicked) for clicked in (1, 0, 0)] + [shown(product="b", position=2)] * 2
    summed_up = [summed(impressions=3, clicks=1), summed(product="b", position=2, impressions=2, clicks=0)]
    first, second = read_clicks(write("a.jsonl", *single)), read_clicks(write("b.jsonl", *summed_up))
    for name in ("query", "product", "position", "impressions", "clicks"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
    assert (first.rows, second.rows) == (5, 2)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_format_and_every_way_to_say_yes(tmp_path, suffix):
    rows = [shown("dép", 7, 1, True, session="s"), shown("dép", 7, 2, False, session="s")]
    path = tmp_path / f"log{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([{**row, "product_id": 7.0} for row in rows]), path)
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        between = "\t" if suffix == ".tsv" else ","
        lines = [rows[0].keys(), *(row.values() for row in rows)]
        path.write_text("".join(between.join(map(str, line)) + "\n" for line in lines), encoding="utf-8")
    counts = read_clicks(path)
    assert (counts.products, counts.queries) == (("7",), ("dép",))
    assert (counts.position.tolist(), counts.clicks.tolist()) == ([1, 2], [1, 0])


def test_rows_that_were_not_shown_are_counted_and_left_out(write):
    rows = [shown(clicked="1", shown="yes"), {**shown(position=None), "shown": False}, summed(impressions=0, clicks=0)]
    counts = read_clicks(write("log.jsonl", *rows))
    assert (counts.rows, counts.not_shown, counts.impressions.tolist()) == (3, 2, [1])
    with pytest.raises(InputError, match="no row tells of a product that was shown"):
        read_clicks(write("log.jsonl", rows[1]))


def test_queries_are_merged_by_case_and_form_and_keep_the_spelling_typed_most(write):
    forms = [
        "Giày Nữ",
        "giày nữ",
        "giày nữ",
        unicodedata.normalize("NFD", "giày  nữ"),
        "giày nữ".encode().decode("cp1252"),
        "giay nu",
        "giay nu",
    ]
    counts = read_clicks(write("log.jsonl", *map(shown, forms)))
    assert counts.queries == ("giày nữ", "giay nu")
    assert counts.impressions.tolist() == [5, 2]
    assert read_clicks(write("log.jsonl", *map(shown, forms)), folded=True).queries == ("giày nữ",)


@pytest.mark.parametrize(
    "query", ["giày " * 2_000, "👟", "gi\u200bày", "a\u2028b"], ids=["long", "emoji", "zero", "line"]
)
def test_any_query_is_one(write, query):
    counts = read_clicks(write("log.jsonl", shown(query), shown(query, "b")))
    assert len(counts.queries) == 1 and counts.queries[0]


def test_columns_under_other_names_and_positions_far_down(write):
    log = write("log.csv", "q,sku,rank,bấm", "dép,a,5000,1", "dép,a,1023,0")
    counts = read_clicks(log, {"query": "q", "product_id": "sku", "position": "rank", "clicked": "bấm"})
    assert (counts.position.tolist(), counts.impressions.tolist()) == ([DEEPEST], [2])


BAD = [
    pytest.param(shown(""), "query", "expected a text", id="empty query"),
    pytest.param(shown("\u200b "), "query", "expected a text", id="query of nothing"),
    pytest.param(shown(5), "query", "expected a text", id="query is a number"),
    pytest.param(shown(product=""), "product_id", "no product's id", id="no product"),
    pytest.param(shown(product="a b"), "product_id", "without spaces", id="spaces"),
    pytest.param(shown(position=-1), "position", "from 0 on", id="negative position"),
    pytest.param(shown(position=1.5), "position", "a whole number", id="half a position"),
    pytest.param(shown(position="top"), "position", "expected a number", id="position is a word"),
    pytest.param(shown(position=1 << 40), "position", "a whole number", id="position is huge"),
    pytest.param(shown(clicked=""), "clicked", "expected 1 or 0", id="clicked is empty"),
    pytest.param(shown(clicked=2), "clicked", "expected 1 or 0", id="clicked twice"),
    pytest.param(shown(clicked=[1]), "clicked", "expected 1 or 0", id="clicked is a list"),
    pytest.param(shown(clicked=1, shown=0), "shown", "not shown", id="clicked unseen"),
    pytest.param({"query": "a", "product_id": "b", "position": 1}, "clicked", "no such column", id="no clicks"),
    pytest.param(summed(clicks=101), "clicks", "101 clicks in 100 impressions", id="more clicks"),
    pytest.param(summed(clicks=-1), "clicks", "from 0 on", id="negative clicks"),
    pytest.param(summed(impressions=0.5), "impressions", "a whole number", id="half an impression"),
    pytest.param("no JSON", "", "no valid JSON", id="no row at all"),
]


@pytest.mark.parametrize(("row", "field", "says"), BAD)
def test_a_bad_row_is_named_or_set_aside(write, tmp_path, row, field, says):
    log = write("log.jsonl", shown(), row)
    with pytest.raises(RowError, match=says) as error:
        read_clicks(log)
    assert (error.value.row, error.value.field) == (2, field)
    counts = read_clicks(log, keep_going=True, rejects=tmp_path / "rejects.jsonl")
    assert (counts.rows, counts.rejected, counts.impressions.tolist()) == (2, 1, [1])
    aside = json.loads((tmp_path / "rejects.jsonl").read_text())
    assert (aside["row"], aside["field"]) == (2, field) and says in aside["problem"]


def test_a_log_of_bad_rows_only_is_refused(write):
    with pytest.raises(InputError, match=r"none of 2 rows can be used; the first: .*row 1, field 'query'"):
        read_clicks(write("log.jsonl", shown(""), shown("")), keep_going=True)


def test_counts_are_summed_up_as_the_log_goes_on(write, monkeypatch):
    rows = [shown(f"câu {i % 7}", f"p{i % 5}", i % 3 + 1, int(i % 11 == 0)) for i in range(2_000)]
    log = write("log.jsonl", *rows)
    whole = read_clicks(log)
    monkeypatch.setattr("xephang.judgments.click_log._PENDING", 16)
    parts = read_clicks(log)
    for name in ("query", "product", "position", "impressions", "clicks"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()
    assert whole.impressions.sum() == 2_000 and len(whole.query) == 105


@pytest.fixture
def shop(write):
    return write("shop.csv", "id,name,brand", "a,Giày tây da bò,Bitis", "b,Dép lê,", "c,Ủng,")


def test_a_log_becomes_graded_judgments_and_a_card(write, shop, tmp_path):
    log = write(
        "log.jsonl",
        *(summed("giày tây", product, 1, 1000, clicks)
          for product, clicks in (("a", 400), ("b", 130), ("c", 60), ("gone", 100))),
        summed("giày tây", "d", 1, 10, 1),
        summed("hiếm", "a", 1, 5, 1),
        {**shown(), "shown": 0},
    )  # fmt: skip
    out = tmp_path / "judged.jsonl"
    report = judge_clicks(log, shop, out, columns={"title": "name"})
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["query"], row["document_id"], row["grade"]) for row in rows] == [
        ("giày tây", "a", 3),
        ("giày tây", "b", 1),
        ("giày tây", "c", 0),
    ]
    assert rows[0]["document"] == "Giày tây da bò | Bitis"
    assert [c.grade for c in JudgmentSet.read(out).candidates] == [3, 1, 0]
    assert report.left_out == {
        "rows of the log that can not be read": 0,
        "rows of the log that tell of nothing shown": 1,
        "rows of the catalogue that can not be read": 0,
        "products without a text": 0,
        "pairs seen too seldom": 2,
        "pairs whose product has no text, or is not in the catalogue": 1,
    }
    assert report.counts == {"rows": 3, "queries": 1, "products": 3, "grade 3": 1, "grade 1": 1, "grade 0": 1}
    card = report.card.read_text(encoding="utf-8")
    assert report.card == tmp_path / "judged.jsonl.md"
    for part in ("log.jsonl, sha256 ", "shop.csv, sha256 ", "position 1", "pairs seen too seldom", "Zhang and Jones"):
        assert part in card
    assert str(tmp_path) not in card


def test_a_product_that_makes_no_text_is_left_out_and_counted(write, tmp_path):
    shop = write("shop.jsonl", {"id": "a", "title": "Giày tây", "brand": "Bitis"}, {"id": "b", "title": "Dép"})
    log = write("log.jsonl", summed(product="a", clicks=30), summed(product="b", clicks=10))
    report = judge_clicks(log, shop, tmp_path / "out.jsonl", template=SEED)
    assert report.left_out["products without a text"] == 1
    assert [c.document_id for c in JudgmentSet.read(tmp_path / "out.jsonl").candidates] == ["a"]


def test_what_can_be_read_only_once_is_refused_before_anything_is_written(write, shop, tmp_path):
    log = write("log.jsonl", summed(product="a", clicks=30))
    os.mkfifo(tmp_path / "pipe.jsonl")
    for once in (Path("-"), tmp_path / "pipe.jsonl"):
        with pytest.raises(InputError, match="is read more than once here"):
            judge_clicks(once, shop, tmp_path / "out.jsonl")
        with pytest.raises(InputError, match="is read more than once here"):
            judge_clicks(log, once, tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("out*"))


def test_a_card_of_somebody_elses_is_not_overwritten(write, shop, tmp_path):
    log = write("log.jsonl", summed(product="a", clicks=30))
    notes = tmp_path / "out.jsonl.md"
    notes.write_text("my notes", encoding="utf-8")
    with pytest.raises(InputError, match=r"out\.jsonl\.md: is there already and is no data card"):
        judge_clicks(log, shop, tmp_path / "out.jsonl")
    assert (notes.read_text(encoding="utf-8"), (tmp_path / "out.jsonl").exists()) == ("my notes", False)
    notes.unlink()
    for _ in range(2):
        judge_clicks(log, shop, tmp_path / "out.jsonl")
    assert "Made by xephang" in notes.read_text(encoding="utf-8")


def test_the_same_log_makes_the_same_files(simulated, write, tmp_path):
    shop = write("shop.csv", "id,title", *(f"p{i},Giày số {i}" for i in range(14)))
    made = []
    for name in ("one", "two"):
        out = tmp_path / name / "judged.parquet"
        judge_clicks(simulated[0], shop, out)
        made.append((out.read_bytes(), (tmp_path / name / "judged.parquet.md").read_bytes()))
    assert made[0] == made[1]
    assert len(JudgmentSet.read(out).queries) == 40


def test_nothing_left_says_why_and_writes_nothing(write, shop, tmp_path):
    log = write("log.jsonl", summed(product="x"), summed("dép", "b", 1, 5, 0))
    with pytest.raises(InputError, match=r"nothing is left to judge: 1 pairs seen too seldom, 1 pairs whose product"):
        judge_clicks(log, shop, tmp_path / "out.jsonl")
    with pytest.raises(InputError, match="the log has no clicks"):
        judge_clicks(write("log.jsonl", summed(clicks=0)), shop, tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("out*"))


def test_what_is_wrong_with_the_files_is_said_before_the_log_is_read(write, shop, tmp_path):
    log = write("log.jsonl", "no JSON")
    with pytest.raises(InputError, match=r"name it with \.jsonl or \.parquet"):
        judge_clicks(log, shop, tmp_path / "out.csv")
    with pytest.raises(InputError, match="is read or written for something else"):
        judge_clicks(log, shop, log)
    with pytest.raises(InputError, match="is read or written for something else"):
        judge_clicks(log, shop, tmp_path / "x.jsonl", keep_going=True, rejects=tmp_path / "x.jsonl")
    for rejects in (shop, tmp_path / "out.jsonl.md"):
        with pytest.raises(InputError, match="is read or written for something else"):
            judge_clicks(log, shop, tmp_path / "out.jsonl", keep_going=True, rejects=rejects)
    assert shop.read_text(encoding="utf-8").startswith("id,name")
    with pytest.raises(InputError, match=r"none\.csv: there is no such file"):
        judge_clicks(log, tmp_path / "none.csv", tmp_path / "out.jsonl")
    with pytest.raises(InputError, match="set aside only with keep_going"):
        judge_clicks(log, shop, tmp_path / "out.jsonl", rejects=tmp_path / "r.jsonl")


@pytest.mark.parametrize(
    "wrong",
    [{"least_seen": -1}, {"least_seen": float("nan")}, {"prior": 0}, {"prior": float("inf")}, {"lifts": (1, 0.5, 2)}],
    ids=str,
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Grading(**wrong)


def test_settings_change_the_grades(write, shop, tmp_path):
    log = write("log.jsonl", summed(product="a", clicks=30), summed(product="b", clicks=10), summed(product="c"))
    judge_clicks(log, shop, tmp_path / "x.jsonl", grading=Grading(lifts=(0.1, 0.2, 0.3)))
    assert {c.grade for c in JudgmentSet.read(tmp_path / "x.jsonl").candidates} == {3}
    with pytest.raises(InputError, match="nothing is left"):
        judge_clicks(log, shop, tmp_path / "x.jsonl", grading=Grading(least_seen=101))
