"""Queries with the grade of every product of a whole catalogue, as the dev judgments were made.

The dev judgments grade some twenty products a query. To know how much of what is relevant a first stage finds, all
products have to be graded: here they are, by the same rules.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.judgments.noise import NOISE
from xephang.judgments.synthesis import Candidate, Settings, Split, Synthesis, Synthetic
from xephang.judgments.synthesis.listings import Lister, fill
from xephang.lexicon import Lexicon
from xephang.product import LISTING, Product

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from giay.products import generate
from make_judgments import kept_out

CLEAN = "clean"


@dataclass(frozen=True)
class Source:
    """Where products and queries come from.

    :param split: of products and of intents; the bundled model learnt from "train" of seed 101.
    :param listings: generated, of which the split has a tenth; with variations, three times as many are products.
    """

    split: Split
    seed: int
    queries: int
    listings: int = 6000

    @property
    def settings(self) -> Settings:
        """What `scripts/make_judgments.py` gives the synthesis."""
        return Settings(self.queries, candidates=20, seed=self.seed)


DEV = Source("dev", 101, 150)
"""The dev judgments' own products and queries."""
HELD_OUT = Source("test", 909, 150)
"""Another catalogue and other queries, on which nothing was chosen."""


@dataclass(frozen=True)
class Asked:
    """One query.

    :param made: as it was made: its clean text, its own noise, what it asks for.
    :param grades: of each product, in the catalogue's order.
    """

    made: Synthetic
    grades: NDArray[np.int8]

    @property
    def clean(self) -> str:
        """Its text with all diacritics, rightly spelt."""
        return self.made.intent.text

    def typed(self) -> Mapping[str, str]:
        """Return it as typed with each kind of noise that changes it."""
        ways = {kind: noise(Random(f"{self.made.id} {kind}"), self.clean) for kind, noise in NOISE.items()}
        return {CLEAN: self.clean} | {kind: text for kind, text in ways.items() if text != self.clean}


@dataclass(frozen=True)
class Graded:
    """A catalogue, and queries whose grades of all of it are known."""

    products: tuple[Product, ...]
    queries: tuple[Asked, ...]


class _Noting(Lister):
    """Keeps each product that is read or written."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__(lexicon, LISTING)
        self.products: dict[str, Product] = {}

    def read(self, product: Product, own: tuple[str, ...] = ()) -> Candidate | None:
        """Read a product, and keep it."""
        self.products[product.id] = product
        return super().read(product, own)


def graded(source: Source) -> Graded:
    """Make the products and the queries, and grade each of one for each of the other.

    The catalogue is every listing of the split, every variation, and every rewriting that a query's judgments hold.
    """
    lexicon = Lexicon.load("footwear")
    listed = [item.product for item in generate(source.listings, source.seed)]
    synthesis = Synthesis(lexicon, listed)
    synthesis._lister = noting = _Noting(lexicon)
    made = list(synthesis.make(source.settings, source.split, without=kept_out()))
    pool = fill(Lister(lexicon, LISTING), listed, source.settings, source.split)
    candidates = {one.id: one for one in pool.all}
    candidates |= {one.id: one for query in made for one, _ in query.judged}
    queries = tuple(Asked(one, _grades(synthesis, one, candidates.values())) for one in made)
    return Graded(tuple(noting.products[id] for id in candidates), queries)


def _grades(synthesis: Synthesis, query: Synthetic, candidates: Iterable[Candidate]) -> NDArray[np.int8]:
    asked: Any = synthesis.lexicon.parse(query.intent.text)
    return np.array([synthesis._grade(asked, query.intent, one) for one in candidates], np.int8)
