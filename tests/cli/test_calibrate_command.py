import json

import numpy as np
import pytest

from xephang.folder import ModelFolder
from xephang.reranker import Reranker

WORDS = ("giày", "dép", "sandal", "chạy bộ", "nữ", "nam", "đen", "size 37")
QUERIES = ("giày chạy bộ", "dép nữ", "giay den", "sandal", "giày nam size 42", "dép đi biển", "giày tây")


@pytest.fixture
def rows(tiny_exported):
    """Judgments that the tiny model is right about more often than not, and whose grades its sigmoid overstates."""
    generator = np.random.default_rng(3)
    documents = [" ".join(generator.choice(WORDS, 5)) + f" {i}" for i in range(12)]
    pairs = [(query, document) for query in QUERIES for document in documents]
    logits = Reranker.load(tiny_exported).score(pairs).logits.astype(np.float64)
    chance = 1 / (1 + np.exp(-(3 * (logits - logits.mean()) / logits.std() - 2)))
    grades = np.where(generator.random(len(pairs)) < chance, 3, 0).tolist()
    return [{"query": q, "document": d, "grade": g} for (q, d), g in zip(pairs, grades, strict=True)]


@pytest.fixture
def judged(rows, shop):
    return shop(*rows, name="judged.jsonl")


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_it_writes_what_predict_then_gives(xephang, tiny_exported, copy_of, judged, rows, method):
    folder = copy_of(tiny_exported)
    ran = xephang("calibrate", folder, "--judgments", judged, "--method", method)
    assert ran.code == 0
    assert f"{method}, queries held out" in ran.out and "sigmoid" in ran.out
    assert "15 bins of equal width; 7 queries of judged.jsonl" in ran.err
    assert f"wrote {folder / 'xephang.json'}" in ran.err
    saved = ModelFolder.open(folder).manifest.calibration
    assert (saved.map.method, saved.relevant_grade, saved.rows, saved.queries) == (method, 2, 84, 7)
    assert saved.relevant == sum(row["grade"] == 3 for row in rows)
    assert f"{saved.error_before:.4f}" in ran.out and f"{saved.error_after:.4f}" in ran.out
    assert saved.error_after < saved.error_before
    scored = xephang("predict", judged, "--model", folder, "--json").json
    expected = saved(np.array([line["logit"] for line in scored]))
    assert [line["score"] for line in scored] == pytest.approx(expected, abs=1e-6)


def test_auto_is_the_one_of_the_two_that_python_chooses(xephang, tiny_exported, judged):
    from xephang.evaluation import calibrate

    ran = xephang("calibrate", tiny_exported, "--judgments", judged, "--dry-run", "--json").json[0]
    assert ran.pop("bins") == 15
    assert ran == json.loads(json.dumps(calibrate(tiny_exported, judged).to_dict()))


def test_a_dry_run_writes_nothing(xephang, tiny_exported, copy_of, judged):
    folder = copy_of(tiny_exported)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert xephang("calibrate", folder, "--judgments", judged, "--dry-run").code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_report_then_shows_the_scores_that_the_model_gives(xephang, tiny_exported, copy_of, judged, shop, rows):
    folder = copy_of(tiny_exported)
    assert xephang("calibrate", folder, "--judgments", judged, "--relevant-grade", 3, "--method", "platt").code == 0
    report = xephang("evaluate", folder, "--judgments", judged, "--no-bm25", "--json").json[0]["systems"][0]
    assert report["reliability"]["scores"] == "calibrated, platt"
    assert report["reliability"]["relevant_grade"] == 3
    assert report["note"] == "it was calibrated on these very judgments; its calibration error is of queries held out"
    held_out = ModelFolder.open(folder).manifest.calibration.error_after
    shown = xephang("evaluate", folder, "--judgments", judged, "--no-bm25").out
    assert report["reliability"]["held_out_error"] == held_out and f" {held_out:.3f}" in shown
    others = shop(*rows[:40], name="others.jsonl")
    assert xephang("evaluate", folder, "--judgments", others, "--no-bm25", "--json").json[0]["systems"][0]["note"] == ""


def test_trec_in(xephang, tiny_exported, shop, rows):
    numbers = {query: i for i, query in enumerate(QUERIES)}
    ids = {row["document"]: f"d{i}" for i, row in enumerate(rows)}
    qrels = shop(*(f"{numbers[r['query']]} 0 {ids[r['document']]} {r['grade']}" for r in rows), name="qrels.txt")
    queries = shop(*({"query_id": str(i), "query": q} for q, i in numbers.items()), name="queries.jsonl")
    documents = shop("sku,name", *(f"{i},{text}" for text, i in ids.items()), name="documents.csv")
    texts = ["--queries", queries, "--documents", documents, "-c", "id=sku", "-c", "title=name"]
    ran = xephang("calibrate", tiny_exported, "--judgments", qrels, *texts, "--dry-run", "--json")
    assert (ran.code, ran.json[0]["rows"]) == (0, 84)


def test_few_judgments_are_a_warning(xephang, tiny_exported, judged, shop, rows):
    assert "only 84 judgments" in xephang("calibrate", tiny_exported, "--judgments", judged, "--dry-run").err
    many = shop(*(row | {"document": f"{row['document']} {i}"} for i in range(3) for row in rows), name="many.jsonl")
    ran = xephang("calibrate", tiny_exported, "--judgments", many, "--dry-run")
    assert ran.code == 0 and "only" not in ran.err


@pytest.mark.parametrize("model", ["giay", "shop/giay", "nowhere"])
def test_only_a_folder_is_written_into(xephang, judged, model, tmp_path, monkeypatch):
    (tmp_path / "giay").mkdir()
    monkeypatch.chdir(tmp_path)
    ran = xephang("calibrate", model, "--judgments", judged)
    assert (ran.code, ran.out) == (2, "")
    assert f"'{model}': is no folder of yours to write into; copy the model" in ran.err


@pytest.mark.parametrize(
    ("grades", "options", "says"),
    [
        pytest.param([3, 3, 2], [], "all 3 are relevant", id="all relevant"),
        pytest.param([1, 0, 0], [], "all 3 are irrelevant", id="none relevant"),
        pytest.param([2, 2, 1], ["--relevant-grade", 3], "all 3 are irrelevant", id="none of grade 3"),
        pytest.param([3, 0, 0], [], "3 queries are too few to hold some out", id="one query has all that is relevant"),
        pytest.param([3, 0, 4], [], "expected a grade 0, 1, 2 or 3", id="grade"),
        pytest.param([3, 0, 0], ["--queries", "q.jsonl"], "qrels need both", id="half of qrels"),
        pytest.param([3, 0, 0], ["--method", "beta"], "Invalid value for '--method'", id="method"),
        pytest.param([3, 0, 0], ["--relevant-grade", 4], "relevant grade is 4; it must be 1 to 3", id="relevant grade"),
        pytest.param([3, 0, 0], ["-c", "grade=g"], "there is no such column", id="column"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_written(
    xephang, tiny_exported, copy_of, shop, grades, options, says
):
    folder = copy_of(tiny_exported)
    before = (folder / "xephang.json").read_bytes()
    judged = shop(
        *({"query": f"giày {i}", "document": "dép", "grade": g} for i, g in enumerate(grades)), name="j.jsonl"
    )
    ran = xephang("calibrate", folder, "--judgments", judged, *options)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert (folder / "xephang.json").read_bytes() == before


def test_a_model_of_several_labels_is_refused(xephang, tiny_classes, judged):
    ran = xephang("calibrate", tiny_classes, "--judgments", judged, "--dry-run")
    assert ran.code == 2 and "has 3 output labels; only one can be calibrated" in ran.err


def test_a_model_that_is_wrong_more_often_than_right_is_refused(xephang, tiny_exported, shop, rows):
    against = shop(*(row | {"grade": 3 - row["grade"]} for row in rows), name="against.jsonl")
    ran = xephang("calibrate", tiny_exported, "--judgments", against, "--dry-run", "--method", "platt")
    assert (ran.code, ran.out) == (2, "")
    assert "relevant documents have no higher logits than the others" in ran.err


def test_the_card_tells_what_the_scores_are(xephang, trained, copy_of, judged):
    folder = copy_of(trained)
    ran = xephang("calibrate", folder, "--judgments", judged, "--method", "platt")
    assert ran.code == 0 and f"wrote {folder / 'README.md'}" in ran.err
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| inference | calibrated, platt" in card
    assert "return the probability of grade 2 or better, fitted on" in card
    assert xephang("card", folder).out == card
