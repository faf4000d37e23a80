"""TREC's files: qrels (query, 0, document, grade) and runs (query, Q0, document, rank, score, tag)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xephang.card.codec import escape_surrogates
from xephang.catalogue import Catalogue, read_rows
from xephang.errors import InputError, RowError
from xephang.evaluation.judged import Candidate, Gathered, JudgmentSet, plain_id
from xephang.files import sha256, write_text
from xephang.judgments.graded import HIGHEST_GRADE
from xephang.judgments.pairs import cell
from xephang.judgments.pairs import number as number_of
from xephang.product import Product
from xephang.text import normalise

GRADED = ("query_id", "document_id", "grade")
QUERY = ("query", "text")
_ROWS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
QRELS, QUERIES, DOCUMENTS = "qrels.txt", "queries.jsonl", "documents.jsonl"


def read_qrels(path: Path, queries: Path, documents: Path, columns: Mapping[str, str] | None = None) -> JudgmentSet:
    """Read grades that stand apart from the texts that they judge.

    :param path: TREC qrels; or, told by the suffix, CSV, JSONL or Parquet with `query_id`, `document_id`, `grade`.
    :param queries: CSV, JSONL or Parquet with `query_id` (or `id`), `query` (or `text`), and slices.
    :param documents: CSV, JSONL or Parquet with `document_id` (or `id`) and `text`, or a catalogue of products.
    :param columns: the files' names for `query_id`, `document_id`, `grade` and `query`, and the catalogue's for
        a product's fields.
    :raises InputError: if a file can not be read, or holds no text for an id that is graded.
    :raises RowError: if a row is none, or contradicts an earlier one.
    """
    columns = columns or {}
    asked = {_key(row.values, "query", queries, row.number): row for row in read_rows(queries)}
    listed = _documents(documents, {ours: theirs for ours, theirs in columns.items() if ours not in GRADED + QUERY})
    names = [columns.get(name, name) for name in GRADED]
    gathered = Gathered(path)
    for place, (query_id, document_id, grade) in _graded(path, names):
        if query_id not in asked:
            raise RowError(path, place, names[0], f"'{query_id}' is not in {queries}; add its text there")
        if document_id not in listed:
            raise RowError(path, place, names[1], f"'{document_id}' is not in {documents}; add it there")
        if grade not in map(str, range(HIGHEST_GRADE + 1)):
            raise RowError(path, place, names[2], f"expected a grade 0, 1, 2 or 3, got {grade[:40]!r}")
        row = asked[query_id]
        text = _text(row.values, (columns["query"],) if "query" in columns else QUERY, queries, row.number)
        gathered.put(Candidate(query_id, document_id, text, listed[document_id], int(grade)), place)
        gathered.sort(query_id, row.values, row.number)
    return gathered.judgment_set(path.name, sha256(path))


def _graded(path: Path, names: Sequence[str]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    if path.suffix.lower() not in _ROWS:
        for place, (query, _, document, relevance) in _lines(path, ("query", "0", "document", "grade")):
            yield place, (query, document, relevance)
        return
    for row in read_rows(path):
        query_id, document_id = (plain_id(path, row.number, name, cell(row, name, path)) for name in names[:2])
        yield row.number, (query_id, document_id, str(number_of(cell(row, names[2], path), row, names[2], path)))


def write_qrels(folder: Path, judged: JudgmentSet) -> list[Path]:
    """Write `qrels.txt`, `queries.jsonl` and `documents.jsonl`; return their paths."""
    lines = [f"{c.query_id} 0 {c.document_id} {c.grade}" for c in judged.candidates]
    write_text(folder / QRELS, "".join(f"{line}\n" for line in lines))
    slices: dict[str, dict[str, list[str]]] = {query_id: {} for query_id in judged.queries}
    for kind, values in judged.slices.items():
        for value, query_ids in values.items():
            for query_id in query_ids:
                slices[query_id].setdefault(f"slice_{kind}", []).append(value)
    queries = [{"query_id": i, "query": text, **slices[i]} for i, text in judged.queries.items()]
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
    for number, line in _lines(path, ("query", "Q0", "document", "rank", "score", "tag")):
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


def _lines(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that is not blank with its number.

    :raises RowError: if one has not these columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can not be read as a UTF-8 text ({error})") from error
    lines = [(number, line.split()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise InputError(f"{path}: is empty; lines of {' '.join(columns)} are needed")
    for number, line in lines:
        if len(line) != len(columns):
            raise RowError(path, number, "", f"expected {len(columns)} columns ({' '.join(columns)}), got {len(line)}")
        yield number, line


def _documents(path: Path, columns: Mapping[str, str] | None) -> Mapping[str, str | Product]:
    first = next(iter(read_rows(path)))
    if "text" not in first.values or columns:
        return {product.id: product for product in Catalogue.open(path, columns=columns)}
    return {
        _key(row.values, "document", path, row.number): _text(row.values, ("text",), path, row.number)
        for row in read_rows(path)
    }


def _key(values: Mapping[str, object], kind: str, path: Path, row: int) -> str:
    name = f"{kind}_id" if f"{kind}_id" in values else "id"
    value = values.get(name)
    if value is None or value == "":
        raise RowError(path, row, name, f"there is no id; give each {kind} its own")
    return plain_id(path, row, name, value)


def _text(values: Mapping[str, object], names: tuple[str, ...], path: Path, row: int) -> str:
    value = next((values[name] for name in names if name in values), None)
    if not isinstance(value, str) or not (text := normalise(value)):
        raise RowError(path, row, names[0], f"expected a text, got {str(value)[:40]!r}")
    return text
