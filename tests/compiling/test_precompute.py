"""The file of a model that reads products apart: its scales fit what was watched, and it can be made again."""

import numpy as np
import pytest

from xephang.compiling.apart import Bert
from xephang.compiling.precompute import Precomputed, embeddings_of
from xephang.engines.precomputed import PrecomputedEngine
from xephang.engines.tokens import PairTokenizer
from xephang.folder import ModelFolder
from xephang.product import Rendered

QUERIES = ["giày nữ", "dép sandal nam size 42"]
DOCUMENTS = ["Giày chạy bộ nữ Adidas màu đen", "", "Sandal đế êm " * 20, "Dép lê | size 37"]


@pytest.fixture(scope="module")
def sample(tiny_apart):
    tokenizer = PairTokenizer.of(ModelFolder.open(tiny_apart))
    return [pair for query in QUERIES for pair in tokenizer.encode(query, list(map(Rendered, DOCUMENTS)))]


@pytest.fixture(scope="module")
def watched(tiny_apart, sample):
    return Precomputed.watch(tiny_apart, sample)


@pytest.fixture(scope="module")
def engines(watched, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for precision in ("fp32", "int8"):
        (folder / precision).write_bytes(watched.file(precision))
        found[precision] = PrecomputedEngine(folder / precision, threads=1)
    return found


def test_stored_numbers_use_their_range_and_are_not_clipped_on_what_was_watched(engines, sample):
    rows = [engines["fp32"].rows(one) for one in engines["fp32"].compute([pair.product for pair in sample])]
    largest = np.abs(np.concatenate(rows).astype(int)).max(axis=0)
    assert largest.min() == largest.max() == round(127 / 1.1), "each number reached this far, with room above"


def test_int8_stores_nearly_what_fp32_stores(engines, sample):
    products = [pair.product for pair in sample]
    fp32, int8 = (np.concatenate(engines[name].compute(products)).astype(int) for name in ("fp32", "int8"))
    assert np.abs(fp32 - int8).mean() < 3
    assert (fp32 != int8).any()


def test_int8_is_the_smaller_file(watched):
    assert len(watched.file("int8")) < 0.6 * len(watched.file("fp32"))


def test_the_same_model_and_sample_give_the_same_file(watched, tiny_apart, sample):
    """A compiled catalogue is known by the file's SHA-256."""
    again = Precomputed.watch(tiny_apart, sample)
    for precision in ("fp32", "int8"):
        assert again.file(precision) == watched.file(precision)


def test_embeddings_are_the_models_and_int8_ones_half_a_step_off(watched):
    exact, rounded = (embeddings_of(watched.bert, 16, int8=int8) for int8 in (False, True))
    parts = watched.bert.model.base_model.embeddings
    words = parts.word_embeddings.weight.numpy()
    assert np.array_equal(exact.words * exact.steps[:, None], words)
    assert rounded.words.dtype == np.int8
    off = np.abs(rounded.words * rounded.steps[:, None] - words)
    assert (off <= rounded.steps[:, None] * 0.501).all()
    ids = np.array([7, 9])
    positions, sides = parts.position_embeddings.weight.numpy(), parts.token_type_embeddings.weight.numpy()
    assert exact.of_query(ids) == pytest.approx(words[ids] + positions[:2] + sides[0], abs=1e-6)
    assert exact.of_product(ids) == pytest.approx(words[ids] + positions[16:18] + sides[1], abs=1e-6)


def test_a_token_whose_embedding_is_nought_stays_nought(tiny_apart):
    """The embedding of [PAD] is, in most models."""
    from transformers import AutoModelForSequenceClassification

    bert = Bert.of(AutoModelForSequenceClassification.from_pretrained(tiny_apart))
    bert.model.base_model.embeddings.word_embeddings.weight[0] = 0
    found = embeddings_of(bert, 16, int8=True)
    assert np.isfinite(found.steps).all()
    assert (found.words[0] == 0).all()
