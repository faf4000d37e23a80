"""What is timed: xephang's stages one after the other, and other libraries holding the same six layers."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from shapes import six_english, untrained

from xephang import CompiledCatalogue, Product, Reranker

Run = Callable[[list[str]], float]
"""Score texts against `QUERY`; return the seconds that it took."""
QUERY = "giày chạy bộ cho nữ đế êm nhẹ"
BASELINE = "sentence-transformers torch"
PEERS = Path(__file__).with_name("peers.py")


@dataclass
class Peers:
    """Other libraries, in a process with an environment of its own."""

    process: "subprocess.Popen[str]"
    names: list[str]
    versions: dict[str, str]

    @classmethod
    def start(cls, python: Path, model: Path, threads: int) -> "Peers":
        """Start the process, and wait until its models are open."""
        process = subprocess.Popen(
            [python, PEERS, model, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        names, versions = json.loads(process.stdout.readline())
        return cls(process, names, versions)

    def run(self, name: str, texts: Sequence[str]) -> float:
        """Score there, and return the seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"name": name, "query": QUERY, "texts": list(texts)}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return float(json.loads(self.process.stdout.readline())["seconds"])


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def baseline(model: Path, threads: int) -> Run:
    """Open the six layers in sentence-transformers."""
    torch.set_num_threads(threads)
    upstream = CrossEncoder(str(model), device="cpu")
    return lambda texts: timed(lambda: upstream.predict([(QUERY, text) for text in texts]))


def pairs(reranker: Reranker) -> Run:
    """Score texts that were never seen before."""
    return lambda texts: timed(lambda: reranker.predict([(QUERY, text) for text in texts]))


def compiled(reranker: Reranker, texts: Sequence[str], folder: Path, storage: str = "fast") -> Run:
    """Compile the texts as products, and rank these."""
    products = [Product(id=text, title=text) for text in dict.fromkeys(texts)]
    catalogue = CompiledCatalogue.build(reranker, products, folder, storage=storage)
    return lambda some: timed(lambda: reranker.rank(QUERY, ids=some, catalogue=catalogue))


def models(base: str, folder: Path, threads: int) -> dict[str, Any]:
    """Write and open a model of each shape."""
    english = six_english(base, folder / "english")
    shapes = {
        "six": {"layers": 6, "intermediate": 1536},
        "three": {"layers": 3, "intermediate": 1536},
        "three apart": {"layers": 3, "intermediate": 1536, "apart": True},
        "narrow apart": {"layers": 3, "intermediate": 512, "apart": True},
        "two apart": {"layers": 2, "intermediate": 512, "apart": True},
    }
    for name, shape in shapes.items():
        untrained(folder / name, **shape)  # type: ignore[arg-type]
    load = Reranker.load
    return {
        "english folder": english,
        "six layers, fp32": load(english, precision="fp32", threads=threads),
        "six layers, int8": load(english, precision="int8", threads=threads),
        "own vocabulary": load(folder / "six", precision="int8", threads=threads),
        "three layers": load(folder / "three", precision="int8", threads=threads),
        "precomputed": load(folder / "three apart", precision="int8", threads=threads),
        "narrow, fp32": load(folder / "narrow apart", precision="fp32", threads=threads),
        "two layers": load(folder / "two apart", precision="int8", threads=threads),
        "giay": load("giay", threads=threads),
    }


def stages(opened: dict[str, Any], texts: Sequence[str], folder: Path) -> dict[str, Run]:
    """Return xephang's stages, each with all before it, for a set of texts."""
    found = {
        f"xephang {name}": pairs(opened[name])
        for name in ("six layers, fp32", "six layers, int8", "own vocabulary", "three layers")
    }
    for name in ("precomputed", "narrow, fp32", "giay", "two layers"):
        found[f"xephang {name}"] = compiled(opened[name], texts, folder / name)
    found["xephang giay, small"] = compiled(opened["giay"], texts, folder / "small", "small")
    found["xephang giay, unseen"] = pairs(opened["giay"])
    return found
