"""A first stage in PostgreSQL: what it finds, and that a query is only ever text."""

import re
import sys
import threading
import unicodedata

import psycopg
import pytest
from cluster import PASSWORD, running
from demo import COLUMNS, fill

from xephang.errors import InputError, MissingExtraError
from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.lexicon import Lexicon, read_product
from xephang.search import Search
from xephang.search.postgresql import PostgresFirstStage
from xephang.text import fold, normalise

LOCALES = {
    "C": "",
    "C.UTF-8": "LOCALE 'C.UTF-8'",
    "ICU": "LOCALE_PROVIDER icu ICU_LOCALE 'vi' LOCALE 'C.UTF-8'",
}


@pytest.fixture(scope="module", params=LOCALES.values(), ids=LOCALES)
def demo(request, server):
    """The demo catalogue's first stage, not to be written into, and its products."""
    url = server.database(request.param)
    with psycopg.connect(url, autocommit=True) as connection:
        products = fill(connection)
    first_stage = PostgresFirstStage.create(url, "hang", columns=COLUMNS)
    yield first_stage, {product.id: product for product in products}
    first_stage.close()


def ids(first_stage, query="", **options):
    """The ids found."""
    return list(first_stage.find(Search(query, **options)).ids)


WAYS = {
    "as it is": lambda text: text,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "no diacritics": lambda text: fold(normalise(text)),
    "capitals": str.upper,
    "full-width": lambda text: text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    "zero-width": lambda text: "\u200b".join(text.split("a")).replace("\u200b", "a\u200b"),
    "emoji": lambda text: f"👟 {text} ✅",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_title_finds_its_product_however_it_is_typed(demo, way):
    first_stage, products = demo
    asked = [product for product in products.values() if len(product.title) < 60][:60]
    found = [product.id in ids(first_stage, way(product.title), facets=False, candidates=10)[:10] for product in asked]
    assert len(asked) == 60 and sum(found) >= 57


@pytest.mark.parametrize("method", [TELEX, VNI], ids=["Telex", "VNI"])
def test_raw_keystrokes_are_read(demo, method):
    first_stage, _ = demo
    raw = keys("giày chạy bộ nữ", method, at_end=True, together=False)
    plain, typed = (first_stage.find(Search(text)) for text in ("giày chạy bộ nữ", raw))
    assert typed.read == "giày chạy bộ nữ" and len(typed.corrections) == 4
    assert len({*plain.ids[:100]} & {*typed.ids[:100]}) >= 90


QUERIES = (
    "giày chạy bộ nữ",
    "dép quai ngang",
    "giày cao gót đỏ",
    "bốt cổ cao",
    "giày đá bóng trẻ em",
    "xăng đan đế xuồng",
)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_the_same_with_diacritics_and_without(demo, query):
    first_stage, products = demo
    with_, without = ({*ids(first_stage, text)[:100]} for text in (query, fold(query)))
    assert len(with_ & without) >= 0.8 * len(with_)
    words = set(fold(query).split())
    best = ids(first_stage, query)[:5]
    assert all(words & set(fold(normalise(products[id].title)).lower().split()) for id in best)


def test_all_words_of_a_query_come_first(demo):
    first_stage, products = demo
    for query in ("giày lười nam", "giay luoi nam"):
        best = [products[id] for id in ids(first_stage, query)[:10]]
        texts = [fold(normalise(f"{one.title} {one.category} {one.gender}")).lower() for one in best]
        assert all({"giay", "luoi", "nam"} <= set(re.findall(r"\w+", text)) for text in texts)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hoà", [1, 2, 3]),
        ("hòa", [1, 2, 3]),
        ("hoa", [1, 2, 3]),
        ("thuý", [4, 5]),
        ("đế", [6]),
        ("Ðế", [6]),
        ("de", [6]),
        ("ĐẾ", [6]),
        ("sp 001", [7]),
        ("SP-001", [7]),
        ("biti's", [8]),
        ("ＢＩＴＩ", [8]),
        ("quý", [9]),
    ],
)
def test_letters_that_are_written_in_several_ways(stocked, query, expected):
    decomposed = unicodedata.normalize("NFD", "Hoà")
    first_stage = stocked("Hoà", "hòa", decomposed, "Thuý", "thúy", "đế", "Mã SP-001", "Biti's", "quý")
    assert sorted(map(int, ids(first_stage, query))) == expected


@pytest.mark.parametrize(("query", "first"), [("bàn", "2"), ("bán", "1"), ("bạn", "3"), ("BÀN", "2")])
def test_the_query_s_own_diacritics_come_first(stocked, query, first):
    first_stage = stocked("giày bán", "giày bàn", "giày bạn")
    found = ids(first_stage, query)
    assert found[0] == first and len(found) == 3


def test_a_title_counts_for_more_than_a_description(url, shop):
    shop.execute("CREATE TABLE hang (id text PRIMARY KEY, name text, mo_ta text, gia numeric, thuoc_tinh text[])")
    shop.execute(
        "INSERT INTO hang VALUES ('1', 'Dép', 'đi với giày lười', 1, '{}'), ('2', 'Giày lười', NULL, 2, NULL), "
        "('3', NULL, NULL, NULL, '{Giày lười,Êm}')"
    )
    first_stage = PostgresFirstStage.create(url, "hang")
    assert ids(first_stage, "giày lười")[0] == "2" and {*ids(first_stage, "giày lười")} == {"1", "2", "3"}
    assert ids(first_stage, "êm") == ["3"]


@pytest.mark.parametrize(("query", "read"), [("addidas", "adidas"), ("sandan nữ", "sandal nữ"), ("gìay", "gìay")])
def test_a_misspelt_word_is_read_as_what_the_shop_has(demo, query, read):
    first_stage, _ = demo
    found = first_stage.find(Search(query))
    assert found.read == read and found.total > 20
    assert [one.read for one in found.corrections] == [
        word for word, typed in zip(read.split(), query.split(), strict=True) if word != typed
    ]


def test_a_word_that_nobody_knows_is_compared_by_its_letters(stocked):
    first_stage = stocked("Giày Skechers Memory", "Dép lê", "Giày Converse")
    assert ids(first_stage, "skecherrsssx") == ["1"]
    assert ids(first_stage, "converseallstar") == ["3"]
    assert ids(first_stage, "zzzzzz") == []


@pytest.fixture(scope="module")
def knowing(server):
    """The demo catalogue's first stage with the footwear lexicon, and its products."""
    url = server.database()
    with psycopg.connect(url, autocommit=True) as connection:
        products = fill(connection)
    first_stage = PostgresFirstStage.create(url, "hang", columns=COLUMNS, lexicon="footwear")
    yield first_stage, {product.id: product for product in products}
    first_stage.close()


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("giày lười", "loafer"),
        ("giay luoi", "slip on"),
        ("bốt", "boot"),
        ("giày tt", "thể thao"),
        ("giày chạy", "running"),
    ],
)
def test_a_lexicon_knows_other_words_for_the_same(knowing, query, other):
    first_stage, products = knowing
    titles = [normalise(products[id].title).lower() for id in ids(first_stage, query)[:100]]
    words = fold(query).split()[-1]
    assert any(other in title and words not in fold(title) for title in titles)


def test_a_lexicon_finds_more_of_what_is_meant(knowing):
    """Of the demo's products, those that the lexicon reads as what the query asks for."""
    first_stage, products = knowing
    plain, lexicon = PostgresFirstStage(first_stage._pool._url), Lexicon.load("footwear")
    recalls = []
    for query in ("giày lười nữ", "dép quai ngang nam", "bốt da", "giày chạy bộ nam", "sandal đế xuồng"):
        asked = {(one.facet, one.id) for one in lexicon.parse(query).mentions}
        meant = {
            id
            for id, product in products.items()
            if asked <= {(one.facet, one.id) for one in read_product(lexicon, product).mentions}
        }
        for text in (query, fold(query)):
            most = min(len(meant), 100)
            recalls.append([len(meant & {*ids(one, text)[:100]}) / most for one in (plain, first_stage)])
    plain.close()
    without, with_ = (sum(column) / len(recalls) for column in zip(*recalls, strict=True))
    assert with_ >= without and with_ > 0.85


def test_what_a_lexicon_reads_is_a_wish_and_no_filter(knowing):
    first_stage, _ = knowing
    found = first_stage.find(Search("giày lười nữ màu đen size 38 dưới 500k"))
    modes = {one.key: one.mode for one in found.constraints}
    assert modes == {"gender=nu": "boost", "color=den": "boost", "size=38": "boost", "price": "filter"}
    ignoring = first_stage.find(Search("giày lười nữ", ignore=("gender=nu",)))
    assert [one.active for one in ignoring.constraints] == [False] and ignoring.ids


def test_what_is_typed_of_prices_is_a_constraint(demo):
    first_stage, products = demo
    found = first_stage.find(Search("giày cao gót dưới 300k"))
    (constraint,) = found.constraints
    assert (constraint.key, constraint.active, found.read) == ("price", True, "giày cao gót")
    assert found.ids and all((products[id].price or 1e9) <= 300000 for id in found.ids)
    assert found.price_range is not None and found.price_range[1] <= 300000
    free = first_stage.find(Search("giày cao gót dưới 300k", ignore=("price",)))
    assert not free.constraints[0].active and any((products[id].price or 0) > 300000 for id in free.ids)


def test_a_price_that_nothing_has_is_let_go(demo):
    first_stage, _ = demo
    found = first_stage.find(Search("giày cao gót dưới 2k"))
    assert found.total and not found.constraints[0].active
    assert first_stage.find(Search("giày cao gót", price=(0, 2000))).total == 0


@pytest.mark.parametrize(
    ("price", "expected"),
    [((2000, 3000), ["2", "3"]), ((None, 1000), ["1"]), ((4000, None), ["4"]), ((0, 0), [])],
)
def test_a_price_from_and_to(stocked, price, expected):
    first_stage = stocked("Giày", "Giày", "Giày", "Giày", None)
    assert sorted(ids(first_stage, "giày", price=price)) == expected


def test_an_empty_query_finds_everything(demo):
    first_stage, products = demo
    for query in ("", "   ", "👟", "!!! ' \\ & | :*"):
        found = first_stage.find(Search(query, candidates=1000))
        assert found.total == len(products) and len(found.ids) == 1000


def test_filters_and_counts(demo):
    first_stage, products = demo
    found = first_stage.find(Search("giày", filters={"color": ["Đen", "trắng"], "gender": ["NỮ"]}, candidates=1000))
    for id in found.ids:
        colors = normalise(products[id].color).lower()
        assert ("đen" in colors or "trắng" in colors) and "nữ" in normalise(products[id].gender).lower()
    counts = {one.facet: {value.id: value for value in one.values} for one in found.facets}
    assert found.total == len(found.ids) > 0
    assert counts["gender"]["nữ"].count == found.total and counts["gender"]["nữ"].selected
    assert counts["color"]["đen"].selected and not counts["color"]["nâu"].selected
    brown = first_stage.find(Search("giày", filters={"color": ["nâu"], "gender": ["nữ"]}))
    assert counts["color"]["nâu"].count == brown.total
    assert [one.facet for one in found.facets] == ["category", "brand", "color", "size", "gender"]
    assert {one.facet: one.name for one in found.facets}["color"] == "Màu"


def test_a_filter_by_what_is_no_facet(demo):
    first_stage, _ = demo
    with pytest.raises(InputError, match="filters: 'material' is no facet here; facets are category, brand, color"):
        first_stage.find(Search("giày", filters={"material": ["da"]}))


def test_pages_go_on(demo):
    first_stage, _ = demo
    first = first_stage.find(Search("giày", candidates=20))
    second = first_stage.find(Search("giày", candidates=20, page=3))
    assert len(first.ids) == 20 and len(second.ids) == 60 and second.ids[:20] == first.ids
    assert list(second.scores) == sorted(second.scores, reverse=True) and len(second.scores) == 60


HOSTILE = (
    "'; DROP TABLE hang; --",
    "giày' | 'dép",
    "giày & ! dép <-> nữ:*",
    "\\'); DELETE FROM xephang.search; --",
    "%s %(word)s %%",
    "$1 $$ ::tsquery",
    "'" * 500,
    "\\" * 500,
    "giày\x00nữ",
    "\ud83d giày",
    "((((((((",
    "a" * 10_000,
    "giày " * 2_000,
    " ".join(f"từ{number}" for number in range(2_000)),
    "e" + "\u0301\u0323" * 5_000,
)


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_a_query_is_only_text(demo, query):
    first_stage, products = demo
    found = first_stage.find(Search(query))
    assert found.total <= len(products) and len(found.ids) == len(found.scores)
    hostile = {"brand": [query, "x"], "color": [query]}
    assert first_stage.find(Search("giày", filters=hostile)).total == 0
    assert first_stage.find(Search("giày", ignore=(query,), filters={"brand": []})).total
    assert first_stage.find(Search("")).total == len(products)


def test_words_of_products_are_only_text_too(stocked):
    first_stage = stocked("O'Neill \\ giày", "giày 'a' & !b:* | <->", "%s $1")
    assert ids(first_stage, "O'Neill") == ["1"] and ids(first_stage, "oneil") == []
    assert ids(first_stage, "'a' b:*") == ["2"]
    assert {*ids(first_stage, "giày")} == {"1", "2"}


def test_threads_search_at_the_same_time(demo):
    first_stage, _ = demo
    expected = {query: ids(first_stage, query, facets=False) for query in QUERIES}
    wrong = []

    def search():
        wrong.extend(query for query in QUERIES * 3 if ids(first_stage, query, facets=False) != expected[query])

    threads = [threading.Thread(target=search) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_search_that_takes_too_long(stocked, shop, url):
    first_stage = stocked("Giày", timeout=0.3)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE xephang.search IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(InputError, match=r"the search took more than 0.3 s; ask for less, or raise timeout"):
            first_stage.find(Search("giày"))
    assert ids(first_stage, "giày") == ["1"]


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_has_to_be_one(url, timeout):
    with pytest.raises(InputError, match="it must be above 0 seconds"):
        PostgresFirstStage(url, timeout=timeout)


def test_psycopg_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for make in (PostgresFirstStage, lambda url: PostgresFirstStage.create(url, "hang")):
        with pytest.raises(MissingExtraError, match=r"pip install 'xephang\[sql\]'"):
            make("postgresql://db.invalid/hang")


@pytest.mark.parametrize("make", [PostgresFirstStage, lambda url: PostgresFirstStage.create(url, "hang")])
def test_a_url_that_can_not_be_read(make):
    with pytest.raises(InputError, match="can not be read as a database's URL") as error:
        make(f"postgresql://shop:a@{PASSWORD}@db.invalid/hang")
    assert PASSWORD not in str(error.value)


def test_a_server_that_was_started_again_is_found_again():
    with running() as own:
        url = own.database()
        with psycopg.connect(url, autocommit=True) as connection:
            fill(connection)
        first_stage = PostgresFirstStage.create(url, "hang")
        before = ids(first_stage, "giày")
        own.stop()
        with pytest.raises(InputError, match="refused") as error:
            first_stage.find(Search("giày"))
        assert PASSWORD not in str(error.value)
        own.start()
        assert ids(first_stage, "giày") == before
        own.stop()
        own.start()
        assert ids(first_stage, "giày") == before
        first_stage.close()
