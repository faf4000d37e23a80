"""What PostgreSQL's values become: numbers, lists and tables as JSON has them, everything else as its own text."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

_AS_TEXT = (
    "date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid", "inet", "cidr", "int4range", "int8range",
    "numrange", "daterange", "tsrange", "tstzrange", "int4multirange", "int8multirange", "nummultirange",
    "datemultirange", "tsmultirange", "tstzmultirange",
)  # fmt: skip
"""Python's own times end with the year 9999 and know no infinity; an id may be a UUID, and is text here."""


def register(connection: "Connection[Any]") -> None:
    """Have a connection return values as rows of a file hold them."""
    from psycopg.adapt import Loader
    from psycopg.types.string import TextLoader

    class Number(Loader):
        """36.0 is 36: whole numbers are whole, as in files."""

        def load(self, data: bytes | bytearray | memoryview) -> int | float:
            text = bytes(data).decode()
            whole, _, rest = text.partition(".")
            return int(whole) if whole.lstrip("-").isdigit() and not rest.strip("0") else float(text)

    class Table(Loader):
        """JSON, which stays text where it is nested deeper than Python reads."""

        def load(self, data: bytes | bytearray | memoryview) -> Any:
            try:
                return json.loads(bytes(data))
            except (ValueError, RecursionError):
                return bytes(data).decode()

    for name in _AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)
    connection.adapters.register_loader("numeric", Number)
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, Table)


def register_lists(connection: "Connection[Any]", types: Iterable[int]) -> bool:
    """Have lists of types that only this database knows come as lists; say whether there are any.

    :param types: the ids of the columns' types.
    """
    from psycopg.types import TypeInfo

    known = connection.adapters.types
    unknown = [one for one in types if known.get(one) is None]
    if not unknown:
        return False
    rows = connection.execute(
        "SELECT e.typname, e.oid, a.oid FROM pg_catalog.pg_type a JOIN pg_catalog.pg_type e ON e.oid = a.typelem "
        "WHERE a.oid = ANY(%s) AND a.typcategory = 'A'",
        [unknown],
    ).fetchall()
    for name, element, of_lists in rows:
        TypeInfo(str(name), element, of_lists).register(connection)
    return bool(rows)
