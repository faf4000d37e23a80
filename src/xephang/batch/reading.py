"""From a partition's rows to what is asked about each, or what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from xephang.batch import inputs
from xephang.batch.columns import Columns
from xephang.batch.plan import Partition
from xephang.documents import Document
from xephang.errors import InputError, RowError
from xephang.product import Product
from xephang.text import normalise

_AT_ONCE = 4096
"""Rows that are decoded in one go; a partition may begin far inside a row group."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that can be scored.

    :param row: counted from 1 in its file.
    :param ids: one for each candidate; None where documents have none.
    :param documents: None where `ids` are of a compiled catalogue.
    """

    row: int
    query: str
    ids: tuple[str | None, ...]
    documents: tuple[Document, ...] | None = None
    query_id: Any = None


def read_partition(path: Path, partition: Partition, columns: Columns) -> pa.Table:
    """Read a partition's rows.

    :raises InputError: if the file can not be read.
    """
    batches: list[pa.RecordBatch] = []
    with inputs.opened(path) as file:
        first, stop = partition.first, partition.first + partition.rows
        at = 0
        groups: list[int] = []
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if not groups and at + rows <= first:
                at += rows
                continue
            groups.append(group)
        for batch in file.iter_batches(_AT_ONCE, row_groups=groups, columns=columns.read):
            if at + len(batch) > first:
                batches.append(batch.slice(max(0, first - at), min(stop, at + len(batch)) - max(first, at)))
            at += len(batch)
            if at >= stop:
                break
        return pa.Table.from_batches(batches)


def rows_of(table: pa.Table, columns: Columns, file: str, first: int) -> Iterator[Asked | RowError]:
    """Yield each row, or what is wrong with it.

    :param file: named in errors.
    :param first: the first row's place in its file, from 0.
    """
    number = first
    for batch in table.to_batches(_AT_ONCE):
        for values in _values(batch):
            number += 1
            try:
                yield _asked(values, columns, number)
            except _Wrong as wrong:
                yield RowError(file, number, wrong.column, wrong.problem)


class _Wrong(Exception):
    def __init__(self, column: str, problem: str) -> None:
        self.column, self.problem = column, problem
        super().__init__(column, problem)


def _values(batch: pa.RecordBatch) -> list[dict[str, Any] | _Wrong]:
    """Return each row's values, or why Python can not have them: bytes that are no UTF-8, a date before the year 1."""
    try:
        found: list[dict[str, Any] | _Wrong] = batch.to_pylist()
        return found
    except (ValueError, OverflowError) as error:
        if len(batch) == 1:
            return [_Wrong("", f"holds a value that can not be read ({error}); write the file again")]
        half = len(batch) // 2
        return _values(batch.slice(0, half)) + _values(batch.slice(half))


def _asked(values: Mapping[str, Any] | _Wrong, columns: Columns, row: int) -> Asked:
    if isinstance(values, _Wrong):
        raise values
    query = values[columns.query]
    if query is None or not normalise(query):
        raise _Wrong(columns.query, _nothing(query, "a query"))
    query_id = values[columns.query_id] if columns.query_id else None
    if columns.kind == "ids":
        return Asked(row, query, _ids(values[columns.ids], columns.ids), query_id=query_id)
    if columns.kind == "id":
        return Asked(row, query, _ids([values[columns.id]], columns.id), query_id=query_id)
    id = values[columns.id] if columns.id else None
    document = _document(values[columns.document], columns) if columns.document else _product(values, columns)
    if id is None and isinstance(document, Product):
        id = document.id or None
    return Asked(row, query, (None if id is None else str(id),), (document,), query_id)


def _ids(ids: Sequence[str | None] | None, column: str) -> tuple[str, ...]:
    if ids is None:
        raise _Wrong(column, "is null; give a list of ids, an empty one where there are no candidates")
    found = tuple(id for id in ids if id)
    if len(found) != len(ids):
        raise _Wrong(column, "holds an id that is null or empty; leave it out, or give the product's own")
    return found


def _document(value: Any, columns: Columns) -> Document:
    if isinstance(value, Mapping):
        return _record(value, columns.document)
    if value is None or not normalise(value):
        raise _Wrong(columns.document, _nothing(value, "a document"))
    return str(value)


def _product(values: Mapping[str, Any], columns: Columns) -> Product:
    ours = {name: value for name, value in values.items() if name not in columns.named}
    renamed = {columns.product.get(name, name): value for name, value in ours.items()}
    return _record({**renamed, **{columns.product[name]: ours[name] for name in columns.product}}, "")


def _record(value: Mapping[str, Any], column: str) -> Product:
    try:
        return Product.from_dict(value)
    except InputError as error:
        raise _Wrong(column, str(error)) from None


def _nothing(value: object, what: str) -> str:
    return f"is {'null' if value is None else 'empty'}; give {what}, or leave the row out"
