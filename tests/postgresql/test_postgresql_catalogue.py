"""PostgreSQL as a catalogue: the same products as from a file, in one state, and what can go wrong."""

import csv
import gc
import json
import threading
import unicodedata
from itertools import islice

import psycopg
import pytest
from cluster import PASSWORD, running
from demo import COLUMNS, fill

from xephang import Catalogue, Product
from xephang.errors import InputError, RowError


@pytest.fixture
def rows(url, shop):
    """Make a table "hang" of rows; return a catalogue of it."""

    def rows(columns, *values, sql="hang", **settings):
        shop.execute(f"CREATE TABLE hang ({columns})")
        for one in values:
            shop.execute(f"INSERT INTO hang VALUES ({', '.join(['%s'] * len(one))})", one)
        return Catalogue.open(url, sql=sql, **settings)

    return rows


def test_the_same_products_as_from_csv(url, shop, tmp_path):
    products = fill(shop)
    with (tmp_path / "hàng.csv").open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(COLUMNS.values())
        for one in products:
            values = [getattr(one, field) for field in COLUMNS]
            lines.writerow([";".join(value) if isinstance(value, tuple) else value for value in values])
    listed = ", ".join(COLUMNS.values())
    of_database = Catalogue.open(url, sql=f"SELECT {listed} FROM hang ORDER BY ma", columns=COLUMNS)
    of_file = Catalogue.open(tmp_path / "hàng.csv", columns=COLUMNS)
    assert list(of_database) == sorted(of_file, key=lambda one: one.id) == sorted(products, key=lambda one: one.id)
    assert of_database.report == of_file.report and of_database.report.products == 1200


def test_columns_are_guessed_as_a_file_s_are(url, shop):
    fill(shop)
    catalogue = Catalogue.open(url, sql="hang")
    assert next(iter(catalogue)).extra == {"ton_kho": 5}
    used = {field: column for field, column in COLUMNS.items() if field != "brand"}
    assert list(catalogue) and catalogue.report.columns_used == {**used, "brand": "thuong_hieu"}


def test_values_of_all_kinds(rows):
    catalogue = rows(
        "id uuid, name text, price numeric, size numeric(4, 1), color varchar(9)[], attributes jsonb, spec jsonb, "
        "rate real, made date, seen timestamptz, stock bigint, sold boolean, raw bytea, old date, code char(4)",
        (
            "7f780c5e-c8b9-49b5-8f8f-64fd3e608b0d", "Giày", "268000.00", "36.0", ["Đỏ", "Đen"],
            '["Êm chân", "Chống trượt"]', '{"đế": {"cao": 3.5}, "vải": null}', 4.5, "2026-11-26", "infinity",
            2**40, True, b"\xff\x00", "0044-03-15 BC", "A1",
        ),
    )  # fmt: skip
    assert list(catalogue) == [
        Product(
            id="7f780c5e-c8b9-49b5-8f8f-64fd3e608b0d",
            title="Giày",
            price=268000.0,
            size="36",
            color="Đỏ, Đen",
            attributes=("Êm chân", "Chống trượt"),
            extra={
                "spec": {"đế": {"cao": 3.5}, "vải": None},
                "rate": 4.5,
                "made": "2026-11-26",
                "seen": "infinity",
                "stock": 2**40,
                "sold": True,
                "raw": "ff00",
                "old": "0044-03-15 BC",
                "code": "A1",
            },
        )
    ]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("numeric", "37.5", "37.5"),
        ("numeric", "NaN", ""),
        ("numeric", "-0.50", "-0.5"),
        ("numeric", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("double precision", "42", "42"),
        ("text", None, ""),
        ("text", "  38\u200b ", "38\u200b"),
        ("int4range", "[36,40)", "[36,40)"),
        ("interval", "1 day", "1 day"),
        ("inet", "10.0.0.1", "10.0.0.1"),
        ("text[]", [None, "36", ""], "36"),
        ("int[]", [36, 37], "36, 37"),
    ],
)
def test_a_value_as_text(rows, kind, value, expected):
    (product,) = rows(f"id text, name text, size {kind}", ("1", "Giày", value))
    assert product.size == expected


def test_lists_of_types_that_only_this_database_knows(rows, shop):
    shop.execute("CREATE TYPE tinh_nang AS ENUM ('Êm chân', 'Chống trượt')")
    (product,) = rows("id text, name text, attributes tinh_nang[]", ("1", "Giày", ["Chống trượt", "Êm chân"]))
    assert product.attributes == ("Chống trượt", "Êm chân")


def test_a_table_of_extra_fields_is_laid_beside(rows):
    (product,) = rows("id text, name text, extra jsonb", ("1", "Giày", '{"brand": "Bata", "kho": 3}'))
    assert product.brand == "Bata" and product.extra == {"kho": 3}


def test_json_nested_too_deeply_is_a_bad_row(rows):
    catalogue = rows("id text, name text, spec json", ("1", "Giày", "[" * 3000 + "]" * 3000))
    (product,) = catalogue
    assert isinstance(product.extra["spec"], str | list)


TEXTS = {
    "NFC": "Giày chạy bộ nữ",
    "NFD": unicodedata.normalize("NFD", "Giày chạy bộ nữ"),
    "no diacritics": "Giay chay bo nu",
    "Telex": "giayf chayj booj",
    "full-width": "Ｇｉａｙ",
    "emoji": "Giày 👟",
    "zero-width": "Gi\u200bày",
    "10,000 characters": "giày " * 2000,
    "quotation marks": """Giày "hàng' hiệu \\ ; -- $1 %s""",
    "line breaks": "Giày\r\nnữ\tđẹp",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_comes_as_it_is(rows, text):
    (product,) = rows("id text, name text", ("1", text))
    assert product.title == text.strip()


def test_broken_text_is_repaired_and_counted(rows):
    broken = "Giày đệm êm".encode().decode("cp1252", errors="replace").replace("\ufffd", "")
    catalogue = rows("id text, name text", ("1", "Ä‘á»‡m Ãªm"), ("2", broken), ("3", "Dép"))
    assert [product.title for product in catalogue][::2] == ["đệm êm", "Dép"]
    assert (catalogue.report.repaired, catalogue.report.rows) == (2, 3)


def test_bad_rows_are_named_as_a_file_s_are(rows, url, tmp_path):
    values = [("1", "Giày", "268k"), ("2", "Dép", "rẻ"), ("2b", None, "1"), ("1", "Ủng", "5")]
    with pytest.raises(RowError) as error:
        list(rows("id text, name text, gia text", *values))
    assert "/shop_" in str(error.value) and PASSWORD not in str(error.value)
    assert str(error.value).endswith(
        ", table hang, row 2, field 'gia': 'rẻ' can not be read as a price; write it in đồng, such as 268000"
    )
    catalogue = Catalogue.open(url, sql="hang", keep_going=True, rejects=tmp_path / "rejects.jsonl")
    assert [product.id for product in catalogue] == ["1"] and catalogue.report.rejected == 3
    rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(one["row"], one["field"]) for one in rejects] == [(2, "gia"), (3, ""), (4, "id")]
    assert rejects[0]["values"] == {"id": "2", "name": "Dép", "gia": "rẻ"}


def test_no_row_can_be_used(rows):
    with pytest.raises(InputError, match="none of 1 rows can be used"):
        list(rows("id text, name text", ("1", None), keep_going=True))


PROBLEMS = {
    "no such table": ("hnag", 'table hnag: relation "hnag" does not exist; check the table\'s name'),
    "no such schema": ("shop.hang", 'relation "shop.hang" does not exist'),
    "capitals": ('"Hang"', 'relation "Hang" does not exist'),
    "no such column": ("select tên from hang", 'query: column "tên" does not exist; check the column\'s name'),
    "no rows": ("select * from hang where false", "query: holds no rows; at least one is needed"),
    "a column twice": ("select ma as id, ten, ten from hang", "2 columns are called 'ten'; rename one: ten AS …"),
    "two titles": ("select ma as id, ten, ten as name from hang", "could all be the 'title'; say which one"),
    "money": ("select ma, ten, gia::money from hang", "column 'gia' is of type money, whose text changes with"),
    "an update": ("update hang set gia = 0", 'syntax error at or near "update"; give a table\'s name, or one select'),
    "a deletion": ("delete from hang", 'syntax error at or near "delete"'),
    "a deletion within": (
        "with gone as (delete from hang returning *) select * from gone",
        "DECLARE CURSOR must not contain data-modifying statements in WITH",
    ),
    "a function that writes": (
        "select cat_in() as ten",
        "cannot execute INSERT in a read-only transaction; it is only",
    ),
    "two statements": ("select ma, ten from hang; drop table hang", "cannot insert multiple commands"),
    "a commit between": ("select ma from hang; commit; drop table hang", "cannot insert multiple commands"),
    "a parameter": ("select $1 as ten", "requires 1"),
    "a row that fails": ("select ma, ten, 1 / (gia - gia) as kho from hang", "division by zero"),
    "words": ("tất cả hàng hóa", "syntax error"),
}


@pytest.mark.parametrize(("sql", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_sql_that_can_not_be_read_from(url, shop, sql, says):
    products = fill(shop)
    shop.execute(
        "CREATE FUNCTION cat_in() RETURNS text LANGUAGE sql AS "
        "$$ INSERT INTO hang (ma, ten) VALUES ('x', 'x') RETURNING ma $$"
    )
    with pytest.raises(InputError) as error:
        list(Catalogue.open(url, sql=sql))
    assert says in str(error.value) and PASSWORD not in str(error.value) and "\n" not in str(error.value)
    assert shop.execute("SELECT count(*) FROM hang").fetchone() == (len(products),)


@pytest.mark.parametrize(
    "sql",
    [
        "select ma, ten from hang where ten like '%ày%' ;",
        "select ma, ten from hang -- hết",
        "/* tất cả */ table hang",
        "with h as (select * from hang) select * from h",
        "values ('1', 'Giày') limit 1",
        "public.hang",
        "HANG",
    ],
)
def test_sql_that_can(url, shop, sql):
    fill(shop)
    columns = {"title": "column2"} if "values" in sql else {}
    assert list(Catalogue.open(url, sql=sql, columns=columns))


def test_all_readings_are_of_one_state(url, shop):
    products = fill(shop)
    catalogue = Catalogue.open(url, sql="hang")
    first = [product.id for product in catalogue]
    shop.execute("DELETE FROM hang WHERE ma > 'SP0100500'")
    shop.execute("UPDATE hang SET ten = 'khác'")
    shop.execute("INSERT INTO hang (ma, ten) VALUES ('mới', 'mới')")
    again = list(catalogue)
    assert [product.id for product in again] == first and len(first) == len(products)
    assert "khác" not in {product.title for product in again}
    assert "mới" in {product.id for product in Catalogue.open(url, sql="hang")}


def test_rows_have_one_order_and_are_streamed(url, shop):
    shop.execute("CREATE TABLE hang AS SELECT i AS id, 'Giày số ' || i AS ten FROM generate_series(1, 30000) i")
    catalogue = Catalogue.open(url, sql="hang")
    start = [product.id for product in islice(catalogue, 2500)]
    readers = [iter(catalogue), iter(catalogue)]
    both = [[next(reader).id for _ in range(2500)] for reader in readers]
    assert both == [start, start]
    assert sum(1 for _ in catalogue) == 30000
    (cursors,) = shop.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'xephang'").fetchone()
    assert cursors >= 1


def test_threads_read_at_the_same_time(url, shop):
    products = fill(shop)
    catalogue, counts = Catalogue.open(url, sql="hang"), []
    threads = [threading.Thread(target=lambda: counts.append(sum(1 for _ in catalogue))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [len(products)] * 4


def held(shop):
    """How many connections to this database the tests' catalogues hold."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'xephang' AND datname = current_database()"
    return shop.execute(query).fetchone()[0]


def test_the_transaction_ends_with_the_catalogue(url, shop):
    fill(shop)
    catalogue = Catalogue.open(url, sql="hang")
    reading = iter(catalogue)
    next(reading)
    assert held(shop) == 1
    del reading, catalogue
    gc.collect()
    for _ in range(100):
        if not held(shop):
            break
        shop.execute("SELECT pg_sleep(0.05)")
    assert held(shop) == 0


def test_a_server_may_end_idle_transactions(server, url, shop):
    fill(shop)
    catalogue = Catalogue.open(url + "?options=-cidle_in_transaction_session_timeout%3D200", sql="hang")
    reading = iter(catalogue)
    next(reading)
    shop.execute("SELECT pg_sleep(0.6)")
    assert sum(1 for _ in reading) == 1199


def test_a_statement_timeout_holds(url, shop):
    fill(shop)
    slow = "SELECT ma, ten, pg_sleep(0.02)::text AS doi FROM hang"
    with pytest.raises(InputError, match="canceling statement due to statement timeout; give it longer"):
        Catalogue.open(url + "?options=-cstatement_timeout%3D300", sql=slow)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("/shop_", "/không_"), 'database "không_'),
        ((PASSWORD, "sai"), 'password authentication failed for user "shop"'),
        (("//shop:", "//ai:"), 'password authentication failed for user "ai"'),
    ],
    ids=["database", "password", "user"],
)
def test_who_is_refused(url, change, says):
    with pytest.raises(InputError) as error:
        Catalogue.open(url.replace(*change, 1), sql="hang")
    assert says in str(error.value) and "check the address, the user, and the password" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_a_password_from_the_environment(url, shop, monkeypatch):
    fill(shop)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert next(iter(Catalogue.open(url.replace(f":{PASSWORD}", ""), sql="hang"))).title


def test_a_socket_s_folder(server, url, shop):
    fill(shop)
    name = url.rsplit("/", 1)[1]
    local = f"postgresql://shop:{PASSWORD}@/{name}?host={server.folder}&port={server.port}"
    catalogue = Catalogue.open(local, sql="hang")
    assert sum(1 for _ in catalogue) == 1200


def test_a_user_without_the_right_is_told(server, url, shop):
    fill(shop)
    shop.execute("DROP ROLE IF EXISTS khach")
    shop.execute("CREATE ROLE khach LOGIN PASSWORD 'k'")
    with pytest.raises(InputError, match="permission denied for table hang; grant it to the user"):
        Catalogue.open(url.replace(f"shop:{PASSWORD}", "khach:k"), sql="hang")
    shop.execute("GRANT SELECT ON hang TO khach")
    assert next(iter(Catalogue.open(url.replace(f"shop:{PASSWORD}", "khach:k"), sql="hang")))


def test_a_connection_that_is_cut_off_midway(url, shop):
    shop.execute("CREATE TABLE hang AS SELECT i AS id, 'Giày số ' || i AS ten FROM generate_series(1, 5000) i")
    catalogue = Catalogue.open(url, sql="hang")
    read = []
    with pytest.raises(InputError, match=r"it broke off after row [1-4],000") as error:
        for product in catalogue:
            read.append(product)
            if len(read) == 1500:
                shop.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'xephang' AND datname = current_database()"
                )
    assert len(read) in (2000, 1000) or len(read) < 5000
    assert PASSWORD not in str(error.value) and "terminat" in str(error.value)
    with pytest.raises(InputError, match="a reading broke off before, and its state is lost; open it again"):
        list(catalogue)
    assert sum(1 for _ in Catalogue.open(url, sql="hang")) == 5000


def test_a_server_that_stops_and_starts_again():
    with running() as own:
        url = own.database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE hang AS SELECT i AS id, 'Giày' AS ten FROM generate_series(1, 5000) i")
        catalogue = Catalogue.open(url, sql="hang")
        reading = iter(catalogue)
        next(reading)
        own.stop()
        with pytest.raises(InputError, match="it broke off after row 1,000"):
            list(reading)
        with pytest.raises(InputError, match="refused"):
            Catalogue.open(url, sql="hang")
        own.start()
        assert sum(1 for _ in Catalogue.open(url, sql="hang")) == 5000


def test_bytes_that_are_no_text(server):
    url = server.database("ENCODING 'SQL_ASCII'")
    with psycopg.connect(url, autocommit=True, client_encoding="SQL_ASCII") as connection:
        connection.execute("CREATE TABLE hang (id text, name text)")
        connection.execute("INSERT INTO hang VALUES ('1', 'Giày'), ('2', E'D\\xe9p')".encode())
    with pytest.raises(InputError, match=r'invalid byte sequence for encoding "UTF8": 0xe9 0x70; mend the text'):
        list(Catalogue.open(url, sql="hang"))
    mended = (
        "SELECT id, CASE id WHEN '2' THEN convert(name::bytea, 'LATIN1', 'UTF8') ELSE name::bytea END AS name FROM hang"
    )
    titles = f"SELECT id, encode(name, 'escape') AS ma, convert_from(name, 'UTF8') AS name FROM ({mended}) AS mended"
    assert [product.title for product in Catalogue.open(url, sql=titles)] == ["Giày", "Dép"]


def test_another_encoding_of_the_server_s(server):
    url = server.database("ENCODING 'WIN1258'")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE hang (id text, name text)")
        connection.execute("INSERT INTO hang VALUES ('1', %s)", ["Đèn đê ă â ơ ư"])
    assert [product.title for product in Catalogue.open(url, sql="hang")] == ["Đèn đê ă â ơ ư"]


def test_a_catalogue_of_a_database_is_kept_as_a_file(url, shop, tmp_path):
    products = fill(shop)
    Catalogue.open(url, sql="SELECT * FROM hang ORDER BY ma").write_parquet(tmp_path / "hang.parquet")
    kept = list(Catalogue.open(tmp_path / "hang.parquet"))
    assert [one.title for one in kept] == [one.title for one in sorted(products, key=lambda one: one.id)]
