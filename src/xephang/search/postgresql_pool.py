"""Connections to a shop's database, kept for the next search."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from xephang.catalogue.sql_server import check_driver, connected, said
from xephang.catalogue.sql_url import shown
from xephang.errors import InputError

if TYPE_CHECKING:
    from psycopg import Connection, Error

Result = TypeVar("Result")
PATH = "xephang, public, extensions"
"""Where the extensions may be: the script's own schema, or wherever they were before."""
_TOO_LONG, _NOT_THERE = "57014", ("42P01", "3F000")


class Pool:
    """As many connections as there were threads at the same time. Safe to share between them.

    :param timeout: seconds that a statement may take.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._idle: deque[Connection[Any]] = deque()
        if not timeout > 0:
            raise InputError(f"timeout is {timeout:g}; it must be above 0 seconds")
        check_driver()
        self.name, self._url, self._timeout = shown(url), url, timeout

    def __del__(self) -> None:
        """Close what is open."""
        self.close()

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def read(self, work: Callable[["Connection[Any]"], Result]) -> Result:
        """Do work in one transaction that sees one state; once more where the server was started again since.

        :raises InputError: if it takes too long, or the server refuses or can not be reached.
        """
        import psycopg

        while True:
            kept = bool(self._idle)
            connection = self._connection()
            try:
                with connection.transaction():
                    connection.execute(
                        "SELECT set_config('statement_timeout', %s, true), set_config('search_path', %s, true)",
                        (f"{max(1, self._timeout * 1000):.0f}", PATH),
                    )
                    result = work(connection)
            except psycopg.Error as error:
                connection.close()
                if kept and isinstance(error, psycopg.OperationalError) and error.sqlstate != _TOO_LONG:
                    continue
                raise InputError(f"{self.name}: {self._told(error)}") from None
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return result

    def _connection(self) -> "Connection[Any]":
        import psycopg

        try:
            return self._idle.pop()
        except IndexError:
            connection = connected(self._url)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            return connection

    def _told(self, error: "Error") -> str:
        if error.sqlstate in _NOT_THERE:
            return "there is no first stage; make it with PostgresFirstStage.create, or with postgresql.sql"
        if error.sqlstate == _TOO_LONG:
            return f"the search took more than {self._timeout:g} s; ask for less, or raise timeout"
        return said(error)
