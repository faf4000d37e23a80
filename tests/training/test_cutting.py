"""A pair that is too long is cut in training as it is in serving: the query never, a product by its template."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import CrossEncoder

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import RowError
from xephang.judgments import Judgment, Pair
from xephang.product import LISTING, Product, Rendered
from xephang.text import normalise
from xephang.training import train
from xephang.training.cutting import cut, queries_whole, serving_tokenizer

LENGTH = 40
WORDS = [
    "giày",
    "chạy",
    "bộ",
    "nữ",
    "đế",
    "êm,",
    "nhẹ",
    "42.5",
    "ABCxyz",
    "👟",
    "chống-trượt",
    "Đỏ",
    "(mới)",
    "㊣",
    "e\u0301",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)


@pytest.fixture(scope="module")
def model(tiny):
    return CrossEncoder(str(tiny), device="cpu", max_length=LENGTH)


@pytest.fixture(scope="module")
def tokenizer(model):
    return serving_tokenizer(model)


def as_trained(model, query, document):
    return model.preprocess([(query, document)])["input_ids"][0].tolist()


@given(
    st.lists(st.sampled_from(WORDS[:8]), min_size=1, max_size=6).map(" ".join),
    st.builds(Product, title=st.sampled_from(WORDS), brand=TEXTS, color=TEXTS, description=TEXTS),
)
@settings(max_examples=200, deadline=None)
def test_training_reads_the_tokens_that_serving_reads(model, tokenizer, query, product):
    query, rendered = normalise(query), LISTING.render(product)
    (text,) = tokenizer.cut(query, [rendered])
    (served,) = tokenizer.encode(query, [rendered])
    assert as_trained(model, query, text) == served.ids.tolist()
    assert text == rendered.text or served.cut


@pytest.mark.parametrize("text", ["giày " * 2_000, "giày" * 2_500, "x" * 10_000, "👟" * 10_000, "giày, " * 30 + "hết"])
def test_texts_are_cut_from_their_end(model, tokenizer, text):
    text = normalise(text)
    (short,) = tokenizer.cut("giày nữ", [Rendered(text)])
    assert text.startswith(short)
    (served,) = tokenizer.encode("giày nữ", [Rendered(text)])
    assert as_trained(model, "giày nữ", short) == served.ids.tolist()


def test_what_fits_is_left_as_it_is(tokenizer):
    rows = [Pair("giày", "Giày  nữ | size 37", 1), Pair("giày", "", 0)]
    assert cut(rows, tokenizer, Path("p")) == rows
    assert cut([], tokenizer, Path("p")) == []


def test_each_row_is_cut_for_its_own_query_and_stays_in_its_place(tokenizer):
    long = " ".join(f"giày {i}" for i in range(40))
    rows = [Pair("giày nữ đế êm", long, 1), Judgment("giày", long, 3), Pair("giày nữ đế êm", "dép", 0)]
    found = cut(rows, tokenizer, Path("p"))
    assert [replace(row, document="") for row in found] == [replace(row, document="") for row in rows]
    assert len(found[0].document) < len(found[1].document) < len(long)
    assert found[2] is rows[2]


def test_a_query_that_leaves_no_room_is_named_by_its_row(bake, tiny, tmp_path, toy):
    rows = [*toy.toy_pairs(), {"sentence_0": "giày " * 40, "sentence_1": "giày", "label": 1}]
    with pytest.raises(RowError, match=rf"pairs\.jsonl, row {len(rows)}, field 'query': .*; shorten the query"):
        train(bake(pairs=rows, model={"max_length": LENGTH}), tmp_path / "model", base=str(tiny))


def test_what_a_loss_pairs_up_anew_keeps_its_query_whole(model):
    query, document = "giày nữ " * 16, "dép trẻ em " * 30
    whole = model.tokenizer(query, add_special_tokens=False)["input_ids"]
    assert as_trained(model, query, document)[1 : len(whole) + 1] != whole
    with queries_whole(model):
        ids = as_trained(model, query, document)
    assert (len(ids), ids[1 : len(whole) + 1]) == (LENGTH, whole)
    assert model[0].processing_kwargs == {}


def long_rows(toy):
    """Products whose description is cut, and queries longer than some of them."""
    draw = random.Random(0)
    rows = []
    for row in toy.toy_pairs():
        told = " ".join(draw.choices(WORDS, k=40))
        product = {"title": row["sentence_1"], "color": "đen", "description": told}
        rows.append({"sentence_0": row["sentence_0"] + " đế êm" * 5, "product": product, "label": row["label"]})
    return rows


@pytest.mark.parametrize("loss", ["BinaryCrossEntropyLoss", "LambdaLoss", "MultipleNegativesRankingLoss"])
def test_a_run_on_long_products_is_a_run_on_what_serving_reads_of_them(bake, tiny, tmp_path, toy, tokenizer, loss):
    rows = long_rows(toy)
    tables = {"loss": {"name": loss}, "model": {"max_length": LENGTH}}
    folder = train(bake(pairs=rows, **tables), tmp_path / "products", base=str(tiny))
    products = [LISTING.render(Product.from_dict(row["product"])) for row in rows]
    texts = [tokenizer.cut(normalise(r["sentence_0"]), [p])[0] for r, p in zip(rows, products, strict=True)]
    assert all(0 < len(text) < len(product.text) for text, product in zip(texts, products, strict=True))
    by_hand = [{**row, "product": None, "sentence_1": text} for row, text in zip(rows, texts, strict=True)]
    assert toy.same_weights(folder, train(bake(pairs=by_hand, **tables), tmp_path / "texts", base=str(tiny)))
    assert f"Cut to the model's length: {len(rows)} of {len(rows)} pairs" in (folder / "README.md").read_text("utf-8")
    assert "truncation" not in (folder / "sentence_bert_config.json").read_text("utf-8")


def test_a_query_longer_than_the_text_is_not_cut_in_its_place(bake, tiny, tmp_path, toy, tokenizer):
    query = " ".join(["giày", "nữ", "đế", "êm", "nhẹ", "chạy", "bộ"] * 4)
    rows = [{"sentence_0": query, "sentence_1": f"dép {i} " * 12, "label": i % 2} for i in range(4)]
    tables = {"model": {"max_length": LENGTH}}
    folder = train(bake(pairs=rows, **tables), tmp_path / "long", base=str(tiny))
    short = [{**row, "sentence_1": tokenizer.cut(query, [Rendered(row["sentence_1"].strip())])[0]} for row in rows]
    assert toy.same_weights(folder, train(bake(pairs=short, **tables), tmp_path / "short", base=str(tiny)))


def test_dev_figures_are_those_of_the_served_model(bake, tiny, tmp_path, toy):
    asked = "sandal xanh"
    products = [{**row["product"], "brand": f"hiệu {i}"} for i, row in enumerate(long_rows(toy))]
    template = {
        "name": "description first",
        "parts": {"description": "{description}", "title": "{title}", "brand": "{brand}"},
        "cut_first": ["description"],
    }
    tables = {"model": {"max_length": LENGTH}, "hyperparameters": {"eval_strategy": "no"}, "template": template}
    model = Reranker.load(train(bake(**tables), tmp_path / "first", base=str(tiny)))
    # The served model's own order, in grades: another way to cut would make another order of it.
    order = [hit["corpus_id"] for hit in model.rank(asked, products)]
    dev = [{"query": asked, "product": products[at], "grade": 3 - place // 6} for place, at in enumerate(order)]
    values = load_record(train(bake(dev=dev, **tables), tmp_path / "second", base=str(tiny))).metrics[0].values
    assert values["nDCG@10"] == pytest.approx(1)
