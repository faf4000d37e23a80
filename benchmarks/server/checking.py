"""Answers whose scores are known: computed ahead by `Reranker`, then held against what the server says."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from traffic import SIZES

from xephang import CompiledCatalogue, Product, Reranker
from xephang.files import replacing

TOLERANCE = 1e-6
FORMS = ("ids", "texts", "products", "tei")
"""How candidates are given: ids, texts, products by their fields, and texts in TEI's format."""
REFUSALS = (429, 503)
Verdict = Literal["right", "wrong", "refused", "failed", "lost"]


@dataclass(frozen=True)
class Question:
    """A request, and where its scores stand."""

    form: str
    query: int
    candidates: tuple[int, ...]
    body: bytes


@dataclass(frozen=True)
class Known:
    """Queries, products, and what a model gives each pair.

    :param scores: float32 (queries, products), by the name of the model.
    """

    queries: Sequence[str]
    products: Sequence[Product]
    texts: Sequence[str]
    scores: dict[str, NDArray[np.float32]]

    def questions(self, seed: int, forms: Sequence[str] = FORMS) -> Iterator[Question]:
        """Yield requests without end: any query, any candidates, in each form and size."""
        draw = random.Random(seed)
        sizes, chances = list(SIZES), list(SIZES.values())
        while True:
            form, query = draw.choice(forms), draw.randrange(len(self.queries))
            count = min(draw.choices(sizes, chances)[0], len(self.products))
            some = tuple(draw.sample(range(len(self.products)), count))
            yield Question(form, query, some, json.dumps(self._body(form, query, some), ensure_ascii=False).encode())

    def _body(self, form: str, query: int, some: Sequence[int]) -> dict[str, Any]:
        asked: dict[str, Any] = {"query": self.queries[query]}
        if form == "ids":
            return asked | {"ids": [self.products[i].id for i in some]}
        if form == "products":
            return asked | {"documents": [fields(self.products[i]) for i in some]}
        return asked | {"texts" if form == "tei" else "documents": [self.texts[i] for i in some]}

    def check(self, question: Question, status: int, body: bytes) -> tuple[Verdict, tuple[str, ...]]:
        """Hold an answer against what is known.

        :return: the verdict, and the models whose scores these are; "wrong" where there is none, or not one score for
            each candidate, highest first.
        """
        if status != 200:
            return ("refused" if status in REFUSALS else "failed" if status else "lost"), ()
        try:
            content = json.loads(body)
            rows = content if question.form == "tei" else content["results"]
            name = "score" if question.form == "tei" else "relevance_score"
            found = np.array([row[name] for row in rows])
            order = [row["index"] for row in rows]
        except (ValueError, KeyError, TypeError):
            return "wrong", ()
        if sorted(order) != list(range(len(question.candidates))) or (np.diff(found) > 0).any():
            return "wrong", ()
        places = [question.candidates[i] for i in order]
        of = tuple(
            name
            for name, known in self.scores.items()
            if np.abs(known[question.query, places] - found).max() <= TOLERANCE
        )
        return ("right" if of else "wrong"), of


def fields(product: Product) -> dict[str, Any]:
    """Return a product as a shop sends it."""
    names = ("title", "brand", "category", "color", "size", "gender", "description")
    found: dict[str, Any] = {name: value for name in names if (value := getattr(product, name))}
    return found | ({"attributes": list(product.attributes)} if product.attributes else {})


def known_by_id(
    catalogue: CompiledCatalogue, products: Sequence[Product], queries: Sequence[str], cache: Path
) -> Known:
    """Compute all pairs of the bundled model with a compiled catalogue; what was computed before is read again."""
    reranker = Reranker.load()
    ids = [product.id for product in products]
    texts = [reranker.render(product).text for product in products]
    wanted = json.dumps([reranker.fingerprint, list(queries), ids], ensure_ascii=False)
    found = _cached(cache, wanted)
    if found is None:
        found = np.empty((len(queries), len(ids)), np.float32)
        for i, query in enumerate(queries):
            for result in reranker.rank(query, ids=ids, catalogue=catalogue):
                found[i, result["corpus_id"]] = result["score"]
        with replacing(cache) as temporary, temporary.open("wb") as file:
            np.savez(file, scores=found, wanted=wanted)
    return Known(queries, products, texts, {"giay": found})


def known_by_text(models: Sequence[str], products: Sequence[Product], queries: Sequence[str]) -> Known:
    """Compute all pairs of some models, from texts."""
    texts = [Reranker.load().render(product).text for product in products]
    scores = {}
    for name in models:
        reranker = Reranker.load(name)
        pairs = [(query, text) for query in queries for text in texts]
        scores[name] = reranker.predict(pairs).reshape(len(queries), len(texts))
    return Known(queries, products, texts, scores)


def _cached(path: Path, wanted: str) -> NDArray[np.float32] | None:
    if not path.exists():
        return None
    with np.load(path) as file:
        return np.asarray(file["scores"], np.float32) if str(file["wanted"]) == wanted else None
