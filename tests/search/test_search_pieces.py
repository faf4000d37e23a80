"""How a query is cut into words, and which of what they may be they are read as."""

import pytest

from xephang.lexicon import Lexicon
from xephang.search import Search
from xephang.search.pieces import Line, understood
from xephang.search.spelling import Speller, lexicon_words
from xephang.search.vocabulary import Vocabulary
from xephang.text import fold, normalise

FORMS = (
    "giày dép túi đựng đi đá bóng dày keo dính màu be dây hồng nhạt hàng lót đau chân không nữ size sandal giầy mầu nam"
)


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon.load("footwear")


@pytest.fixture(scope="module")
def speller(lexicon):
    held = {fold(word): 200 for word in FORMS.split()} | {"giay": 2000, "day": 400, "hang": 100, "hong": 120}
    return Speller(Vocabulary(held, {fold(word): word for word in FORMS.split()}), known=lexicon_words(lexicon))


@pytest.fixture
def read(speller, lexicon):
    def read(query, cut=(0, 0)):
        query = normalise(query)
        line, mentions = understood(Line.of(query, cut, speller), lexicon)
        return line.text()[0], [(one.facet, one.id, query[one.start : one.end]) for one in mentions]

    return read


@pytest.mark.parametrize(
    ("query", "read_as", "thing"),
    [
        ("túi đi đá bóng đựng dày", "túi đi đá bóng đựng giày", "tui-giay"),
        ("keo dnh giày màu be", "keo dính giày màu be", "keo"),
        ("giayf nuwx", "giày nữ", "giay"),
        ("gia2y nu74", "giày nữ", "giay"),
    ],
)
def test_a_word_is_read_as_what_the_lexicon_makes_most_of(read, query, read_as, thing):
    text, mentions = read(query)
    assert text == read_as
    assert ("category", thing) in [(facet, id) for facet, id, _ in mentions]


def test_a_word_that_products_hold_stands_where_the_lexicon_gains_only_the_word_itself(read):
    assert read("dép dày") == ("dép dày", [("category", "dep", "dép")])


def test_a_colour_with_a_letter_left_out_is_found_by_what_stands_around_it(read):
    text, mentions = read("giày màu hng nhạt")
    assert text == "giày màu hồng nhạt"
    assert ("color", "hong", "hng nhạt") in mentions


def test_words_that_are_written_with_other_marks_are_known_without_them_and_read_as_they_are(read):
    text, mentions = read("keo dính giầy mầu be")
    assert text == "keo dính giầy mầu be"
    assert ("category", "keo", "keo dính giầy") in mentions


def test_what_was_typed_tells_the_lexicon_more_than_what_it_was_corrected_to(read):
    text, mentions = read("lót giày đi ko đau chân")
    assert text == "lót giày đi không đau chân"
    assert ("feature", "em-chan", "đi ko đau chân") in mentions


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("giày size 38", "size 38"),
        ("giày size từ 38", "size từ 38"),
        ("giay sz 38 nam", "sz 38"),
        ("giày số 38", "số 38"),
        ("38 giày", "38"),
        ("Giày SIZE 36-40", "SIZE 36-40"),
    ],
)
def test_a_number_has_the_words_with_it_that_say_what_it_is(read, query, said):
    assert [text for facet, _, text in read(query)[1] if facet == "size"] == [said]


def test_the_price_is_not_read(read):
    query = "giày nữ dưới 500k màu be"
    cut = query.index("dưới"), query.index(" màu")
    text, mentions = read(query, cut)
    assert text == "giày nữ màu be"
    assert [said for _, _, said in mentions] == ["giày", "nữ", "be"]


@pytest.mark.parametrize("query", ["", " ", "👟", "_", "\u0301", "…", "²"])
def test_what_has_no_words_has_no_mentions(read, query):
    assert read(query)[1] == []


def test_words_beyond_the_64th_are_neither_searched_nor_read(speller):
    line = Line.of("giày " * 5000, (0, 0), speller)
    assert len(line.pieces) == 64
    assert line.text()[0] == " ".join(["giày"] * 64)


def test_a_word_that_was_corrected_keeps_what_else_it_may_be(speller, lexicon):
    line, _ = understood(Line.of("giày màu hng nhạt", (0, 0), speller), lexicon)
    piece = line.pieces[2]
    assert (piece.text, piece.alternative.written) == ("hồng", "hồng")
    assert [one.written for one in piece.others] == ["hàng"]


def test_what_the_lexicon_reads_is_never_less_than_before_the_choice(speller, lexicon):
    for query in ("keo dnh giày", "túi đi đá bóng đựng dày", "nam giafyj", "giày luwif sale", "dép giày túi lót"):
        line = Line.of(query, (0, 0), speller)
        chosen, mentions = understood(line, lexicon)
        assert chosen.covered(mentions) >= line.covered(line.mentions(lexicon)), query


def test_other_diacritics_than_those_typed_leave_nothing_out(shop):
    """ "cập" is no "cặp", which would ask for unisex; "nu" without any may well be "nữ"."""
    assert [one.key for one in shop.find(Search("giày cập nhật")).constraints] == []
    assert [one.key for one in shop.find(Search("giayf chay bo nu")).constraints] == ["gender=nu"]
    (constraint,) = shop.find(Search("giày đôi")).constraints
    assert (constraint.key, constraint.mode) == ("gender=unisex", "boost")
