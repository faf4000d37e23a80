"""What can be measured: rerankers, BM25, and runs that something else made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xephang.errors import InputError
from xephang.evaluation.bm25 import Bm25Index
from xephang.evaluation.trec import read_run
from xephang.judgments.grading import grade
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import RELEVANT_FROM
from xephang.lexicon import Facets, Lexicon, compare, read_product
from xephang.product import Product
from xephang.reranker import Reranker


@dataclass(frozen=True)
class Scored:
    """A system's scores for the candidates of a judgment set.

    :param scores: float64 (n,), higher is better; NaN where the system has none, which ranks last.
    :param probabilities: float64 (n,), where the system's scores claim to be 0..1.
    :param note: what a reader of the figures has to know.
    :param claim: how the probabilities came about.
    :param relevant_grade: documents of this grade and better are what they are the probability of.
    :param held_out_error: the calibration error with queries held out, of a model that was calibrated on these very
        judgments, where its error on them would tell nothing; None of any other.
    """

    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None = None
    note: str = ""
    claim: str = "as it comes"
    relevant_grade: int = RELEVANT_FROM
    held_out_error: float | None = None


class System(Protocol):
    """Anything that scores candidates."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def score(self, judged: JudgmentSet) -> Scored:
        """Return a score for each candidate."""


@dataclass(frozen=True)
class Model:
    """A reranker; its scores are logits.

    :param show_progress: draw a bar on stderr.
    """

    reranker: Reranker
    show_progress: bool = False

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.reranker.folder.name

    def score(self, judged: JudgmentSet) -> Scored:
        """Score every candidate."""
        pairs = [(candidate.query, candidate.document) for candidate in judged.candidates]
        found = self.reranker.score(pairs, show_progress=self.show_progress)
        claim, calibration = self.reranker.activation, self.reranker.folder.manifest.calibration
        cut = int((found.cut > 0).sum())
        notes = [f"{cut} of {len(pairs)} documents were longer than it reads and were cut"] if cut else []
        grade, held_out = RELEVANT_FROM, None
        if claim == "calibrated" and calibration:
            claim, grade = f"calibrated, {calibration.map.method}", calibration.relevant_grade
            if calibration.sha256 and calibration.sha256 == judged.sha256:
                held_out = calibration.error_after
                notes.append("it was calibrated on these very judgments; its calibration error is of queries held out")
        return Scored(
            found.logits.astype(np.float64),
            None if claim == "identity" else self.reranker.activate(found.logits).astype(np.float64),
            "; ".join(notes),
            claim,
            grade,
            held_out,
        )


@dataclass(frozen=True)
class Bm25:
    """BM25 over the documents of the whole judgment set.

    :param folded: without diacritics, on both sides.
    """

    folded: bool = False

    @property
    def name(self) -> str:
        """Which of the two it is."""
        return "BM25 folded" if self.folded else "BM25 accented"

    def score(self, judged: JudgmentSet) -> Scored:
        """Score every candidate."""
        texts = {candidate.document_id: candidate.text for candidate in judged.candidates}
        number = {document_id: i for i, document_id in enumerate(texts)}
        index = Bm25Index.of(list(texts.values()), folded=self.folded)
        scores = np.empty(len(judged.candidates), np.float64)
        for query_id, places in judged.places.items():
            documents = [number[judged.candidates[place].document_id] for place in places]
            scores[list(places)] = index.scores(judged.queries[query_id], documents)
        return Scored(scores)


@dataclass(frozen=True)
class ByLexicon:
    """No model at all: the grade that a lexicon's rules give, and among equals folded BM25.

    The same rules grade synthetic judgments, so this shows how far their labels carry. There the synthesis also knows
    which words of a query are a product's own and which goods are of another trade; here nobody tells.
    """

    lexicon: Lexicon

    @property
    def name(self) -> str:
        """The lexicon's name."""
        return f"rules of {self.lexicon.name}"

    def score(self, judged: JudgmentSet) -> Scored:
        """Score every candidate: its grade, and BM25 squeezed below 1."""
        asked = {query_id: self.lexicon.parse(query) for query_id, query in judged.queries.items()}
        grades = [
            grade(
                compare(self.lexicon, asked[candidate.query_id], self._read(candidate.document)), self.lexicon.leading
            )
            for candidate in judged.candidates
        ]
        words = Bm25(folded=True).score(judged).scores
        return Scored(np.array(grades, np.float64) + words / (1 + words))

    def _read(self, document: str | Product) -> Facets:
        return read_product(self.lexicon, document) if isinstance(document, Product) else self.lexicon.parse(document)


@dataclass(frozen=True)
class Run:
    """A TREC run file, its ids those of the judgments."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.stem

    def score(self, judged: JudgmentSet) -> Scored:
        """Look every candidate up.

        :raises InputError: if the file has a score for none of them.
        """
        found = read_run(self.path)
        keys = [(candidate.query_id, candidate.document_id) for candidate in judged.candidates]
        missing = sum(key not in found for key in keys)
        if missing == len(keys):
            raise InputError(
                f"{self.path}: has none of the {len(keys)} candidates of {judged.name}; its ids must be the query_id "
                "and document_id of the judgments"
            )
        beyond = len(found.keys() - set(keys))
        notes = [f"{missing} of {len(keys)} candidates have no score in the run and rank last"] if missing else []
        notes += [f"{beyond} of its lines are about documents that nobody judged"] if beyond else []
        return Scored(np.array([found.get(key, np.nan) for key in keys], np.float64), note="; ".join(notes))


def named_apart(names: list[str]) -> list[str]:
    """Return the names, numbered where one occurs again."""
    out: list[str] = []
    for name in names:
        number, new = 1, name
        while new in out:
            number += 1
            new = f"{name} ({number})"
        out.append(new)
    return out
