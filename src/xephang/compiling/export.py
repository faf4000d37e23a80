"""Export a model folder to files that need no torch, and publish them only if they score like the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from xephang.card import load_record, save_card
from xephang.card.store import RECORD
from xephang.catalogue import demo_catalogue
from xephang.compiling.graph import write_fp32
from xephang.compiling.precompute import Precomputed
from xephang.compiling.quantise import write_int8
from xephang.documents import Document
from xephang.engines import Engine
from xephang.engines.onnx import OnnxEngine
from xephang.engines.precomputed import PrecomputedEngine
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.engines.torch import TorchEngine
from xephang.errors import GateError, InputError
from xephang.files import check_file, sha256
from xephang.folder import Artefact, ModelFolder
from xephang.reranker import Reranker
from xephang.text import normalise

FILES = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}
PRECOMPUTED = {"fp32": "precomputed/fp32.npz", "int8": "precomputed/int8.npz"}
"""The same of a model that reads products apart."""
TOLERANCE = {"onnx": {"fp32": 1e-4, "int8": 0.1}, "precomputed": {"fp32": 0.03, "int8": 0.1}}
"""The largest difference from torch that is let through, on the 0..1 scale of the sigmoid; stored products are int8."""
GOLDEN = 4
_SAMPLE, _MOST_WATCHED = 300, 1500

PROBES: Sequence[tuple[str, str]] = (
    ("giày chạy bộ nữ", "Giày chạy bộ nữ Adidas Galaxy êm nhẹ, thoáng khí | màu hồng | size 37"),
    ("dep to ong", "DÉP TỔ ONG ĐEN NHỰA CAO SU DẺO ĐỦ SIZE NAM NỮ"),
    ("giày cao gót 7 phân", "Giày cao gót mũi nhọn 7cm da bóng | Juno | đen"),
    ("giày đá bóng sân cỏ nhân tạo đế TF", "Lót giày silicon tăng chiều cao 3cm"),
    ("lot giay", "Miếng lót giày khử mùi than hoạt tính"),
    ("sz 42 bitis hunter đen", "Giày thể thao nam Biti's Hunter màu đen | size 42"),
    ("giày", "giày " * 150),
    ("", ""),
)


@dataclass(frozen=True, slots=True)
class Parity:
    """How far an artefact's scores lie from the model's own.

    :param largest: the largest difference of sigmoid scores over `pairs` pairs.
    :param mean: the mean of it.
    :param logits: the largest difference of logits.
    """

    precision: str
    path: Path
    bytes: int
    pairs: int
    largest: float
    mean: float
    logits: float


def export(
    path: Path,
    precisions: Sequence[str] = ("fp32", "int8"),
    *,
    pairs: Sequence[tuple[str, Document]] = (),
    tolerance: float | None = None,
) -> list[Parity]:
    """Write files for inference into a model folder and record them in its `xephang.json` and card.

    A model that reads products apart gets files for the precomputed engine, any other ONNX files.

    :param pairs: queries and documents to compare scores on, beside the built-in ones; what a precomputed file's whole
        numbers stand for is fitted to them too.
    :param tolerance: the largest difference of sigmoid scores from torch; `TOLERANCE` without it.
    :raises GateError: if a file's scores are further off; the folder is then as it was.
    :raises ModelError: if the folder is no model, has no weights, or its make can not be exported.
    """
    if unknown := [p for p in precisions if p not in FILES]:
        raise InputError(f"precision '{unknown[0]}' is not known; precisions are {', '.join(FILES)}")
    folder = ModelFolder.open(path)
    files = PRECOMPUTED if folder.product_position else FILES
    for precision in precisions:
        check_file(path / files[precision])
    tokenizer = PairTokenizer.of(folder)
    model = Reranker(folder, TorchEngine(path, padding_id=tokenizer.padding_id), tokenizer)
    tokens = _tokens(model, [*PROBES, *pairs])
    expected = model.engine.logits(tokens)
    results: list[Parity] = []
    artefacts: dict[Artefact, Path] = {}
    # Whatever the exporters leave behind, here it goes with the folder.
    with TemporaryDirectory(prefix=".export-", dir=path) as temporary:
        write = _write_precomputed if folder.product_position else _write_onnx
        written = write(model, tokens, list(dict.fromkeys(precisions)), Path(temporary))
        for precision, (file, engine) in written.items():
            found = engine.logits(tokens)
            results.append(_gate(engine.name, precision, path / files[precision], file, expected, found, tolerance))
            golden = tuple(map(float, Reranker(folder, engine, tokenizer).score(PROBES[:GOLDEN]).logits))
            alone = precision == "int8" and engine.name == "onnx"
            artefacts[Artefact(files[precision], precision, sha256(file), alone, golden, engine.name)] = file
        folder = folder.with_artefacts(artefacts, tuple(PROBES[:GOLDEN]))
    if (path / RECORD).is_file():
        save_card(path, load_record(path))
    return results


Written = dict[str, tuple[Path, Engine]]
"""The file of each precision, and what opened it."""


def _write_onnx(model: Reranker, tokens: list[PairTokens], precisions: list[str], temporary: Path) -> Written:
    graphs = {precision: temporary / f"{precision}.onnx" for precision in FILES}
    write_fp32(model.folder.path, graphs["fp32"])
    written: Written = {}
    for precision in precisions:
        alone = precision == "int8"
        if alone:
            write_int8(graphs["fp32"], graphs["int8"])
        padding = model.tokenizer.padding_id
        written[precision] = graphs[precision], OnnxEngine(graphs[precision], padding_id=padding, one_at_a_time=alone)
    return written


def _write_precomputed(model: Reranker, tokens: list[PairTokens], precisions: list[str], temporary: Path) -> Written:
    step = -(-len(tokens) // _MOST_WATCHED)
    watched = Precomputed.watch(model.folder.path, [*tokens[::step], *_tokens(model, _sample())])
    written: Written = {}
    for precision in precisions:
        file = temporary / f"{precision}.npz"
        file.write_bytes(watched.file(precision))
        written[precision] = file, PrecomputedEngine(file)
    return written


def _sample() -> list[tuple[str, Document]]:
    """Return products of the demo catalogue, each with a query of some of its fields."""
    products = islice(demo_catalogue(), 0, None, 4)
    return [(f"{one.category} {one.gender} {one.color}", one) for one in islice(products, _SAMPLE)]


def _tokens(model: Reranker, pairs: Sequence[tuple[str, Document]]) -> list[PairTokens]:
    rendered = [(query, model.render(document, f"document for '{query}'")) for query, document in pairs]
    return [model.tokenizer.encode(normalise(query), [document])[0] for query, document in rendered]


def _gate(
    engine: str,
    precision: str,
    path: Path,
    file: Path,
    expected: NDArray[np.float32],
    found: NDArray[np.float32],
    tolerance: float | None,
) -> Parity:
    allowed = TOLERANCE[engine][precision] if tolerance is None else tolerance
    difference = np.abs(_sigmoid(expected) - _sigmoid(found))
    largest = float(difference.max())
    if not largest <= allowed:
        raise GateError(
            f"{path}: scores differ from the model's by up to {largest:.2g} (allowed: {allowed:g}) over "
            f"{len(expected)} pairs, so it was not published; allow more with --tolerance, or keep to fp32"
        )
    off = float(np.abs(expected - found).max())
    return Parity(precision, path, file.stat().st_size, len(expected), largest, float(difference.mean()), off)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return 0.5 * (1 + np.tanh(0.5 * logits.astype(np.float64)))
