from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from xephang import Reranker, demo_catalogue
from xephang.cli.demo import QUERIES
from xephang.folder import bundled, find


@pytest.fixture
def demo(xephang, tiny_exported):
    return lambda *arguments: xephang("demo", *arguments, "--model", tiny_exported)


def test_four_examples_are_shown_without_a_query(demo):
    ran = demo("--json")
    assert ran.code == 0
    assert [answer["query"] for answer in ran.json] == list(QUERIES)
    assert all((answer["products"], len(answer["results"])) == (1200, 5) for answer in ran.json)


def test_own_queries_and_top_k(demo):
    (first, second) = demo("dép lê nam", "giay cao got", "-k", "2", "--json").json
    assert (first["query"], second["query"]) == ("dép lê nam", "giay cao got")
    assert len(first["results"]) == len(second["results"]) == 2


def test_the_tables_say_how_long_it_took(demo):
    ran = demo("giày đá bóng", "-k", "3")
    lines = ran.out.split("\n")
    assert lines[0].startswith("“giày đá bóng”: 1,200 products in ")
    assert lines[0].endswith(" ms each")
    assert len(lines) == 3 + 3 + 2
    assert ran.err == "1,200 products, model 'model', engine onnx\n"


def test_it_ranks_the_bundled_catalogue(demo, tiny_exported):
    products = list(demo_catalogue())
    expected = Reranker.load(tiny_exported).rank("giày", products, top_k=3)
    results = demo("giày", "-k", "3", "--json", "--threads", "1").json[0]["results"]
    assert [(r["corpus_id"], r["score"]) for r in results] == [(r["corpus_id"], r["score"]) for r in expected]
    assert [r["id"] for r in results] == [products[r["corpus_id"]].id for r in expected]


def test_a_model_that_reads_products_apart_compiles_them_first(xephang, tiny_apart):
    products = list(demo_catalogue())
    expected = Reranker.load(tiny_apart).rank("giày", products, top_k=3)
    ran = xephang("demo", "giày", "-k", "3", "--json", "--model", tiny_apart)
    assert [(r["id"], r["score"]) for r in ran.json[0]["results"]] == [
        (products[r["corpus_id"]].id, r["score"]) for r in expected
    ]
    assert "1,200 products compiled in" in ran.err


@pytest.fixture(scope="module")
def giay():
    return find("giay")


class TestBundledModel:
    def test_it_is_the_default(self, giay):
        assert "giay" in bundled()
        assert Reranker.load().folder.path == giay

    def test_it_is_small_enough_to_be_part_of_the_package(self, giay):
        assert sum(path.stat().st_size for path in Path(giay).rglob("*") if path.is_file()) <= 25e6

    def test_it_needs_no_torch(self):
        assert Reranker.load().engine.name == "precomputed"

    def test_its_card_lies_beside_it(self, giay):
        card = ModelCard.load(Path(giay) / "README.md")
        assert card.data.language == "vi"
        assert "precomputed/int8.npz" in card.text

    @pytest.mark.parametrize(
        ("query", "better", "worse"),
        [
            ("giày chạy bộ nữ", "Giày chạy bộ nữ Adidas Galaxy êm nhẹ", "Lót giày nữ silicon êm chân"),
            ("giay chay bo nu", "Giày chạy bộ nữ Adidas Galaxy êm nhẹ", "Giày tây nam da bò công sở"),
            ("dép lê nam", "Dép lê nam quai ngang đế cao su", "Giày cao gót nữ mũi nhọn 7cm"),
            ("giày cao gót 7 phân", "Giày cao gót nữ mũi nhọn 7cm", "Giày thể thao nam cổ thấp"),
        ],
    )
    def test_it_tells_what_fits_from_what_does_not(self, query, better, worse):
        ranks = Reranker.load().rank(query, [worse, better])
        assert ranks[0]["corpus_id"] == 1
        assert ranks[0]["score"] - ranks[1]["score"] > 0.2
