"""Rows of a CSV, JSONL or Parquet file, or of a database, streamed, each bad one named."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from xephang.catalogue.delimited import scan_csv
from xephang.catalogue.formats import Format, format_of
from xephang.catalogue.jsonl import scan_jsonl
from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.source import Source
from xephang.catalogue.sql import Database, scan_sql
from xephang.errors import InputError, RowError


def read_rows(
    source: str | Path,
    *,
    format: Format | None = None,
    on_error: Callable[[RowError], None] | None = None,
) -> Iterator[Row]:
    """Stream the rows of a CSV, JSONL or Parquet file, or of standard input.

    :param source: a path, or `-` for standard input; CSV and JSONL may be gzipped.
    :param format: told by the file's suffix where it is not given; JSONL on standard input.
    :param on_error: is told of each bad row, which is then left out; without it the first one is raised.
    :raises RowError: at a bad row, without `on_error`.
    :raises InputError: if the file is missing, empty, corrupt, or of no format that can be read.
    """
    opened = Source.of(source)
    return _good(scan(opened, format_of(opened, format)), on_error)


def scan(source: Source | Database, format: Format | None) -> Iterator[Row | BadRow]:
    """Yield every row, good or bad.

    :param format: of a file.
    :raises InputError: if the rows can not be read to their end, or there are none at all.
    """
    empty = True
    try:
        for item in _items(source, format):
            empty = False
            yield item
    except UnicodeDecodeError as error:
        raise InputError(f"{source.name}: is no whole {error.encoding} text; save it again as UTF-8") from None
    except (EOFError, zlib.error) as error:
        raise InputError(f"{source.name}: the gzip file is cut short or damaged ({error})") from None
    except OSError as error:
        raise InputError(f"{source.name}: can not be read: {error.strerror or error}") from None
    if empty:
        raise InputError(f"{source.name}: holds no rows; at least one is needed")


def _items(source: Source | Database, format: Format | None) -> Iterator[Row | BadRow]:
    if isinstance(source, Database):
        return scan_sql(source)
    if format == "csv":
        return scan_csv(source)
    if format == "jsonl":
        return scan_jsonl(source)
    # pyarrow is slow to import, and CSV and JSONL do without it.
    from xephang.catalogue.parquet import scan_parquet

    return scan_parquet(source)


def _good(items: Iterator[Row | BadRow], on_error: Callable[[RowError], None] | None) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Row):
            yield item
        elif on_error is None:
            raise item.error
        else:
            on_error(item.error)
