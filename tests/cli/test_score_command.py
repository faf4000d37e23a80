"""`xephang score`."""

import json
import signal
import time

import pyarrow.parquet as pq
import pytest
from wares import PRODUCTS, QUERY

from xephang import CompiledCatalogue, Product, Reranker
from xephang.batch import on_ray
from xephang.batch.outcome import RECORDS

IDS = [product["id"] for product in PRODUCTS]


@pytest.fixture
def parquet(tmp_path):
    def write(*rows, name="pairs.parquet"):
        import pyarrow as pa

        pq.write_table(pa.Table.from_pylist(list(rows)), tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def score(xephang, tiny_apart, tmp_path):
    return lambda *arguments, **options: xephang(
        "score", *arguments, "--output", tmp_path / "out", "--model", tiny_apart, "--threads", 1, **options
    )


@pytest.fixture
def compiled(tiny_apart, tmp_path):
    folder = tmp_path / "shop"
    products = [Product.from_dict(product) for product in PRODUCTS]
    CompiledCatalogue.build(Reranker.load(tiny_apart, threads=1), products, folder)
    return folder


def test_it_says_what_the_folder_holds(score, parquet, tmp_path):
    path = parquet(*({"query": QUERY, "document": product["title"]} for product in PRODUCTS))
    ran = score(path, "--json")
    (said,) = ran.json
    assert (ran.code, ran.err) == (0, "")
    assert (said["rows"], said["pairs"], said["rejected"], said["partitions"]) == (4, 4, 0, 1)
    assert (said["folder"], said["model"]) == (str(tmp_path / "out"), "model")


def test_a_person_reads_the_same(score, parquet, tmp_path):
    path = parquet(*({"query": QUERY, "document": product["title"]} for product in PRODUCTS))
    out = score(path, "--partition-rows", 3).out
    assert out.startswith(f"{tmp_path / 'out'}: 4 scores of 4 rows, in 2 files; model 'model', ")
    again = score(path, "--partition-rows", 3, "--resume").out
    assert ", in 2 files, 2 of them before; model" in again


def test_scores_are_those_of_predict(score, xephang, parquet, tmp_path, tiny_apart):
    path = parquet(*({"query": QUERY, "document": product["title"]} for product in PRODUCTS))
    score(path)
    predicted = xephang("predict", path, "--model", tiny_apart, "--json").json
    found = pq.read_table(tmp_path / "out").to_pylist()
    assert [(row["score"], row["logit"]) for row in found] == [(one["score"], one["logit"]) for one in predicted]


def test_candidates_of_a_catalogue(score, xephang, parquet, tmp_path, tiny_apart, compiled):
    path = parquet({"query_id": 7, "query": QUERY, "ids": IDS}, {"query_id": 8, "query": "dép", "ids": IDS[:2]})
    assert score(path, "--catalogue", compiled, "--json").json[0]["pairs"] == 6
    found = pq.read_table(tmp_path / "out").to_pylist()
    ranked = xephang("rank", QUERY, compiled, "--model", tiny_apart, "--json").json[0]["results"]
    assert {row["id"]: row["score"] for row in found if row["query_id"] == 7} == {
        one["id"]: one["score"] for one in ranked
    }


def test_columns_have_other_names(score, parquet, tmp_path):
    path = parquet({"q": QUERY, "ten": "Giày nữ", "n": "a"})
    assert score(path, "-c", "query=q", "-c", "document=ten", "-c", "query_id=n").code == 0
    assert pq.read_table(tmp_path / "out").to_pylist()[0]["query_id"] == "a"


def test_bad_rows_are_named_and_left_out_only_when_asked(score, parquet, tmp_path):
    path = parquet({"query": QUERY, "document": "Giày"}, {"query": None, "document": "Dép"})
    ran = score(path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("xephang: pairs.parquet, row 2, field 'query': is null; give a query, or leave the row out\n")
    ran = score(path, "--keep-going", "--overwrite")
    assert "1 scores of 2 rows, 1 left out (_rejects.jsonl), in 1 files" in ran.out
    rejected = json.loads((tmp_path / "out" / "_rejects.jsonl").read_text(encoding="utf-8"))
    assert (rejected["row"], rejected["field"]) == (2, "query")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.parquet",), "missing.parquet: there is no such file or folder"),
        (("PAIRS", "--workers", 2), "workers are of a cluster; say engine ray too"),
        (("PAIRS", "--engine", "onnx"), "'onnx' is not one of"),
        (("PAIRS", "--partition-rows", 0), "--partition-rows"),
        (("PAIRS", "--column", "label=query"), "'label' is not one of query"),
        (("PAIRS", "--column", "query"), "write OURS=THEIRS"),
        (("PAIRS", "--resume", "--overwrite"), "drop one"),
        (("PAIRS", "--catalogue", "none"), "holds no compiled catalogue"),
        (("PAIRS", "--precision", "fp16"), "fp16"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_said(score, parquet, tmp_path, arguments, said):
    path = parquet({"query": QUERY, "document": "Giày"})
    ran = score(*(path if argument == "PAIRS" else argument for argument in arguments))
    assert ran.code == 2 and said in ran.err
    assert not (tmp_path / "out").exists()


def test_it_wants_an_output(xephang, parquet):
    ran = xephang("score", parquet({"query": QUERY, "document": "Giày"}))
    assert ran.code == 2 and "no --output: name the folder that the scores go to" in ran.err


def test_csv_is_refused(score, shop):
    ran = score(shop("query,document", "giày,dép", name="pairs.csv"))
    assert ran.code == 2 and "pairs.csv: can not be read as Parquet" in ran.err


def test_what_is_done_is_not_replaced_unasked(score, parquet):
    path = parquet({"query": QUERY, "document": "Giày"})
    assert score(path).code == 0
    ran = score(path)
    assert ran.code == 2 and "holds scores already; go on with it: --resume, or begin anew: --overwrite" in ran.err
    assert score(path, "--overwrite").code == score(path, "--resume").code == 0


def test_without_ray_the_extra_is_named(score, parquet, monkeypatch):
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    ran = score(parquet({"query": QUERY, "document": "Giày"}), "--engine", "ray")
    assert (ran.code, ran.err) == (2, "xephang: scoring on Ray needs the 'ray' extra: pip install 'xephang[ray]'\n")


def test_ctrl_c_leaves_a_scoring_that_goes_on(start, xephang, parquet, tiny_apart, tmp_path):
    path, folder = (
        parquet(*({"query": QUERY, "document": f"Giày số {n} đế êm " * 20} for n in range(3000))),
        tmp_path / "o",
    )
    arguments = ("score", path, "-o", folder, "-m", tiny_apart, "--partition-rows", 50)
    process = start(*arguments)
    while not list(folder.glob(f"{RECORDS}/part-*.json")) and process.poll() is None:  # a file alone is scored again
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert f"interrupted; go on with: xephang score … -o {folder} --resume" in err.decode()
    refused = xephang(*arguments)
    assert refused.code == 2 and "holds a scoring that was interrupted" in refused.err
    report = xephang(*arguments, "--resume", "--json").json[0]
    assert report["pairs"] == 3000 and report["resumed"] >= 1


@pytest.mark.slow
def test_ray_says_nothing_unasked(process, parquet, tiny_apart, tmp_path):
    """A cluster of its own, which is gone afterwards."""
    path = parquet(*({"query": QUERY, "document": product["title"]} for product in PRODUCTS))
    ran = process("score", path, "-o", tmp_path / "out", "-m", tiny_apart, "--engine", "ray", "--workers", 1, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json[0]["pairs"] == 4
