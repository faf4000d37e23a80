"""`xephang rank --explain`: what a shop's staff sees of why a product ranks where it does."""

import re

import pytest

from xephang import Catalogue, Reranker

PRODUCTS = [
    {"id": "A1", "title": "Giày chạy bộ nữ đế êm", "brand": "Adidas", "color": "trắng", "price": 268000},
    {"id": "A2", "title": "Dép lê nam", "color": "đen", "size": 42},
    {"id": "A3", "title": "Sneaker bé trai đen size 30"},
]
QUERY = "giày chạy bộ nữ màu đen"
CONTRIBUTION = r"[+-]\d+\.\d\d"


@pytest.fixture
def explain(xephang, tiny_exported):
    return lambda *arguments, lexicon="footwear", **options: xephang(
        "rank", *arguments, "--explain", "--lexicon", lexicon, "--model", tiny_exported, **options
    )


def below(out):
    """For each product's id, the lines that its row has under the first."""
    found, lines = {}, out.split("\n")
    for line in lines[next(i for i, line in enumerate(lines) if line.startswith("─")) + 1 :]:
        if re.match(r"\d", line):
            own = found.setdefault(line.split()[2], [])
        elif line:
            own.append(line.strip())
    return found


def test_facets_and_words_stand_under_each_product(explain, shop):
    found = below(explain(QUERY, shop(*PRODUCTS)).out)
    facets = {name: re.split(" {2,}", "  ".join(lines[:-1])) for name, lines in found.items()}
    assert facets == {
        "A1": ["✓ Loại: giày chạy bộ", "✗ Màu: đen (trắng)", "✓ Giới tính: nữ", "✓ Dịp dùng: chạy bộ"],
        "A2": ["≠ Loại: giày chạy bộ (Dép lê nam)", "✓ Màu: đen", "✗ Giới tính: nữ (nam)", "? Dịp dùng: chạy bộ"],
        "A3": [
            "≠ Loại: giày chạy bộ (Sneaker)", "✓ Màu: đen", "✗ Giới tính: nữ (bé trai)", "✗ Tuổi (bé trai)",
            "? Dịp dùng: chạy bộ",
        ],
    }  # fmt: skip
    for lines in found.values():
        assert re.fullmatch("  ".join(f"{word} {CONTRIBUTION}" for word in QUERY.split()), lines[-1])


def test_the_numbers_are_those_of_python(explain, shop, tiny_exported):
    catalogue = shop(*PRODUCTS)
    expected = Reranker.load(tiny_exported).rank(
        QUERY, list(Catalogue.open(catalogue)), explain=True, lexicon="footwear"
    )
    results = explain(QUERY, catalogue, "--json").json[0]["results"]
    assert [result["explanation"] for result in results] == [result["explanation"].to_dict() for result in expected]
    shown = below(explain(QUERY, catalogue).out)
    for result in results:
        numbers = [f"{word['contribution']:+.2f}" for word in result["explanation"]["words"]]
        assert re.findall(CONTRIBUTION, shown[result["id"]][-1]) == numbers


def test_the_signs_are_told_on_stderr(explain, shop):
    ran = explain(QUERY, shop(*PRODUCTS))
    for sign in ("✓ matched", "≈ near", "? not said", "✗ contradicted", "≠ another type"):
        assert sign in ran.err and sign not in ran.out


def test_piped_it_is_plain_and_no_wider_than_other_tables(explain, shop):
    ran = explain("giày " * 40 + QUERY, shop(*PRODUCTS))
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.split("\n")[1:])) <= 120
    assert len(re.findall(CONTRIBUTION, " ".join(below(ran.out)["A1"]))) == 30


def test_without_explain_nothing_is_added(xephang, shop, tiny_exported):
    catalogue = shop(*PRODUCTS)
    ran = xephang("rank", QUERY, catalogue, "--model", tiny_exported)
    assert "✓" not in ran.out + ran.err and below(ran.out) == {"A1": [], "A2": [], "A3": []}
    answer = xephang("rank", QUERY, catalogue, "--json", "--model", tiny_exported).json[0]
    assert all("explanation" not in result for result in answer["results"])


def test_a_model_without_a_lexicon_shows_words_and_says_so(xephang, shop, tiny_exported):
    ran = xephang("rank", QUERY, shop(*PRODUCTS), "--explain", "--model", tiny_exported)
    assert [len(lines) for lines in below(ran.out).values()] == [1, 1, 1]
    assert "the model names no lexicon" in ran.err and "--lexicon" in ran.err


def test_the_bundled_model_brings_its_own(xephang, shop):
    ran = xephang("rank", QUERY, shop(*PRODUCTS), "--explain", "-k", "1", "--threads", "1")
    assert "Loại: giày chạy bộ" in ran.out and "names no lexicon" not in ran.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--lexicon", "bags"], "--lexicon is what --explain reads facets by; add --explain", id="alone"),
        pytest.param(
            ["--explain", "--lexicon", "none"], "none: no such lexicon; give one of footwear, bags", id="none"
        ),
    ],
)
def test_a_wrong_lexicon_is_one_sentence(xephang, shop, tiny_exported, options, says):
    ran = xephang("rank", QUERY, shop(*PRODUCTS), "--model", tiny_exported, *options)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_model_of_several_labels_is_refused(xephang, shop, tiny_classes):
    ran = xephang("rank", QUERY, shop(*PRODUCTS), "--explain", "--model", tiny_classes)
    assert (ran.code, ran.out) == (2, "")
    assert "explain is for models of one label" in ran.err


def test_hostile_texts_command_no_terminal(explain, shop):
    query = "giày \x1b[31m\u202e [red]đen[/] 👨\u200d👩\u200d👧 " + "đ" * 3000
    ran = explain(query, shop({"id": "H", "title": "Giày\x1b[2J đen\u2028trắng " + "x" * 10_000}))
    assert ran.code == 0, ran.err
    assert not set("\x1b\u202e\u2028") & set(ran.out)
    (result,) = explain(query, shop(PRODUCTS[0]), "--json").json[0]["results"]
    words = [word["word"] for word in result["explanation"]["words"]]
    assert words[-1] == "đ" * 3000 and "[red]đen[/]" in words


def test_a_file_of_facets_is_read(explain, shop, tmp_path):
    lexicon = tmp_path / "hats.toml"
    lexicon.write_text(
        '[facets.kind]\nname = "Mũ"\n[facets.kind.values]\ngiay = { title = ["giày"] }\n', encoding="utf-8"
    )
    answer = explain("giày", shop(*PRODUCTS), "--json", lexicon=lexicon).json[0]
    facets = {result["id"]: result["explanation"]["facets"] for result in answer["results"]}
    assert facets["A1"] == [{"facet": "Mũ", "asked": "giày", "verdict": "matched", "offered": ["Giày"]}]
    assert facets["A2"][0]["verdict"] == "unknown"
