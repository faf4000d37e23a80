"""Time xephang beside sentence-transformers and FlashRank, all contenders taking turns in one run on one machine.

    make bench

The other libraries hold the six layers of all-MiniLM-L6-v2, of the size of the seed card's base, with a head as it is
before training: what weights say does not change how long they take. xephang's stages are timed one by one: the same
six layers; the bundled model's vocabulary; three layers; products computed ahead; narrower layers, which is the bundled
model; and two layers. Two sets of texts: the seed card's form, and listings as long as real ones.

Writes benchmarks/results/speed.json: all seconds, medians, tokens a product, what machine it was and what that
could do at most. Ratios are medians of each round's own ratio: on a shared machine, what ran side by side is what
compares.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import limits
from contenders import BASELINE, QUERY, Peers, Run, baseline, compiled, models, stages
from shapes import base_model, multiplications

from xephang import Product, Reranker
from xephang.files import write_text
from xephang.machine import cpu_name
from xephang.product import SEED, Rendered

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).parents[1] / "results" / "speed.json"
COUNTS = (1, 10, 30, 100, 300, 1000, 3000, 10_000)
REST, LEAST_SECONDS, MOST_REPEATS = 0.3, 0.3, 9
MOST_PAIRS = 100
"""Of candidates for whoever reads pairs."""


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
    """Return distinct texts of the length of real listings, generated as the demo catalogue is."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from giay.products import generate

    texts = dict.fromkeys(reranker.render(item.product).text for item in generate(count * 5 // 4, seed=11))
    return list(texts)[:count]


def summary(seconds: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return every round, the medians, and the median over rounds of how many times faster each was in that round."""
    slowest = seconds[BASELINE]
    return {
        "seconds": seconds,
        "median": {name: statistics.median(values) for name, values in seconds.items()},
        "times_faster": {
            name: statistics.median(slow / own for slow, own in zip(slowest, values, strict=True))
            for name, values in seconds.items()
        },
    }


def rounds(runs: Mapping[str, Run], texts: list[str], turns: int) -> dict[str, list[float]]:
    """Let all take turns, once to warm up and then as often as asked.

    Before each turn the machine rests, as threads of other libraries spin on for a while after their work; who is done
    fast runs some times in its turn, and the median counts.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(turns + 1):
        for name, run in runs.items():
            time.sleep(REST)
            taken = [run(texts)]
            while len(taken) < MOST_REPEATS and sum(taken) < LEAST_SECONDS:
                taken.append(run(texts))
            if turn:
                seconds[name].append(statistics.median(taken))
    return seconds


def growth(runs: Mapping[str, Run], texts: Sequence[str], turns: int) -> dict[str, dict[str, float]]:
    """Return each contender's median seconds for more and more candidates."""
    found: dict[str, dict[str, float]] = {name: {} for name in runs}
    for count in COUNTS:
        some = {n: run for n, run in runs.items() if count <= MOST_PAIRS or n.startswith("xephang giay")}
        for name, taken in rounds(some, list(texts[:count]), turns).items():
            found[name][str(count)] = statistics.median(taken)
    return found


def tokens_each(reranker: Reranker, texts: Sequence[str]) -> float:
    """Return how many tokens a product has on average, without query and separators."""
    tokens = reranker.tokenizer.encode(QUERY, [Rendered(text) for text in texts])
    return statistics.mean(int(pair.types.sum()) - 1 for pair in tokens)


def reached(
    opened: Mapping[str, Any], found: Mapping[str, Any], corpus: str, count: int, most: Mapping[str, float]
) -> Any:
    """Return what share of the machine's arithmetic and memory speed the hot loop reaches."""
    giay: Reranker = opened["giay"]
    query = len(giay.tokenizer.encode(QUERY, [Rendered("")])[0].query)
    product = round(found["tokens_a_product"][corpus]["xephang giay"]) + 1
    config = giay.folder.config
    shape = {"layers": config["num_hidden_layers"], "intermediate": config["intermediate_size"]}
    each = multiplications(**shape, query=query, product=product)
    seconds = found[corpus]["median"]["xephang giay"]
    return {
        "multiplications_each": each,
        "gflops": 2 * each * count / seconds / 1e9,
        "of_int8": 2 * each * count / seconds / 1e9 / most["int8_gflops"],
        "of_memory": product * giay.precomputed.width * count / seconds / 1e9 / most["memory_gbytes"],
    }


def building(opened: Mapping[str, Any], texts: Sequence[str], folder: Path) -> dict[str, float]:
    """Return the milliseconds a product that compiling takes, and scoring it as one of a pair."""
    started = time.perf_counter()
    compiled(opened["giay"], texts, folder / "building")
    whole = time.perf_counter() - started
    started = time.perf_counter()
    opened["three layers"].predict([(QUERY, text) for text in texts])
    return {"compile": whole / len(texts) * 1e3, "three layers": (time.perf_counter() - started) / len(texts) * 1e3}


def machine(peers: Peers) -> dict[str, object]:
    """Describe the machine."""
    packages = ("numpy", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "peers": peers.versions,
    }


def measure(base: str, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Time all contenders in turn, as often as asked."""
    opened = models(base, folder, options.threads)
    peers = Peers.start(options.peers, opened["english folder"], options.threads)
    others: dict[str, Run] = {BASELINE: baseline(opened["english folder"], options.threads)}
    others |= {name: lambda texts, name=name: peers.run(name, texts) for name in peers.names}  # type: ignore[misc]
    listings = listing_texts(opened["giay"], COUNTS[-1])
    corpora = {"seed texts": seed_texts(options.documents), "listing texts": listings[: options.documents]}
    result: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(peers),
        "threads": options.threads,
        "documents": options.documents,
        "query": QUERY,
        "limits": limits.measure(options.threads),
        "tokens_a_product": {
            corpus: {f"xephang {name}": tokens_each(opened[name], texts) for name in ("six layers, fp32", "giay")}
            for corpus, texts in corpora.items()
        },
    }
    for corpus, texts in corpora.items():
        runs = {**others, **stages(opened, texts, folder / corpus)}
        result[corpus] = summary(rounds(runs, texts, options.rounds))
        for name, median in result[corpus]["median"].items():
            print(f"{corpus:14} {name:32} {median * 1000:8.1f} ms  {result[corpus]['times_faster'][name]:6.1f}x")
    result["reached"] = {c: reached(opened, result, c, options.documents, result["limits"]) for c in corpora}
    result["building_ms"] = building(opened, listings[:1000], folder)
    runs = {
        **others,
        "xephang giay": compiled(opened["giay"], listings, folder / "all"),
        "xephang giay, small": compiled(opened["giay"], listings, folder / "all small", "small"),
    }
    result["growth"] = growth(runs, listings, max(1, options.rounds // 2))
    peers.process.kill()
    return result


def main() -> None:
    """Run the rounds, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="folder of the six layers; the wheel of the group `model` without it")
    parser.add_argument("--peers", type=Path, required=True, help="the Python that has what peers.txt lists")
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    base = options.base or base_model()
    if not base:
        parser.error("the base's wheel is not installed; run this through: make bench, or say --base FOLDER")
    with TemporaryDirectory() as folder:
        result = measure(base, options, Path(folder))
    write_text(RESULT, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
