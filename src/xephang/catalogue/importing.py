"""The products of one file or database, the rows that make none set aside, and a report on both."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from xephang.catalogue.columns import Columns
from xephang.catalogue.formats import Format
from xephang.catalogue.products import OwnReader, RowReader
from xephang.catalogue.rejects import setting_aside
from xephang.catalogue.report import ImportReport
from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.rows import scan
from xephang.catalogue.source import Source
from xephang.catalogue.sql import Database
from xephang.errors import InputError, RowError
from xephang.files import check_file
from xephang.product import Product
from xephang.product.reading import opened

SAMPLE = 1000
"""Rows that are looked at for their column names: in JSONL, each row has its own."""


Products = Generator[Product, None, ImportReport]


@dataclass(frozen=True, slots=True)
class Import:
    """How one file, or database, is read as products.

    :param format: of a file.
    """

    source: Source | Database
    format: Format | None
    columns: Mapping[str, str] = field(default_factory=dict)
    keep_going: bool = False
    rejects: Path | None = None

    def check(self) -> None:
        """Check what can be checked before the first product is asked for.

        :raises InputError: if the settings contradict each other or the file.
        """
        if self.rejects is not None and not self.keep_going:
            raise InputError(f"rejects '{self.rejects}': rows are set aside only with keep_going; add it")
        if self.rejects is not None and self.source.is_file(self.rejects):
            raise InputError(f"rejects '{self.rejects}': is the file that is read; choose another")
        if self.rejects is not None:
            check_file(self.rejects)
        self._reader()

    def products(self) -> Products:
        """Yield the products, and return the report."""
        reader = self._reader()
        tally = dict.fromkeys(("rows", "products", "rejected", "repaired", "damaged"), 0)
        first: RowError | None = None
        with setting_aside(self.rejects) as set_aside:
            for item in scan(self.source, self.format):
                tally["rows"] += 1
                try:
                    product = _read(reader, item)
                except RowError as error:
                    if not self.keep_going:
                        raise
                    tally["rejected"] += 1
                    first = first or error
                    set_aside(error, item)
                    continue
                tally["products"] += 1
                tally["repaired"] += reader.repaired
                tally["damaged"] += reader.damaged
                yield product
        if not tally["products"]:
            raise InputError(f"{self.source.name}: none of {tally['rows']:,} rows can be used; the first: {first}")
        return ImportReport(**tally, columns_used=dict(reader.used))

    def _reader(self) -> RowReader | OwnReader:
        if self.format == "parquet" and isinstance(self.source, Source) and not self.columns:
            from xephang.catalogue.parquet import is_own

            if is_own(self.source):
                return OwnReader(self.source.path)
        return RowReader(self.source.path, self._columns())

    def _columns(self) -> Columns:
        columns = Columns(self.source.name, self.columns)
        rows = (item for item in scan(self.source, self.format) if isinstance(item, Row))
        if names := {name: None for row in islice(rows, SAMPLE) for name in opened(row.values)}:
            columns.meet(names)
            columns.check_wanted()
        return columns


def _read(reader: RowReader | OwnReader, item: Row | BadRow) -> Product:
    if isinstance(item, BadRow):
        raise item.error
    return reader.read(item)
