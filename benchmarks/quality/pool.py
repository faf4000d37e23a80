"""Pool candidates for the dev set's queries from several different systems, for graders.

    python benchmarks/quality/pool.py --catalogue CSV -o benchmarks/quality/pool.jsonl

Writes {"query_id", "listing_id"} rows, sorted by listing within a query so that no system's order shows.
"""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang import Catalogue, Product, Reranker
from xephang.files import write_text
from xephang.product import LISTING
from xephang.text import fold, normalise

HERE = Path(__file__).parent
SIZE, FILLERS, ALIKE, DEPTH = 30, 4, 2, 150
NO_CATEGORY = {"", "Root", "Thời Trang"}
_WORD = re.compile(r"\w+")
# A word with a digit tells one listing from its twin, unless it is a size or a heel's height.
_CODE = re.compile(r"(?=\w*\d)(?!\d{1,2}(cm|p|f|phan)?$)\w+")
Tokens = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    """Return the accented words, in lower case."""
    return _WORD.findall(normalise(text).lower())


def folded_words(text: str) -> list[str]:
    """Return the words without diacritics."""
    return _WORD.findall(fold(normalise(text)).lower())


def ngrams(text: str) -> list[str]:
    """Return the 3- and 4-grams of each folded word with its edges marked."""
    edged = [f" {word} " for word in folded_words(text)]
    return [word[i : i + n] for word in edged for n in (3, 4) for i in range(len(word) - n + 1)]


class Index:
    """An inverted index that ranks every text for a query by BM25, or by TF-IDF cosine.

    :param bm25: else the weights are TF-IDF, each text's of length one.
    """

    def __init__(self, texts: Sequence[str], tokens: Tokens, *, bm25: bool = True) -> None:
        self._tokens, self._count = tokens, len(texts)
        counts = [Counter(tokens(text)) for text in texts]
        frequency = Counter(token for count in counts for token in count)
        self._idf = {t: float(np.log1p((self._count - n + 0.5) / (n + 0.5))) for t, n in frequency.items()}
        lengths = np.array([count.total() for count in counts])
        lengths = lengths / lengths.mean()
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, count in enumerate(counts):
            if bm25:
                room = 1.2 * (0.25 + 0.75 * lengths[row])
                weights = {t: self._idf[t] * n * 2.2 / (n + room) for t, n in count.items()}
            else:
                raw = {t: self._idf[t] * (1 + np.log(n)) for t, n in count.items()}
                norm = float(np.sqrt(sum(weight**2 for weight in raw.values()))) or 1.0
                weights = {t: weight * self._idf[t] / norm for t, weight in raw.items()}
            for token, weight in weights.items():
                postings[token].append((row, weight))
        self._postings = {
            token: (np.array([row for row, _ in found]), np.array([weight for _, weight in found]))
            for token, found in postings.items()
        }

    def rank(self, query: str) -> list[int]:
        """Return the rows of the texts that share a token with the query, best first, ties by row."""
        scores: NDArray[np.float64] = np.zeros(self._count)
        for token in self._tokens(query):
            if token in self._postings:
                rows, weights = self._postings[token]
                scores[rows] += weights
        order = np.argsort(-scores, kind="stable")
        return [int(row) for row in order if scores[row] > 0]


def interleave(rankings: Iterable[Sequence[int]]) -> Iterator[int]:
    """Yield distinct rows, one of each ranking in turn; a ranking whose next row was seen gives the one after."""
    seen: set[int] = set()
    queues = [iter(ranking) for ranking in rankings]
    while queues:
        for queue in list(queues):
            row = next((row for row in queue if row not in seen), None)
            if row is None:
                queues.remove(queue)
            else:
                seen.add(row)
                yield row


@dataclass(frozen=True)
class Pooler:
    """The systems over one catalogue.

    :param products: in the order of their ids, so that ties do not depend on the file's order.
    """

    products: list[Product]
    accented: Index
    folded: Index
    characters: Index
    model: Reranker

    @classmethod
    def of(cls, products: Iterable[Product], model: Reranker) -> "Pooler":
        """Index a catalogue."""
        held = sorted(products, key=lambda product: product.id)
        texts = [LISTING.render(product).text for product in held]
        indexes = Index(texts, words), Index(texts, folded_words), Index(texts, ngrams, bm25=False)
        return cls(held, *indexes, model)

    def pool(self, query_id: str, query: str, clean: str) -> list[int]:
        """Return the rows to grade for one query: the systems' in turn, then random ones, half of its category."""
        lexical = [self.accented.rank(query), self.folded.rank(query), self.folded.rank(clean)]
        if query != clean:
            lexical.append(self.accented.rank(clean))
        union = [row for row, _ in zip(interleave(lexical), range(DEPTH), strict=False)]
        scores = self.model.predict([(query, self.products[row]) for row in union])
        reranked = [union[i] for i in np.argsort(-scores, kind="stable")]
        chosen = self._take([], interleave([*lexical, self.characters.rank(query), reranked]), SIZE - FILLERS)
        shuffled = random.Random(f"{query_id} {query}").sample(range(len(self.products)), len(self.products))
        usual = Counter(self.products[row].category for row in chosen)
        category = max(usual, key=lambda name: (name not in NO_CATEGORY, usual[name], name), default="")
        same = (row for row in shuffled if self.products[row].category == category)
        chosen = self._take(chosen, same, SIZE - FILLERS // 2)
        return self._take(chosen, shuffled, SIZE)

    def _take(self, chosen: list[int], candidates: Iterable[int], size: int) -> list[int]:
        """Add candidates up to `size`, at most two with the same words."""
        taken = list(chosen)
        alike = Counter(self._likeness(row) for row in taken)
        for row in candidates:
            if len(taken) >= size:
                break
            if row not in taken and alike[self._likeness(row)] < ALIKE:
                taken.append(row)
                alike[self._likeness(row)] += 1
        return taken

    def _likeness(self, row: int) -> frozenset[str]:
        return frozenset(word for word in folded_words(self.products[row].title) if not _CODE.fullmatch(word))


def main() -> None:
    """Pool candidates for every query."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--queries", type=Path, default=HERE / "queries.jsonl")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "pool.jsonl")
    parser.add_argument("--model", default="giay")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    queries = [json.loads(line) for line in options.queries.read_text(encoding="utf-8").splitlines()]
    catalogue = Catalogue.open(options.catalogue)
    pooler = Pooler.of(catalogue, Reranker.load(options.model, threads=options.threads))
    print(catalogue.report)
    lines = []
    for query in queries:
        rows = pooler.pool(query["id"], query["query"], query["clean"])
        ids = sorted(pooler.products[row].id for row in rows)
        lines += [json.dumps({"query_id": query["id"], "listing_id": listing}) for listing in ids]
        print(f"{query['id']}: {len(ids)}", flush=True)
    write_text(options.output, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
