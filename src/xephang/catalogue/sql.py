"""Rows of a PostgreSQL database: a table's, or those of a select, streamed, in one state over all readings."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import finalize

from xephang.catalogue.row import Row
from xephang.catalogue.sql_server import check_driver, connected, said
from xephang.catalogue.sql_types import register, register_lists
from xephang.catalogue.sql_url import shown
from xephang.errors import InputError
from xephang.text import SURROGATE

if TYPE_CHECKING:
    from psycopg import Connection, ServerCursor

_BATCH = 1000
_MONEY = 790
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_TABLE = re.compile(rf"\s*{_NAME}(?:\.{_NAME}){{0,2}}\s*")
_TRANSACTION = (
    # A model may work for minutes between two batches.
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    # Every reading has the rows in one order, so that their numbers mean the same ones.
    "SET LOCAL synchronize_seqscans = off",
    "SET LOCAL cursor_tuple_fraction = 1",
)


class Database:
    """A table's or a query's rows; all readings are of the state that the first one found.

    That state is one REPEATABLE READ READ ONLY transaction, which ends when the object is no longer in use.

    :param sql: a table's name, as SQL writes it, or a select.
    """

    data = None

    def __init__(self, url: str, sql: str | None) -> None:
        self._url, self._shown = url, shown(url)
        if sql is None or not sql.strip(" \t\r\n;"):
            raise InputError(f"{self._shown}: say which rows, by a table's name or a select: sql (--sql)")
        if "\x00" in sql or SURROGATE.search(sql):
            raise InputError(f"{self._shown}: the SQL holds characters that no database reads; write it again")
        is_table = bool(_TABLE.fullmatch(sql))
        self.path = f"{self._shown}, " + (f"table {sql.strip()}" if is_table else "query")
        self._sql = f"SELECT * FROM {sql.strip()}" if is_table else sql
        self._connection: Connection[Any] | None = None
        self._numbers, self._lock = count(1), Lock()

    @property
    def name(self) -> str:
        """What a message calls it."""
        return self.path

    def rereadable(self) -> "Database":
        """Return itself."""
        return self

    def is_file(self, path: Path) -> bool:
        """Say that no file is the database."""
        return False

    @contextmanager
    def rows(self) -> "Iterator[ServerCursor[dict[str, Any]]]":
        """Open a cursor over the rows.

        :raises InputError: if the server can not be reached, refuses, or breaks off, within the block too.
        """
        check_driver()
        import psycopg

        try:
            connection = self._opened()
            name = f"xephang_{next(self._numbers)}"
            with connection.cursor(name=name, row_factory=psycopg.rows.dict_row) as cursor:
                cursor.itersize = _BATCH
                yield self._execute(connection, cursor)
        except psycopg.Error as error:
            if self._connection is not None:
                self._connection.close()  # the transaction is lost, and with it the state
            raise InputError(f"{self.path}: {said(error)}") from None

    def _execute(
        self, connection: "Connection[Any]", cursor: "ServerCursor[dict[str, Any]]"
    ) -> "ServerCursor[dict[str, Any]]":
        cursor.execute(self._sql.encode())
        if register_lists(connection, [column.type_code for column in cursor.description or ()]):
            cursor.execute(self._sql.encode())
        columns = cursor.description or []
        for name, times in Counter(column.name for column in columns).items():
            if times > 1:
                raise InputError(f"{self.path}: {times} columns are called '{name}'; rename one: {name} AS …")
        for column in columns:
            if column.type_code == _MONEY:
                raise InputError(
                    f"{self.path}: column '{column.name}' is of type money, whose text changes with the server's "
                    f"language; select {column.name}::numeric"
                )
        return cursor

    def _opened(self) -> "Connection[Any]":
        import psycopg

        with self._lock:
            if self._connection is None:
                connection = connected(self._url)
                finalize(self, connection.close)
                self._connection = connection
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                register(connection)
                for statement in _TRANSACTION:
                    connection.execute(statement)
            elif self._connection.closed:
                raise InputError(f"{self.path}: a reading broke off before, and its state is lost; open it again")
            return self._connection


def scan_sql(source: Database) -> Iterator[Row]:
    """Yield the rows in the order in which the server gives them.

    :raises InputError: if they can not be read to their end, or two columns have the same name.
    """
    number = 0
    try:
        with source.rows() as cursor:
            for number, values in enumerate(cursor, start=1):
                yield Row(number, values)
    except InputError as error:
        if number:
            raise InputError(f"{error}; it broke off after row {number:,}") from None
        raise
