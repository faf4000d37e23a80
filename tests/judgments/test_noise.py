"""What each kind of typing noise makes of queries, and that none of them asks for something else."""

import re
import tomllib
import unicodedata
from collections import Counter
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xephang.judgments.noise import NOISE
from xephang.lexicon import Lexicon
from xephang.text import normalise

TABLES = tomllib.loads((files("xephang.judgments") / "noise.toml").read_text(encoding="utf-8"))
QUERIES = (
    "giày thể thao nam màu trắng size 42",
    "giày đá bóng trẻ em sân cỏ nhân tạo",
    "dép sục nữ chống trượt",
    "xăng đan đế xuồng nữ màu đen size 36-38",
    "giày cao gót 7cm mũi nhọn màu hồng",
    "giày lười nam da bò màu nâu",
    "giày tây nam không dây cỡ 41",
    "boot nữ cổ cao màu xám",
    "dép quai ngang nam màu đỏ size 40",
    "giày converse cổ thấp màu vàng cho nữ",
    "giày sneaker adidas nữ màu tím",
    "giày chạy bộ nike nam size 39",
    "giày búp bê nữ màu kem size 37",
    "giày bé trai đi học size 30",
    "dép đi trong nhà cho bé gái màu hồng",
    "giày vans nam nữ màu xanh dương",
    "giày da bóng nữ màu đen",
    "giày dép nữ tính màu be",
    "xịt khử mùi giày chính hãng",
)
SEEDS = range(40)


def noisy(kind: str, text: str) -> set[str]:
    return {NOISE[kind](Random(seed), text) for seed in SEEDS}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("no-diacritics", "giày đá bóng", {"giay da bong"}),
        ("no-diacritics", "GIÀY Đế 39", {"GIAY De 39"}),
        ("partial-diacritics", "giày nữ", {"giay nữ", "giày nu"}),
        ("partial-diacritics", "giày đá bé", {"giay đá bé"}),
        ("partial-diacritics", "sneaker", {"sneaker"}),
        ("telex", "giày", {"giayf", "giafy"}),
        ("telex", "trượt", {"truwowtj", "truowtj", "truwowjt", "truowjt"}),
        ("vni", "đế trượt", {"d9e61 tru7o7t5", "d9e61 truo7t5", "d9e61 tru7o75t", "d9e61 truo75t"}),
        ("vni", "size 38", {"size 38"}),
        ("teencode", "với", {"vs", "zới"}),
        ("teencode", "KHÔNG", {"KO", "K", "HOK", "HÔNG", "HEM"}),
        ("teencode", "êm chân", {"êm chưn"}),
        ("teencode", "em", {"em"}),
        ("teencode", "xanh", {"xanh"}),
        ("typo", "đi xa", {"đi xa"}),
        ("typo", "sz42 size36", {"sz42 size36"}),
        ("typo", "boot", {"bot", "booot", "boto", "biot", "bpot", "boit", "bopt"}),
        ("spelling", "bốt", {"bót", "boot"}),
        ("spelling", "dép ủng", {"dép ủng"}),
        ("spelling", "đế xuồng", {"đế suồng", "đế xuồn"}),
        ("english-mix", "trắng nam", {"white nam", "trắng men", "trắng for men", "white men", "white for men"}),
        ("english-mix", "đồ việt nam", {"đồ việt nam"}),
        ("english-mix", "giày vàng bò", {"giày vàng bò"}),
        ("english-mix", "giày thể thao", {"sneaker", "giày sneaker", "sport shoes"}),
        ("word-order", "giày nam", {"nam giày"}),
        ("word-order", "giày nam nữ đi mưa", {"nam nữ giày đi mưa", "giày đi mưa nam nữ"}),
        ("word-order", "giày cỡ 36-38 đẹp", {"cỡ 36-38 giày đẹp", "giày đẹp cỡ 36-38"}),
        ("word-order", "giày size 38 39", {"giày size 38 39"}),
        ("word-order", "giày việt nam đẹp", {"giày việt nam đẹp"}),
        ("word-order", "túi nữ tính đẹp", {"túi nữ tính đẹp"}),
        ("word-order", "giày đế trắng", {"giày đế trắng"}),
        ("word-order", "dép màu xanh rêu", {"màu xanh rêu dép"}),
        ("word-order", "giày nam không dây", {"giày nam không dây"}),
        ("abbreviation", "giày thể thao", {"giày tt", "gtt"}),
        ("abbreviation", "size 38", {"sz 38", "siz 38"}),
        ("caps", "giày đá", {"GIÀY ĐÁ"}),
    ],
)  # fmt: skip
def test_a_kind_types_as_shoppers_do(kind, text, expected):
    assert noisy(kind, text) == expected


@pytest.mark.parametrize("kind", NOISE)
@given(text=st.text(max_size=60), seed=st.integers(0, 1000))
def test_any_text_gives_the_same_normalised_text_for_the_same_seed(kind, text, seed):
    found = NOISE[kind](Random(seed), text)
    assert found == NOISE[kind](Random(seed), text)
    assert unicodedata.is_normalized("NFC", found)
    assert normalise(found) == found


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   \u200b ", id="nothing visible"),
        pytest.param("🥿👟", id="emoji"),
        pytest.param("giày" * 2500, id="one long word"),
        pytest.param("giày nữ size 38 trắng " * 500, id="many words"),
        pytest.param("ſize 38 İ ı ß ﬁ ǆ", id="letters whose case is odd"),
        pytest.param("giÃ y thá»ƒ thao", id="mojibake"),
        pytest.param("\ud83d giày \x00", id="half an emoji"),
    ],
)
def test_strange_texts_pass(kind, text):
    assert normalise(NOISE[kind](Random(1), text)) == NOISE[kind](Random(1), text)


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("query", QUERIES)
def test_decomposed_text_is_typed_as_composed_text_is(kind, query):
    assert noisy(kind, unicodedata.normalize("NFD", query)) == noisy(kind, query)


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("query", [*QUERIES, "sz42", "giày 7,5 phân 38.5 cỡ39-41", "af1 1970s nb574"])
def test_numbers_stay_as_they_are(kind, query):
    numbers = Counter(re.findall(r"\d+", query))
    for found in noisy(kind, query):
        words = [word for word in found.split() if not (kind == "vni" and word not in query.split())]
        assert Counter(re.findall(r"\d+", " ".join(words))) == numbers, found


@pytest.fixture(scope="module")
def footwear() -> Lexicon:
    return Lexicon.load("footwear")


@pytest.mark.parametrize("kind", [kind for kind in NOISE if kind not in ("telex", "vni")])
@pytest.mark.parametrize("query", QUERIES)
def test_nothing_else_is_asked_for(footwear, kind, query):
    """A noisy query may say less to the lexicon, but never another colour, size, gender or brand."""
    asked = footwear.parse(query)
    for found in noisy(kind, query):
        read = footwear.parse(found)
        for facet in ("color", "size", "gender", "brand"):
            wider = {up for value in asked.ids(facet) for up in footwear.facets[facet].ancestors(value)}
            both = {"unisex"} if "nam nữ" in query else set()
            assert set(read.ids(facet)) <= {*asked.ids(facet), *wider, *both}, f"{found}: {facet}"


@pytest.mark.parametrize("kind", ["caps", "word-order", "no-diacritics", "english-mix"])
@pytest.mark.parametrize("query", [query for query in QUERIES if "đá" not in query and "da " not in query])
def test_these_kinds_lose_no_size_and_no_gender(footwear, kind, query):
    asked = footwear.parse(query)
    for found in noisy(kind, query):
        read = footwear.parse(found)
        assert (read.ids("size"), read.accessory) == (asked.ids("size"), asked.accessory), found
        if "nam nữ" not in query:
            assert set(read.ids("gender")) == set(asked.ids("gender")), found


@pytest.mark.parametrize("query", QUERIES)
def test_another_order_has_the_same_words(query):
    for found in noisy("word-order", query):
        assert sorted(found.split()) == sorted(query.split())


@pytest.mark.parametrize("query", QUERIES)
def test_a_typo_is_in_one_word_and_keeps_its_first_letter(query):
    for found in noisy("typo", query):
        pairs = [(was, now) for was, now in zip(query.split(), found.split(), strict=True) if was != now]
        assert len(pairs) == 1
        assert pairs[0][0][0] == pairs[0][1][0] and abs(len(pairs[0][0]) - len(pairs[0][1])) <= 1


@pytest.mark.parametrize("kind", [kind for kind in NOISE if kind not in ("partial-diacritics", "word-order")])
def test_most_kinds_change_most_queries(kind):
    assert sum(noisy(kind, query) != {query} for query in QUERIES) > len(QUERIES) / 2


def test_the_teencode_table_is_not_small():
    assert sum(bool(forms) for forms in TABLES["teencode"].values()) >= 40
    assert {"không", "được", "giá", "gì", "với", "trẻ em", "học", "làm", "chiều", "rồi", "bao nhiêu"} <= set(
        TABLES["teencode"]
    )


@pytest.mark.parametrize("name", TABLES)
def test_tables_hold_normalised_words_and_real_changes(name):
    for word, forms in TABLES[name].items():
        assert word == normalise(word).lower()
        assert all(form == normalise(form) and form != word for form in forms), word
        assert len(set(forms)) == len(forms), word
        assert not re.search(r"\d", word + "".join(forms)), word


def test_the_examples_of_the_documentation_are_what_each_kind_may_make():
    lines = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8").splitlines()
    shown = dict(re.findall(r"`([^`]+)`", line) for line in lines if re.match(r"\| `[a-z-]+` \|", line))
    assert list(shown) == list(NOISE)
    for kind, found in shown.items():
        assert found in {NOISE[kind](Random(seed), "giày thể thao nam màu trắng") for seed in range(2000)}, kind


def test_no_word_is_replaced_inside_another():
    for name in TABLES:
        assert noisy(name, "xmàux trắngtinh nikes") == {"xmàux trắngtinh nikes"}
