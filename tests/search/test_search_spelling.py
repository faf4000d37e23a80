"""What a word of a query may have been meant for, by the words of a catalogue."""

import json
import random
import re
import unicodedata
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xephang.judgments.noise import NOISE
from xephang.lexicon import Lexicon
from xephang.search.spelling import Alternative, Speller, alternatives, joined, lexicon_words
from xephang.search.spelling_chats import chats
from xephang.search.spelling_glue import split
from xephang.search.spelling_slips import CLOSE, FAR, HEARD, NEAR, slips, two_slips
from xephang.text import fold, normalise

WORD = re.compile(r"[^\W_]+")
COUNTS = {
    "giày": 40_000, "dây": 7_000, "nữ": 18_000, "nam": 17_000, "thể": 5_000, "thao": 5_100, "chạy": 2_700, "bộ": 6_800,
    "bóng": 5_000, "đá": 4_000, "trẻ": 4_000, "em": 12_000, "không": 5_100, "sandal": 4_400, "converse": 450,
    "adidas": 900, "skechers": 520, "new": 800, "balance": 400, "oxford": 300, "trượt": 7_100, "chống": 12_000,
    "sục": 1_600, "quai": 3_000, "ngang": 2_500, "đi": 9_000, "học": 3_100, "sinh": 900, "trắng": 11_000, "mã": 700,
    "box": 1_200, "boots": 700, "bốt": 870, "trong": 1_700, "nhà": 2_000, "giá": 2_200, "size": 14_000, "màu": 12_000,
    "đế": 9_000, "chính": 1_900, "hãng": 1_800, "birkenstock": 60, "giaychaybo": 60, "conver": 3, "cút": 40,
    "chayj": 7, "tt": 600, "búp": 900, "bê": 800, "loafer": 250, "gay": 2, "unisex": 500,
}  # fmt: skip
"""Accented words and how many products hold them; a few misspelt ones, as catalogues have."""


class Words:
    """A vocabulary that is a table."""

    def __init__(self, counts):
        self.counts = Counter()
        self.forms = {}
        for word, count in sorted(counts.items(), key=lambda one: one[1]):
            self.counts[fold(word)] += count
            self.forms[fold(word)] = word

    def count(self, folded):
        return self.counts.get(folded, 0)

    def accented(self, folded):
        return self.forms.get(folded, folded)


SHOP = Words(COUNTS)
KNOWN = frozenset(("white", "boy"))


def demo():
    """The words of the demo catalogue."""
    lines = (files("xephang.catalogue") / "demo.jsonl").read_text(encoding="utf-8").splitlines()
    titles = [normalise(json.loads(line)["title"]).lower() for line in lines]
    return titles, Words(Counter(word for title in titles for word in set(WORD.findall(title))))


def first(word, vocabulary=SHOP):
    found = alternatives(word, vocabulary)
    return (found[0].written, found[0].kind) if found else None


@pytest.mark.parametrize(
    ("word", "written", "kind"),
    [
        ("giayf", "giày", "telex"),
        ("giafy", "giày", "telex"),
        ("nuwx", "nữ", "telex"),
        ("ddi", "đi", "telex"),
        ("truwowtj", "trượt", "telex"),
        ("gia2y", "giày", "vni"),
        ("d9e61", "đế", "vni"),
        ("zày", "giày", "teencode"),
        ("zay", "giày", "teencode"),
        ("ko", "không", "teencode"),
        ("hs", "học sinh", "teencode"),
        ("te", "trẻ em", "teencode"),
        ("sandan", "sandal", "teencode"),
        ("addidas", "adidas", "teencode"),
        ("xục", "sục", "teencode"),
        ("conver", "converse", "teencode"),
        ("newbalance", "new balance", "teencode"),
        ("bómg", "bóng", "typo"),
        ("guầy", "giày", "typo"),
        ("sanal", "sandal", "typo"),
        ("sandall", "sandal", "typo"),
        ("covnerse", "converse", "typo"),
        ("skecherss", "skechers", "typo"),
        ("skehcres", "skechers", "typo"),
        ("birkenstokc", "birkenstock", "typo"),
        ("brikentsock", "birkenstock", "typo"),
        ("giaythethao", "giay the thao", "split"),
        ("giàythểthao", "giày thể thao", "split"),
        ("thethao", "the thao", "split"),
        ("giaynamsandal", "giay nam sandal", "split"),
    ],
)
def test_a_misspelt_word_is_read_back(word, written, kind):
    assert first(word) == (written, kind)


@pytest.mark.parametrize(
    "word",
    ["giày", "giay", "giầy", "sandal", "box", "boots", "đế", "tt", "adidas", "trong", "unisex", "cút"],
)
def test_a_word_that_the_catalogue_holds_well_is_never_read_as_another(word):
    assert [one for one in alternatives(word, SHOP) if one.weight >= 0.5] == []


@pytest.mark.parametrize(
    "word",
    [
        "",
        "38",
        "9060",
        "xt20",
        "42.5",
        "a",
        "x",
        "qq",
        "👟",
        "зима",
        "靴",
        "wxyzq",
        "-",
        "'",
        "\u0301",
        "\ud800",
        "ca\u0301t",
    ],
)
def test_what_can_not_be_corrected_stands(word):
    assert alternatives(word, SHOP) == ()


def test_a_misspelling_that_the_catalogue_itself_holds_is_still_read_back():
    assert SHOP.count("chayj") > 0
    assert first("chayj") == ("chạy", "telex")
    assert first("conver") == ("converse", "teencode")


def test_a_reading_that_is_hardly_more_frequent_does_not_replace_a_word():
    shop = Words({"boots": 700, "bốt": 700 * 19})
    assert alternatives("boots", shop) == ()
    assert first("boots", Words({"boots": 700, "bốt": 700 * 21})) == ("bốt", "telex")


def test_a_reading_in_an_unusual_form_needs_to_be_more_frequent_still():
    shop = {"box": 100, "bộ": 100 * 30}
    assert alternatives("box", Words(shop)) == ()  # bõ, where the shop means bộ
    assert first("booj", Words(shop)) == ("bộ", "telex")


def test_a_word_by_ear_is_searched_for_beside_the_word_itself():
    (beside,) = alternatives("dày", SHOP)
    assert (beside.term, beside.kind) == ("giay", "teencode")
    assert beside.weight < 0.5
    assert alternatives("dây", SHOP) == ()
    assert alternatives("day", SHOP) == ()


def test_single_letters_are_only_searched_for_beside():
    assert [(one.written, one.weight < 0.5) for one in alternatives("k", SHOP)] == [("không", True)]


def test_weights_are_between_nothing_and_one_and_fall():
    for word in ("giayf", "bot", "botx", "hok", "snadal", "trog", "cg", "dà"):
        weights = [one.weight for one in alternatives(word, SHOP)]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)
        assert sum(weights) <= 1


def test_diacritics_that_were_typed_choose_between_words():
    shop = Words({"bóng": 1_000, "bảng": 1_000})
    assert first("bóg", Words({"bóng": 1_000, "bờ": 5_000}))[0] == "bóng"
    assert first("bómg", shop)[0] == "bóng"


def test_good_syllables_that_no_product_holds_are_not_read_as_others():
    for word in ("chuột", "giặt", "ghế", "sấy", "giam"):
        assert [one for one in alternatives(word, SHOP) if one.weight >= 0.5] == [], word


def test_words_that_the_lexicon_knows_are_no_slips():
    shop = Words({"whites": 500, "bộ": 6_000})
    assert first("white", shop) == ("whites", "typo")
    assert alternatives("white", shop, KNOWN) == ()
    assert Speller(shop, KNOWN).alternatives("white") == ()
    assert first("boy", shop) == ("bộ", "typo") or alternatives("boy", shop)[0].weight < 0.5
    assert alternatives("boy", shop, KNOWN) == ()


def test_a_known_word_that_keys_could_have_typed_is_searched_for_beside():
    (beside,) = alternatives("bee", SHOP, {"bee"})
    assert (beside.written, beside.kind) == ("bê", "telex")
    assert beside.weight < 0.5 <= alternatives("bee", SHOP)[0].weight


def test_the_words_of_a_lexicon_are_those_of_its_values():
    words = lexicon_words(Lexicon.load("footwear"))
    assert {"white", "giày", "adidas", "heels"} <= words
    assert words == {word.lower() for word in words}


def test_words_of_three_letters_are_only_searched_for_beside():
    for word in ("gya", "nma", "bnog"[:3]):
        assert all(one.weight < 0.5 for one in alternatives(word, SHOP) if one.kind == "typo")


@pytest.mark.parametrize(
    ("pair", "written", "kind"),
    [
        ("conver se", "converse", "join"),
        ("ox ford", "oxford", "teencode"),
        ("sand al", "sandal", "join"),
        ("sket chers", None, None),
        ("ske chers", "skechers", "join"),
        ("săng đan", "sandal", "teencode"),
        ("sang dan", "sandal", "teencode"),
        ("e bé", "em bé", "teencode"),
        ("c hãng", "chính hãng", "teencode"),
        ("thể thao", None, None),
        ("giày da", None, None),
        ("giày chaybo", None, None),
        ("new balance", None, None),
        ("nu nam", None, None),
        ("uni sex", "unisex", "join"),
        ("38 39", None, None),
        (" ", None, None),
    ],
)
def test_two_words_are_read_together(pair, written, kind):
    found = joined(*pair.split(" "), SHOP)
    assert (found and (found.written, found.kind)) == ((written, kind) if kind else None)


def test_two_words_that_are_common_are_not_joined_to_a_hashtag():
    assert joined("chay", "bo", Words({"chạy": 3, "bộ": 3, "chaybo": 400})) is None
    assert joined("conver", "se", Words({"converse": 1})) is None
    assert joined("giày", "bupbe", Words({"giày": 900, "giàybupbe": 30})) is None


@pytest.mark.parametrize("letter", ["a", "giay", "dd", "uow", "á", "giày", "👟", "1", "z\u0301", "đ"])
def test_ten_thousand_letters_are_no_word(letter):
    word = letter * (10_000 // len(letter))
    speller = Speller(SHOP)
    assert speller.alternatives(word) == alternatives(word, SHOP) == ()
    assert speller.joined(word, word) is None


@pytest.mark.parametrize("letter", "abnzđ")
def test_the_longest_words_are_looked_at_in_bounds(letter):
    counted = Counter()

    class Counting(Words):
        def count(self, folded):
            counted[folded] += 1
            return super().count(folded)

    for size in (7, 14, 15, 40):
        counted.clear()
        alternatives(letter * size, Counting(COUNTS))
        assert sum(counted.values()) < 20_000


@given(st.text(max_size=14) | st.text("abdeghinouyđàáảâêôươ", max_size=14))
@example("zàyzàyzày")
@example("ﬁ")
@example("ß")
def test_whatever_is_typed_alternatives_are_words_of_the_catalogue(word):
    word = normalise(word).lower()
    for one in alternatives(word, SHOP):
        assert isinstance(one, Alternative)
        assert fold(one.written).lower() == one.term != fold(word)
        assert all(SHOP.count(part) for part in one.term.split())
    assert Speller(SHOP).alternatives(word) == alternatives(word, SHOP)


@given(st.sampled_from(sorted(COUNTS)), st.sampled_from(["NFC", "NFD"]))
def test_the_form_of_a_word_does_not_matter_once_normalised(word, form):
    assert alternatives(normalise(unicodedata.normalize(form, word)), SHOP) == alternatives(word, SHOP)


@pytest.mark.parametrize(
    ("kind", "least"), [("telex", 0.97), ("vni", 0.97), ("teencode", 0.9), ("typo", 0.85), ("abbreviation", 0.75)]
)
def test_noise_in_titles_is_read_back(kind, least):
    """The share of noised words whose first alternative is the word; of the demo catalogue's titles, seeded."""
    titles, words = demo()
    chance = random.Random(3)
    right = seen = 0
    for title in chance.sample(titles, 200):
        clean, noisy = (WORD.findall(one) for one in (title, NOISE[kind](chance, title).lower()))
        if len(clean) != len(noisy):
            continue
        for meant, typed in zip(clean, noisy, strict=True):
            if fold(meant) != fold(typed):
                seen += 1
                right += [one.term for one in alternatives(typed, words)][:1] == [fold(meant)]
    assert seen > 50
    assert right / seen >= least


def test_clean_titles_stand():
    titles, words = demo()
    read = [word for title in titles for word in WORD.findall(title)]
    speller = Speller(words)
    changed = [word for word in read if any(one.weight >= 0.5 for one in speller.alternatives(word))]
    assert len(read) > 10_000
    assert len(changed) / len(read) < 0.005


def test_forms_of_the_table_are_read_as_written_and_folded():
    assert chats().meant("zày") == {"giày": True}
    assert chats().meant("zay") == {"giày": False}
    assert chats().meant("giây") == {"dây": True}
    assert "giầy" not in chats().meant("giay")
    assert chats().meant("c hãng") == {"chính hãng": True}
    assert chats().meant("m") == {"màu": True}
    assert chats().meant("không có") == {}


@pytest.mark.parametrize(
    ("typed", "meant", "likelihood"),
    [
        ("xuc", "suc", HEARD),
        ("chuot", "truot", HEARD),
        ("phog", "phong", CLOSE),
        ("gaiy", "giay", CLOSE),
        ("giayy", "giay", CLOSE),
        ("guay", "giay", NEAR),
        ("gimay", "giay", NEAR),
        ("gzay", "giay", FAR),
    ],
)
def test_slips_have_their_likelihood(typed, meant, likelihood):
    assert slips(typed)[meant] == pytest.approx(likelihood)


def test_slips_in_the_first_letter_are_rarer():
    assert slips("huay")["guay"] < slips("guay")["giay"]
    assert "giay" not in slips("giay")


@pytest.mark.parametrize(
    ("typed", "meant"), [("skehcres", "skechers"), ("birkntsock", "birkenstock"), ("converrsse", "converse")]
)
def test_two_slips_reach_two_edits_behind_the_first_letter(typed, meant):
    assert meant in two_slips(typed)
    assert typed not in two_slips(typed)
    assert {word[0] for word in two_slips(typed)} == {typed[0]}


@pytest.mark.parametrize(
    ("glued", "parts"),
    [
        ("giaychaybo", ("giay", "chay", "bo")),
        ("thethaonam", ("the", "thao", "nam")),
        ("adidasnu", ("adidas", "nu")),
        ("giay", ()),
        ("converse", ()),
        ("giayqwert", ()),
        ("", ()),
    ],
)
def test_glued_words_are_taken_apart(glued, parts):
    assert split(glued, SHOP.count) == parts
