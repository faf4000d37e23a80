import json
import math

import pytest

from xephang import Reranker

ROWS = [
    {"query": "giày chạy bộ nữ", "document": "Giày chạy bộ nữ | đế êm"},
    {"query": "dép nam", "document": "Lót giày chống trượt"},
    {"query": "giày chạy bộ nữ", "document": "Dép sandal nam"},
]


@pytest.fixture
def predict(xephang, tiny_exported):
    return lambda *arguments, **options: xephang("predict", *arguments, "--model", tiny_exported, **options)


def test_a_line_for_each_pair_in_the_files_order(predict, shop, tiny_exported):
    expected = Reranker.load(tiny_exported).predict([(row["query"], row["document"]) for row in ROWS])
    ran = predict(shop(*ROWS))
    assert (ran.code, ran.err) == (0, "")
    assert [line.split("\t") for line in ran.out.splitlines()] == [
        [f"{score:.4f}", row["query"], row["document"]] for score, row in zip(expected, ROWS, strict=True)
    ]


def test_json_has_score_logit_and_tokens_cut(predict, shop):
    lines = predict(shop(*ROWS), "--json").json
    assert len(lines) == 3
    for line in lines:
        assert set(line) == {"score", "logit", "tokens_cut"}
        assert line["score"] == pytest.approx(1 / (1 + math.exp(-line["logit"])), abs=1e-6)
        assert line["tokens_cut"] == 0


def test_the_seeds_pairs_are_read_as_they_are(predict, seed_pairs, seed_rows):
    ran = predict(seed_pairs)
    assert ran.code == 0
    assert [line.split("\t")[1:] for line in ran.out.splitlines()] == [
        [row["sentence_0"], row["sentence_1"]] for row in seed_rows
    ]


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        pytest.param("pairs.csv", "query,document\ndép nam,Dép sandal\n", [], id="query and document"),
        pytest.param("pairs.csv", "sentence_0,sentence_1,label\ndép nam,Dép sandal,1\n", [], id="the seed's names"),
        pytest.param("pairs.csv", "q;hàng\ndép nam;Dép sandal\n", ["-c", "query=q", "-c", "document=hàng"], id="own"),
        pytest.param("pairs", "query,document\ndép nam,Dép sandal\n", ["--format", "csv"], id="format by option"),
    ],
)
def test_columns(predict, shop, name, text, options):
    ran = predict(shop(text.rstrip("\n"), name=name), *options)
    assert ran.code == 0, ran.err
    assert ran.out.split("\t")[1:] == ["dép nam", "Dép sandal\n"]


def test_a_document_may_be_a_products_record(predict, shop):
    record = {"title": "Giày chạy bộ", "brand": "Adidas", "size": 42}
    ran = predict(shop({"query": "giày", "document": record}, {"query": "giày", "document": {"text": "Dép  nam"}}))
    assert [line.split("\t")[2] for line in ran.out.splitlines()] == ["Giày chạy bộ | Adidas | size 42", "Dép nam"]


def test_cut_documents_are_reported(predict, shop):
    catalogue = shop(ROWS[0], {"query": "giày", "document": "giày " * 2000}, {"query": "dép", "document": "dép " * 900})
    ran = predict(catalogue, "--json")
    assert ran.err == "2 of 3 documents were longer than the model reads and were cut\n"
    first, second, third = (line["tokens_cut"] for line in ran.json)
    assert (first, second > third > 0) == (0, True)


def test_a_dash_reads_stdin(predict, process, tiny_exported, shop):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    expected = predict(shop(*ROWS)).out
    assert predict("-", stdin=text).out == expected
    ran = process("predict", "-", "--model", tiny_exported, stdin=text.encode())
    assert (ran.code, ran.out, ran.err) == (0, expected, "")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param({"query": "giày"}, "'document': there is no such column; the row has query", id="lack"),
        pytest.param({"query": 3, "document": "giày"}, "row 2, field 'query': expected a text, got '3'", id="number"),
        pytest.param({"query": "giày", "document": None}, "row 2, field 'document': expected a text", id="null"),
        pytest.param("{", "row 2: is no valid JSON", id="no JSON"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_scored(predict, shop, row, says):
    ran = predict(shop(ROWS[0], row, ROWS[1]))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("xephang: ") and says in ran.err and "shop.jsonl" in ran.err


def test_a_record_with_nothing_to_read_is_named(predict, shop):
    ran = predict(shop(ROWS[0], {"query": "giày", "document": {"price": 3}}))
    assert (ran.code, ran.out) == (2, "")
    assert "pair 1" in ran.err and "listing" in ran.err


def test_a_column_that_predict_does_not_know_is_refused(predict, shop):
    ran = predict(shop(*ROWS), "--column", "title=query")
    assert (ran.code, ran.out) == (2, "")
    assert "'title' is not one of query, document" in ran.err


def test_a_hostile_pair_stays_one_line_of_three_cells(predict, shop):
    ran = predict(
        shop({"query": "a\tb\n\x1b[31m", "document": "x\ty\r\n\x9b2J[red]"}, {"query": "\ud83d", "document": ""})
    )
    assert ran.code == 0
    first, second = ran.out.splitlines()
    assert first.split("\t")[1:] == ["a b [31m", "x y 2J[red]"]
    assert second.split("\t")[1:] == ["\ufffd", ""]
