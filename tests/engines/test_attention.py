"""Products read apart from queries: nothing of the query, not even its length, reaches them."""

import json
import shutil

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from xephang import Reranker
from xephang.compiling import export
from xephang.engines.attention import read_apart
from xephang.errors import ModelError
from xephang.folder import PRODUCT_POSITION

QUERIES = ("giày", "giày chạy bộ nữ đế êm nhẹ", "dép sandal nam size 42 màu đen")
PRODUCTS = ("Giày chạy bộ nữ Adidas", "Dép sandal nam", "Lót giày êm chân chống trượt màu đen")


def with_position(folder, position):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {PRODUCT_POSITION: position}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def apart(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("apart") / "model"
    shutil.copytree(tiny, folder)
    return with_position(folder, 16)


def states(folder, query, product):
    """Return the last hidden states of the product's tokens."""
    reranker = Reranker.load(folder, engine="torch")
    (pair,) = reranker.tokenizer.encode(query, [reranker.render(product)])
    ids, types = torch.from_numpy(pair.ids)[None], torch.from_numpy(pair.types)[None]
    feed = {"input_ids": ids, "token_type_ids": types, "attention_mask": torch.ones_like(ids)}
    with torch.inference_mode():
        hidden = reranker.engine._model.base_model(**feed).last_hidden_state[0]
    return hidden[types[0] == 1].numpy(), hidden[0].numpy()


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_is_the_same_for_every_query_and_a_query_is_not(apart, product):
    seen = [states(apart, query, product) for query in QUERIES]
    for of_product, of_query in seen[1:]:
        np.testing.assert_allclose(of_product, seen[0][0], atol=1e-5)
        assert np.abs(of_query - seen[0][1]).max() > 1e-3


def test_without_the_key_a_product_sees_the_query(tiny):
    first, second = (states(tiny, query, PRODUCTS[0])[0] for query in QUERIES[:2])
    assert np.abs(first - second).max() > 1e-3


def test_a_query_sees_the_product(apart):
    assert len(set(Reranker.load(apart, engine="torch").predict([(QUERIES[0], one) for one in PRODUCTS]))) == 3


def test_scores_do_not_depend_on_what_shares_the_batch(apart):
    pairs = [(query, product) for query in QUERIES for product in (*PRODUCTS, "giày " * 600)]
    reranker = Reranker.load(apart, engine="torch")
    together = reranker.score(pairs).logits
    alone = np.concatenate([reranker.score([pair]).logits for pair in pairs])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_eager_attention_gives_the_same(apart):
    def logits(implementation):
        model = AutoModelForSequenceClassification.from_pretrained(apart, attn_implementation=implementation).eval()
        read_apart(model)
        ids = torch.tensor([[2, 40, 3, 50, 51, 3, 0, 0], [2, 40, 41, 3, 50, 51, 52, 3]])
        types = torch.tensor([[0, 0, 0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]])
        with torch.inference_mode():
            return model(input_ids=ids, token_type_ids=types, attention_mask=(ids != 0).long()).logits.numpy()

    np.testing.assert_allclose(logits("eager"), logits("sdpa"), atol=1e-5)


def test_the_exported_graph_scores_like_the_weights(apart, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(apart, folder)
    (parity,) = export(folder, ["fp32"])
    assert parity.largest < 0.01, "products are stored as whole numbers"
    pairs = [(query, product) for query in QUERIES for product in PRODUCTS]
    exact = Reranker.load(folder, engine="torch").score(pairs).logits
    np.testing.assert_allclose(Reranker.load(folder, precision="fp32").score(pairs).logits, exact, atol=0.03)


@pytest.mark.parametrize("position", [0, 511, 600])
def test_a_position_that_is_not_there_is_refused(tiny, position):
    model = AutoModelForSequenceClassification.from_pretrained(tiny)
    model.config.product_position = position
    with pytest.raises(ModelError, match=f"product_position is {position}; the model has positions 0 to 511"):
        read_apart(model)


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (0, "'product_position' must be a number of tokens, got 0"),
        (511, "products start at position 511 of 512 that the model reads, which leaves no room for one"),
        (600, "products start at position 600 of 512"),
    ],
)
def test_a_folder_whose_products_start_nowhere_is_refused(tiny, tmp_path, position, message):
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    with pytest.raises(ModelError, match=message):
        Reranker.load(with_position(folder, position), engine="torch")


def test_models_of_other_makes_are_refused():
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    config = DistilBertConfig(vocab_size=8, dim=8, hidden_dim=8, n_heads=2, n_layers=1, product_position=16)
    with pytest.raises(ModelError, match="a distilbert model can not read products apart"):
        read_apart(DistilBertForSequenceClassification(config))
