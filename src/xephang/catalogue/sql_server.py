"""Connect to a PostgreSQL server, and say what it says, never with a password in it."""

import os
from typing import TYPE_CHECKING, Any

from xephang.catalogue.sql_url import check_url, shown
from xephang.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import psycopg

_UNSAID = {
    "connect_timeout": ("10", "PGCONNECT_TIMEOUT"),
    "application_name": ("xephang", "PGAPPNAME"),
    "keepalives_idle": ("30", ""),
    "keepalives_interval": ("10", ""),
    "keepalives_count": ("3", ""),
}
"""Settings that hold where neither the URL nor this variable gives them: libpq would wait for ever."""
_ADVICE = {
    "22021": "mend the text in the database, or select convert_from(…::bytea, 'WIN1258') or whatever it is",
    "25006": "it is only read from: give a select",
    "3D000": "check the database's name",
    "42501": "grant it to the user, or name another in the URL",
    "42601": "give a table's name, or one select",
    "42703": "check the column's name",
    "42P01": "check the table's name; one with capitals or spaces stands in quotation marks",
    "42P11": "give one select",
    "57014": "give it longer: ?options=-c%20statement_timeout%3D0 in the URL, or in the role's settings",
}
"""What to do, by SQLSTATE."""


def check_driver() -> None:
    """Check that there is something to connect with.

    :raises MissingExtraError: if there is not.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise MissingExtraError("a database", "sql") from None


def connected(url: str, **options: Any) -> "psycopg.Connection[Any]":
    """Connect to a database, whose text comes as UTF-8.

    :raises MissingExtraError: without psycopg.
    :raises InputError: if the URL is none, or the server can not be reached or refuses.
    """
    check_url(url)
    check_driver()
    import psycopg

    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:  # which would quote the password
        raise InputError(
            f"{shown(url)}: has a % that begins no %40 or the like, or a setting that libpq does not know; mend the URL"
        ) from None
    unsaid = {
        name: value for name, (value, variable) in _UNSAID.items() if name not in given and not os.environ.get(variable)
    }
    try:
        return psycopg.connect(url, **{**unsaid, "client_encoding": "UTF8", **options})
    except psycopg.Error as error:
        raise InputError(
            f"{shown(url)}: {said(error)}; check the address, the user, and the password (PGPASSWORD, or ~/.pgpass)"
        ) from None


def said(error: "psycopg.Error") -> str:
    """Return in one line what the server says, and what to do where that is known."""
    text = error.diag.message_primary or str(error)
    parts = [" ".join(text.split()), _ADVICE.get(error.sqlstate or "", "")]
    return "; ".join(filter(None, parts))
