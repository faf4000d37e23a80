"""Queries as tsquery and SQL: what has to be there, and what counts how much."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.lexicon import Lexicon
from xephang.search.postgresql_query import Group, asked, filtered, group, levels, matching, priced, score
from xephang.search.postgresql_sayings import Sayings
from xephang.search.reading import Ask, Word

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=1)


def word(lower, folded, known=10, **others):
    """A word of a query."""
    return Word(lower, folded, 0, len(lower), known, **others)


def needing(known, name="a"):
    """A group that is required."""
    return Group(f"('{name}')", ((f"'{name}':B", 1.0),), f"'{name}'", known, 1.0, True)


def test_a_word_counts_by_its_diacritics_and_where_it_stands():
    marked = dict(group(word("giày", "giay"), "giay", [], 1000).ways)
    assert marked == {"('giày':A)": 1.0, "('giay':B)": 0.7, "('giày':C)": 0.3, "('giay':D)": pytest.approx(0.21)}
    bare = dict(group(word("giay", "giay"), "giay", [], 1000).ways)
    assert bare == {"('giay':B)": 1.0, "('giay':D)": 0.3}
    counts = [counts for _, counts in group(word("giày", "giay"), "giayf", [("giat", 0.5)], 1000).ways]
    assert counts == sorted(counts, reverse=True) and len(counts) == 8


def test_a_word_is_found_by_its_folded_forms():
    assert group(word("giày", "giay"), "giay", [], 1000).query == "(('giay'))"
    made = group(word("giày", "giay", others=(("xe day", 0.5),)), "giayf", [("giat", 0.5)], 1000)
    assert made.query == "(('giay') | ('giayf') | ('xe' <-> 'day') | ('giat'))"


def test_rare_words_count_for_more():
    weights = [group(word("a", "a", known), "a", [], 1000).weight for known in (1, 10, 100, 1000)]
    assert weights == sorted(weights, reverse=True) and weights[-1] > 0


@pytest.mark.parametrize(
    ("made", "required"),
    [
        (word("giày", "giay", 10), True),
        (word("giày", "giay", 900), False),
        (word("zzz", "zzz", 0), False),
        (word("zzz", "zzz", 0, others=(("giay", 0.9),)), True),
        (word("nữ", "nu", 10, covered=True), False),
    ],
    ids=["some have it", "most have it", "nobody has it", "it may be another", "it is a constraint's"],
)
def test_what_has_to_be_there(made, required):
    assert group(made, made.folded, [], 1000).required is required


def test_words_that_are_one_thing_are_required_together():
    sayings = Sayings(Lexicon.load("footwear"))
    words = [group(word("giày", "giay", 900), "giay", [], 1000), group(word("lười", "luoi", 40), "luoi", [], 1000)]
    thing = asked(Ask("category", ("category=luoi",), 0, 9, leading=True), words, sayings, 1000)
    assert thing.required and thing.known == 40 and thing.plain == ""
    assert thing.query.startswith("(((('giay')) & (('luoi'))) | ") and "| ('loafer')" in thing.query
    ((ways, counts),) = thing.ways
    assert counts == 1.0 and ways.startswith("((('giay')) & (('luoi'))) | ") and "| ('loafer':B)" in ways


def test_forms_of_a_value_and_its_kinds():
    sayings = Sayings(Lexicon.load("footwear"))
    assert (("chay", "bo"), False) in sayings.of("category=chay-bo")
    boots = {words for words, _ in sayings.of("category=boot")}
    assert {("boot",), ("chelsea",)} <= boots and not any("boot" in words and len(words) > 1 for words in boots)
    general = {words for words, _ in sayings.of("category=giay")}
    assert len(general) <= 80 and ("giay",) in general and ("sandal",) not in general
    for nothing in ("size=38", "category=không-có", "không-có=x", "", "="):
        assert sayings.of(nothing) == () and Sayings(None).of(nothing) == ()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([], [0]), ([5], [1]), ([5, 5], [2, 1]), ([5] * 5, [5, 3, 1]), ([5] * 10, [10, 6, 1])],
)
def test_how_many_words_are_asked_for(counts, expected):
    assert levels([needing(known) for known in counts]) == expected


def test_only_the_rarest_words_are_looked_up():
    groups = [needing(known, name) for known, name in ((500, "a"), (3, "b"), (90, "c"), (7, "d"), (40, "e"))]
    assert matching(groups, 5).values[0].count("&") == 4
    some = matching(groups, 3)
    assert some.values[0] == "('b') | ('d') | ('e')" and some.sql.endswith(">= 3") and len(some.values) == 6
    wide = [needing(known, name) for known, name in ((20_000, "a"), (9_000, "b"), (500, "c"), (90_000, "d"))]
    assert matching(wide, 1).values == ("('c') | ('b')",)
    assert matching([needing(90_000, "d")] * 2, 1).values == ("('d')",)


def test_prices_and_filters():
    assert priced(None, None).sql == "true" and priced(1, 2).values == (1, 2)
    made = filtered({"brand": ["a'b", "c"], "color": [], "size": ["\x00\ud800"]})
    assert made.values == ("brand", "a'b", "brand", "c", "size", "\ufffd") and "a'b" not in made.sql
    assert filtered({"brand": ["a"]}, but="brand").sql == "true"


@pytest.fixture(scope="module")
def connection(server):
    with psycopg.connect(server.database(), autocommit=True) as made:
        made.execute("CREATE TABLE one AS SELECT to_tsvector('simple', 'giày') AS search")
        yield made


def test_whatever_a_word_is_it_is_quoted(connection):
    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=1), min_size=1))
    def check(texts):
        words = [word(text, text.split()[0] if text.split() else "a") for text in texts]
        groups = [group(one, one.folded, [("x'\\", 0.5)], 100) for one in words]
        for least in levels(groups):
            where, value = matching(groups, least), score(groups)
            query = f"SELECT {value.sql} FROM one WHERE {where.sql}"
            assert len(connection.execute(query, (*value.values, *where.values)).fetchall()) <= 1

    check()
