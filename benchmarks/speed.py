"""Time xephang beside sentence-transformers on the seed card's product texts, in one run on one machine.

Writes benchmarks/results/speed.json: every round's seconds, medians, and what machine it was. The ratios are medians of
each round's own ratio: on a shared machine, what ran side by side is what compares.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import CrossEncoder

from xephang import Product, Reranker, demo_catalogue
from xephang.files import write_text
from xephang.machine import cpu_name
from xephang.product import SEED

RESULT = Path(__file__).parent / "results" / "speed.json"
QUERY = "giày chạy bộ cho nữ đế êm nhẹ"


def seed_texts(count: int) -> list[str]:
    """Return distinct product texts of the seed card's form: five brands, categories, colours and sizes."""
    brands = ("Adidas", "New Balance", "Puma", "Nike", "Converse")
    kinds = ("Giày đá bóng", "Giày chạy bộ", "Giày sneaker", "Giày thể thao", "Giày cầu lông")
    colors = ("Vàng", "Trắng", "Đỏ", "Xám", "Đen")
    products = (
        Product(brand=b, category=k, color=c, size=str(s), attributes=("Chống trượt",))
        for s in range(36, 44)
        for b in brands
        for k in kinds
        for c in colors
    )
    return [SEED.render(product).text for product, _ in zip(products, range(count), strict=False)]


def listing_texts(reranker: Reranker, count: int) -> list[str]:
    """Return texts of the length of real listings: the bundled catalogue's."""
    return [reranker.render(product).text for product, _ in zip(demo_catalogue(), range(count), strict=False)]


def contenders(model: Path, threads: int) -> dict[str, Callable[[list[str]], object]]:
    """Open the same weights in each engine, with the same number of threads."""
    torch.set_num_threads(threads)
    upstream = CrossEncoder(str(model), device="cpu")
    loaded = {
        "xephang torch": Reranker.load(model, engine="torch", threads=threads),
        "xephang onnx fp32": Reranker.load(model, precision="fp32", threads=threads),
        "xephang onnx int8": Reranker.load(model, precision="int8", threads=threads),
    }
    timed: dict[str, Callable[[list[str]], object]] = {
        "sentence-transformers torch": lambda texts: upstream.predict([(QUERY, text) for text in texts])
    }
    for name, reranker in loaded.items():
        timed[name] = lambda texts, reranker=reranker: reranker.predict([(QUERY, text) for text in texts])  # type: ignore[misc]
    return timed


def summary(seconds: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return every round, the medians, and the median over rounds of how many times faster each was in that round."""
    slowest = seconds["sentence-transformers torch"]
    return {
        "seconds": seconds,
        "median": {name: statistics.median(values) for name, values in seconds.items()},
        "times_faster": {
            name: statistics.median(slow / own for slow, own in zip(slowest, values, strict=True))
            for name, values in seconds.items()
        },
    }


def machine() -> dict[str, object]:
    """Describe the machine."""
    packages = ("onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def main() -> None:
    """Run the rounds, the contenders taking turns in each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "runs" / "giay")
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if not (options.model / "model.safetensors").is_file():
        parser.error(f"{options.model}: no model with weights there; run make model, or say MODEL=folder")
    timed = contenders(options.model, options.threads)
    corpora = {
        "seed texts": seed_texts(options.documents),
        "listing texts": listing_texts(Reranker.load(options.model), options.documents),
    }
    result: dict[str, object] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "threads": options.threads,
        "documents": options.documents,
        "model": options.model.name,
    }
    for corpus, texts in corpora.items():
        seconds: dict[str, list[float]] = {name: [] for name in timed}
        for turn in range(options.rounds + 1):
            for name, run in timed.items():
                started = time.perf_counter()
                run(texts)
                if turn:
                    seconds[name].append(time.perf_counter() - started)
        result[corpus] = found = summary(seconds)
        for name, median in found["median"].items():
            print(f"{corpus:14} {name:28} {median * 1000:8.0f} ms  {found['times_faster'][name]:.1f}x")
    write_text(RESULT, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
