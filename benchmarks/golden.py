"""Measure how far rounding moves the logits of the bundled int8 model, which is what its golden check has to allow.

Another CPU sums in another order. Here every float32 weight is off by a random part in 10^7 or 10^6 instead, which is
one rounding or ten. Writes benchmarks/results/golden.json.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from xephang import Reranker, demo_catalogue
from xephang.engines.precomputed import PrecomputedEngine
from xephang.engines.tokens import PairTokens
from xephang.files import write_text
from xephang.machine import cpu_name
from xephang.product import Rendered
from xephang.text import normalise

RESULT = Path(__file__).parent / "results" / "golden.json"
QUERIES = ("giày chạy bộ nữ", "dep to ong", "giày cao gót 7 phân")
SEEDS = range(3)
LEAST = 100
"""Numbers that a tensor has to hold: smaller ones are the graph's constants, such as the mask's lowest number."""


def tokens(reranker: Reranker) -> list[PairTokens]:
    """Tokenise the golden pairs, then products of the demo catalogue for each query."""
    encode, golden = reranker.tokenizer.encode, reranker.folder.manifest.golden_pairs
    products = [reranker.render(product) for product, _ in zip(demo_catalogue(), range(50), strict=False)]
    return [
        *(encode(normalise(query), [Rendered(normalise(document))])[0] for query, document in golden),
        *(pair for query in QUERIES for pair in encode(query, products)),
    ]


def shaken(graph: onnx.ModelProto, part: float, seed: int) -> onnx.ModelProto:
    """Return the graph with each weight off by about that part of itself."""
    random, copy = np.random.default_rng(seed), onnx.ModelProto()
    copy.CopyFrom(graph)
    for tensor in copy.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) > LEAST:
            values = numpy_helper.to_array(tensor)
            off = values * (1 + part * random.standard_normal(values.shape))
            tensor.CopyFrom(numpy_helper.from_array(off.astype(np.float32), tensor.name))
    return copy


def logits(path: Path, part: float, seed: int, pairs: list[PairTokens]) -> NDArray[np.float32]:
    """Return the pairs' logits by a precomputed file whose two graphs are shaken."""
    content = dict(np.load(path, allow_pickle=False))
    for name in ("product", "query"):
        graph = shaken(onnx.load_from_string(content[name].tobytes()), part, seed)
        content[name] = np.frombuffer(graph.SerializeToString(), np.uint8)
    with TemporaryDirectory() as folder:
        np.savez(Path(folder) / "shaken.npz", **content)
        return PrecomputedEngine(Path(folder) / "shaken.npz").logits(pairs)[:, 0]


def main() -> None:
    """Shake the model and write what moved."""
    reranker = Reranker.load(precision="int8")
    path = reranker.folder.path / reranker.folder.artefact("int8").path
    pairs, count = tokens(reranker), len(reranker.folder.manifest.golden_pairs)
    expected = reranker.engine.logits(pairs)[:, 0]
    moved = []
    for part, seed in ((part, seed) for part in (1e-7, 1e-6) for seed in SEEDS):
        off = np.abs(logits(path, part, seed, pairs) - expected)
        moved.append({"part": part, "seed": seed, "golden": float(off[:count].max()), "all": float(off.max())})
        print(moved[-1])
    result = {"cpu": cpu_name(), "model": reranker.folder.name, "pairs": len(pairs), "moved": moved}
    write_text(RESULT, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
