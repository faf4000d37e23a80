"""Make what the servers serve and are asked, in a folder of its own; what is there already stays.

six/            the six layers of all-MiniLM-L6-v2 with a head, its ONNX files by `xephang export` (as in `make bench`)
six-onnx/       the same fp32 file, laid out for infinity, which optimises it further when it starts
six-onnx-int8/  the same, quantised by optimum's own recipe for AVX2
catalogue/      the shop's products, compiled by the bundled model
*.jsonl         requests
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from traffic import Shop, write

from xephang import CompiledCatalogue, Reranker

SPEED = Path(__file__).parents[1] / "speed"
QUANTISE = """
import sys
from optimum.onnxruntime import ORTQuantizer
from optimum.onnxruntime.configuration import AutoQuantizationConfig
quantiser = ORTQuantizer.from_pretrained(sys.argv[1], file_name="model.onnx")
config = AutoQuantizationConfig.avx2(is_static=False, per_channel=False)
quantiser.quantize(save_dir=sys.argv[2], quantization_config=config)
"""
"""Runs where infinity is installed; it finds a file of this name by itself."""
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json")
REQUESTS = {"distinct": 18_000, "zipf": 8000}
SEED = 7


@dataclass(frozen=True)
class Made:
    """Where things are."""

    folder: Path

    @property
    def six(self) -> Path:
        """The six layers."""
        return self.folder / "six"

    @property
    def catalogue(self) -> Path:
        """The compiled products."""
        return self.folder / "catalogue"

    def traffic(self, name: str) -> Path:
        """Return a file of requests: "distinct", "distinct-ids", "zipf" or "zipf-ids"."""
        return self.folder / f"{name}.jsonl"


def prepare(folder: Path, peers: Path | None, *, products: int, queries: int) -> Made:
    """Make what is missing.

    :param peers: the Python that has infinity; without it, nothing is made for it.
    """
    made = Made(folder)
    folder.mkdir(parents=True, exist_ok=True)
    same = folder / "shape.txt"
    said = f"{products} products, {queries} queries\n"
    if not same.exists() or same.read_text(encoding="utf-8") != said:
        for kind in ("distinct", "zipf"):
            for name in (kind, f"{kind}-ids"):
                made.traffic(name).unlink(missing_ok=True)
        shutil.rmtree(made.catalogue, ignore_errors=True)
    if not made.six.exists():
        six(made.six)
    if peers:
        for_infinity(made, peers)
    if not made.catalogue.exists():
        shop = Shop.make(products, queries)
        for kind in REQUESTS:
            for by_id in (False, True):
                rows = shop.requests(kind, by_id=by_id, count=REQUESTS[kind], seed=SEED)  # type: ignore[arg-type]
                write(made.traffic(f"{kind}-ids" if by_id else kind), rows)
        CompiledCatalogue.build(Reranker.load(), shop.products, made.catalogue)
        same.write_text(said, encoding="utf-8")
    return made


def six(folder: Path) -> None:
    """Write the six layers."""
    sys.path.insert(0, str(SPEED))
    from shapes import base_model, six_english

    base = base_model()
    if base is None:
        raise SystemExit("the base's wheel is not installed; run this through: make bench-server")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    six_english(base, unfinished)
    unfinished.rename(folder)


def for_infinity(made: Made, peers: Path) -> None:
    """Lay the ONNX files out as infinity looks for them."""
    for name in ("six-onnx", "six-onnx-int8"):
        folder = made.folder / name
        onnx = folder / "onnx"
        if folder.exists():
            continue
        unfinished = folder.with_name(f"{name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / "onnx").mkdir(parents=True)
        for file in FILES:
            shutil.copyfile(made.six / file, unfinished / file)
        shutil.copyfile(made.six / "onnx" / "model.onnx", unfinished / "onnx" / "model.onnx")
        if name.endswith("int8"):
            shutil.copyfile(made.six / "config.json", unfinished / "onnx" / "config.json")
            where = str(unfinished / "onnx")
            subprocess.run([peers, "-c", QUANTISE, where, where], check=True, capture_output=True)
            (unfinished / "onnx" / "model.onnx").unlink()
        unfinished.rename(folder)
        assert any(onnx.iterdir())
