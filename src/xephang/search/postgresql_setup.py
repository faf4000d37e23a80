"""Make a first stage in a shop's own database, by `postgresql.sql` beside this file."""

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from xephang.catalogue.columns import Columns
from xephang.errors import InputError
from xephang.product.names import FIELDS

if TYPE_CHECKING:
    from psycopg import Connection

SCRIPT = files("xephang.search").joinpath("postgresql.sql")
"""All that is made, as SQL for people to read and to run."""
_MONEY = 790


def make(connection: "Connection[Any]", name: str, table: str, columns: Mapping[str, str]) -> None:
    """Make all that the script makes, the view on the shop's table, and the entries.

    :param connection: that commits each statement.
    :param name: of the database, in messages.
    :param table: as SQL writes it.
    :param columns: the table's name for a field, by ours.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise InputError(f"{name}: the database's encoding is {encoding}; Vietnamese is searched in UTF8 only")
    connection.execute("SET statement_timeout = 0")
    whole, found = _found(connection, name, table)
    used = _used(f"{name}, table {table}", found, columns)
    with connection.transaction():
        connection.execute(SCRIPT.read_bytes())
        _watch(connection, whole, used)
    connection.execute("CALL xephang.fill()")
    connection.execute("ANALYZE xephang.search")
    connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY xephang.words")


def _found(connection: "Connection[Any]", name: str, table: str) -> tuple[str, dict[str, bool]]:
    """Return a table's whole name as SQL writes it, and its columns, whether each holds numbers."""
    rows = connection.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname), a.attname, t.typcategory = 'N' AND t.oid <> %s "
        "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
        "WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
        (_MONEY, table),
    ).fetchall()
    if not rows:
        raise InputError(f"{name}: has no table {table}; check its name, or follow the steps in postgresql.sql by hand")
    return str(rows[0][0]), {str(column): bool(number) for _, column, number in rows}


def _used(where: str, found: Mapping[str, bool], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field."""
    columns = Columns(where, wanted)
    columns.meet(found)
    columns.check_wanted()
    if "id" not in columns.used:
        raise InputError(f"{where}: no column is the 'id'; say which one with columns")
    price = columns.used.get("price")
    if price is not None and not found[price]:
        raise InputError(f"{where}: column '{price}' holds no numbers, and prices are compared; make it numeric")
    return {field: columns.used[field] for field in FIELDS if field in columns.used}


def _watch(connection: "Connection[Any]", table: str, used: Mapping[str, str]) -> None:
    """Make the view on a table, and the triggers that keep up with it."""
    from psycopg import sql

    selected = [sql.SQL("{} AS {}").format(sql.Identifier(used[field]), sql.Identifier(field)) for field in used]
    connection.execute("SELECT xephang.unwatch()")
    connection.execute("DROP VIEW IF EXISTS xephang.products")
    # The server itself has put the quotation marks around the table's name.
    connection.execute(
        sql.SQL("CREATE VIEW xephang.products AS SELECT {} FROM {}").format(
            sql.SQL(", ").join(selected),
            sql.SQL(table),
        )
    )
    connection.execute("SELECT xephang.watch(%s::regclass, %s, %s)", (table, used["id"], list(used.values())))
