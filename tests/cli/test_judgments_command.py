import json

import pytest

from xephang.judgments import JudgmentSet


@pytest.fixture
def catalogue(shop):
    return shop("sku,name", "a,Giày tây", "b,Dép lê", name="catalogue.csv")


@pytest.fixture
def log(shop):
    rows = [
        {"query": "giày", "product_id": product, "position": position, "impressions": 1000, "clicks": clicks}
        for product, position, clicks in (("a", 1, 300), ("a", 2, 150), ("b", 1, 40), ("b", 2, 20))
    ]
    return shop(*rows, name="log.jsonl")


@pytest.fixture
def named(catalogue):
    return ["--catalogue", catalogue, "-c", "id=sku", "-c", "title=name"]


def test_clicks_become_judgments(xephang, log, named, tmp_path):
    ran = xephang("judgments", "clicks", log, *named, "-o", tmp_path / "judged.jsonl")
    assert ran.code == 0
    assert "judgments in" in ran.out and "queries" in ran.out
    assert f"its data card is {tmp_path / 'judged.jsonl.md'}" in ran.err
    assert "\x1b" not in ran.err and "rows of the log" not in ran.err
    assert [c.document_id for c in JudgmentSet.read(tmp_path / "judged.jsonl").candidates] == ["a", "b"]


def test_json_says_what_was_left_out(xephang, log, named, tmp_path):
    out = tmp_path / "judged.parquet"
    ran = xephang(
        "judgments", "clicks", log, *named, "-o", out, "--json", "--least-seen", "0", "--prior", "1", "--fold"
    )
    assert ran.code == 0
    assert ran.json[0] == {
        "output": str(out),
        "rows": 2,
        "queries": 1,
        "products": 2,
        "grade 2": 1,
        "grade 0": 1,
        "left_out": {
            "rows of the log that can not be read": 0,
            "rows of the log that tell of nothing shown": 0,
            "rows of the catalogue that can not be read": 0,
            "products without a text": 0,
            "pairs seen too seldom": 0,
            "pairs whose product has no text, or is not in the catalogue": 0,
        },
    }


def test_bad_rows_stop_it_or_are_set_aside(xephang, log, named, tmp_path):
    log.write_text(log.read_text() + '{"query": ""}\n')
    out = ["-o", tmp_path / "judged.jsonl"]
    ran = xephang("judgments", "clicks", log, *named, *out)
    assert ran.code == 2
    assert ran.err.startswith("xephang: ") and "log.jsonl, row 5" in ran.err
    assert not (tmp_path / "judged.jsonl").exists()
    rejects = tmp_path / "rejects.jsonl"
    ran = xephang("judgments", "clicks", log, *named, *out, "--keep-going", "--rejects", rejects)
    assert ran.code == 0
    assert "left out: 1 rows of the log that can not be read" in ran.err
    assert json.loads(rejects.read_text())["row"] == 5


def test_a_log_that_tells_little_of_positions_is_told_so(xephang, shop, named, tmp_path):
    log = shop("query,product_id,position,impressions,clicks", "giày,a,1,100,30", "giày,b,2,100,30", name="log.csv")
    ran = xephang("judgments", "clicks", log, *named, "-o", tmp_path / "judged.jsonl")
    assert ran.code == 0
    assert "only 0.0% of the clicks" in ran.err


def test_qrels_are_imported(xephang, shop, catalogue, tmp_path):
    qrels = shop("1 0 a 3", "1 0 b 0", name="qrels.txt")
    queries = shop({"id": "1", "query": "giày tây"}, name="queries.jsonl")
    texts = ["--queries", queries, "--documents", catalogue, "-c", "id=sku", "-c", "title=name"]
    ran = xephang("judgments", "import", qrels, *texts, "-o", tmp_path / "judged.jsonl")
    assert ran.code == 0
    assert "judgments in" in ran.out
    assert [c.text for c in JudgmentSet.read(tmp_path / "judged.jsonl").candidates] == ["Giày tây", "Dép lê"]
    ran = xephang("judgments", "import", qrels, *texts, "-o", tmp_path / "judged.jsonl", "--json")
    assert ran.json == [
        {"output": str(tmp_path / "judged.jsonl"), "rows": 2, "queries": 1, "products": 2, "grade 3": 1, "grade 0": 1}
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["clicks", "none.jsonl", "--catalogue", "c.csv", "-o", "x.jsonl"], "c.csv: there is no", id="shop"
        ),
        pytest.param(["clicks", "l.jsonl", "--catalogue", "c.csv", "-o", "x.csv"], "name it with .jsonl", id="suffix"),
        pytest.param(["clicks", "l.jsonl", "-o", "x.jsonl"], "--catalogue", id="no catalogue"),
        pytest.param(["clicks", "l", "--catalogue", "c", "-o", "x.jsonl", "--prior", "0"], "prior is 0", id="prior"),
        pytest.param(["import", "none.csv", "-o", "x.jsonl"], "none.csv: there is no such file", id="grades"),
        pytest.param(["import", "q.txt", "--queries", "q", "-o", "x.jsonl"], "qrels need both", id="half of qrels"),
        pytest.param(["import", "q.txt", "--documents", "q", "-o", "x.jsonl"], "qrels have no texts", id="no queries"),
        pytest.param(["import", "q.csv"], "--output", id="no output"),
        pytest.param(["sell"], "No such command", id="command"),
    ],
)
def test_what_is_wrong_is_said(xephang, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    ran = xephang("judgments", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert list(tmp_path.iterdir()) == []
