"""Pairs and judgments out: JSONL or Parquet, whole or not at all, and only what the readers take."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from xephang.catalogue import Row
from xephang.errors import InputError, RowError
from xephang.files import check_apart, check_file, replacing
from xephang.judgments.graded import judgment_of
from xephang.judgments.pairs import pair_of

Values = Mapping[str, Any]
"""A row by its columns. Beside those of its kind it may have others: `query_id`, `document_id`, `shape`, `weight` …"""
SUFFIXES = (".jsonl", ".parquet")
_BATCH = 10_000
_FRACTIONS = ("label", "weight")


def write_pairs(path: str | Path, rows: Iterable[Values]) -> int:
    """Write training pairs, as `read_pairs` reads them; return how many.

    :param path: its suffix, .jsonl or .parquet, says how.
    :param rows: taken one by one; each with `sentence_0`, `sentence_1`, `label`, and the first one's other columns.
    :raises InputError: if there are no rows, or the file can not be written; then what stood there still does.
    :raises RowError: at a row that `read_pairs` would not take.
    """
    return _write(check_output(path), _pairs(path, rows))


def write_judgments(path: str | Path, rows: Iterable[Values]) -> int:
    """Write graded judgments, as `read_judgments` and `JudgmentSet.read` read them; return how many.

    :param path: its suffix, .jsonl or .parquet, says how.
    :param rows: taken one by one; each with `query`, `document`, `grade`, and the first one's other columns.
    :raises InputError: if there are no rows, or the file can not be written; then what stood there still does.
    :raises RowError: at a row that `read_judgments` would not take.
    """
    return _write(check_output(path), _judgments(path, rows))


def check_output(path: str | Path, *others: Path) -> Path:
    """Return the path that judgments will be written to: worth asking before they are made.

    :param others: other files that are read or written.
    :raises InputError: if its suffix is not known, it can not be written to, or it is one of the others.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: is written as JSONL or Parquet; name it with {' or '.join(SUFFIXES)}")
    check_file(path)
    return check_apart(path, *others)


def _pairs(path: str | Path, rows: Iterable[Values]) -> Iterator[Values]:
    for number, values in enumerate(rows, start=1):
        pair = pair_of(Row(number, dict(values)), path)
        yield {**values, "sentence_0": pair.query, "sentence_1": pair.document, "label": pair.label}


def _judgments(path: str | Path, rows: Iterable[Values]) -> Iterator[Values]:
    for number, values in enumerate(rows, start=1):
        judgment = judgment_of(Row(number, dict(values)), path)
        yield {**values, "query": judgment.query, "document": judgment.document, "grade": judgment.grade}


def _write(path: Path, rows: Iterator[Values]) -> int:
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: there are no rows to write")
    with replacing(path) as temporary:
        write = _jsonl if path.suffix.lower() == ".jsonl" else _parquet
        return write(temporary, path, _alike(path, chain([first], rows), list(first)))


def _alike(path: Path, rows: Iterable[Values], names: list[str]) -> Iterator[Values]:
    for number, values in enumerate(rows, start=1):
        if odd := sorted(set(names).symmetric_difference(values)):
            raise RowError(path, number, odd[0], f"every row needs the columns of the first: {', '.join(names)}")
        yield values


def _jsonl(temporary: Path, path: Path, rows: Iterable[Values]) -> int:
    number = 0
    # Half a character, which UTF-8 can not hold, becomes a JSON escape.
    with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        for number, values in enumerate(rows, start=1):
            try:
                line = json.dumps(values, ensure_ascii=False, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise RowError(path, number, "", f"can not be written as JSON: {error}") from None
            stream.write(line + "\n")
    return number


def _parquet(temporary: Path, path: Path, rows: Iterable[Values]) -> int:
    # pyarrow is slow to import, and JSONL does without it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    remaining, written = iter(rows), 0
    batch = list(islice(remaining, _BATCH))
    try:
        schema = pa.schema([_column(field, pa) for field in pa.RecordBatch.from_pylist(batch).schema])
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            while batch:
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
                written += len(batch)
                batch = list(islice(remaining, _BATCH))
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        where = f"rows {written + 1:,} to {written + len(batch):,}"
        raise InputError(f"{path}, {where}: can not be written to Parquet: {error}; or write .jsonl") from None
    return written


def _column(field: Any, pa: Any) -> Any:
    """Return a column's type where its first values do not tell it: whole numbers, or nothing at all."""
    if field.name in _FRACTIONS:
        return pa.field(field.name, pa.float64())
    if pa.types.is_null(field.type):
        return pa.field(field.name, pa.string())
    if pa.types.is_list(field.type) and pa.types.is_null(field.type.value_type):
        return pa.field(field.name, pa.list_(pa.string()))
    return field
