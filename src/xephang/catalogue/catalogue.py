"""A shop's products, streamed from a file or a database, or held in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xephang.catalogue.formats import Format, format_of
from xephang.catalogue.importing import Import, Products
from xephang.catalogue.products import Checker
from xephang.catalogue.report import ImportReport
from xephang.catalogue.source import Source
from xephang.catalogue.sql import Database
from xephang.catalogue.sql_url import is_database
from xephang.errors import InputError
from xephang.files import replacing
from xephang.product import Product
from xephang.product.names import Unusable


@dataclass(frozen=True, slots=True)
class _Held:
    held: tuple[Product, ...]

    def products(self) -> Products:
        yield from self.held
        return ImportReport(len(self.held), len(self.held))


class Catalogue:
    """Many products: iterate over it as often as needed; a file is read anew each time.

    Made by `open` or `of`. Each product has an id of its own and something to rank by.
    """

    def __init__(self, origin: Import | _Held) -> None:
        self._origin = origin
        self._report: ImportReport | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str] | None = None,
        keep_going: bool = False,
        rejects: str | Path | None = None,
        format: Format | None = None,
        sql: str | None = None,
    ) -> "Catalogue":
        """Open a CSV, JSONL or Parquet file of products, or a PostgreSQL database by its URL.

        `-` is standard input, taken into memory. All readings of a database are of one state of it; see
        `docs/postgresql.md`.

        :param columns: the file's name for a field, by ours: `{"title": "Tên hàng"}`. Columns that have our
            names or a common other name ("giá", "thương hiệu") need not be given. In JSONL a column given here
            has to appear in the first 1000 rows.
        :param keep_going: leave bad rows out and count them; else the first one is raised.
        :param rejects: where to write the rows left out, as JSONL, once the file has been read to its end.
        :param format: of a file; told by the suffix where it is not given.
        :param sql: of a database, which rows: a table's name or a select.
        :raises InputError: if the file or database can not be read, or its columns can not be told apart. Iterating
            raises RowError for a bad row, and InputError if no row is a product.
        :raises MissingExtraError: for a database, without psycopg.
        """
        aside = None if rejects is None else Path(rejects)
        source, format = _source(path, format, sql)
        settings = Import(source, format, dict(columns or {}), keep_going, aside)
        settings.check()
        return cls(settings)

    @classmethod
    def of(cls, products: Iterable[Product]) -> "Catalogue":
        """Hold products in memory; where none of them has an id, they are numbered from 1.

        :raises InputError: if there are none, an id is missing or taken, or a product has nothing to rank by.
        """
        held = tuple(products)
        if not held:
            raise InputError("products: there are none; a catalogue needs at least one")
        if not any(product.id for product in held):
            held = tuple(replace(product, id=str(number)) for number, product in enumerate(held, start=1))
        checker = Checker()
        for number, product in enumerate(held, start=1):
            try:
                checker.check(product, number)
            except Unusable as error:
                where = f"product {number}" + (f", field '{error.field}'" if error.field else "")
                raise InputError(f"{where}: {error.problem}") from None
        return cls(_Held(held))

    def __iter__(self) -> Iterator[Product]:
        self._report = yield from self._origin.products()

    @property
    def report(self) -> ImportReport:
        """What the last reading found; reads the file through if nothing has done so yet."""
        while self._report is None:
            for _ in self:
                pass
        return self._report

    def write_parquet(self, path: str | Path) -> None:
        """Write a Parquet file that opens as an equal catalogue, whole or not at all.

        :raises InputError: if it can not be written there, or would replace the file that is being read.
        """
        # pyarrow is slow to import, and reading CSV and JSONL does without it.
        from xephang.catalogue.parquet import write_products

        if isinstance(self._origin, Import) and self._origin.source.is_file(Path(path)):
            raise InputError(f"{path}: is the file that is read; write to another")
        with replacing(Path(path)) as temporary:
            write_products(temporary, self)


def _source(path: str | Path, format: Format | None, sql: str | None) -> tuple[Source, Format] | tuple[Database, None]:
    if is_database(path):
        database = Database(str(path), sql)
        if format is not None:
            raise InputError(f"{database.name}: format '{format}' is for files; leave it out")
        return database, None
    source = Source.of(path)
    if sql is not None:
        raise InputError(
            f"{source.name}: is a file; sql (--sql) is for a database, named postgresql://USER@HOST/DATABASE"
        )
    source = source.rereadable()
    return source, format_of(source, format)


def demo_catalogue() -> Catalogue:
    """Open the footwear catalogue that comes with the package: made up, for examples and tests."""
    return Catalogue.open(Path(__file__).parent / "demo.jsonl")
