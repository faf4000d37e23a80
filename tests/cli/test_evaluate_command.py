import json

import pytest

from xephang.card import load_record
from xephang.cli.evaluate import thresholds
from xephang.errors import InputError


@pytest.fixture
def judged(shop):
    products = ("Giày chạy bộ nữ Adidas", "Dép tổ ong", "Giày tây nam")
    grades = {"giày chạy bộ nữ": (3, 0, 1), "dep to ong": (0, 3, 0), "giày tây": (1, 0, 3)}
    return shop(
        *(
            {"query": query, "document": text, "grade": grade, "shape": "head"}
            for query, row in grades.items()
            for text, grade in zip(products, row, strict=True)
        ),
        name="judged.jsonl",
    )


def test_it_shows_the_model_beside_bm25(xephang, tiny_exported, judged):
    ran = xephang("evaluate", tiny_exported, "--judgments", judged)
    assert ran.code == 0
    for line in ("Figures", "BM25 accented", "BM25 folded", "against the others", "nDCG@10 by shape", "Calibration"):
        assert line in ran.out
    assert "3 queries, 9 candidates of judged.jsonl" in ran.err


def test_json_is_the_whole_report(xephang, tiny_exported, judged, tmp_path):
    ran = xephang("evaluate", tiny_exported, "--judgments", judged, "--json", "--output", tmp_path / "out", "--seed", 4)
    assert len(ran.json) == 1
    assert ran.json[0]["settings"] == {"seed": 4, "resamples": 10_000}
    assert ran.json[0] == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (tmp_path / "out" / "report.html").is_file()


def test_without_output_nothing_is_written(xephang, tiny_exported, judged, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert xephang("evaluate", tiny_exported, "--judgments", judged).code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_other_models_and_runs(xephang, tiny_exported, judged, shop):
    run = shop("q1 Q0 d1 1 9 x", "q2 Q0 d2 1 9 x", "q3 Q0 d3 1 9 x", name="best.run")
    options = ["--judgments", judged, "--no-bm25", "--against", tiny_exported, "--run", run, "--json"]
    table = xephang("evaluate", tiny_exported, *options).json[0]
    assert [system["name"] for system in table["systems"]] == ["model", "model (2)", "best"]
    assert table["systems"][2]["metrics"]["mrr@10"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("least", "code", "says"),
    [
        pytest.param(["ndcg@10=0", "map=0.1"], 0, "", id="reached"),
        pytest.param(["ndcg@10=0.1", "p@5=0.9"], 1, "p@5 is 0.2000, less than 0.9", id="not reached"),
        pytest.param(["NDCG@10=1"], 1, "ndcg@10 is 0.", id="capitals"),
    ],
)
def test_a_threshold_decides_the_exit_code_after_the_report(
    xephang, tiny_exported, judged, tmp_path, least, code, says
):
    options = [word for one in least for word in ("--fail-under", one)]
    ran = xephang("evaluate", tiny_exported, "--judgments", judged, "-o", tmp_path / "out", *options)
    assert ran.code == code
    assert says in ran.err
    assert (tmp_path / "out" / "report.html").is_file()
    assert "Figures" in ran.out


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("ndcg@3=0.8", "--fail-under 'ndcg@3=0.8': write METRIC=X; metrics are ndcg@1"),
        ("ndcg@10", "expected a number from 0 to 1 after '='"),
        ("ndcg@10=high", "expected a number from 0 to 1"),
        ("ndcg@10=80", "expected a number from 0 to 1"),
        ("ndcg@10=nan", "expected a number from 0 to 1"),
        ("=0.5", "write METRIC=X"),
    ],
)
def test_a_threshold_that_is_none(option, says):
    with pytest.raises(InputError) as error:
        thresholds([option])
    assert says in str(error.value)


def test_a_threshold_is_given_once():
    with pytest.raises(InputError, match=r"ndcg@10 has a threshold already; give it once"):
        thresholds(["ndcg@10=1", "NDCG@10=0"])


@pytest.mark.parametrize("place", ["trec/queries.jsonl", "report.json"])
def test_a_report_never_replaces_what_it_is_made_of(xephang, tiny_exported, judged, tmp_path, place):
    path = tmp_path / "out" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(judged.read_bytes())
    ran = xephang("evaluate", tiny_exported, "--judgments", path, "-c", "query=query", "-o", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert f"the report would replace {path}, which is read; name another folder" in ran.err
    assert path.read_bytes() == judged.read_bytes()


def test_rows_that_repeat_others_are_told(xephang, tiny_exported, judged, tmp_path):
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(judged.read_bytes() * 2)
    count = len(judged.read_bytes().splitlines())
    ran = xephang("evaluate", tiny_exported, "--judgments", twice)
    assert ran.code == 0 and f"left out: {count} rows that repeat an earlier one" in ran.err


def test_trec_in(xephang, tiny_exported, shop):
    qrels = shop("1 0 a 3", "1 0 b 0", name="qrels.txt")
    queries = shop({"query_id": "1", "query": "giày tây"}, name="queries.jsonl")
    documents = shop("sku,name", "a,Giày tây", "b,Dép", name="documents.csv")
    texts = ["--queries", queries, "--documents", documents, "-c", "id=sku", "-c", "title=name"]
    ran = xephang("evaluate", tiny_exported, "--judgments", qrels, *texts, "--json")
    assert ran.code == 0
    assert ran.json[0]["judgments"]["candidates"] == 2
    assert ran.json[0]["systems"][1]["metrics"]["mrr@10"]["mean"] == 1.0


def test_figures_go_onto_the_card(xephang, trained, copy_of, judged):
    folder = copy_of(trained)
    ran = xephang("evaluate", folder, "--judgments", judged, "--write-card")
    assert ran.code == 0
    assert f"wrote {folder / 'README.md'}" in ran.err
    assert load_record(folder).metrics[-1].dataset == "judged.jsonl"
    assert "#### Judged queries" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "README.md").read_text(encoding="utf-8") == xephang("card", folder).out


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param(
            ["--queries", "q.jsonl"], 2, "qrels need both, --queries FILE and --documents FILE", id="half of qrels"
        ),
        pytest.param(["-o", "judged.jsonl"], 2, "judged.jsonl: is a file", id="output"),
        pytest.param(["--against", "nowhere"], 1, "'nowhere': no such folder", id="other model"),
        pytest.param(["--run", "no.run"], 2, "no.run: there is no such file", id="run"),
        pytest.param(["--write-card"], 1, "record.json: missing", id="no record"),
        pytest.param(["--fail-under", "x"], 2, "write METRIC=X", id="threshold"),
        pytest.param(["--column", "grade=relevance"], 2, "there is no such column", id="column"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    xephang, tiny_exported, judged, tmp_path, monkeypatch, options, code, says
):
    monkeypatch.chdir(tmp_path)
    ran = xephang("evaluate", tiny_exported, "--judgments", judged, *options)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("xephang: ") and says in ran.err
    assert not (tmp_path / "x").exists()


def test_noise_is_measured_and_shown(xephang, tiny_exported, judged):
    ran = xephang("evaluate", tiny_exported, "--judgments", judged, "--noise", "telex", "--noise", "caps")
    assert ran.code == 0
    assert "Noise against clean" in ran.out and "telex" in ran.out
    table = xephang("evaluate", tiny_exported, "--judgments", judged, "--noise", "all", "--json").json[0]
    assert {"telex", "vni", "no-diacritics", "caps"} <= {one["kind"] for one in table["noise"]}


def test_the_clean_form_may_stand_in_another_column(xephang, tiny_exported, judged, shop):
    rows = [json.loads(line) for line in judged.read_text(encoding="utf-8").splitlines()]
    clean = {"giày chạy bộ nữ": "giày chạy bộ nữ", "dep to ong": "dép tổ ong", "giày tây": "giày tây"}
    path = shop(*({**row, "clean": clean[row["query"]]} for row in rows), name="clean.jsonl")
    options = ["--noise", "no-diacritics", "--json"]
    counts = [
        xephang("evaluate", tiny_exported, "--judgments", path, *more, *options).json[0]["noise"][0]["queries"]
        for more in ([], ["-c", "query=clean"])
    ]
    assert counts == [2, 3]


def test_a_kind_of_noise_that_is_none(xephang, tiny_exported, judged):
    ran = xephang("evaluate", tiny_exported, "--judgments", judged, "--noise", "wind")
    assert (ran.code, ran.out) == (2, "")
    assert "noise 'wind' is not known; give all, or some of no-diacritics" in ran.err
