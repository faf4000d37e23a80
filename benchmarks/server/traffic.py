"""What shoppers ask: queries as they are typed, each with the candidates that a first stage would hand over.

Products are the bundled catalogue's and more that its generator makes; queries are made from the bundled catalogue by
`xephang.judgments`, half of them with typing noise, and have one of `ADDED` behind them. A request draws its size from
`SIZES`, then its query and its candidates: all alike ("distinct": a pair hardly ever comes twice), or by Zipf's law
("zipf": a few queries make up much of the traffic, each with candidates of its own that stay the same, as a first
stage's do).
"""

import itertools
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xephang import Product, Reranker, demo_catalogue
from xephang.files import replacing
from xephang.judgments.synthesis import Settings, Synthesis
from xephang.lexicon import Lexicon

ROOT = Path(__file__).parents[2]
SIZES = {10: 0.4, 20: 0.3, 50: 0.2, 100: 0.1}
"""Candidates, and how often so many are asked about; 30 on average."""
ZIPF = 1.0
"""The nth most frequent query is asked n ** -ZIPF times as often as the first."""
ADDED = (
    "", "nam", "nữ", "nu", "den", "màu trắng", "đỏ", "size 38", "sz 41", "giá rẻ", "cao cap", "chính hãng", "sale",
    "đẹp", "bền", "em chan", "cho be", "đi học", "di lam", "2 đôi", "freeship", "loại 1", "hàn quốc", "mới", "xịn",
)  # fmt: skip
"""What shoppers add to a query, so that few of many thousands are alike."""
Kind = Literal["distinct", "zipf"]


@dataclass(frozen=True)
class Shop:
    """What is asked, and about what.

    :param texts: of the products, as the model reads them, so that all servers read the same.
    """

    products: Sequence[Product]
    texts: Sequence[str]
    queries: Sequence[str]

    @classmethod
    def make(cls, products: int, queries: int, seed: int = 31) -> "Shop":
        """Make one, the same for the same arguments; products have distinct texts."""
        sys.path.insert(0, str(ROOT / "scripts"))
        from giay.products import generate

        reranker = Reranker.load(threads=1)
        bundled = list(demo_catalogue())
        more = (item.product for item in generate(products * 2, seed=seed))
        by_text: dict[str, Product] = {}
        for product in itertools.chain(bundled, more):
            if len(by_text) == products:
                break
            by_text.setdefault(reranker.render(product).text, product)
        synthesis = Synthesis(Lexicon.load("footwear"), bundled)
        made = synthesis.make(Settings(queries, candidates=2, seed=seed), "train")
        asked = [f"{one.typed} {more}".strip() for one in made for more in ADDED]
        random.Random(seed).shuffle(asked)
        return cls(list(by_text.values()), list(by_text), asked)

    def draws(self, kind: Kind, seed: int) -> Iterator[tuple[int, list[int]]]:
        """Yield queries and candidates, by their numbers, without end."""
        draw = random.Random(f"{kind} {seed}")
        sizes, chances = list(SIZES), list(SIZES.values())
        weights = list(itertools.accumulate((i + 1) ** -ZIPF for i in range(len(self.queries))))
        numbers = range(len(self.products))
        while True:
            size = draw.choices(sizes, chances)[0]
            if kind == "distinct":
                yield draw.randrange(len(self.queries)), draw.sample(numbers, size)
            else:
                query = draw.choices(range(len(self.queries)), cum_weights=weights)[0]
                yield query, random.Random(f"{seed} {query}").sample(numbers, max(sizes))[:size]

    def requests(self, kind: Kind, *, by_id: bool, count: int, seed: int) -> Iterator[dict[str, Any]]:
        """Yield requests in the format that all the servers share, or by the ids of our compiled catalogue."""
        for query, candidates in itertools.islice(self.draws(kind, seed), count):
            body: dict[str, Any] = {"model": "default", "query": self.queries[query]}
            if by_id:
                body["ids"] = [self.products[i].id for i in candidates]
            else:
                body["documents"] = [self.texts[i] for i in candidates]
            yield {"size": len(candidates), "body": body}


def seen_before(requests: Sequence[Mapping[str, Any]], first: int = 0) -> float:
    """Return what share of the pairs of requests from the `first` on an earlier one asked about too."""
    seen: set[tuple[str, str]] = set()
    again = pairs = 0
    for i, one in enumerate(requests):
        body = one["body"]
        asked = {(body["query"], candidate) for candidate in body.get("ids") or body["documents"]}
        if i >= first:
            pairs += len(asked)
            again += len(asked & seen)
        seen |= asked
    return again / pairs


def write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write a file of requests."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
