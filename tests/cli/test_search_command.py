"""`xephang search`."""

import unicodedata

import pytest

from xephang.search import Shop

PRODUCTS = (
    {"id": "A1", "title": "Giày chạy bộ nữ đế êm", "brand": "Adidas", "size": "37-39", "price": 450000},
    {"id": "A2", "title": "Giày chạy bộ nam đế êm", "brand": "Nike", "color": "Trắng", "price": 990000},
    {"id": "A3", "title": "Dép lê nam đi trong nhà", "price": 50000},
    {"id": "A4", "title": "Giày chạy bộ unisex \x1b[2Jđế cao su", "brand": "Nike", "color": "Đen", "price": 300000},
)


@pytest.fixture(scope="module")
def folder(tiny_apart, tmp_path_factory):
    from xephang import Product, Reranker

    at = tmp_path_factory.mktemp("search") / "shop"
    products = [Product.from_dict(one) for one in PRODUCTS]
    Shop.build(Reranker.load(tiny_apart), products, at, lexicon="footwear")
    return at


@pytest.fixture
def search(xephang, folder, tiny_apart):
    return lambda *arguments: xephang("search", folder, *arguments, "--model", tiny_apart)


def ids(ran):
    return [one["id"] for one in ran.json[0]["results"]]


@pytest.mark.parametrize(
    "query",
    ["giày chạy bộ nữ", "giay chay bo nu", unicodedata.normalize("NFD", "giày chạy bộ nữ"), "giayf chayj booj nuwx"],
)
def test_it_finds_however_it_is_typed(search, query):
    ran = search(query, "--json")
    assert ran.code == 0 and {"A1", "A4"} <= set(ids(ran)) and "A2" not in ids(ran)


def test_a_person_sees_what_was_understood(search):
    ran = search("giayf chay bo nu duoi 500k")
    assert "“giayf” was read as “giày”" in ran.err
    assert "--ignore gender=nu" in ran.err and "dưới 500.000 ₫" in ran.err
    assert "A1" in ran.out and "450.000đ" in ran.out
    assert "Thương hiệu (brand):" in ran.out and "\x1b" not in ran.out


def test_a_constraint_can_be_dropped(search):
    assert "A2" in ids(search("giay chay bo nu", "--ignore", "gender=nu", "--json"))


def test_filters_and_prices(search):
    assert set(ids(search("giày", "--filter", "brand=nike", "--json"))) == {"A2", "A4"}
    assert ids(search("giày", "-f", "brand=nike", "-f", "color=den", "--json")) == ["A4"]
    assert set(ids(search("giày", "-f", "brand=nike", "-f", "brand=adidas", "--json"))) == {"A1", "A2", "A4"}
    assert set(ids(search("", "--price", "-100000", "--json"))) == {"A3"}
    assert set(ids(search("", "--price", "400000-500000", "--json"))) == {"A1"}
    assert set(ids(search("", "--price", "400.000đ-500k", "--json"))) == {"A1"}


def test_pages_and_sorts(search):
    first, second = (ids(search("", "-k", "2", "--page", page, "--sort", "price", "--json")) for page in (1, 2))
    assert [*first, *second] == ["A3", "A4", "A1", "A2"]
    assert ids(search("", "-k", "1", "--sort", "-price", "--json")) == ["A2"]


def test_the_first_stage_alone_gives_no_scores(search):
    (said,) = search("giày chạy bộ", "--first-stage-only", "--json").json
    assert said["reranked"] == 0 and all(one["score"] is None for one in said["results"])


def test_it_explains(search):
    (said,) = search("giày chạy bộ nữ", "--explain", "--json").json
    assert {word["word"] for word in said["results"][0]["explanation"]["words"]} >= {"giày", "nữ"}
    ran = search("giày chạy bộ nữ", "--explain")
    assert "✓" in ran.out and "contradicted" in ran.err


def test_nothing_found_says_what_to_try(search):
    ran = search("giày qwrtpsdf", "-f", "brand=khong-co")
    assert ran.code == 0 and "0 products" in ran.out


WRONG = {
    "a filter without a value": (["giày", "--filter", "brand"], "write FACET=VALUE"),
    "a price that is none": (["giày", "--price", "rẻ"], "write FROM-TO in đồng"),
    "a price without ends": (["giày", "--price", "-"], "write FROM-TO in đồng"),
    "a price that is one number": (["giày", "--price", "500000"], "write FROM-TO in đồng"),
    "a price the wrong way round": (["giày", "--price", "500k-200k"], "swap them"),
    "too many candidates": (["giày", "--candidates", "5000"], "candidates is 5000; it must be 1 to 1,000"),
    "a page of none": (["giày", "-k", "0"], "page_size is 0; it must be 1 to 100"),
    "no such sort": (["giày", "--sort", "newest"], "newest"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_be_is_refused(search, case):
    arguments, said = WRONG[case]
    ran = search(*arguments)
    assert ran.code == 2 and said in ran.err


def test_a_folder_without_an_index_says_how_to_make_one(xephang, tiny_apart, tmp_path):
    from xephang import CompiledCatalogue, Product, Reranker

    CompiledCatalogue.build(Reranker.load(tiny_apart), [Product(id="1", title="Giày")], tmp_path / "compiled")
    ran = xephang("search", tmp_path / "compiled", "giày", "--model", tiny_apart)
    assert ran.code == 2 and "run: xephang index" in ran.err
    ran = xephang("search", tmp_path / "none", "giày", "--model", tiny_apart)
    assert ran.code == 2 and "none" in ran.err


def test_another_model_is_refused(xephang, folder):
    ran = xephang("search", folder, "giày", "--model", "giay")
    assert ran.code == 1 and "was compiled with" in ran.err
