"""Write the file of a model that reads products apart: its graphs, embeddings, and scales watched on sample texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification

from xephang.compiling.apart import Bert, Scales, product_graph, query_graph, unpack_graph
from xephang.compiling.onnx_graph import Range
from xephang.engines.precomputed import Embeddings, Room, Stored, pack, stacked
from xephang.engines.tokens import PairTokens
from xephang.engines.torch import quiet
from xephang.folder import PRODUCT_POSITION

_WORD_STEPS = 127


@dataclass(frozen=True)
class Precomputed:
    """A model that reads products apart, its scales known.

    :param ranges: of the product graph's matrix products and of the query graph's.
    """

    bert: Bert
    start: int
    scales: Scales
    ranges: tuple[dict[str, Range], dict[str, Range]]

    @classmethod
    def watch(cls, folder: Path, sample: Sequence[PairTokens]) -> "Precomputed":
        """Load a folder's weights, and watch them on a sample.

        :raises ModelError: if the model is of another make.
        """
        with quiet():
            model: Any = AutoModelForSequenceClassification.from_pretrained(folder)
        bert, start = Bert.of(model), int(getattr(model.config, PRODUCT_POSITION))
        embeddings = embeddings_of(bert, start, int8=False)
        products = [embeddings.of_product(pair.product) for pair in sample]
        queries = [embeddings.of_query(pair.query) for pair in sample]
        plain = Scales.ones(len(bert.layers), bert.hidden)
        first = _run_all(product_graph(bert, plain, {}, watch=True), [{"embedded": one} for one in products])
        largest = np.max([_largest(found) for found in first], axis=0)
        scales = Scales.of(largest, len(bert.layers), bert.hidden)
        of_products = _run_all(product_graph(bert, scales, {}, watch=True), [{"embedded": one} for one in products])
        feeds = [
            {"embedded": query, **stacked([_rounded(found)], bert.heads, bert.head, bert.width, Room())}
            for query, found in zip(queries, of_products, strict=True)
        ]
        of_queries = _run_all(query_graph(bert, scales, {}, watch=True), feeds)
        return cls(bert, start, scales, (_ranges(of_products), _ranges(of_queries)))

    def file(self, precision: str) -> bytes:
        """Return the file that `PrecomputedEngine` opens.

        :param precision: "int8", or "fp32" with all weights as they are; stored products are int8 in both.
        """
        int8 = precision == "int8"
        of_product, of_query = self.ranges if int8 else ({}, {})
        graphs = {
            "product": product_graph(self.bert, self.scales, of_product),
            "query": query_graph(self.bert, self.scales, of_query),
            "unpack": unpack_graph(self.bert),
        }
        return pack(graphs, embeddings_of(self.bert, self.start, int8=int8))


def embeddings_of(bert: Bert, start: int, *, int8: bool) -> Embeddings:
    """Return a model's embeddings, the words' as int8 with a scale for each where wanted."""
    found = bert.model.base_model.embeddings
    words, positions, sides = (
        np.asarray(part.weight.numpy(), np.float32)
        for part in (found.word_embeddings, found.position_embeddings, found.token_type_embeddings)
    )
    if not int8:
        return Embeddings(words, np.ones(len(words), np.float32), positions, sides, start)
    steps = np.maximum(np.abs(words).max(axis=1), 1e-12) / np.float32(_WORD_STEPS)
    return Embeddings(np.round(words / steps[:, None]).astype(np.int8), steps, positions, sides, start)


def _run_all(graph: bytes, feeds: Sequence[dict[str, NDArray[Any]]]) -> list[dict[str, NDArray[np.float32]]]:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return [dict(zip(names, session.run(None, feed), strict=True)) for feed in feeds]


def _ranges(runs: Sequence[dict[str, NDArray[np.float32]]]) -> dict[str, Range]:
    """Return what each matrix product's input ranged over; results are none."""
    names = [name for name in runs[0] if name not in ("heads", "state", "logits")]
    return {
        name: Range(min(float(run[name].min()) for run in runs), max(float(run[name].max()) for run in runs))
        for name in names
    }


def _largest(found: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the largest absolute value of each stored number over a product's tokens, (width,)."""
    heads, state = (np.abs(found[name]) for name in ("heads", "state"))
    return np.concatenate([heads.max(axis=1).reshape(-1), state.max(axis=0)])


def _rounded(found: dict[str, NDArray[np.float32]]) -> Stored:
    whole = (np.asarray(np.clip(np.rint(found[name]), -128, 127), np.int8) for name in ("heads", "state"))
    return np.concatenate([one.reshape(-1) for one in whole])
