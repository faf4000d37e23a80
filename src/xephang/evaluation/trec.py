"""TREC's files, out and in: qrels (query, 0, document, grade) and runs (query, Q0, document, rank, score, tag)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from xephang.card.codec import escape_surrogates
from xephang.errors import RowError
from xephang.files import write_text
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.qrels import trec_lines

QRELS, QUERIES, DOCUMENTS = "qrels.txt", "queries.jsonl", "documents.jsonl"


def write_qrels(folder: Path, judged: JudgmentSet) -> list[Path]:
    """Write `qrels.txt`, `queries.jsonl` and `documents.jsonl`; return their paths."""
    lines = [f"{c.query_id} 0 {c.document_id} {c.grade}" for c in judged.candidates]
    write_text(folder / QRELS, "".join(f"{line}\n" for line in lines))
    queries = [{"query_id": i, "query": text, **judged.slices_of(i)} for i, text in judged.queries.items()]
    texts = {c.document_id: c.text for c in judged.candidates}
    documents = [{"document_id": i, "text": text} for i, text in texts.items()]
    for name, rows in ((QUERIES, queries), (DOCUMENTS, documents)):
        lines = [escape_surrogates(json.dumps(row, ensure_ascii=False)) for row in rows]
        write_text(folder / name, "".join(f"{line}\n" for line in lines))
    return [folder / QRELS, folder / QUERIES, folder / DOCUMENTS]


def read_run(path: Path) -> Mapping[tuple[str, str], float]:
    """Read a TREC run: the score of each (query id, document id).

    :raises InputError: if the file can not be read, or is empty.
    :raises RowError: if a line is none of a run, or stands there twice.
    """
    scores: dict[tuple[str, str], float] = {}
    for number, line in trec_lines(path, ("query", "Q0", "document", "rank", "score", "tag")):
        try:
            score = float(line[4])
        except ValueError:
            score = float("nan")
        if score != score:
            raise RowError(path, number, "score", f"expected a number, got {line[4][:40]!r}")
        if (line[0], line[2]) in scores:
            raise RowError(path, number, "document", f"'{line[2]}' has a score for query '{line[0]}' already; keep one")
        scores[line[0], line[2]] = score
    return scores


def write_run(path: Path, judged: JudgmentSet, scores: Sequence[float], tag: str) -> None:
    """Write a TREC run, each query's best candidate first; of equal ones the worse grade first, as measured."""
    word = "_".join(tag.split()) or "run"
    lines: list[str] = []
    for query_id, places in judged.places.items():
        for rank, place in enumerate(ranked(judged, scores, places), start=1):
            document_id, score = judged.candidates[place].document_id, float(scores[place])
            score = score if score == score else float("-inf")
            lines.append(f"{query_id} Q0 {document_id} {rank} {score:.9g} {word}\n")
    write_text(path, "".join(lines))


def ranked(judged: JudgmentSet, scores: Sequence[float], places: Sequence[int]) -> list[int]:
    """Return a query's places, best score first; ties and missing scores (NaN) count against the system."""

    def key(place: int) -> tuple[bool, float, int]:
        score = float(scores[place])
        return score != score, 0.0 if score != score else -score, judged.candidates[place].grade

    return sorted(places, key=key)
