"""What a query is read as, on the shop's own words."""

import pytest
from stock import HAND_MADE, ways

from xephang.search import Search, Shop


@pytest.fixture(scope="module")
def read(shop):
    def read(query, ignore=()):
        return shop.first_stage.read(Search(query, ignore=ignore))

    return read


def keys(reading, mode="filter"):
    return [wish.constraint.key for wish in reading.wishes if wish.constraint.mode == mode]


def covered(reading):
    return [word.lower for word in reading.words if word.covered]


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("giày chạy bộ", []),
        ("giày nữ", ["gender=nu"]),
        ("giày nam nữ", ["gender=nam", "gender=nu"]),
        ("giày size 38", ["size=38"]),
        ("giày nữ size 38 dưới 500k", ["gender=nu", "size=38", "price"]),
        ("dưới 500k giày nữ size 38", ["gender=nu", "size=38", "price"]),
        ("giày nữ dưới 500k size 38", ["gender=nu", "size=38", "price"]),
        ("giày nữ màu đen", ["gender=nu"]),
        ("giày lười nữ màu đen size 38 dưới 500k", ["gender=nu", "size=38", "price"]),
        ("size 36-40", ["size=36-40"]),
        ("dưới 500k", ["price"]),
        ("", []),
        ("👟🔥", []),
    ],
)
def test_what_a_query_insists_on(read, query, filters):
    assert keys(read(query)) == filters


@pytest.mark.parametrize("query", ["giày nữ size 38 dưới 500k", "dép trẻ em size 27", "Sandal NAM 42"])
def test_how_a_query_is_typed_changes_nothing_of_what_it_insists_on(read, query):
    expected = keys(read(query)), read(query).price
    for way, typed in ways(query).items():
        reading = read(typed)
        assert (keys(reading), reading.price) == expected, way


def test_brand_and_colour_are_asked_for_and_not_insisted_on(read):
    reading = read("giày adidas trắng nữ")
    assert keys(reading, "boost") == ["brand=adidas", "color=trang"]
    assert covered(reading) == ["nữ"]


@pytest.mark.parametrize(
    ("query", "read_as"),
    [
        ("giày nữ dưới 500k size 38", "giày nữ size 38"),
        ("dưới 500k giày nữ", "giày nữ"),
        ("giày nữ dưới 500k", "giày nữ"),
        ("giày nữ, dưới 500k, trắng", "giày nữ, , trắng"),
        ("dưới 500k", ""),
        ("  giày   nữ ", "giày nữ"),
        ("", ""),
    ],
)
def test_the_reranker_reads_the_query_without_its_price(read, query, read_as):
    assert read(query).read == read_as


@pytest.mark.parametrize(
    "query", ["dưới 500k giày nữ size 38", "giày dưới 500k nữ size 38", "giày nữ size 38 dưới 500k"]
)
def test_a_constraint_s_words_stand_where_it_says(read, query):
    reading = read(query)
    said = {wish.constraint.key: wish.constraint for wish in reading.wishes}
    assert said["price"].text == "dưới 500k"
    assert said["gender=nu"].text == "nữ"
    assert "38" in said["size=38"].text
    for one in said.values():
        assert reading.query[one.start : one.end] == one.text


def test_words_of_the_price_are_not_searched_for(read):
    assert [word.lower for word in read("giày nữ dưới 500k").words] == ["giày", "nữ"]


@pytest.mark.parametrize("key", ["gender=nu", "size=38", "price"])
def test_an_ignored_constraint_is_told_and_does_not_hold(read, key):
    reading = read("giày nữ size 38 dưới 500k", [key])
    active = {wish.constraint.key: wish.constraint.active for wish in reading.wishes}
    assert active == {one: one != key for one in ("gender=nu", "size=38", "price")}
    assert (reading.price == (None, None)) == (key == "price")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("giayf", "giày"), ("gia2y", "giày"), ("chajy", "chạy"), ("giàyy", "giày"), ("sandl", "sandal")],
)
def test_corrections_say_what_was_read_for_what(read, typed, meant):
    reading = read(f"{typed} trắng")
    (only,) = reading.corrections
    assert (only.text, only.read) == (typed, meant)
    assert reading.query[only.start : only.end] == typed
    assert reading.read == f"{meant} trắng"


@pytest.mark.parametrize("query", ["giày chạy bộ nữ", "dép đế cao su", "sandal trẻ em", "GIÀY", "dep nam"])
def test_words_that_the_shop_holds_are_not_corrected(read, query):
    assert read(query).corrections == ()


def test_a_corrected_word_is_read_by_the_lexicon_too(read):
    reading = read("giayf nuwx")
    assert keys(reading) == ["gender=nu"]
    (women,) = (wish.constraint for wish in reading.wishes)
    assert women.text == "nuwx"


@pytest.mark.parametrize(
    "query",
    [
        "giày " * 5000,
        "giày" * 5000,
        "🔥" * 10_000,
        "\u0301" * 10_000,
        "1 " * 3000,
        "size 38 " * 400,
        "dưới 500k " * 300,
    ],
    ids=lambda query: query[:8],
)
def test_of_ten_thousand_characters_the_first_are_read(read, query):
    reading = read(query)
    assert len(reading.query) <= 2000
    assert len(reading.words) <= 64


def test_a_word_knows_how_many_products_hold_it(read, shop):
    (shoe, nonsense) = read("giày zzqwx").words
    assert shoe.known == shop.first_stage.speller.vocabulary.count("giay") > 10
    assert nonsense.known == 0


def test_without_a_lexicon_only_the_price_is_a_constraint(tiny_model, tmp_path):
    shop = Shop.build(tiny_model, HAND_MADE, tmp_path / "hàng")
    reading = shop.first_stage.read(Search("giày nữ size 38 dưới 500k"))
    assert keys(reading) == ["price"]
    assert reading.price == (None, 500_000)
