"""Export a model folder to ONNX, and publish the file only if it scores like the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from xephang.card import load_record, save_card
from xephang.card.store import RECORD
from xephang.compiling.graph import write_fp32
from xephang.compiling.quantise import write_int8
from xephang.engines.onnx import OnnxEngine
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.engines.torch import TorchEngine
from xephang.errors import GateError, InputError
from xephang.files import check_file, sha256
from xephang.folder import Artefact, ModelFolder
from xephang.reranker import Document, Reranker
from xephang.text import normalise

FILES = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}
TOLERANCE = {"fp32": 1e-4, "int8": 0.1}
"""The largest difference from torch that is let through, on the 0..1 scale of the sigmoid."""
GOLDEN = 4

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
    """Write ONNX files into a model folder and record them in its `xephang.json` and card.

    :param pairs: queries and documents to compare scores on, beside the built-in ones.
    :param tolerance: the largest difference of sigmoid scores from torch; `TOLERANCE` without it.
    :raises GateError: if a file's scores are further off; the folder is then as it was.
    :raises ModelError: if the folder is no model, or has no weights.
    """
    if unknown := [p for p in precisions if p not in FILES]:
        raise InputError(f"precision '{unknown[0]}' is not known; precisions are {', '.join(FILES)}")
    for precision in precisions:
        check_file(path / FILES[precision])
    folder = ModelFolder.open(path)
    tokenizer = PairTokenizer(path / "tokenizer.json", folder.max_length)
    model = Reranker(folder, TorchEngine(path, padding_id=tokenizer.padding_id), tokenizer)
    tokens = _tokens(model, [*PROBES, *pairs])
    expected = model.engine.logits(tokens)
    results: list[Parity] = []
    artefacts: dict[Artefact, Path] = {}
    # Whatever the exporters leave behind, here it goes with the folder.
    with TemporaryDirectory(prefix=".export-", dir=path) as temporary:
        graphs = {precision: Path(temporary) / f"{precision}.onnx" for precision in FILES}
        write_fp32(path, graphs["fp32"])
        for precision in dict.fromkeys(precisions):
            if precision == "int8":
                write_int8(graphs["fp32"], graphs["int8"])
            alone = precision == "int8"
            engine = OnnxEngine(graphs[precision], padding_id=tokenizer.padding_id, one_at_a_time=alone)
            found = engine.logits(tokens)
            results.append(_gate(precision, path / FILES[precision], graphs[precision], expected, found, tolerance))
            golden = tuple(map(float, Reranker(folder, engine, tokenizer).score(PROBES[:GOLDEN]).logits))
            artefact = Artefact(FILES[precision], precision, sha256(graphs[precision]), alone, golden)
            artefacts[artefact] = graphs[precision]
        folder = folder.with_artefacts(artefacts, tuple(PROBES[:GOLDEN]))
    if (path / RECORD).is_file():
        save_card(path, load_record(path))
    return results


def _tokens(model: Reranker, pairs: Sequence[tuple[str, Document]]) -> list[PairTokens]:
    rendered = [(query, model.render(document, f"document for '{query}'")) for query, document in pairs]
    return [model.tokenizer.encode(normalise(query), [document])[0] for query, document in rendered]


def _gate(
    precision: str,
    path: Path,
    file: Path,
    expected: NDArray[np.float32],
    found: NDArray[np.float32],
    tolerance: float | None,
) -> Parity:
    allowed = TOLERANCE[precision] if tolerance is None else tolerance
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
