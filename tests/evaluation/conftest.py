import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from xephang.evaluation.systems import Scored
from xephang.judgments import Judgment
from xephang.judgments.judged import JudgmentSet

HOSTILE = "<script>alert(1)</script> & \"q\" 'a' | `x` $y^2$ ]( \u202e\x07 </style>"
"""Everything that could break out of HTML, SVG, Markdown or a terminal."""


@dataclass(frozen=True)
class Given:
    """A system that has its scores already."""

    name: str
    scores: tuple[float, ...]
    probabilities: tuple[float, ...] | None = None
    note: str = ""

    def score(self, judged: JudgmentSet) -> Scored:
        probabilities = None if self.probabilities is None else np.array(self.probabilities)
        return Scored(np.array(self.scores), probabilities, self.note)


@pytest.fixture
def given() -> type[Given]:
    return Given


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def grades() -> Callable[..., JudgmentSet]:
    """Make a judgment set of grades: one query a list, its documents named by query and place."""

    def make(*queries: list[int]) -> JudgmentSet:
        rows = [
            Judgment(f"query {q}", f"text {q} {i}", grade)
            for q, one in enumerate(queries)
            for i, grade in enumerate(one)
        ]
        return JudgmentSet.of(rows)

    return make


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write rows as JSONL, or a text as it is."""

    def to_file(name: str, *rows: object) -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        return tmp_path / name

    return to_file


@pytest.fixture
def shop(write) -> Path:
    """Judgments of four queries a shop could have, with slices."""
    products = ("Giày chạy bộ nữ Adidas hồng", "Giày tây nam da bò", "Dép tổ ong nhựa đen", "Giày chạy bộ nam Nike")
    queries = {
        "giày chạy bộ nữ": ((3, 0, 0, 1), "head", "clean"),
        "giay chay bo nu": ((3, 0, 0, 1), "head", "no diacritics"),
        "dép tổ ong": ((0, 0, 3, 0), "head", "clean"),
        "giày tây nam da": ((0, 3, 0, 1), "material", "clean"),
    }
    return write(
        "shop.jsonl",
        *(
            {"query": query, "document": text, "grade": grade, "shape": shape, "noise": noise}
            for query, (found, shape, noise) in queries.items()
            for text, grade in zip(products, found, strict=True)
        ),
    )
