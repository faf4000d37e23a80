import json
import math
import os
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from xephang.errors import InputError, XephangError
from xephang.folder import ModelFolder
from xephang.product import SEED, Product
from xephang.reranker import Reranker
from xephang.text import normalise

ENGINES: dict[str, dict[str, Any]] = {
    "torch": {"engine": "torch"},
    "fp32": {"precision": "fp32", "threads": 1},
    "int8": {"precision": "int8", "threads": 1},
}
QUERY = "giày chạy bộ nữ"
DOCUMENTS = [
    "Giày chạy bộ nữ Adidas đế êm | màu đen | size 37",
    "Dép tổ ong",
    "Sandal nữ quai mảnh " * 6,
    "",
    "Giày đá bóng Nike sân cỏ nhân tạo",
    "Lót giày khử mùi",
    "Balo đi học",
]
SHOE = Product(
    id="sp-1", title="Giày sneaker", brand="Adidas", category="Sandal", color="đỏ", size="37", attributes=("đế êm",)
)


@pytest.fixture(scope="module")
def rerankers(tiny_exported: Path) -> dict[str, Reranker]:
    return {name: Reranker.load(tiny_exported, **options) for name, options in ENGINES.items()}


@pytest.fixture(params=ENGINES)
def reranker(request: pytest.FixtureRequest, rerankers: dict[str, Reranker]) -> Reranker:
    return rerankers[request.param]


@pytest.fixture
def fp32(rerankers: dict[str, Reranker]) -> Reranker:
    return rerankers["fp32"]


def pairs(documents: list[Any] = DOCUMENTS) -> list[tuple[str, Any]]:
    return [(QUERY, document) for document in documents]


# --- predict ---


def test_one_float32_for_each_pair(reranker: Reranker) -> None:
    scores = reranker.predict(pairs())
    assert (scores.shape, scores.dtype) == ((len(DOCUMENTS),), np.float32)
    assert ((scores > 0) & (scores < 1)).all()
    assert len(set(scores.tolist())) == len(DOCUMENTS)


@pytest.mark.parametrize("activation", [None, "sigmoid", "identity", np.tanh], ids=str)
def test_no_pairs_no_scores(reranker: Reranker, activation: Any) -> None:
    scores = reranker.predict([], activation=activation)
    assert (scores.shape, scores.dtype) == ((0,), np.float32)
    assert reranker.score([]).cut.shape == (0,)


@pytest.mark.parametrize("seed", range(3))
def test_scores_follow_their_pairs_wherever_these_stand(reranker: Reranker, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(DOCUMENTS)).tolist()
    found, expected = reranker.predict(pairs([DOCUMENTS[i] for i in order])), reranker.predict(pairs())[order]
    if reranker.engine.name == "onnx":
        assert np.array_equal(found, expected)
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_scores_do_not_depend_on_the_batch_size(reranker: Reranker, batch_size: int) -> None:
    assert reranker.predict(pairs(), batch_size=batch_size) == pytest.approx(reranker.predict(pairs()), abs=1e-5)


def test_int8_scores_do_not_depend_on_what_shares_the_call_at_all(rerankers: dict[str, Reranker]) -> None:
    int8 = rerankers["int8"]
    alone = [float(int8.predict([pair])[0]) for pair in pairs()]
    for batch_size in (None, 1, 3, 32):
        assert int8.predict(pairs(), batch_size=batch_size).tolist() == alone


def test_several_queries_in_one_call_do_not_mix(reranker: Reranker) -> None:
    queries = ["giày", "dép nữ", "", "giày"]
    mixed = [(query, document) for document in DOCUMENTS[:3] for query in queries]
    expected = [float(reranker.predict([pair])[0]) for pair in mixed]
    assert reranker.predict(mixed) == pytest.approx(expected, abs=1e-5)


def test_pairs_may_be_lists_tuples_and_of_any_kind_of_document(fp32: Reranker) -> None:
    rendered = fp32.template.render(SHOE).text
    found = fp32.predict([[QUERY, rendered], (QUERY, SHOE), (QUERY, SHOE.to_dict()), (QUERY, {"text": rendered})])
    assert len(set(found.tolist())) == 1


def test_a_function_may_be_the_activation(reranker: Reranker) -> None:
    logits = reranker.predict(pairs(), activation="identity")
    doubled = reranker.predict(pairs(), activation=lambda x: x.astype(np.float64) * 2)
    assert doubled.dtype == np.float32
    assert doubled == pytest.approx(2 * logits, abs=1e-5)


def test_the_default_activation_is_the_folders(reranker: Reranker) -> None:
    assert reranker.folder.activation == "sigmoid"
    assert np.array_equal(reranker.predict(pairs(), activation="sigmoid"), reranker.predict(pairs()))
    logits = reranker.predict(pairs(), activation="identity").astype(np.float64)
    assert reranker.predict(pairs()) == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)


@pytest.mark.parametrize(("logit", "score"), [(0, 0.5), (math.log(3), 0.75), (-200, 0.0), (200, 1.0), (1e30, 1.0)])
def test_the_sigmoid_of_any_logit_is_a_number(fp32: Reranker, logit: float, score: float) -> None:
    assert fp32.activate(np.array([logit], np.float32))[0] == pytest.approx(score, abs=1e-7)


def test_a_progress_bar_that_nobody_can_see_is_not_drawn(reranker: Reranker, capfd: pytest.CaptureFixture[str]) -> None:
    expected = reranker.predict(pairs())
    assert np.array_equal(reranker.predict(pairs(), show_progress=True), expected)
    assert capfd.readouterr() == ("", "")


# --- rank ---


def test_highest_first_with_every_document_once(reranker: Reranker) -> None:
    ranked = reranker.rank(QUERY, DOCUMENTS)
    scores = [entry["score"] for entry in ranked]
    assert scores == sorted(scores, reverse=True)
    assert sorted(entry["corpus_id"] for entry in ranked) == list(range(len(DOCUMENTS)))
    assert all(set(entry) == {"corpus_id", "score"} for entry in ranked)
    by_id = {entry["corpus_id"]: entry["score"] for entry in ranked}
    assert [by_id[i] for i in range(len(DOCUMENTS))] == pytest.approx(reranker.predict(pairs()), abs=1e-5)
    assert json.loads(json.dumps(ranked)) == ranked, "plain numbers, which JSON can hold"


@pytest.mark.parametrize("top_k", [1, 3, len(DOCUMENTS), 1000])
def test_top_k_are_the_first_of_all(reranker: Reranker, top_k: int) -> None:
    assert reranker.rank(QUERY, DOCUMENTS, top_k=top_k) == reranker.rank(QUERY, DOCUMENTS)[:top_k]


def test_documents_come_back_as_the_model_read_them(reranker: Reranker) -> None:
    documents = ["  Dép\u200b  tổ ong ", SHOE, {"text": "Giày Ðế êm"}]
    texts = {e["corpus_id"]: e["text"] for e in reranker.rank(QUERY, documents, return_documents=True)}
    assert texts == {0: "Dép tổ ong", 1: reranker.template.render(SHOE).text, 2: "Giày Đế êm"}


def test_a_long_document_comes_back_uncut(reranker: Reranker) -> None:
    text = " ".join(["giày"] * 3000)
    assert reranker.rank(QUERY, [text], return_documents=True)[0]["text"] == text


def test_nothing_to_rank_gives_nothing(reranker: Reranker) -> None:
    assert reranker.rank(QUERY, []) == []
    assert reranker.rank(QUERY, (), top_k=3, return_documents=True) == []


def test_ties_keep_the_order_given(reranker: Reranker) -> None:
    documents = ["Dép", "Giày", "Dép", "Giày", "Dép"]
    ranked = reranker.rank(QUERY, documents)
    assert len({entry["score"] for entry in ranked}) == 2
    ids = [entry["corpus_id"] for entry in ranked]
    assert ids in ([0, 2, 4, 1, 3], [1, 3, 0, 2, 4])
    constant = reranker.rank(QUERY, [str(i) for i in range(100)], activation=lambda x: np.arange(len(x)) % 2)
    assert [entry["corpus_id"] for entry in constant] == [*range(1, 100, 2), *range(0, 100, 2)]


def test_duplicates_score_the_same_whatever_stands_between_them(reranker: Reranker) -> None:
    scores = reranker.predict(pairs([*DOCUMENTS, *reversed(DOCUMENTS), " Dép\ttổ ong "]))
    assert scores[: len(DOCUMENTS)].tolist() == scores[len(DOCUMENTS) : -1][::-1].tolist()
    assert scores[-1] == scores[1], "the same once it is normalised"


def test_the_activation_does_not_change_the_order(reranker: Reranker) -> None:
    orders = {
        tuple(entry["corpus_id"] for entry in reranker.rank(QUERY, DOCUMENTS, activation=activation))
        for activation in ("sigmoid", "identity", np.arctan)
    }
    assert len(orders) == 1


words = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạ 0159|.,\u0301\u200b👟"), max_size=24)


@given(query=words, documents=st.lists(words, max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_ranking_is_predict_sorted(rerankers: dict[str, Reranker], query: str, documents: list[str]) -> None:
    for name in ("fp32", "int8"):
        scores = rerankers[name].predict([(query, document) for document in documents])
        expected = sorted(range(len(documents)), key=lambda i: (-scores[i], i))
        ranked = rerankers[name].rank(query, documents)
        assert [entry["corpus_id"] for entry in ranked] == expected
        assert [entry["score"] for entry in ranked] == [float(scores[i]) for i in expected]


# --- products ---


def test_products_are_rendered_by_the_models_own_template(tiny_exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_exported, tmp_path / "seed"))
    opened = ModelFolder.open(folder)
    manifest = replace(opened.manifest, template=SEED)
    (folder / "xephang.json").write_text(manifest.to_json(), encoding="utf-8")
    seeded, listing = (Reranker.load(path, precision="fp32", threads=1) for path in (folder, tiny_exported))
    assert seeded.template == SEED
    assert seeded.predict([(QUERY, SHOE)]) == listing.predict([(QUERY, SEED.render(SHOE).text)])
    assert seeded.predict([(QUERY, SHOE)]) != listing.predict([(QUERY, SHOE)])
    assert seeded.rank(QUERY, [SHOE.to_dict()], return_documents=True)[0]["text"] == SEED.render(SHOE).text


def test_text_of_a_record_goes_before_its_fields(fp32: Reranker) -> None:
    assert fp32.render({"text": "Dép", "title": "Giày"}).text == "Dép"
    assert fp32.render({"text": None, "title": "Giày"}).text == "Giày"
    assert fp32.render({"text": "", "title": "Giày"}).text == "", "an empty text is a text"


def kept(reranker: Reranker, query: str, product: Product) -> tuple[str, str]:
    """Return what the model is given of query and product."""
    tokens = reranker.tokenizer.encode(normalise(query), [reranker.render(product)])[0]
    decode = Tokenizer.from_file(str(reranker.folder.path / "tokenizer.json")).decode
    return decode(tokens.ids[tokens.types == 0].tolist()), decode(tokens.ids[tokens.types == 1].tolist())


def cut(reranker: Reranker, query: str, product: Product) -> tuple[int, int]:
    """Return how many tokens the scores say were cut, and how many there are too many."""
    product_tokens = reranker.tokenizer.count(reranker.render(product).text)
    room = reranker.tokenizer.max_length - 3 - reranker.tokenizer.count(normalise(query))
    return int(reranker.score([(query, product)]).cut[0]), max(0, product_tokens - room)


def test_a_long_description_is_cut_and_nothing_else(reranker: Reranker) -> None:
    product = replace(SHOE, description="chống trượt " * 1000)
    query, text = kept(reranker, "giày nữ đế êm", product)
    assert query == "giay nu đe em"
    head = "giay sneaker | adidas | sandal | mau đo | size 37 | đe em | chong truot chong truot"
    assert text.startswith(head)
    assert not text.startswith(f"{head} |")
    found, expected = cut(reranker, "giày nữ đế êm", product)
    assert found == expected > 500


def test_a_title_of_ten_thousand_characters_is_cut_itself_after_all_else(reranker: Reranker) -> None:
    product = replace(SHOE, title=("giày nam " * 1200)[:10_000], description="chống trượt " * 50)
    query, text = kept(reranker, "sandal nữ", product)
    assert query == "sandal nu"
    assert set(text.split()) == {"giay", "nam"}
    assert text.startswith("giay nam giay nam")
    found, expected = cut(reranker, "sandal nữ", product)
    assert found == expected > 500
    assert math.isfinite(reranker.predict([("sandal nữ", product)])[0])


def test_what_fits_is_not_cut(reranker: Reranker) -> None:
    assert cut(reranker, QUERY, SHOE) == (0, 0)
    assert reranker.score(pairs()).cut.tolist() == [0] * len(DOCUMENTS)


def test_cuts_are_told_for_each_pair_of_a_call(reranker: Reranker) -> None:
    long = replace(SHOE, description="chống trượt " * 1000)
    scores = reranker.score([(QUERY, "dép"), (QUERY, long), (QUERY, "dép"), ("giày", long), (QUERY, long)])
    assert scores.cut.dtype == np.int64
    assert scores.cut.tolist()[::2] == [0, 0, scores.cut[1]]
    assert scores.cut[1] > scores.cut[3] > 0, "a shorter query leaves more room"


def test_a_cut_product_scores_as_what_is_left_of_it(fp32: Reranker) -> None:
    long, longer = (replace(SHOE, description="nam " * n) for n in (1000, 2000))
    assert fp32.predict([(QUERY, long)]) == fp32.predict([(QUERY, longer)])
    assert fp32.predict([(QUERY, long)]) != fp32.predict([(QUERY, SHOE)])


def test_a_query_that_leaves_no_room_is_refused(reranker: Reranker) -> None:
    with pytest.raises(
        InputError, match=r"the query has 600 tokens and the model reads 512 in all, which leaves no room"
    ):
        reranker.predict([("dép", "dép"), ("nam " * 600, SHOE)])
    with pytest.raises(InputError, match=r"shorten the query \(it starts 'nam nam"):
        reranker.rank("nam " * 600, [SHOE])


# --- what is wrong, and where ---


def test_a_record_is_read_as_a_shop_writes_it(reranker: Reranker) -> None:
    written = {"tên": "GiÃ\u00a0y chạy bộ", "giá": "268.000đ", "Thương hiệu": "Puma", "thuộc tính": "êm; nhẹ"}
    same = Product(title="Giày chạy bộ", price=268000.0, brand="Puma", attributes=("êm", "nhẹ"))
    assert reranker.render(written) == reranker.render(same)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param(None, "expected a text, a record or a Product, got NoneType", id="None"),
        pytest.param(42, "expected a text, a record or a Product, got int", id="int"),
        pytest.param(["giày"], "expected a text, a record or a Product, got list", id="list"),
        pytest.param(b"giay", "expected a text, a record or a Product, got bytes", id="bytes"),
        pytest.param(Product(id="sp-9"), "product 'sp-9': the template 'listing' reads", id="empty product"),
        pytest.param({}, "the template 'listing' reads .*, and it has none of them", id="empty record"),
        pytest.param({"text": 5}, "it has none of them", id="text that is none"),
        pytest.param({"title": {"vi": "Giày"}}, "field 'title': expected text, got dict", id="title is a table"),
        pytest.param({"tên": "Giày", "giá": "rẻ"}, "field 'giá': 'rẻ' can not be read as a price", id="no price"),
    ],
)
def test_a_document_that_is_none_is_named_by_its_index(reranker: Reranker, document: Any, problem: str) -> None:
    with pytest.raises(InputError, match=rf"^document 1: .*{problem}") as caught:
        reranker.rank(QUERY, ["dép", document])
    assert caught.value.exit_code == 2
    with pytest.raises(InputError, match=rf"^pair 2: .*{problem}"):
        reranker.predict([(QUERY, "a"), (QUERY, "b"), (QUERY, document)])


@pytest.mark.parametrize(
    "pair",
    [("a", "b", "c"), ("a",), (), "ab", None, 5, {"query": "a", "document": "b"}],
    ids=["three", "one", "none", "a text of two letters", "None", "int", "a record"],
)
def test_a_pair_that_is_none_is_named_by_its_index(reranker: Reranker, pair: Any) -> None:
    with pytest.raises(InputError, match=r"^pair 1: expected \(query, document\), got "):
        reranker.predict([(QUERY, "dép"), pair])


def test_a_wrong_pair_is_not_printed_whole(fp32: Reranker) -> None:
    with pytest.raises(InputError) as caught:
        fp32.predict([("a" * 10_000,)])
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("query", [None, 5, ["giày"], b"giay"], ids=repr)
def test_a_query_that_is_no_text_is_named(reranker: Reranker, query: Any) -> None:
    kind = type(query).__name__
    with pytest.raises(InputError, match=rf"^the query is {kind}, expected text"):
        reranker.rank(query, DOCUMENTS)
    with pytest.raises(InputError, match=rf"^pair 0: the query is {kind}, expected text"):
        reranker.predict([(query, "dép")])


@pytest.mark.parametrize("documents", ["giày", {"text": "giày"}, SHOE], ids=["text", "record", "product"])
def test_one_document_is_not_taken_for_a_list_of_them(reranker: Reranker, documents: Any) -> None:
    with pytest.raises(InputError, match=r"documents: expected a list of them, got one \w+; write \[document\]"):
        reranker.rank(QUERY, documents)


@pytest.mark.parametrize("value", [0, -1])
def test_numbers_below_one_are_refused(reranker: Reranker, value: int) -> None:
    with pytest.raises(InputError, match=rf"batch_size is {value}; it must be at least 1"):
        reranker.predict(pairs(), batch_size=value)
    with pytest.raises(InputError, match=rf"batch_size is {value}; it must be at least 1"):
        reranker.rank(QUERY, [], batch_size=value)
    with pytest.raises(InputError, match=rf"top_k is {value}; it must be at least 1"):
        reranker.rank(QUERY, DOCUMENTS, top_k=value)


@pytest.mark.parametrize("activation", ["softmax", "", "Sigmoid", 5])
def test_an_activation_that_is_not_known_is_named(reranker: Reranker, activation: Any) -> None:
    with pytest.raises(InputError, match=rf"activation '{activation}' is not known; give 'calibrated', 'sigmoid'"):
        reranker.predict(pairs(), activation=activation)


@pytest.mark.parametrize("activation", [np.max, lambda x: x[:, None], lambda x: x[:1]], ids=["one", "column", "first"])
def test_an_activation_that_loses_scores_is_refused(reranker: Reranker, activation: Any) -> None:
    with pytest.raises(InputError, match="it must keep the shape"):
        reranker.rank(QUERY, DOCUMENTS, activation=activation)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"engine": "openvino"}, "engine 'openvino' is not known; engines are onnx, precomputed, torch"),
        ({"engine": "torch", "precision": "int8"}, "precision 'int8' is a choice of exported file"),
        ({"precision": "fp16"}, r"no exported file of precision fp16 \(it has: onnx fp32, onnx int8\)"),
    ],
    ids=["engine", "precision of torch", "precision"],
)
def test_a_choice_that_there_is_not_is_named(tiny_exported: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(XephangError, match=problem):
        Reranker.load(tiny_exported, **options)


# --- texts as they come ---


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(
    "spelt",
    [
        pytest.param(lambda t: unicodedata.normalize("NFD", t), id="NFD"),
        pytest.param(lambda t: unicodedata.normalize("NFC", t), id="NFC"),
        pytest.param(full_width, id="full width"),
        pytest.param(lambda t: "\ufeff" + "\u200b".join(t), id="zero width between all letters"),
        pytest.param(lambda t: t.replace("Đ", "\u00d0").replace("đ", "\u00f0"), id="Icelandic eth"),
        pytest.param(lambda t: t.replace(" ", "\u00a0\t\r\n"), id="other spaces"),
        pytest.param(lambda t: f"  {t}  ", id="spaces around"),
        pytest.param(lambda t: t.replace("hòa", "hoà"), id="the newer place of a tone"),
    ],
)
def test_spellings_of_one_text_score_the_same(reranker: Reranker, spelt: Any) -> None:
    query, document = "giày đế Đỏ hòa", "Giày đế êm, màu Đỏ (hòa) 42"
    expected = reranker.predict([(query, document)]).tolist()
    assert reranker.predict([(spelt(query), document)]).tolist() == expected
    assert reranker.predict([(query, spelt(document))]).tolist() == expected
    assert reranker.predict([(query, {"text": spelt(document)})]).tolist() == expected
    assert reranker.predict([(query, Product(title=spelt(document)))]).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \t\n", id="spaces"),
        pytest.param("giayf chayj booj nuwx", id="Telex"),
        pytest.param("gia2y cha5y bo65 nu74", id="VNI"),
        pytest.param("shop ơi ko có sz 37 ak, dc 1k9 hok", id="teencode"),
        pytest.param("giÃ y chạy bá»™", id="mojibake"),
        pytest.param("👟👠🇻🇳👨‍👩‍👧", id="emoji"),
        pytest.param("\ud800 giày \udfff", id="lone surrogates"),
        pytest.param("\x00\x01\x7f", id="control characters"),
        pytest.param("\u0301\u0323\u031b" * 50, id="marks without letters"),
        pytest.param("\u202egiày\u202c", id="right to left"),
        pytest.param("靴 обувь ホ รองเท้า", id="other scripts"),
        pytest.param("[CLS] [SEP] [MASK] [PAD] </s>", id="special tokens spelt out"),
        pytest.param("{title} [{brand}] \0", id="a template spelt out"),
        pytest.param("\U0010ffff\ufffe", id="no characters"),
        pytest.param("w" * 10_000, id="one word of 10,000"),
        pytest.param("giày " * 2_000, id="10,000 characters"),
        pytest.param("ế" * 10_000, id="10,000 accents"),
    ],
)
def test_any_text_gets_a_score(reranker: Reranker, text: str) -> None:
    documents = [text, {"text": text}, {"title": "Giày", "description": text}, Product(title="Dép", brand=text)]
    found = reranker.predict([(QUERY, document) for document in documents])
    assert (found.shape, found.dtype) == ((4,), np.float32)
    assert np.isfinite(found).all()
    if len(text) < 1000:
        assert np.isfinite(reranker.predict([(text, "Giày")])).all()
        assert len(reranker.rank(text, documents, return_documents=True)) == 4


@given(text=st.text(st.characters(exclude_categories=()), max_size=40))
@settings(max_examples=40, deadline=None)
def test_no_text_at_all_breaks_it(rerankers: dict[str, Reranker], text: str) -> None:
    assert np.isfinite(rerankers["fp32"].predict([(text, text), (QUERY, Product(title="a", brand=text))])).all()


# --- models of several labels ---


class Fixed:
    """An engine whose logits are known."""

    name = "fixed"

    def __init__(self, *rows: list[float]) -> None:
        self.rows = rows

    def logits(self, pairs: Any, **_: Any) -> np.ndarray:
        return np.array(self.rows[: len(pairs)], np.float32)


@pytest.mark.parametrize(
    ("logits", "score"),
    [
        pytest.param([0, 0, 0], 1.0, id="undecided: 0/3 + 1/3 + 2/3"),
        pytest.param([0, 0, math.log(2)], 1.25, id="1, 1 and 2 parts of 4: 1/4 + 2 * 2/4"),
        pytest.param([math.log(8), math.log(1), math.log(1)], 0.3, id="8, 1 and 1 parts of 10: 1/10 + 2/10"),
        pytest.param([-100, -100, 0], 2.0, id="surely the best"),
        pytest.param([0, -100, -100], 0.0, id="surely the worst"),
        pytest.param([1000, 0, 1000], 1.0, id="no overflow: half 0, half 2"),
    ],
)
def test_several_labels_give_the_expected_grade(tiny_classes: Path, logits: list[float], score: float) -> None:
    loaded = Reranker.load(tiny_classes)
    reranker = Reranker(loaded.folder, Fixed(logits), loaded.tokenizer)
    assert reranker.labels == 3
    assert reranker.predict([(QUERY, "dép")]) == pytest.approx([score], abs=1e-6)
    assert reranker.predict([(QUERY, "dép")], activation="identity") == pytest.approx([score], abs=1e-6)


def test_a_model_of_three_labels_ranks(tiny_classes: Path) -> None:
    reranker = Reranker.load(tiny_classes)
    scores = reranker.predict(pairs())
    assert (scores.shape, scores.dtype) == ((len(DOCUMENTS),), np.float32)
    assert ((scores > 0) & (scores < 2)).all()
    assert reranker.predict([]).shape == (0,)
    assert reranker.rank(QUERY, DOCUMENTS)[0]["score"] == pytest.approx(float(scores.max()), abs=1e-5)


def test_two_labels_which_transformers_does_not_write_down_give_the_expected_grade(
    tiny_classes: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_classes, tmp_path / "two"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del config["id2label"], config["label2id"]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "config_sentence_transformers.json").unlink()
    opened = ModelFolder.open(folder)
    reranker = Reranker(opened, Fixed([0, math.log(3)]), Reranker.load(tiny_classes).tokenizer)
    assert reranker.labels == 2
    assert reranker.predict([(QUERY, "dép")]) == pytest.approx([0.75], abs=1e-6), "no sigmoid on top"


# --- the base install ---

TRAINING = ["torch", "transformers", "sentence_transformers", "datasets", "accelerate", "onnx", "onnxscript", "sympy"]


@pytest.mark.parametrize("room", ["xephang", "xephang.catalogue", "xephang.card", "xephang.judgments"])
def test_importing_needs_no_training_library(room: str) -> None:
    run_without_training_libraries(f"import {room}")


def test_onnx_needs_no_training_library(tiny_exported: Path) -> None:
    output = run_without_training_libraries(
        "from xephang import Product, Reranker\n"
        f"reranker = Reranker.load({str(tiny_exported)!r})\n"
        "sys.stdout.write(str(len(reranker.rank('giày', ['dép', Product(title='Giày')]))))"
    )
    assert output == "2"


def run_without_training_libraries(program: str) -> str:
    """Run a program where the import of a training library fails, as it does in a base install."""
    blocked = f"import sys\nfor name in {TRAINING}: sys.modules[name] = None\n"
    seen = f"\nloaded = [name for name in {TRAINING} if sys.modules[name] is not None]\nassert not loaded, loaded\n"
    done = subprocess.run(
        [sys.executable, "-c", blocked + program + seen],
        capture_output=True,
        text=True,
        env=dict(os.environ) | {"PYTHONUTF8": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_ranks_follow_the_logits_where_the_sigmoid_is_flat(tiny_exported, monkeypatch):
    """At -19 and at 30 neighbouring logits have one float32 score, or nearly so."""
    reranker = Reranker.load(tiny_exported, precision="fp32")
    logits = np.concatenate([np.linspace(-19, -16, 30), np.linspace(20, 40, 30)]).astype(np.float32)[:, None]
    monkeypatch.setattr(reranker.engine, "logits", lambda pairs, **_: logits[: len(pairs)])
    order = [result["corpus_id"] for result in reranker.rank("giày", [f"dép {i}" for i in range(60)])]
    assert order == list(reversed(range(60)))


def test_the_sigmoid_is_exact_in_float32(tiny_exported):
    reranker = Reranker.load(tiny_exported, precision="fp32")
    logits = np.linspace(-80, 80, 4001, dtype=np.float32)
    exact = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(reranker.activate(logits, "sigmoid"), exact, rtol=1e-5)
