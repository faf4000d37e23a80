from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from xephang.engines.tokens import WHOLE, Cutting, PairTokenizer, PairTokens
from xephang.errors import InputError, ModelError
from xephang.product import LISTING, SEED, Product, Rendered
from xephang.text import normalise

SPECIAL = 3  # [CLS] query [SEP] product [SEP]
PARTS = {"one": "giay", "two": "adidas", "three": "sandal"}  # a word of one token for each part
TEXTS = [
    pytest.param("giày chạy bộ nữ", "Giày chạy bộ nữ Adidas | màu đen | size 37", id="as a shop writes"),
    pytest.param("dep to ong", "DÉP TỔ ONG ĐEN", id="no diacritics, capitals"),
    pytest.param("", "Sandal đế êm", id="no query"),
    pytest.param("giày", "", id="no product"),
    pytest.param("", "", id="nothing at all"),
    pytest.param("sz 42.5, 100%", "Lót giày (2 đôi) – 50.000₫ 👟", id="signs"),
]


@pytest.fixture(scope="module")
def file(tiny: Path) -> Path:
    return tiny / "tokenizer.json"


@pytest.fixture(scope="module")
def plain(file: Path) -> Tokenizer:
    return Tokenizer.from_file(str(file))


@pytest.fixture(scope="module")
def full(file: Path) -> PairTokenizer:
    return PairTokenizer(file, 100_000)


def one(tokenizer: PairTokenizer, query: str, document: str | Rendered) -> PairTokens:
    rendered = Rendered(document) if isinstance(document, str) else document
    return tokenizer.encode(query, [rendered])[0]


def sides(plain: Tokenizer, tokens: PairTokens) -> tuple[str, str]:
    """Return what is left of query and product, as text."""
    query = [int(i) for i, side in zip(tokens.ids, tokens.types, strict=True) if side == 0]
    product = [int(i) for i, side in zip(tokens.ids, tokens.types, strict=True) if side == 1]
    return plain.decode(query), plain.decode(product)


def worded(order: tuple[str, ...], counts: tuple[int, int, int]) -> Rendered:
    """Return three parts that are one word repeated, to be cut in that order."""
    spans, text = {}, ""
    for (name, word), count in zip(PARTS.items(), counts, strict=True):
        start = len(text)
        text += (" " if text else "") + " ".join([word] * count)
        spans[name] = (start, len(text))
    return Rendered(text, tuple(spans[name] for name in order))


@pytest.mark.parametrize(("query", "document"), TEXTS)
def test_tokens_are_those_of_transformers(tiny: Path, full: PairTokenizer, query: str, document: str) -> None:
    from transformers import AutoTokenizer

    expected = AutoTokenizer.from_pretrained(tiny)([query], [document])
    tokens = one(full, query, document)
    assert [tokens.ids.tolist()] == expected["input_ids"]
    assert [tokens.types.tolist()] == expected["token_type_ids"]
    assert tokens.cut == 0
    assert tokens.ids.dtype == tokens.types.dtype == np.int64


@pytest.mark.parametrize("max_length", [8, 9, 16, 40])
def test_a_plain_text_loses_its_tail_as_transformers_cuts_it(tiny: Path, file: Path, max_length: int) -> None:
    from transformers import AutoTokenizer

    query, document = "giày nữ", "Giày chạy bộ Adidas đế êm nhẹ chống trượt màu trắng size " + "42 " * 40
    expected = AutoTokenizer.from_pretrained(tiny)(query, document, truncation="only_second", max_length=max_length)
    tokens = one(PairTokenizer(file, max_length), query, document)
    assert tokens.ids.tolist() == expected["input_ids"]
    assert tokens.types.tolist() == expected["token_type_ids"]


@pytest.mark.parametrize(("spare", "cut"), [(1, 0), (0, 0), (-1, 1), (-2, 2)], ids=["roomy", "full", "one", "two"])
def test_no_more_is_cut_than_must_be(file: Path, full: PairTokenizer, spare: int, cut: int) -> None:
    document = "giay " * 20
    tokens = one(PairTokenizer(file, SPECIAL + full.count("adidas") + 20 + spare), "adidas", document)
    assert tokens.cut == cut
    assert (tokens.types == 1).sum() == 20 - cut + 1, "the last [SEP] stands on the product's side"


def test_each_document_is_cut_on_its_own(file: Path, full: PairTokenizer) -> None:
    documents = [Rendered("giay " * n) for n in (1, 50, 2, 30)]
    tokens = PairTokenizer(file, SPECIAL + 1 + 10).encode("adidas", documents)
    assert [pair.cut for pair in tokens] == [0, 40, 0, 20]
    assert [len(pair.ids) for pair in tokens] == [5, 14, 6, 14]


def test_no_documents_no_tokens(full: PairTokenizer) -> None:
    assert full.encode("giày", []) == []


def test_the_test_words_are_one_token_each(full: PairTokenizer) -> None:
    assert [full.count(word) for word in PARTS.values()] == [1, 1, 1]
    assert full.count("") == 0
    assert full.count("giay adidas sandal") == 3


@given(
    order=st.permutations(list(PARTS)),
    counts=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    room=st.integers(1, 30),
)
@settings(max_examples=60)
def test_parts_go_one_after_the_other_each_from_its_tail(
    file: Path, plain: Tokenizer, order: list[str], counts: tuple[int, int, int], room: int
) -> None:
    tokens = one(PairTokenizer(file, SPECIAL + 1 + room), "giay", worded(tuple(order), counts))
    left = dict(zip(PARTS, counts, strict=True))
    excess = max(0, sum(counts) - room)
    assert tokens.cut == excess
    for name in order:
        gone = min(left[name], excess)
        left[name], excess = left[name] - gone, excess - gone
    expected = [word for name, word in PARTS.items() for _ in range(left[name])]
    assert sides(plain, tokens) == ("giay", " ".join(expected))


@given(
    query=st.lists(st.sampled_from(["giày", "đế", "adidas", "zz9", "👟"]), max_size=4).map(" ".join),
    document=st.lists(st.sampled_from(["Giày", "dép", "êm.", "sneaker", "₫", "37,5", "|"]), max_size=30).map(" ".join),
    spans=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)).map(sorted).map(tuple), max_size=3),
    max_length=st.integers(20, 60),
)
@settings(max_examples=80)
def test_whatever_the_spans_the_query_is_whole_and_the_order_kept(
    file: Path, full: PairTokenizer, query: str, document: str, spans: list[tuple[int, int]], max_length: int
) -> None:
    whole, tokens = (
        one(full, query, document),
        one(PairTokenizer(file, max_length), query, Rendered(document, (*spans,))),
    )
    assert len(tokens.ids) == min(len(whole.ids), max_length)
    assert tokens.cut == len(whole.ids) - len(tokens.ids)
    assert len(tokens.types) == len(tokens.ids)
    asked = int((whole.types == 0).sum())
    assert tokens.ids[:asked].tolist() == whole.ids[:asked].tolist()
    assert tokens.types[:asked].tolist() == [0] * asked
    assert tokens.ids[-1] == whole.ids[-1], "the closing [SEP] stays"
    rest = iter(whole.ids.tolist())
    assert all(token in rest for token in tokens.ids.tolist()), "what is left is a subsequence"


def test_what_no_part_covers_goes_last(file: Path, plain: Tokenizer) -> None:
    rendered = Rendered("giay adidas adidas sandal sandal", ((5, 18),))
    left = [sides(plain, one(PairTokenizer(file, SPECIAL + 1 + room), "giay", rendered))[1] for room in (5, 4, 3, 2, 1)]
    assert left == [
        "giay adidas adidas sandal sandal",
        "giay adidas sandal sandal",
        "giay sandal sandal",
        "giay sandal",
        "giay",
    ]


def test_overlapping_parts_are_not_cut_twice(file: Path) -> None:
    rendered = Rendered("giay " * 10, ((20, 50), (10, 50), (0, 50)))
    tokens = one(PairTokenizer(file, SPECIAL + 1 + 3), "giay", rendered)
    assert (tokens.cut, len(tokens.ids)) == (7, SPECIAL + 1 + 3)


SHOE = Product(
    title="Giày sneaker",
    brand="Adidas",
    category="Sandal",
    color="đỏ",
    size="37",
    gender="nữ",
    attributes=("chống trượt",),
    description="đệm êm " * 200,
)


def test_a_long_description_goes_before_anything_else(file: Path, plain: Tokenizer) -> None:
    tokens = one(PairTokenizer(file, 64), "giày nữ", LISTING.render(SHOE))
    query, product = sides(plain, tokens)
    assert query == "giay nu"
    assert product.startswith("giay sneaker | adidas | sandal | mau đo | size 37 | nu | chong truot | đem em đem em")
    assert len(tokens.ids) == 64
    assert tokens.cut == PairTokenizer(file, 99).count(LISTING.render(SHOE).text) - (64 - SPECIAL - 2)


def test_fields_go_in_the_order_of_the_template_and_the_title_last(file: Path, plain: Tokenizer) -> None:
    rendered = LISTING.render(SHOE)
    marks = ["đem", "chong", "nu", "37", "đo", "sandal", "adidas", "sneaker"]  # in the order of cutting
    seen = []
    for room in range(60, 0, -1):
        _, product = sides(plain, one(PairTokenizer(file, SPECIAL + 1 + room), "giay", rendered))
        seen.append([mark for mark in marks if mark in product.split()])
    for before, after in pairwise(seen):
        assert after == before[len(before) - len(after) :], "the first that is left goes first"
    assert seen[0] == marks
    assert sides(plain, one(PairTokenizer(file, SPECIAL + 1 + 1), "giay", rendered))[1] == "giay"


def test_a_title_too_long_by_itself_loses_its_tail_and_all_other_fields(file: Path, plain: Tokenizer) -> None:
    product = Product(title="giày " * 2000, brand="Adidas", color="đỏ", description="êm")
    assert len(product.title) == 10_000
    tokens = one(PairTokenizer(file, 128), "sandal nữ", LISTING.render(product))
    query, left = sides(plain, tokens)
    assert query == "sandal nu"
    assert Counter(left.split()) == {"giay": 128 - SPECIAL - 2}


def test_the_seed_template_gives_up_its_sentence_first(file: Path, plain: Tokenizer) -> None:
    rendered = SEED.render(SHOE)
    whole = PairTokenizer(file, 99).count(rendered.text)
    sentence = PairTokenizer(file, 99).count(rendered.text.split(" | ")[1]) + 1
    tokens = one(PairTokenizer(file, SPECIAL + 1 + whole - sentence), "giay", rendered)
    assert tokens.cut == sentence
    assert sides(plain, tokens)[1] == (
        "adidas sandal đo size 37 | brand : adidas | category : sandal | color : đo | size : 37 "
        "| attribute : chong truot"
    )


def test_two_parts_of_a_hundred_thousand_characters_are_cut_without_going_over_them_again_and_again(
    file: Path, plain: Tokenizer
) -> None:
    half = 20_000 * 5
    rendered = Rendered(normalise("giay " * 40_000), ((half, 2 * half), (0, half)))
    tokens = one(PairTokenizer(file, 16), "adidas", rendered)
    assert tokens.cut == 40_000 - 12
    assert sides(plain, tokens) == ("adidas", " ".join(["giay"] * 12))


# --- where a caller has less read ---


@given(
    counts=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    most=st.none() | st.integers(1, 40),
    of_pair=st.none() | st.integers(6, 40),
    max_length=st.integers(10, 40),
)
@settings(deadline=None, max_examples=60)
def test_the_least_of_all_limits_holds(
    file: Path,
    plain: Tokenizer,
    counts: tuple[int, int, int],
    most: int | None,
    of_pair: int | None,
    max_length: int,
) -> None:
    """Two tokens of query leave `of_pair - 5` of the product."""
    rendered, tokenizer = worded(tuple(PARTS), counts), PairTokenizer(file, max_length)
    tokens = tokenizer.encode("giày nữ", [rendered], Cutting(most, of_pair))[0]
    room = min(most or 99, (of_pair or 99) - SPECIAL - 2, max_length - SPECIAL - 2)
    assert tokens.cut == max(0, sum(counts) - room)
    assert len(tokens.ids) == SPECIAL + 2 + min(room, sum(counts))
    shorter = PairTokenizer(file, SPECIAL + 2 + room)
    assert tokens.ids.tolist() == one(shorter, "giày nữ", rendered).ids.tolist(), "and the least important part goes"


def test_without_limits_nothing_changes(file: Path) -> None:
    rendered, tokenizer = worded(tuple(PARTS), (9, 9, 9)), PairTokenizer(file, 20)
    expected = tokenizer.encode("giay", [rendered])[0]
    for cutting in (WHOLE, Cutting(), Cutting(most=1000, most_of_pair=1000)):
        found = tokenizer.encode("giay", [rendered], cutting)[0]
        assert (found.ids.tolist(), found.cut) == (expected.ids.tolist(), expected.cut)


@pytest.mark.parametrize("room", [1, 3, 8, 9])
def test_on_the_left_the_head_of_the_text_goes_whatever_its_parts(file: Path, plain: Tokenizer, room: int) -> None:
    rendered = worded(tuple(PARTS), (2, 3, 4))
    tokens = PairTokenizer(file, 100).encode("giay", [rendered], Cutting(most=room, left=True))[0]
    assert sides(plain, tokens) == ("giay", " ".join(rendered.text.split()[-room:]))
    assert tokens.cut == 9 - room
    assert tokens.ids[-1] == plain.token_to_id("[SEP]")


def test_a_pair_that_is_cut_below_its_query_is_refused(file: Path) -> None:
    tokenizer = PairTokenizer(file, 100)
    assert tokenizer.encode("giày nữ", [Rendered("dép dép")], Cutting(most_of_pair=6))[0].cut == 1
    for most in (1, 5):
        with pytest.raises(InputError, match=rf"the query has 2 tokens and the model reads {most} in all"):
            tokenizer.encode("giày nữ", [Rendered("dép")], Cutting(most_of_pair=most))


# --- where products are read apart ---

START = 16


@pytest.fixture(scope="module")
def apart(file: Path) -> PairTokenizer:
    return PairTokenizer(file, 32, START)


def test_the_sides_of_a_pair_are_query_and_product_with_what_closes_them(full: PairTokenizer, plain: Tokenizer) -> None:
    tokens = one(full, "giay", "sandal adidas")
    asked, read = (plain.decode(ids.tolist(), skip_special_tokens=False) for ids in (tokens.query, tokens.product))
    assert (asked, read) == ("[CLS] giay [SEP]", "sandal adidas [SEP]")


@given(
    queries=st.lists(st.integers(0, 29), min_size=2, max_size=4),
    document=st.lists(st.sampled_from(["Giày", "dép", "êm.", "sneaker", "₫", "37,5"]), max_size=40).map(" ".join),
    spans=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)).map(sorted).map(tuple), max_size=3),
)
@settings(max_examples=60)
def test_what_is_left_of_a_product_does_not_depend_on_the_query(
    apart: PairTokenizer, full: PairTokenizer, queries: list[int], document: str, spans: list[tuple[int, int]]
) -> None:
    rendered = Rendered(document, (*spans,))
    asked = ["giay " * words for words in queries]
    found = [one(apart, query, rendered) for query in asked]
    assert len({(tokens.product.tobytes(), tokens.cut) for tokens in found}) == 1
    assert len({apart.cut(query, [rendered])[0] for query in asked}) == 1
    assert len(found[0].product) == min(full.count(document) + 1, 32 - START), "up to the last position"
    assert [len(tokens.query) for tokens in found] == [words + 2 for words in queries], "a query is never cut"


def test_a_product_is_cut_to_what_is_left_behind_its_start(apart: PairTokenizer) -> None:
    documents = [Rendered("giay " * words) for words in (14, 15, 16, 50)]
    assert [tokens.cut for tokens in apart.encode("adidas", documents)] == [0, 0, 1, 35]
    assert [len(text.split()) for text in apart.cut("adidas", documents)] == [14, 15, 15, 15]


def test_products_that_are_read_apart_are_cut_for_a_caller_too(apart: PairTokenizer) -> None:
    document = Rendered("giay " * 20)
    assert apart.encode("adidas", [document], Cutting(most=5))[0].cut == 15
    assert apart.encode("adidas", [document], Cutting(most=99))[0].cut == 5
    assert apart.encode("adidas nike", [document], Cutting(most_of_pair=12))[0].cut == 13
    left = apart.encode("adidas", [Rendered("sandal " + "giay " * 15)], Cutting(left=True))[0]
    assert (left.cut, left.product.tolist()) == (1, apart.encode("", [Rendered("giay " * 15)])[0].product.tolist())


@pytest.mark.parametrize("words", [30, 500])
def test_a_query_longer_than_all_that_is_read_is_refused_there_too(apart: PairTokenizer, words: int) -> None:
    for refused in (apart.encode, apart.cut):
        with pytest.raises(InputError, match=rf"the query has {words} tokens and the model reads 32 in all"):
            refused("giay " * words, [Rendered("sandal")])


def test_products_that_would_start_behind_the_end_are_refused(file: Path) -> None:
    assert one(PairTokenizer(file, 32, 30), "giay", "sandal adidas").cut == 1
    for start in (31, 32, 600):
        with pytest.raises(ModelError, match=rf"products start at position {start} of 32 that the model reads, which"):
            PairTokenizer(file, 32, start)


@pytest.mark.parametrize("words", [29, 30, 500])
def test_a_query_that_leaves_no_room_is_refused_with_its_numbers(file: Path, words: int) -> None:
    with pytest.raises(InputError, match=rf"the query has {words} tokens and the model reads 32 in all") as caught:
        one(PairTokenizer(file, 32), "giay " * words, "Sandal")
    assert "shorten the query (it starts 'giay giay" in str(caught.value)
    assert len(str(caught.value)) < 250, "the query is not printed whole"


def test_a_query_that_leaves_room_for_one_token_is_taken(file: Path, plain: Tokenizer) -> None:
    tokens = one(PairTokenizer(file, 32), "giay " * 28, "Sandal adidas")
    assert sides(plain, tokens)[1] == "sandal"
    assert tokens.cut == 1


def test_truncation_and_padding_saved_with_the_tokenizer_change_nothing(
    tmp_path: Path, plain: Tokenizer, full: PairTokenizer
) -> None:
    saved = Tokenizer.from_str(plain.to_str())
    saved.enable_truncation(8)
    saved.enable_padding(length=64)
    saved.save(str(tmp_path / "tokenizer.json"))
    document = "Giày chạy bộ nữ Adidas | màu đen | size 37"
    found = one(PairTokenizer(tmp_path / "tokenizer.json", 100), "giày chạy bộ", document)
    assert found.ids.tolist() == one(full, "giày chạy bộ", document).ids.tolist()


@pytest.fixture
def byte_level(tmp_path: Path) -> PairTokenizer:
    """A tokenizer of the RoBERTa family: bytes, <s> query </s></s> product </s>, padding id 1."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return PairTokenizer(tmp_path / "tokenizer.json", 16)


def test_a_tokenizer_with_four_special_tokens_and_no_sides(byte_level: PairTokenizer) -> None:
    assert (byte_level.special_tokens, byte_level.padding_id) == (4, 1)
    tokens = one(byte_level, "dep", Rendered("abcdefgh12345678", ((4, 8), (0, 4))))
    vocabulary = {i: token for token, i in byte_level._tokenizer.get_vocab().items()}
    assert "".join(vocabulary[i] for i in tokens.ids.tolist()) == "<s>dep</s></s>a12345678</s>"
    assert tokens.cut == 7
    assert set(tokens.types.tolist()) == {0}


def test_bytes_of_one_letter_belong_to_its_part(byte_level: PairTokenizer) -> None:
    tokens = one(byte_level, "d", Rendered("ếếếếabc", ((4, 7), (0, 4))))  # ế is three bytes
    assert tokens.cut == 15 - 11
    assert tokens.ids[4:-1].tolist() == byte_level.encode("d", [Rendered("ếếếế")])[0].ids[4:-1].tolist()[:11]


def test_padding_id_is_the_tokenizers_own(full: PairTokenizer, plain: Tokenizer) -> None:
    assert full.padding_id == plain.token_to_id("[PAD]")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": "1.0"}', b"\xff\xfe\x00", "giày".encode()],
    ids=["empty", "cut short", "a list", "no model", "no text", "no JSON"],
)
def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a tokenizer that can be read") as caught:
        PairTokenizer(path, 32)
    assert str(path) in str(caught.value)


def test_a_tokenizer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.json: not a tokenizer"):
        PairTokenizer(tmp_path / "tokenizer.json", 32)
