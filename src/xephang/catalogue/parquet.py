"""Parquet: the rows of any file, and the file that a catalogue writes of itself."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.source import Source
from xephang.errors import InputError, RowError
from xephang.product import TEXT_FIELDS, Product

SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in TEXT_FIELDS),
        pa.field("attributes", pa.list_(pa.field("item", pa.string(), nullable=False)), nullable=False),
        pa.field("price", pa.float64()),
        pa.field("extra", pa.string(), nullable=False),
    ],
    metadata={"xephang": "catalogue 1"},
)
"""What a catalogue writes: `extra` is a JSON object; the metadata says that texts are repaired already."""

_BATCH = 1024


def scan_parquet(source: Source) -> Iterator[Row | BadRow]:
    """Yield the rows, batch by batch; dates and times come as text.

    :raises InputError: if the file is corrupt or names a column twice.
    """
    number = 0
    try:
        with _opened(source) as file:
            _check_names(source, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in _values(_with_times_as_text(batch)):
                    number += 1
                    if isinstance(values, ValueError):
                        problem = f"holds a value that can not be read ({values}); write the file again"
                        yield BadRow(RowError(source.path, number, "", problem), None)
                    else:
                        yield Row(number, values)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{source.name}: is no whole Parquet file, or damaged after row {number} ({reason}); export it again"
        ) from None


def is_own(source: Source) -> bool:
    """Say whether a catalogue wrote the file."""
    try:
        with _opened(source) as file:
            schema = file.schema_arrow
            return bool(schema.equals(SCHEMA) and (schema.metadata or {}).items() >= SCHEMA.metadata.items())
    except (pa.ArrowException, OSError):
        return False


def write_products(path: Path, products: Iterable[Product]) -> None:
    """Write products as they come, a batch at a time.

    :raises InputError: if a product holds text that is no Unicode, or an extra value that JSON does not know.
    """
    remaining = iter(products)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while records := [record_of(product) for product in islice(remaining, _BATCH)]:
            writer.write_batch(pa.RecordBatch.from_pylist(records, schema=SCHEMA))


def _opened(source: Source) -> pq.ParquetFile:
    if source.data is not None or not Path(source.path).is_file():
        raise InputError(f"{source.name}: Parquet can not be read from a pipe; save it as a file first")
    if not Path(source.path).stat().st_size:
        raise InputError(f"{source.name}: is empty; a file of rows is needed")
    return pq.ParquetFile(source.path)


def _check_names(source: Source, names: list[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise InputError(f"{source.name}: {times} columns are called '{name}'; rename or remove one")


def _with_times_as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    # Python's own times have no nanoseconds, and pyarrow refuses to cut them off.
    columns = [
        column.cast(pa.string()) if pa.types.is_temporal(column.type) and not _is_span(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _is_span(kind: pa.DataType) -> bool:
    return bool(pa.types.is_duration(kind) or pa.types.is_interval(kind))


def _values(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | ValueError]:
    try:
        yield from batch.to_pylist()
    except ValueError:
        # One value of the batch can not be had; find out which, and keep the others.
        for index in range(batch.num_rows):
            try:
                yield batch.slice(index, 1).to_pylist()[0]
            except ValueError as error:
                yield error


def record_of(product: Product) -> dict[str, Any]:
    """Return the row that is written of a product.

    :raises InputError: as `write_products` does.
    """
    record = {name: getattr(product, name) for name in TEXT_FIELDS}
    try:
        for text in (*record.values(), *product.attributes):
            text.encode()
        extra = json.dumps(dict(product.extra), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"product '{product.id}': can not be written to Parquet: {error}") from None
    return {**record, "attributes": list(product.attributes), "price": product.price, "extra": extra}


def read_products(content: pa.Buffer, rows: Sequence[int], path: Path) -> list[Product]:
    """Read some rows of a file that a catalogue wrote, in the order asked for, as they were written.

    :param content: the file's.
    :param path: named in errors.
    :raises InputError: if it is damaged.
    """
    with _written(content, path) as file:
        sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
        starts = [0, *accumulate(sizes)]
        groups = {row: bisect_right(starts, row) - 1 for row in rows}
        found = {group: file.read_row_group(group) for group in sorted(set(groups.values()))}
        return [_product(found[groups[row]].slice(row - starts[groups[row]], 1).to_pylist()[0]) for row in rows]


def read_column(content: pa.Buffer, name: str, path: Path) -> pa.Array:
    """Read a column of a file that a catalogue wrote; see `read_products`."""
    with _written(content, path) as file:
        return file.read(columns=[name]).column(name).combine_chunks()


@contextmanager
def _written(content: pa.Buffer, path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            yield file
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is damaged ({reason}); write it again") from None


def _product(record: dict[str, Any]) -> Product:
    return Product(**{**record, "attributes": tuple(record["attributes"]), "extra": json.loads(record["extra"])})
