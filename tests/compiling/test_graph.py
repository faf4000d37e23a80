import logging
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForSequenceClassification,
    BertTokenizer,
    RobertaConfig,
    RobertaForSequenceClassification,
)
from transformers.utils import logging as transformers_logging

from xephang import Reranker
from xephang.compiling.graph import OPSET, write_fp32
from xephang.errors import ModelError

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
VOCABULARY = 100


@pytest.fixture(scope="module")
def session(tiny_exported):
    return onnxruntime.InferenceSession(str(tiny_exported / "onnx" / "model.onnx"))


@pytest.fixture(scope="module")
def model(tiny):
    return AutoModelForSequenceClassification.from_pretrained(tiny).eval()


def feed(ids, lengths):
    """Pad (n, longest) random ids after each row's length; the second half of a row is the product's side."""
    places = np.arange(ids.shape[1])[None, :]
    mask = (places < np.array(lengths)[:, None]).astype(np.int64)
    types = (places >= np.array(lengths)[:, None] // 2).astype(np.int64) * mask
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": types}


def test_inputs_and_output(session):
    assert [entry.name for entry in session.get_inputs()] == INPUTS
    assert {entry.type for entry in session.get_inputs()} == {"tensor(int64)"}
    (output,) = session.get_outputs()
    assert (output.name, output.type) == ("logits", "tensor(float)")


def test_batch_and_tokens_are_free_and_the_labels_are_not(session):
    for entry in session.get_inputs():
        assert len(entry.shape) == 2 and all(isinstance(axis, str) for axis in entry.shape)
        assert entry.shape[0] != entry.shape[1]
    batch, labels = session.get_outputs()[0].shape
    assert batch == session.get_inputs()[0].shape[0]
    assert labels == 1


def test_the_graph_is_valid_and_fused(fp32):
    onnx.checker.check_model(fp32)
    assert next(entry.version for entry in fp32.opset_import if not entry.domain) == OPSET
    operators = {node.op_type for node in fp32.graph.node}
    assert {"SkipLayerNormalization", "BiasGelu"} <= operators
    assert not operators & {"Erf", "Gelu", "ReduceMean"}


def test_the_file_holds_its_own_weights(fp32):
    weights = [tensor for tensor in fp32.graph.initializer if len(tensor.dims) == 2]
    assert weights
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in fp32.graph.initializer)
    assert sum(tensor.data_type == onnx.TensorProto.FLOAT for tensor in weights) >= 2 * 6


@settings(deadline=None, max_examples=30)
@given(
    lengths=st.lists(st.integers(3, 40), min_size=1, max_size=5),
    padding=st.integers(0, 5),
    seed=st.integers(0, 2**16),
)
def test_any_batch_scores_as_in_torch(session, model, lengths, padding, seed):
    ids = np.random.default_rng(seed).integers(5, VOCABULARY, (len(lengths), max(lengths) + padding))
    arrays = feed(ids, lengths)
    with torch.inference_mode():
        expected = model(**{name: torch.from_numpy(array) for name, array in arrays.items()}).logits.numpy()
    assert np.abs(session.run(None, arrays)[0] - expected).max() < 1e-5


@pytest.mark.parametrize("tokens", [2, 3, 8, 9, 511, 512])
@pytest.mark.parametrize("pairs", [1, 2, 33])
def test_the_axes_end_to_end(session, model, tokens, pairs):
    """8 tokens and 2 pairs is what the exporter saw; 512 is the most that the model has positions for."""
    arrays = feed(np.random.default_rng(tokens).integers(5, VOCABULARY, (pairs, tokens)), [tokens] * pairs)
    with torch.inference_mode():
        expected = model(**{name: torch.from_numpy(array) for name, array in arrays.items()}).logits.numpy()
    found = session.run(None, arrays)[0]
    assert found.shape == (pairs, 1) and found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("query", "document", "cut"),
    [
        pytest.param("giày", "dép", False, id="one token each"),
        pytest.param("giày", "", False, id="no product"),
        pytest.param("", "", False, id="nothing but special tokens"),
        pytest.param("giày", "giày " * 2000, True, id="512 tokens"),
        pytest.param("giày " * 500, "dép " * 100, True, id="512 tokens, nearly all the query's"),
    ],
)
def test_pairs_at_the_edges_of_what_the_model_reads(tiny_exported, query, document, cut):
    onnx_scores = Reranker.load(tiny_exported, precision="fp32").score([(query, document)])
    torch_scores = Reranker.load(tiny_exported, engine="torch").score([(query, document)])
    assert onnx_scores.logits == pytest.approx(torch_scores.logits, abs=1e-5)
    assert (onnx_scores.cut[0] > 0) == cut


def test_a_shorter_model_keeps_its_own_limit(tmp_path, tiny):
    """A graph exported with fewer positions than BERT's 512 runs to its last position."""
    model = AutoModelForSequenceClassification.from_pretrained(tiny)
    model.config.max_position_embeddings = 64
    embeddings = model.bert.embeddings
    embeddings.position_embeddings.weight.data = embeddings.position_embeddings.weight.data[:64].clone()
    embeddings.position_ids, embeddings.token_type_ids = (
        embeddings.position_ids[:, :64],
        embeddings.token_type_ids[:, :64],
    )
    model.save_pretrained(tmp_path / "short")
    write_fp32(tmp_path / "short", tmp_path / "short.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "short.onnx"))
    arrays = feed(np.full((1, 64), 7), [64])
    with torch.inference_mode():
        expected = model.eval()(**{name: torch.from_numpy(array) for name, array in arrays.items()}).logits.numpy()
    assert session.run(None, arrays)[0] == pytest.approx(expected, abs=1e-5)


@pytest.fixture(scope="module")
def roberta(tmp_path_factory, tiny):
    """A tiny model without token types, its position ids starting behind the padding id, and its graph beside it."""
    folder = tmp_path_factory.mktemp("roberta")
    config = RobertaConfig(
        vocab_size=BertTokenizer.from_pretrained(tiny).vocab_size,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=66,
        type_vocab_size=1,
        num_labels=1,
    )
    torch.manual_seed(0)
    RobertaForSequenceClassification(config).save_pretrained(folder)
    write_fp32(folder, folder / "roberta.onnx")
    return folder


@pytest.mark.parametrize("tokens", [3, 17, 64])
def test_a_model_without_token_types(roberta, tokens):
    session = onnxruntime.InferenceSession(str(roberta / "roberta.onnx"))
    assert [entry.name for entry in session.get_inputs()] == INPUTS[:2]
    ids = np.random.default_rng(0).integers(5, VOCABULARY, (2, tokens))
    arrays = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    model = RobertaForSequenceClassification.from_pretrained(roberta).eval()
    with torch.inference_mode():
        expected = model(**{name: torch.from_numpy(array) for name, array in arrays.items()}).logits.numpy()
    assert session.run(None, arrays)[0] == pytest.approx(expected, abs=1e-5)


def test_it_says_nothing_and_leaves_the_libraries_as_it_found_them(tiny, tmp_path, capfd):
    names = ("torch.onnx", "onnxscript", "onnxruntime", None)
    levels = [logging.getLogger(name).level for name in names]
    filters, stdout = list(warnings.filters), sys.stdout
    transformers_logging.enable_progress_bar()
    write_fp32(tiny, tmp_path / "model.onnx")
    assert tuple(capfd.readouterr()) == ("", "")
    assert [logging.getLogger(name).level for name in names] == levels
    assert (warnings.filters, sys.stdout) == (filters, stdout)
    assert transformers_logging.is_progress_bar_enabled()


def test_an_architecture_that_can_not_be_exported_is_named(tiny, tmp_path, monkeypatch):
    """Control flow on a tensor's values, which no exporter can follow."""
    from transformers import BertForSequenceClassification

    forward = BertForSequenceClassification.forward

    def unexportable(self, input_ids, **rest):
        return forward(self, input_ids if int(input_ids.sum()) % 2 else input_ids + 1, **rest)

    monkeypatch.setattr(BertForSequenceClassification, "forward", unexportable)
    with pytest.raises(ModelError, match="torch can not export it to ONNX"):
        write_fp32(tiny, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
