"""`score_partition`: a table of what is asked becomes a table of scores, the same wherever it is computed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xephang.batch.columns import Columns
from xephang.batch.job import Opened
from xephang.batch.reading import Asked, rows_of
from xephang.compiled import CompiledCatalogue
from xephang.errors import InputError, ModelError, RowError
from xephang.product import Product, Rendered
from xephang.reranker import Reranker, one_number
from xephang.text import normalise

_AT_ONCE = 2048
"""Candidates that are scored in one go; scores do not depend on it."""

Reject = Callable[[Asked, str, str], None]
"""Called with a row, the column that is wrong, and what is."""


@dataclass(frozen=True)
class Scored:
    """What came of a partition.

    :param table: a row for each candidate, in the order of the rows and of each one's candidates; see `schema_of`.
    :param rejects: what could not be scored.
    """

    table: pa.Table
    rejects: tuple[RowError, ...] = ()


def schema_of(columns: Columns) -> pa.Schema:
    """Return what a partition's file holds; `file` and `row` (from 1) say where the candidate came from."""
    key = [pa.field("query_id", pa.type_for_alias(columns.query_id_type))] if columns.query_id else []
    texts = [pa.field("query", pa.string()), pa.field("id", pa.string())]
    numbers = [pa.field("score", pa.float32()), pa.field("logit", pa.float32())]
    return pa.schema([*key, *texts, *numbers, pa.field("file", pa.string()), pa.field("row", pa.int64())])


def score_partition(
    table: pa.Table, columns: Columns, opened: Opened, *, file: str, first: int = 0, keep_going: bool = False
) -> Scored:
    """Score every row of a table.

    :param file: what the rows are of.
    :param first: the first row's place in it, from 0.
    :param keep_going: leave out what can not be scored; without it the first such thing is raised.
    :raises RowError: at a bad row.
    :raises ModelError: if the model gives a score that is no number.
    """
    rejects: list[RowError] = []
    written: list[tuple[Asked, NDArray[np.float32]]] = []

    def rejected(error: RowError) -> None:
        if not keep_going:
            raise error
        rejects.append(error)

    def reject(asked: Asked, column: str, problem: str) -> None:
        rejected(RowError(file, asked.row, column, problem))

    for some in _chunks(rows_of(table, columns, file, first), rejected):
        try:
            found = _logits(some, opened)
        except InputError:  # a row of them is bad; looking at each by itself takes longer
            some = [good for one in some if (good := _good(one, columns, opened, reject))]
            found = _logits(some, opened)
        written += zip(some, found, strict=True)
    rejects.sort(key=lambda error: error.row)
    return Scored(_table(written, columns, opened.reranker, file), tuple(rejects))


def _chunks(rows: Iterable[Asked | RowError], rejected: Callable[[RowError], None]) -> Iterator[list[Asked]]:
    """Yield good rows, so many at a time that they have enough candidates."""
    some: list[Asked] = []
    size = 0
    for row in rows:
        if isinstance(row, RowError):
            rejected(row)
            continue
        some.append(row)
        size += len(row.ids)
        if size >= _AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _good(asked: Asked, columns: Columns, opened: Opened, reject: Reject) -> Asked | None:
    """Return a row without the candidates that can not be scored; None where its query can not be."""
    reranker = opened.reranker
    try:
        _tokens(reranker, asked.query)
    except InputError as error:
        reject(asked, columns.query, str(error))
        return None
    if asked.documents is None:
        catalogue, column = _catalogue(opened), columns.ids or columns.id
        for id in asked.ids:
            if id not in catalogue:
                reject(asked, column, f"there is no product '{id}' in {catalogue.folder}; leave it out, or compile it")
        return replace(asked, ids=tuple(id for id in asked.ids if id in catalogue))
    try:
        for document in asked.documents:
            if isinstance(document, Product):
                reranker.template.render(document)
    except InputError as error:
        reject(asked, columns.document, str(error))
        return None
    return asked


def _logits(some: Sequence[Asked], opened: Opened) -> list[NDArray[np.float32]]:
    """Return the logits of each row's candidates.

    :raises InputError: if a row is bad.
    """
    reranker = opened.reranker
    if opened.catalogue is None:
        pairs = [(one.query, document) for one in some for document in one.documents or ()]
        flat = reranker.score(pairs).logits
        return _split(flat, [len(one.documents or ()) for one in some])
    sizes = [len(one.ids) for one in some]
    stored = opened.catalogue.stored([id for one in some for id in one.ids if id is not None], reranker)
    ends = np.cumsum(sizes).tolist()
    runs = [
        (_tokens(reranker, one.query), stored[end - size : end])
        for one, size, end in zip(some, sizes, ends, strict=True)
    ]
    return [one_number(found) for found in reranker.precomputed.score_each(runs, basis=opened.catalogue.basis)]


def _split(flat: NDArray[np.float32], sizes: Sequence[int]) -> list[NDArray[np.float32]]:
    return np.split(flat, np.cumsum(sizes)[:-1]) if sizes else []


def _tokens(reranker: Reranker, query: str) -> NDArray[np.int64]:
    return reranker.tokenizer.encode(normalise(query), [Rendered("")])[0].query


def _catalogue(opened: Opened) -> CompiledCatalogue:
    assert opened.catalogue is not None
    return opened.catalogue


def _table(
    written: Sequence[tuple[Asked, NDArray[np.float32]]], columns: Columns, reranker: Reranker, file: str
) -> pa.Table:
    schema = schema_of(columns)
    logits = np.concatenate([found for _, found in written]) if written else np.empty(0, np.float32)
    scores = reranker.activate(logits)
    if not (np.isfinite(logits).all() and np.isfinite(scores).all()):
        raise ModelError(f"{reranker.folder.path}: gave a score that is no number, for {file}")
    each = [asked for asked, found in written for _ in found]
    values = {
        "query_id": [asked.query_id for asked in each],
        "query": [asked.query for asked in each],
        "id": [id for asked, _ in written for id in asked.ids],
        "score": scores,
        "logit": logits,
        "file": [file] * len(each),
        "row": [asked.row for asked in each],
    }
    return pa.table([pa.array(values[name], schema.field(name).type) for name in schema.names], schema)
