"""From a shop's file or database to products: CSV, JSONL, Parquet and SQL at the door, Parquet inside."""

from xephang.catalogue.catalogue import Catalogue, demo_catalogue
from xephang.catalogue.formats import Format
from xephang.catalogue.report import ImportReport
from xephang.catalogue.row import Row
from xephang.catalogue.rows import read_rows

__all__ = ["Catalogue", "Format", "ImportReport", "Row", "demo_catalogue", "read_rows"]
