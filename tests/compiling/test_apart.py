"""The graphs of a model that reads products apart, against the model itself.

What is stored between the two is rounded to int8, which hides small mistakes. So here the stored numbers go from one
graph to the other as floats: then the two together must give the model's own logits, whatever the scales are.
"""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from xephang.compiling.apart import Bert, Scales, product_graph, query_graph, unpack_graph
from xephang.compiling.onnx_graph import FLOAT
from xephang.compiling.precompute import embeddings_of
from xephang.engines.precomputed import Room, stacked
from xephang.engines.tokens import PairTokens
from xephang.engines.torch import TorchEngine
from xephang.errors import ModelError

CLS, SEP = 2, 3
POSITIONS, START = 64, 16
MAKES = {"three layers": {"layers": 3}, "two layers": {}, "three labels": {"labels": 3}}


def session(graph):
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def in_floats(graph):
    """Open a graph that takes whole numbers such that it takes floats in their place."""
    model = onnx.load_from_string(graph)
    for entry in model.graph.input:
        entry.type.tensor_type.elem_type = FLOAT
    return session(model.SerializeToString())


def random_scales(bert, seed):
    random, size = np.random.default_rng(seed), (len(bert.layers) - 1, bert.hidden)
    keys, values, state = (np.float32(np.exp(random.normal(0, 2, shape))) for shape in (size, size, size[1:]))
    return Scales(keys, values, state)


class Graphs:
    """A model and its graphs, with stored numbers as floats; scales are all 1 without a seed."""

    def __init__(self, folder, seed=None):
        self.torch = TorchEngine(folder)
        self.bert = Bert.of(AutoModelForSequenceClassification.from_pretrained(folder))
        layers, hidden = len(self.bert.layers), self.bert.hidden
        self.scales = Scales.ones(layers, hidden) if seed is None else random_scales(self.bert, seed)
        self.embeddings = embeddings_of(self.bert, START, int8=False)
        self.product = session(product_graph(self.bert, self.scales, {}, watch=True))
        self.query = in_floats(query_graph(self.bert, self.scales, {}))

    def stored(self, product):
        names = [output.name for output in self.product.get_outputs()]
        found = self.product.run(None, {"embedded": self.embeddings.of_product(product)})
        return dict(zip(names, found, strict=True))

    def logits(self, query, product):
        found = self.stored(product)
        parts = found["heads"].reshape(-1, 1, self.bert.heads, len(product), self.bert.head)
        feed = {f"{'values' if at % 2 else 'keys'}_{at // 2}": part for at, part in enumerate(parts)}
        feed |= {"state": found["state"][None], "padding": np.zeros((1, len(product)), np.float32)}
        return self.query.run(None, {"embedded": self.embeddings.of_query(query), **feed})[0]


@pytest.fixture(scope="module", params=MAKES)
def folder(request, make_apart):
    return make_apart(positions=POSITIONS, **MAKES[request.param])


@pytest.fixture(scope="module", params=[None, 7], ids=["plain", "scaled"])
def graphs(request, folder):
    return Graphs(folder, request.param)


def random_ids(words, seed):
    return np.random.default_rng(seed).integers(5, 100, words)


@settings(deadline=None, max_examples=10)
@given(asked=st.integers(0, POSITIONS), words=st.integers(0, POSITIONS), seed=st.integers(0, 999))
@example(asked=0, words=0, seed=0)
@example(asked=1, words=0, seed=0)
@example(asked=START + 8, words=5, seed=1)
@example(asked=POSITIONS, words=POSITIONS, seed=2)
def test_both_graphs_together_give_the_models_logits(graphs, asked, words, seed):
    """Also where queries reach into the products' positions, and where both go on behind the last one."""
    query = np.array([CLS, *random_ids(asked, seed), SEP])
    product = np.array([*random_ids(words, seed + 1), SEP])
    types = np.repeat([0, 1], [len(query), len(product)])
    expected = graphs.torch.logits([PairTokens(np.concatenate([query, product]), types)])
    np.testing.assert_allclose(graphs.logits(query, product), expected, atol=1e-4)


def test_scales_are_what_a_step_is_worth(make_apart):
    folder = make_apart(positions=POSITIONS, layers=3)
    plain, scaled = (Graphs(folder, seed).stored(np.array([20, 30, SEP])) for seed in (None, 7))
    scales = random_scales(Graphs(folder).bert, 7)
    heads = np.stack([scales.keys, scales.values], axis=1).reshape(-1, 1, 8)
    np.testing.assert_allclose(scaled["heads"] * heads, plain["heads"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(scaled["state"] * scales.state, plain["state"], rtol=1e-3, atol=1e-4)


def test_scales_leave_room_above_the_largest_and_none_is_nought():
    largest = np.float32([127, 0, 12.7, 1, 254, 0])  # one layer's keys, its values, the state, each of 2
    scales = Scales.of(largest, layers=2, hidden=2)
    assert scales.keys.tolist() == [pytest.approx([1.1, 0], abs=1e-6)]
    assert scales.values.tolist() == [pytest.approx([0.11, 1.1 / 127])]
    assert scales.state == pytest.approx([2.2, 0], abs=1e-6)
    assert min(map(np.min, (scales.keys, scales.values, scales.state))) > 0


@pytest.fixture(scope="module")
def bert(make_apart):
    return Bert.of(AutoModelForSequenceClassification.from_pretrained(make_apart(positions=POSITIONS, layers=3)))


def stored_products(bert, tokens, seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(-128, 128, count * bert.width).astype(np.int8) for count in tokens]


def rows_of(bert, stored):
    """Return what stands for each token, in the order of a basis' columns: keys and values by layer, then the state."""
    tokens = len(stored) // bert.width
    by_head = stored[: -tokens * bert.hidden].reshape(2 * len(bert.layers) - 2, bert.heads, tokens, bert.head)
    parts = [part.transpose(1, 0, 2).reshape(tokens, bert.hidden) for part in by_head]
    return np.concatenate([*parts, stored[-tokens * bert.hidden :].reshape(tokens, bert.hidden)], axis=1)


def test_codes_that_are_the_rows_themselves_unpack_to_what_was_stored(bert):
    tokens = (9, 16)
    products = stored_products(bert, tokens)
    expected = stacked(products, bert.heads, bert.head, bert.width, Room())
    codes = np.zeros((2, 16, bert.width), np.int8)
    for place, (count, stored) in enumerate(zip(tokens, products, strict=True)):
        codes[place, :count] = rows_of(bert, stored)
    graph = session(unpack_graph(bert))
    names = [output.name for output in graph.get_outputs()]
    found = dict(
        zip(names, graph.run(None, {"codes": codes, "basis": np.eye(bert.width, dtype=np.float32)}), strict=True)
    )
    assert set(found) == set(expected) - {"padding"}
    for name, array in found.items():
        for place, count in enumerate(tokens):  # what stands in the padding does not matter
            assert np.array_equal(array[place][..., :count, :], expected[name][place][..., :count, :])


def test_fewer_codes_than_numbers_are_multiplied_out_and_rounded(bert):
    basis = np.random.default_rng(1).normal(0, 0.5, (5, bert.width)).astype(np.float32)
    codes = np.random.default_rng(2).integers(-127, 128, (2, 3, 5)).astype(np.int8)
    graph = session(unpack_graph(bert))
    state = graph.run(["state"], {"codes": codes, "basis": basis})[0]
    expected = np.clip(codes.astype(np.float32) @ basis[:, -bert.hidden :], -128, 127)
    assert state.dtype == np.int8
    assert np.abs(state - expected).max() <= 0.5 + 1e-3


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (BertConfig(num_hidden_layers=1), "bert model of 1 with gelu"),
        (BertConfig(num_hidden_layers=2, hidden_act="relu"), "bert model of 2 with relu"),
        (RobertaConfig(num_hidden_layers=2), "roberta model of 2 with gelu"),
    ],
    ids=["one layer", "relu", "roberta"],
)
def test_models_of_other_makes_are_refused(config, said):
    config.update({"vocab_size": 8, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8})
    make = BertForSequenceClassification if config.model_type == "bert" else RobertaForSequenceClassification
    with pytest.raises(ModelError, match=f"BERT models of two or more layers with GELU; this is a {said}"):
        Bert.of(make(config))
