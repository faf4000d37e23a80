"""Databases as catalogues, as far as no server is needed; the others are in tests/postgresql."""

import socket
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.catalogue import Catalogue, read_rows
from xephang.catalogue.sql import Database
from xephang.catalogue.sql_url import check_url, is_database, shown
from xephang.errors import InputError, MissingExtraError

SECRET = "bí-mật"

SHOWN = {
    "postgresql://shop@db/hang": "postgresql://shop@db/hang",
    f"postgresql://shop:{SECRET}@db/hang": "postgresql://shop@db/hang",
    f"postgres://shop:{SECRET}@db:5433/hang": "postgres://shop@db:5433/hang",
    f"postgresql://shop:a:b%40{SECRET}@db/hang": "postgresql://shop@db/hang",
    f"postgresql://:{SECRET}@db": "postgresql://db",
    f"postgresql://shop:{SECRET}@[::1]:5432/hang": "postgresql://shop@[::1]:5432/hang",
    f"postgresql://shop:{SECRET}@một:1,hai:2/hang": "postgresql://shop@một:1,hai:2/hang",
    f"postgresql://shop:{SECRET}@%2Frun%2Fpg/hang": "postgresql://shop@%2Frun%2Fpg/hang",
    f"postgresql:///hang?host=/run/pg&password={SECRET}&port=5433": "postgresql:///hang?host=/run/pg&port=5433",
    f"postgresql://db/hang?sslpassword={SECRET}&options=-csearch_path%3Da": "postgresql://db/hang",
    "postgresql://": "postgresql://",
}


@pytest.mark.parametrize(("url", "expected"), SHOWN.items(), ids=SHOWN.values())
def test_a_url_is_shown_without_what_is_secret(url, expected):
    assert shown(url) == expected
    assert check_url(url) == url and is_database(url)


AMBIGUOUS = {
    "an at sign": f"postgresql://shop:a@{SECRET}@db/hang",
    "a slash": f"postgresql://shop:a/{SECRET}@db/hang",
    "a question mark": f"postgresql://shop:a?{SECRET}@db/hang",
    "a number sign": f"postgresql://shop:a#{SECRET}@db/hang",
    "a space": f"postgresql://shop:a {SECRET}@db/hang",
    "a line break": f"postgresql://shop:{SECRET}\n@db/hang",
    "an at sign in a setting": f"postgresql://db/hang?password=a@{SECRET}",
    "a number sign in a setting": f"postgresql://db/hang?password=a#{SECRET}",
    "no host": f"postgresql://shop:{SECRET}",
    "a bracket that stays open": f"postgresql://shop:{SECRET}@[::1/hang",
}


@pytest.mark.parametrize("url", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_url_whose_password_can_not_be_told_is_refused_and_hidden_whole(url):
    with pytest.raises(InputError, match="can not be read as a database's URL; write postgresql://USER@HOST") as error:
        Catalogue.open(url, sql="products")
    assert str(error.value).startswith("postgresql://…: ") and SECRET not in str(error.value)


@settings(max_examples=300)
@given(st.text(max_size=20), st.text(st.characters(categories=("L", "N", "P", "S")), min_size=4, max_size=12))
def test_whatever_a_password_is_no_message_has_it(user, password):
    hidden = f"zz{password}zz"
    url = f"postgresql://{user}:{hidden}@db.invalid/hang?password={hidden}"
    assert hidden not in shown(url)
    with pytest.raises(InputError) as error:
        Catalogue.open(url, sql="")
    assert hidden not in str(error.value)


@pytest.mark.parametrize("url", ["", "localhost/hang", f"mysql://a:{SECRET}@b/c", f"host=db password={SECRET}"])
def test_what_is_no_url_of_postgresql_is_hidden_whole(url):
    assert shown(url) == "…"
    with pytest.raises(InputError, match="…: can not be read as a database's URL"):
        check_url(url)


@pytest.mark.parametrize("path", ["hàng.csv", "-", "postgresql.csv", "a/postgresql://b", "mysql://a/b", ""])
def test_a_path_is_no_database(path):
    assert not is_database(path)


@pytest.mark.parametrize("sql", [None, "", "  \n", ";"])
def test_which_rows_has_to_be_said(sql):
    with pytest.raises(InputError, match=r"postgresql://shop@db/hang: say which rows, by a table's name or a select"):
        Catalogue.open(f"postgresql://shop:{SECRET}@db/hang", sql=sql)


@pytest.mark.parametrize("sql", ["select '\x00'", "select '\ud800'"], ids=["NUL", "half an emoji"])
def test_sql_that_no_database_reads(sql):
    with pytest.raises(InputError, match="the SQL holds characters that no database reads"):
        Catalogue.open("postgresql://db/hang", sql=sql)


NAMES = {
    "products": "table products",
    " shop.products ": "table shop.products",
    '"Hàng hóa"': 'table "Hàng hóa"',
    'shop."hàng;drop"': 'table shop."hàng;drop"',
    "sản_phẩm": "table sản_phẩm",
    "db.shop.products": "table db.shop.products",
    "select 1": "query",
    "products p": "query",
    "products;": "query",
    "products -- all": "query",
    "a.b.c.d": "query",
    "1products": "query",
    '"a"b': "query",
}


@pytest.mark.parametrize(("sql", "name"), NAMES.items(), ids=NAMES)
def test_a_name_is_a_table_and_all_else_a_query(sql, name):
    database = Database(f"postgresql://shop:{SECRET}@db/hang", sql)
    assert database.name == f"postgresql://shop@db/hang, {name}"
    assert SECRET not in repr(database)


def test_no_file_is_a_database(tmp_path):
    database = Database("postgresql://db/hang", "products")
    assert not database.is_file(tmp_path) and database.rereadable() is database


def test_a_format_is_a_file_s():
    with pytest.raises(InputError, match="format 'csv' is for files; leave it out"):
        Catalogue.open("postgresql://db/hang", sql="products", format="csv")


def test_sql_is_a_database_s(tmp_path):
    (tmp_path / "hàng.csv").write_text("id,title\n1,Giày\n")
    with pytest.raises(InputError, match=r"hàng.csv: is a file; sql \(--sql\) is for a database"):
        Catalogue.open(tmp_path / "hàng.csv", sql="products")


def test_rejects_need_to_be_asked_for(tmp_path):
    with pytest.raises(InputError, match="set aside only with keep_going"):
        Catalogue.open("postgresql://db/hang", sql="products", rejects=tmp_path / "rejects.jsonl")


def test_only_catalogues_are_read_from_a_database():
    with pytest.raises(InputError, match="postgresql://shop@db/hang: is a database; only a catalogue") as error:
        list(read_rows(f"postgresql://shop:{SECRET}@db/hang"))
    assert SECRET not in str(error.value)


def test_nobody_answers():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(InputError) as error:
            Catalogue.open(f"postgresql://shop:{SECRET}@127.0.0.1:{port}/hang", sql="products")
    said = str(error.value)
    assert said.startswith(f"postgresql://shop@127.0.0.1:{port}/hang: ") and "\n" not in said
    assert "refused" in said and said.endswith(
        "check the address, the user, and the password (PGPASSWORD, or ~/.pgpass)"
    )
    assert SECRET not in said


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(InputError, match="timeout"):
        Catalogue.open(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/hang", sql="products")


def test_a_server_that_is_none():

    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection, _ = other.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(InputError, match=r"invalid response"):
            Catalogue.open(f"postgresql://127.0.0.1:{other.getsockname()[1]}/hang?gssencmode=disable", sql="products")
        thread.join()


@pytest.mark.parametrize("said", ["%zz", "?nope=1", "?connect_timeout=abc", "?port=99999"])
def test_a_setting_that_can_not_be_used_does_not_show_the_password(said):
    url = f"postgresql://shop:{SECRET}{said if said[0] == '%' else ''}@127.0.0.1/hang{said if said[0] == '?' else ''}"
    with pytest.raises(InputError) as error:
        Catalogue.open(url, sql="products")
    assert SECRET not in str(error.value) and "postgresql://shop@127.0.0.1/hang" in str(error.value)


def test_psycopg_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"a database needs the 'sql' extra: pip install 'xephang\[sql\]'"):
        Catalogue.open("postgresql://db/hang", sql="products")
