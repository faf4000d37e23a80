import csv
import json
import os
import re
import unicodedata

import pytest
from wares import PRODUCTS, QUERY

from xephang import Catalogue, Product, Reranker


@pytest.fixture
def rank(xephang, tiny_exported):
    return lambda *arguments, **options: xephang("rank", *arguments, "--model", tiny_exported, **options)


def table(out):
    """The cells of each row under the rule; cells are at least three spaces apart."""
    lines = out.split("\n")
    under = next(i for i, line in enumerate(lines) if line.startswith("─")) + 1
    return [re.split(" {3,}", line.strip()) for line in lines[under:] if line]


def test_json_is_what_the_reranker_says(rank, shop, tiny_exported):
    catalogue = shop(*PRODUCTS)
    reranker = Reranker.load(tiny_exported)
    expected = reranker.rank(QUERY, list(Catalogue.open(catalogue)), return_documents=True)
    ran = rank(QUERY, catalogue, "--json")
    (answer,) = ran.json
    assert ran.code == 0
    assert (answer["query"], answer["products"], answer["model"]) == (QUERY, 4, "model")
    assert answer["milliseconds"] >= 0
    assert answer["results"] == [{**result, "id": PRODUCTS[result["corpus_id"]]["id"]} for result in expected]


def test_the_best_come_first(rank, shop):
    results = rank(QUERY, shop(*PRODUCTS), "--json").json[0]["results"]
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
    assert sorted(result["id"] for result in results) == ["A1", "A2", "A3", "A4"]


def test_the_table_shows_what_json_says(rank, shop):
    catalogue = shop(*PRODUCTS)
    results = rank(QUERY, catalogue, "--json").json[0]["results"]
    ran = rank(QUERY, catalogue)
    prices = {"A1": ["268.000đ"], "A4": ["1.250.000đ"]}
    assert re.fullmatch(f"“{QUERY}”: 4 products in [\\d,]+ ms, [\\d.]+ ms each", ran.out.split("\n")[0])
    assert ran.out.split("\n")[1].split() == ["#", "score", "id", "product", "price"]
    assert table(ran.out) == [
        [str(place), f"{result['score']:.4f}", result["id"], result["text"], *prices.get(result["id"], [])]
        for place, result in enumerate(results, 1)
    ]


def test_products_are_written_out_as_the_model_reads_them(rank, shop):
    shown = {cells[2]: cells[3] for cells in table(rank(QUERY, shop(*PRODUCTS)).out)}
    assert shown["A1"] == "Giày chạy bộ nữ đế êm | Adidas"
    assert shown["A2"] == "Dép sandal nam | màu đen | size 42"
    assert shown["A3"] == "Lót giày chống trượt | Êm nhẹ, Chống trượt"


@pytest.mark.parametrize(("top_k", "shown"), [(1, 1), (3, 3), (4, 4), (99, 4)])
def test_top_k(rank, shop, top_k, shown):
    catalogue = shop(*PRODUCTS)
    everything = rank(QUERY, catalogue, "--json").json[0]["results"]
    assert rank(QUERY, catalogue, "--json", "-k", top_k).json[0]["results"] == everything[:shown]
    assert len(table(rank(QUERY, catalogue, "--top-k", top_k).out)) == shown


def test_without_top_k_ten_are_shown(rank, shop):
    many = shop(*({"id": str(i), "title": f"Giày số {i}"} for i in range(12)))
    assert len(table(rank(QUERY, many).out)) == 10


def test_notes_go_to_stderr(rank, shop):
    ran = rank(QUERY, shop(*PRODUCTS), "--json")
    assert len(ran.json) == 1
    assert ran.err.startswith("4 products from 4 rows (columns: id, title, ")


def write_csv(path, rows, **options):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_jsonl(path, rows):
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


SHOP_ROWS = [
    {"ma": "S1", "name": "Giày chạy bộ nữ", "thuong hieu": "Adidas"},
    {"ma": "S2", "name": "Dép sandal nam", "thuong hieu": "Biti's"},
]
FORMATS = [
    pytest.param(write_csv, "shop.csv", [], id="CSV"),
    pytest.param(write_jsonl, "shop.jsonl", [], id="JSONL"),
    pytest.param(write_parquet, "shop.parquet", [], id="Parquet"),
    pytest.param(write_csv, "shop.export", ["--format", "csv"], id="format by option"),
]


@pytest.mark.parametrize(("write", "name", "options"), FORMATS)
def test_every_format_under_the_shops_own_column_names(rank, tmp_path, write, name, options):
    catalogue = write(tmp_path / name, SHOP_ROWS)
    columns = ["--column", "title=name", "-c", "id=ma", "-c", "brand=thuong hieu"]
    ran = rank(QUERY, catalogue, "--json", *columns, *options)
    assert ran.code == 0, ran.err
    assert {result["id"]: result["text"] for result in ran.json[0]["results"]} == {
        "S1": "Giày chạy bộ nữ | Adidas",
        "S2": "Dép sandal nam | Biti's",
    }
    assert "id = ma, title = name, brand = thuong hieu" in ran.err


def test_a_column_that_the_file_lacks_is_named(rank, shop):
    ran = rank(QUERY, shop(*PRODUCTS), "--column", "title=ten")
    assert (ran.code, ran.out) == (2, "")
    assert "'ten'" in ran.err and "shop.jsonl" in ran.err


def test_a_dash_reads_stdin(rank, process, tiny_exported):
    text = "".join(json.dumps(product) + "\n" for product in PRODUCTS)
    inside = rank(QUERY, "-", "--json", stdin=text)
    outside = process("rank", QUERY, "-", "--json", "--model", tiny_exported, stdin=text.encode())
    as_csv = rank(QUERY, "-", "--json", "--format", "csv", stdin="id,title\nA1,Giày\n")
    assert inside.json[0]["results"] == outside.json[0]["results"]
    assert len(inside.json[0]["results"]) == 4
    assert as_csv.json[0]["results"][0]["id"] == "A1"


def test_empty_stdin_is_wrong_input(rank):
    ran = rank(QUERY, "-")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "xephang: standard input: is empty; a file of rows is needed\n"


BAD_ROWS = [
    pytest.param({"id": "B", "title": "Dép", "price": "đắt"}, "field 'price'", id="price"),
    pytest.param({"id": "A1", "title": "Dép"}, "field 'id'", id="id taken"),
    pytest.param({"id": "B", "title": {"vi": "Dép"}}, "field 'title'", id="title is no text"),
    pytest.param({"id": "B", "color": "đen"}, "nothing to rank by", id="nothing to rank by"),
    pytest.param('{"id": "B", "title":', "no valid JSON", id="no JSON"),
    pytest.param('["giày"]', "one JSON object a line", id="no object"),
]


@pytest.mark.parametrize(("bad", "says"), BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_is_ranked(rank, shop, bad, says):
    catalogue = shop(PRODUCTS[0], bad, PRODUCTS[1])
    ran = rank(QUERY, catalogue)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"xephang: {catalogue}, row 2") and says in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(("bad", "says"), BAD_ROWS)
def test_keep_going_ranks_the_others_and_writes_the_bad_ones_down(rank, shop, tmp_path, bad, says):
    rejects = tmp_path / "bad" / "rows.jsonl"
    catalogue = shop(PRODUCTS[0], bad, PRODUCTS[1])
    ran = rank(QUERY, catalogue, "--json", "--keep-going", "--rejects", rejects)
    assert ran.code == 0
    assert sorted(result["id"] for result in ran.json[0]["results"]) == ["A1", "A2"]
    assert ran.err.startswith("2 products from 3 rows, 1 rejected")
    (written,) = map(json.loads, rejects.read_text(encoding="utf-8").splitlines())
    assert written["row"] == 2 and written["values"] == bad
    assert says in f"field '{written['field']}' {written['problem']}"


def test_keep_going_without_rejects_still_counts(rank, shop):
    ran = rank(QUERY, shop(*PRODUCTS, {"id": "x"}, {"id": "y"}), "--keep-going")
    assert ran.code == 0
    assert ran.err.startswith("4 products from 6 rows, 2 rejected")


def test_keep_going_with_nothing_left_is_an_error(rank, shop):
    ran = rank(QUERY, shop({"id": "x"}), "--keep-going")
    assert (ran.code, ran.out) == (2, "")
    assert "none of 1 rows" in ran.err


def test_rejects_without_keep_going_is_refused(rank, shop, tmp_path):
    ran = rank(QUERY, shop(*PRODUCTS), "--rejects", tmp_path / "bad.jsonl")
    assert ran.code == 2 and "keep_going" in ran.err
    assert not (tmp_path / "bad.jsonl").exists()


HOSTILE = [
    pytest.param("[red]x[/] [/nope]", "[red]x[/] [/nope]", id="rich markup"),
    pytest.param("\x1b[31mđỏ\x1b[0m \x1b]0;title\x07", "[31mđỏ [0m ]0;title", id="ANSI escapes"),
    pytest.param("Giày\n\r\tđỏ", "Giày đỏ", id="line ends"),
    pytest.param("a\x9b31mb\u202ec\u2028d", "a 31mbc d", id="C1 and direction marks"),
    pytest.param("a\u200b\u200d b", "a b", id="zero width"),
]


@pytest.mark.parametrize(("title", "shown"), HOSTILE)
def test_a_hostile_title_reaches_the_terminal_as_text(rank, shop, title, shown):
    catalogue = shop({"id": title, "title": title, "brand": title}, PRODUCTS[0])
    for ran in (rank(title, catalogue), rank(title, catalogue, "--json")):
        assert ran.code == 0
        assert not [c for c in ran.out + ran.err if c != "\n" and unicodedata.category(c) in ("Cc", "Zl", "Zp")]
        assert "\u202e" not in ran.out + ran.err
    assert shown in rank(QUERY, catalogue).out
    assert len(table(rank(title, catalogue).out)) == 2
    assert rank(QUERY, catalogue, "--json").json[0]["results"][0]["id"] in (title.strip(), "A1")


def test_a_title_of_ten_thousand_characters_is_cut_in_the_table_and_whole_in_json(rank, shop):
    long = "giày " * 2000
    catalogue = shop({"id": "L", "title": long}, PRODUCTS[0])
    ran = rank(QUERY, catalogue)
    assert len(table(ran.out)) == 2
    assert max(map(len, ran.out.split("\n"))) == 120
    texts = {result["id"]: result["text"] for result in rank(QUERY, catalogue, "--json").json[0]["results"]}
    assert texts["L"] == long.strip()


def test_a_query_without_room_for_a_product_is_refused(rank, shop):
    ran = rank("giày " * 600, shop(*PRODUCTS))
    assert (ran.code, ran.out) == (2, "")
    assert "shorten the query" in ran.err


def scores(ran):
    assert ran.code == 0, ran.err
    return {result["id"]: result["score"] for result in ran.json[0]["results"]}


def test_engines_agree(rank, shop):
    catalogue = shop(*PRODUCTS)
    torch = scores(rank(QUERY, catalogue, "--json", "--engine", "torch"))
    fp32 = scores(rank(QUERY, catalogue, "--json", "--engine", "onnx", "--precision", "fp32"))
    int8 = scores(rank(QUERY, catalogue, "--json", "--threads", "1"))
    assert fp32 == pytest.approx(torch, abs=1e-4)
    assert int8 == pytest.approx(torch, abs=0.1) and int8 != fp32


def test_torch_is_quiet(process, tiny, shop):
    ran = process("rank", QUERY, shop(*PRODUCTS), "--json", "--model", tiny)
    assert ran.code == 0
    assert len(ran.json) == 1
    assert len(ran.err.splitlines()) == 1


def test_a_precision_that_the_model_lacks_is_named(xephang, tiny, shop):
    ran = xephang("rank", QUERY, shop(*PRODUCTS), "--model", tiny, "--precision", "int8")
    assert (ran.code, ran.out) == (1, "")
    assert "no exported file of precision int8" in ran.err and "xephang export" in ran.err


def test_python_ranks_the_same_in_one_call(rank, shop, tiny_exported):
    answer = rank(QUERY, shop(*PRODUCTS), "--json").json[0]["results"]
    products = [Product.from_dict({**p, "price": None}) for p in PRODUCTS]
    results = Reranker.load(tiny_exported).rank(QUERY, products)
    assert [(r["corpus_id"], r["score"]) for r in results] == [(r["corpus_id"], r["score"]) for r in answer]


def test_rejects_into_a_pipe_are_refused_before_anything_is_read(rank, shop, tmp_path):
    """A pipe stands for every device: it was once replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    ran = rank(QUERY, shop("no JSON"), "--keep-going", "--rejects", tmp_path / "pipe")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"xephang: {tmp_path / 'pipe'}: can not be written: it is a pipe, and no file; name another\n"
    assert (tmp_path / "pipe").is_fifo()


def test_rejects_are_written_through_a_link(rank, shop, tmp_path):
    (tmp_path / "link").symlink_to("real.jsonl")
    assert rank(QUERY, shop(*PRODUCTS, "no JSON"), "--keep-going", "--rejects", tmp_path / "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert len((tmp_path / "real.jsonl").read_text(encoding="utf-8").splitlines()) == 1
