"""Several connections write for one product at the same time, and the entries are made anew meanwhile."""

import threading
from contextlib import contextmanager

import psycopg
import pytest

from xephang.search.postgresql_setup import SCRIPT

TABLES = """
CREATE TABLE hang (ma int PRIMARY KEY, ten text, gia int);
CREATE TABLE tinh_nang (ma_hang int, ten text);
INSERT INTO hang VALUES (1, 'Giày vải', 500000), (2, 'Dép', 90000), (3, 'Ủng', 70000);
INSERT INTO tinh_nang VALUES (1, 'Êm chân'), (3, 'Chống trượt');
"""
VIEW = """
CREATE VIEW xephang.products AS
  SELECT h.ma AS id, h.ten AS title, h.gia AS price,
         ARRAY(SELECT n.ten FROM tinh_nang n WHERE n.ma_hang = h.ma ORDER BY 1) AS attributes FROM hang h;
SELECT xephang.watch('hang', 'ma', ARRAY['ten', 'gia']);
SELECT xephang.watch('tinh_nang', 'ma_hang', ARRAY['ten']);
CALL xephang.fill();
"""
ENTRIES = "SELECT id, search, facets, price FROM xephang.search ORDER BY id"
MADE_ANEW = (
    "SELECT e.id, e.search, e.facets, e.price FROM xephang.products p, xephang.entry(to_jsonb(p)) e ORDER BY e.id"
)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


@pytest.fixture
def shop(url):
    """A connection to a shop of two tables that are watched."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        connection.execute(SCRIPT.read_text(encoding="utf-8"))
        for statement in filter(str.strip, VIEW.split(";\n")):
            connection.execute(statement)
        assert same(connection)
        yield connection


def same(shop):
    """Whether the entries are what would be made of the view now."""
    return shop.execute(ENTRIES).fetchall() == shop.execute(MADE_ANEW).fetchall()


@contextmanager
def beside(url, shop, statement):
    """Run a statement in a connection of its own; the block begins when that waits, or is through."""
    wrong = []

    def run():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement)
        except psycopg.Error as error:
            wrong.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive() and shop.execute(WAITING).fetchone() == (0,):
        pass
    try:
        yield
    finally:
        thread.join()
    assert wrong == []


CHANGES = {
    "two features": ("INSERT INTO tinh_nang VALUES (1, 'Nhẹ')", "INSERT INTO tinh_nang VALUES (1, 'Thoáng')"),
    "two first features": ("INSERT INTO tinh_nang VALUES (2, 'Nhẹ')", "INSERT INTO tinh_nang VALUES (2, 'Thoáng')"),
    "a title and a feature": ("UPDATE hang SET ten = 'Guốc' WHERE ma = 1", "INSERT INTO tinh_nang VALUES (1, 'Nhẹ')"),
    "a feature and a title": ("INSERT INTO tinh_nang VALUES (1, 'Nhẹ')", "UPDATE hang SET ten = 'Guốc' WHERE ma = 1"),
    "a feature and one less": (
        "INSERT INTO tinh_nang VALUES (1, 'Nhẹ')",
        "DELETE FROM tinh_nang WHERE ten = 'Êm chân'",
    ),
    "a new product and its feature": ("INSERT INTO hang VALUES (9, 'Guốc')", "INSERT INTO tinh_nang VALUES (9, 'Nhẹ')"),
    "its feature and a new product": ("INSERT INTO tinh_nang VALUES (9, 'Nhẹ')", "INSERT INTO hang VALUES (9, 'Guốc')"),
    "a product gone and a feature": ("DELETE FROM hang WHERE ma = 1", "INSERT INTO tinh_nang VALUES (1, 'Nhẹ')"),
    "a feature and its product gone": ("INSERT INTO tinh_nang VALUES (1, 'Nhẹ')", "DELETE FROM hang WHERE ma = 1"),
    "another id and a feature": ("UPDATE hang SET ma = 7 WHERE ma = 1", "INSERT INTO tinh_nang VALUES (7, 'Nhẹ')"),
    "a feature moved and a title": ("UPDATE tinh_nang SET ma_hang = 2", "UPDATE hang SET ten = 'Guốc' WHERE ma = 3"),
}


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize(("one", "other"), CHANGES.values(), ids=CHANGES)
def test_nothing_is_lost_of_two_changes_at_once(url, shop, one, other, end):
    with psycopg.connect(url, autocommit=True) as first:
        first.execute("BEGIN")
        first.execute(one)
        with beside(url, shop, other):
            first.execute(end)
    assert same(shop)


CROSSING = {
    "tables": ("INSERT INTO tinh_nang VALUES (1, 'Nhẹ')", "UPDATE hang SET ten = 'Guốc' WHERE ma = 1"),
    "tables, the other way": ("UPDATE hang SET ten = 'Guốc' WHERE ma = 1", "INSERT INTO tinh_nang VALUES (1, 'Nhẹ')"),
    "products": ("UPDATE hang SET ten = 'Guốc' WHERE ma = 2", "UPDATE hang SET ten = 'Guốc' WHERE ma = 1"),
    "products, the other way": (
        "UPDATE hang SET ten = 'Guốc' WHERE ma = 1",
        "UPDATE hang SET ten = 'Dép' WHERE ma = 2",
    ),
    "a lock of all": ("UPDATE hang SET ten = 'Guốc' WHERE ma = 2", "TRUNCATE hang"),
    "a lock of all features": ("INSERT INTO tinh_nang VALUES (2, 'Nhẹ')", "TRUNCATE tinh_nang, hang"),
}


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize(("one", "other"), CROSSING.values(), ids=CROSSING)
def test_entries_are_made_anew_beside_a_transaction_of_several_changes(url, shop, one, other, end):
    """Each holds what the other could wait for: the shop's own goes through, and so do the entries."""
    with psycopg.connect(url, autocommit=True) as first:
        first.execute("BEGIN")
        first.execute(one)
        with beside(url, shop, "CALL xephang.fill()"):
            first.execute(other)
            first.execute(end)
    assert same(shop)


def test_ids_that_differ_in_spaces_only_are_one(shop):
    shop.execute("ALTER TABLE tinh_nang ADD ma_chu text")
    shop.execute("DROP VIEW xephang.products")
    shop.execute("CREATE VIEW xephang.products AS SELECT ma_chu AS id, ten AS title FROM tinh_nang")
    shop.execute("SELECT xephang.watch('tinh_nang', 'ma_chu', ARRAY['ten'])")
    shop.execute("UPDATE tinh_nang SET ma_chu = '  a ' WHERE ma_hang = 1")
    shop.execute("UPDATE tinh_nang SET ma_chu = 'a' WHERE ma_hang = 1")
    assert shop.execute("SELECT id FROM xephang.search WHERE id = 'a'").fetchone() == ("a",)


def test_what_the_view_has_no_more_goes_away(shop):
    shop.execute(
        "CREATE OR REPLACE VIEW xephang.products AS SELECT ma AS id, ten AS title, gia AS price, "
        "ARRAY['x'] AS attributes FROM hang WHERE ma > 1"
    )
    shop.execute("CALL xephang.fill()")
    assert same(shop) and shop.execute("SELECT min(id) FROM xephang.search").fetchone() == ("2",)
