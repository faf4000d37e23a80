"""Write training pairs and dev judgments for the bundled footwear model: `make_pairs.py [--seed S] [-o FOLDER]`.

`train.jsonl`: query, product text, label: 1 where the listing satisfies every facet that the query asks for, else
0; `judging` has the rule, unknown facets included. About two negatives stand against each positive, most of them
hard: one facet off, a sibling type, the same brand's other things, an accessory for a shoe or a shoe for an
accessory. `dev.jsonl`: query, document, grade 0..3, on products and combinations of facets that train never sees.
The same seed gives the same bytes on any machine.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from giay.pairing import Asked, build_dev, build_train, matched
from giay.pool import Pool, renderings
from giay.products import generate
from giay.queries import intent_key
from xephang.errors import InputError
from xephang.files import write_text

DEMO = (1200, 1)
"""Products and seed of the bundled demo catalogue, whose products train may see and dev may not."""


@dataclass(frozen=True)
class Pairs:
    """What was asked for training, and what for dev."""

    train: list[Asked]
    dev: list[Asked]

    def intents(self) -> tuple[set[str], set[str]]:
        """Return the combinations of facets asked for in train and in dev."""
        return {intent_key(asked.intent) for asked in self.train}, {intent_key(asked.intent) for asked in self.dev}


def build(seed: int = 7, train: int = 4050, dev: int = 150, products: int = 6000) -> Pairs:
    """Generate the products, then ask dev's queries, then train's.

    :param train: how many queries train asks; about six rows each.
    :param products: how many train draws from, the demo's not counted; dev draws from half as many.
    """
    pool = Pool(chain(generate(*DEMO), generate(products, seed)))
    demo = {text for item in generate(*DEMO) for text in renderings(item)}
    graded = build_dev(Pool(generate(products // 2, seed + 1), without=pool.texts | demo), seed, dev, frozenset())
    taken = {matched(asked.query) for asked in graded}
    return Pairs(train=build_train(pool, seed, train, taken), dev=graded)


def train_rows(asked: Iterable[Asked]) -> Iterable[Mapping[str, object]]:
    """Return the rows that the trainer reads, one query's after another."""
    return (
        {"sentence_0": one.query, "sentence_1": text, "label": label} for one in asked for text, label in one.judged
    )


def dev_rows(asked: Iterable[Asked]) -> Iterable[Mapping[str, object]]:
    """Return graded rows."""
    return ({"query": one.query, "document": text, "grade": grade} for one in asked for text, grade in one.judged)


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    write_text(path, "".join(lines))
    print(f"{path}: {len(lines)} rows")


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--train", type=int, default=4050, help="queries in train.jsonl")
    parser.add_argument("--dev", type=int, default=150, help="queries in dev.jsonl")
    parser.add_argument("--products", type=int, default=6000)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for train.jsonl and dev.jsonl")
    options = parser.parse_args()
    for name in ("train", "dev", "products"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: expected at least 1, got {getattr(options, name)}")
    pairs = build(options.seed, options.train, options.dev, options.products)
    try:
        _write(options.output / "train.jsonl", train_rows(pairs.train))
        _write(options.output / "dev.jsonl", dev_rows(pairs.dev))
    except InputError as error:
        parser.error(f"--output: {error}")


if __name__ == "__main__":
    main()
