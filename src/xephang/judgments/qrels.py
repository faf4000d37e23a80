"""Grades that stand apart from the texts that they judge: TREC qrels, or rows of ids."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xephang.catalogue import Catalogue, Row, read_rows
from xephang.errors import InputError, RowError
from xephang.files import check_regular, sha256
from xephang.judgments.graded import HIGHEST_GRADE
from xephang.judgments.judged import Candidate, Gathered, JudgmentSet, plain_id
from xephang.judgments.pairs import cell, number
from xephang.judgments.standing import Passed, standing_rows
from xephang.product import Product
from xephang.text import normalise

GRADED = ("query_id", "document_id", "grade")
QUERY = ("query", "text")
_ROWS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_PACKED = ".gz"


def open_judgments(
    path: Path, queries: Path | None = None, documents: Path | None = None, columns: Mapping[str, str] | None = None
) -> JudgmentSet:
    """Read judgments of any form: texts and grades in one file, or what `read_qrels` reads.

    :raises InputError: if a file can not be read, or there are queries without documents.
    :raises RowError: if a row is no judgment, or contradicts an earlier one.
    """
    for one in (path, documents):
        if one:
            check_regular(one)
    if documents:
        return read_qrels(path, queries, documents, columns)
    if queries:
        raise InputError("qrels need both, --queries FILE and --documents FILE")
    if not _has_rows(path):
        raise InputError(
            f"{path}: TREC qrels have no texts; give --queries FILE and --documents FILE, or name a file of rows .csv, "
            ".jsonl or .parquet"
        )
    return JudgmentSet.read(path, columns)


def read_qrels(
    path: Path, queries: Path | None, documents: Path, columns: Mapping[str, str] | None = None
) -> JudgmentSet:
    """Read grades that stand apart from the texts that they judge.

    :param path: TREC qrels; or, told by the suffix, CSV, JSONL or Parquet with `query_id`, `document_id`, `grade`.
    :param queries: CSV, JSONL or Parquet with `query_id` (or `id`), `query` (or `text`), and slices; without it
        the rows of `path` have them.
    :param documents: CSV, JSONL or Parquet with `document_id` (or `id`) and `text`, or a catalogue of products.
    :param columns: the files' names for `query_id`, `document_id`, `grade` and `query`, and the catalogue's for
        a product's fields.
    :raises InputError: if a file can not be read, or holds no text for an id that is graded.
    :raises RowError: if a row is none, or contradicts an earlier one.
    """
    columns = columns or {}
    if not queries and not _has_rows(path):
        raise InputError(f"{path}: qrels have no texts; give the queries' with --queries FILE")
    asked = _by_id(queries, "query") if queries else {}
    listed = _documents(documents, {ours: theirs for ours, theirs in columns.items() if ours not in GRADED + QUERY})
    names = [columns.get(name, name) for name in GRADED]
    passed = Passed()
    gathered = Gathered(path, passed)
    for graded, query_id, document_id, grade in _graded(path, names, columns, passed, with_texts=not queries):
        place = graded.number
        if queries and query_id not in asked:
            raise RowError(path, place, names[0], f"'{query_id}' is not in {queries}; add its text there")
        if document_id not in listed:
            raise RowError(path, place, names[1], f"'{document_id}' is not in {documents}; add it there")
        if grade not in map(str, range(HIGHEST_GRADE + 1)):
            raise RowError(path, place, names[2], f"expected a grade 0, 1, 2 or 3, got {grade[:40]!r}")
        row = asked.get(query_id, graded)
        text = _text(row.values, (columns["query"],) if "query" in columns else QUERY, queries or path, row.number)
        query_id = gathered.query_id(text, place, query_id)
        gathered.put(Candidate(query_id, document_id, text, listed[document_id], int(grade)), place)
        gathered.sort(query_id, row.values, row.number, queries)
    return gathered.judgment_set(path.name, sha256(path))


def _has_rows(path: Path) -> bool:
    return Path(path.name.lower().removesuffix(_PACKED)).suffix in _ROWS


def _graded(
    path: Path, names: Sequence[str], columns: Mapping[str, str], passed: Passed, *, with_texts: bool
) -> Iterator[tuple[Row, str, str, str]]:
    """Yield each row, its query's id (empty where it may have none), its document's and its grade."""
    if not _has_rows(path):
        for place, (query, _, document, relevance) in trec_lines(path, ("query", "0", "document", "grade")):
            yield Row(place, {}), query, document, relevance
        return
    for row in standing_rows(path, columns, passed):
        own = row.values.get(names[0]) if with_texts else cell(row, names[0], path)
        query_id = plain_id(path, row.number, names[0], own)
        document_id = plain_id(path, row.number, names[1], cell(row, names[1], path))
        yield row, query_id, document_id, str(number(cell(row, names[2], path), row, names[2], path))


def trec_lines(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that is not blank with its number.

    :raises RowError: if one has not these columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can not be read as a UTF-8 text ({error})") from error
    lines = [(place, line.split()) for place, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise InputError(f"{path}: is empty; lines of {' '.join(columns)} are needed")
    for place, line in lines:
        if len(line) != len(columns):
            raise RowError(path, place, "", f"expected {len(columns)} columns ({' '.join(columns)}), got {len(line)}")
        yield place, line


def _documents(path: Path, columns: Mapping[str, str] | None) -> Mapping[str, str | Product]:
    first = next(iter(read_rows(path)))
    if "text" not in first.values or columns:
        return {product.id: product for product in Catalogue.open(path, columns=columns)}
    return {key: _text(row.values, ("text",), path, row.number) for key, row in _by_id(path, "document").items()}


def _by_id(path: Path, kind: str) -> dict[str, Row]:
    """Return the rows by their ids.

    :raises RowError: if a row has no id, or another one's with other values.
    """
    found: dict[str, Row] = {}
    for row in read_rows(path):
        key = _key(row.values, kind, path, row.number)
        if found.setdefault(key, row).values != row.values:
            raise RowError(path, row.number, "id", f"'{key}' is in row {found[key].number} already; one id, one {kind}")
    return found


def _key(values: Mapping[str, object], kind: str, path: Path, row: int) -> str:
    name = f"{kind}_id" if f"{kind}_id" in values else "id"
    if not (found := plain_id(path, row, name, values.get(name))):
        raise RowError(path, row, name, f"there is no id; give each {kind} its own")
    return found


def _text(values: Mapping[str, object], names: tuple[str, ...], path: Path, row: int) -> str:
    value = next((values[name] for name in names if name in values), None)
    if not isinstance(value, str) or not (text := normalise(value)):
        raise RowError(path, row, names[0], f"expected a text, got {str(value)[:40]!r}")
    return text
