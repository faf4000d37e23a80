"""The first stage follows the shop's tables: at once, whoever writes, and without being in the way."""

import subprocess
import threading

import psycopg
import pytest
from cluster import PASSWORD, program
from demo import COLUMNS, fill

from xephang import Catalogue
from xephang.errors import InputError
from xephang.search import Search
from xephang.search.postgresql import PostgresFirstStage
from xephang.search.postgresql_setup import SCRIPT

ENTRIES = "SELECT id, search, facets, price FROM xephang.search ORDER BY id"
MADE_ANEW = (
    "SELECT e.id, e.search, e.facets, e.price FROM xephang.products p, xephang.entry(to_jsonb(p)) e "
    "WHERE p.id IS NOT NULL ORDER BY 1"
)


@pytest.fixture
def hang(url, shop):
    """The first stage of a table of three products."""
    shop.execute("CREATE TABLE hang (ma int PRIMARY KEY, ten text, thuong_hieu text, gia numeric, ton_kho int)")
    shop.execute("INSERT INTO hang VALUES (1, 'Giày da', 'Bata', 5, 1), (2, 'Dép lê', 'Bata', 6, 1)")
    shop.execute("INSERT INTO hang VALUES (3, 'Ủng')")
    first_stage = PostgresFirstStage.create(url, "hang", columns={"id": "ma"})
    yield first_stage
    first_stage.close()


def ids(first_stage, query, **options):
    """The ids found, in the order of their texts."""
    return sorted(first_stage.find(Search(query, **options)).ids)


def same(shop):
    """Whether the entries are what would be made of the view now."""
    return shop.execute(ENTRIES).fetchall() == shop.execute(MADE_ANEW).fetchall()


CHANGES = {
    "a new product": ("INSERT INTO hang VALUES (4, 'Giày vải', 'Ananas', 1, 1)", "giày", ["1", "4"]),
    "a new word": ("INSERT INTO hang VALUES (4, 'Sukhavati', NULL, NULL, NULL)", "sukhavati", ["4"]),
    "a word much like another": ("INSERT INTO hang VALUES (4, 'Batas', NULL, NULL, NULL)", "batas", ["4"]),
    "another title": ("UPDATE hang SET ten = 'Giày lười' WHERE ma = 2", "giày", ["1", "2"]),
    "a title gone": ("UPDATE hang SET ten = NULL WHERE ma = 1", "giày", []),
    "another id": ("UPDATE hang SET ma = 9 WHERE ma = 1", "giày", ["9"]),
    "all ids": ("UPDATE hang SET ma = ma + 10", "giày", ["11"]),
    "deleted": ("DELETE FROM hang WHERE ma = 1", "giày", []),
    "emptied": ("TRUNCATE hang", "dép", []),
    "copied": ("INSERT INTO hang SELECT ma + 100, ten FROM hang", "ủng", ["103", "3"]),
    "upserted": (
        "INSERT INTO hang VALUES (1, 'Guốc') ON CONFLICT (ma) DO UPDATE SET ten = excluded.ten",
        "guốc",
        ["1"],
    ),
}


@pytest.mark.parametrize(("change", "query", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_found_at_once(hang, shop, change, query, expected):
    shop.execute(change)
    assert ids(hang, query) == expected
    assert same(shop)


def test_a_change_of_price_and_brand(hang, shop):
    shop.execute("UPDATE hang SET gia = 1000, thuong_hieu = 'Biti''s' WHERE ma = 1")
    assert ids(hang, "", price=(999, 1001)) == ["1"] and ids(hang, "", filters={"brand": ["biti's"]}) == ["1"]


def test_what_is_not_committed_is_not_found(hang, url, shop):
    with psycopg.connect(url) as other:
        other.execute("UPDATE hang SET ten = 'Guốc' WHERE ma = 1")
        assert ids(hang, "guốc") == [] and ids(hang, "giày") == ["1"]
        other.rollback()
    assert ids(hang, "giày") == ["1"] and same(shop)


def test_a_stock_that_changes_costs_nothing(hang, shop):
    before = shop.execute("SELECT id, changed FROM xephang.search ORDER BY id").fetchall()
    shop.execute("UPDATE hang SET ton_kho = 0")
    assert shop.execute("SELECT id, changed FROM xephang.search ORDER BY id").fetchall() == before


HOSTILE = {
    "nothing": (None, None, None),
    "empty": ("", "", 0),
    "only signs": ("'\\ & | ! <-> :* 👟", ",;|, ;", 1),
    "a price that is none": ("Giày", "x", "NaN"),
    "a price without end": ("Giày", "x", "Infinity"),
    "a price beyond numbers": ("Giày", "x", "1e400"),
    "a price below nothing": ("Giày", "x", -5),
    "a long word": ("a" * 100_000, "b" * 100_000, 1),
    "a long text": (" ".join(map(str, range(300_000))), "x", 1),
    "other letters": ("鞋 обувь حذاء รองเท้า ﷺ" * 4000, "ﷺ" * 50_000, 1),
    "marks upon marks": ("e" + "\u0301\u0323\u0302" * 40_000, "x\u0301\u0323" * 9000, 1),
    "many values": ("Giày", ",".join(f"màu {number}" for number in range(5_000)), 1),
}


@pytest.mark.parametrize(("title", "brand", "price"), HOSTILE.values(), ids=HOSTILE)
def test_no_product_stops_the_shop_from_writing(hang, shop, title, brand, price):
    shop.execute("SET statement_timeout = '20s'")
    shop.execute("INSERT INTO hang VALUES (4, %s, %s, %s, 1)", (title, brand, price))
    shop.execute("UPDATE hang SET ten = 'Guốc', thuong_hieu = %s WHERE ma = 4", (brand,))
    assert ids(hang, "guốc") == ["4"]
    shop.execute("CALL xephang.fill()")
    assert same(shop)


def test_who_writes_needs_no_rights_here(hang, url, shop):
    shop.execute("DROP ROLE IF EXISTS nhap_hang")
    shop.execute("CREATE ROLE nhap_hang LOGIN PASSWORD 'n'")
    shop.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON hang TO nhap_hang")
    with psycopg.connect(url.replace(f"shop:{PASSWORD}", "nhap_hang:n"), autocommit=True) as other:
        other.execute("INSERT INTO hang VALUES (4, 'Guốc')")
        other.execute("DELETE FROM hang WHERE ma = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("SELECT * FROM xephang.search")
    assert ids(hang, "guốc") == ["4"] and same(shop)
    shop.execute("REVOKE ALL ON hang FROM nhap_hang")


def test_who_searches_needs_to_read_two_tables(hang, url, shop):
    shop.execute("DROP ROLE IF EXISTS tim")
    shop.execute("CREATE ROLE tim LOGIN PASSWORD 't'")
    reader = url.replace(f"shop:{PASSWORD}", "tim:t")
    with pytest.raises(InputError, match="permission denied for schema xephang; grant it"):
        PostgresFirstStage(reader)
    shop.execute("GRANT USAGE ON SCHEMA xephang TO tim")
    shop.execute("GRANT SELECT ON xephang.search, xephang.words TO tim")
    searching = PostgresFirstStage(reader)
    assert ids(searching, "giày") == ["1"] and ids(searching, "giayf", filters={"brand": ["bata"]}) == ["1"]
    searching.close()


def test_an_owner_of_the_table_need_be_no_superuser(url, shop):
    shop.execute("DROP ROLE IF EXISTS chu")
    shop.execute("CREATE ROLE chu LOGIN PASSWORD 'c'")
    shop.execute(f"GRANT CREATE ON DATABASE {url.rsplit('/', 1)[1]} TO chu")
    shop.execute("CREATE TABLE hang AS SELECT 1 AS id, 'Giày' AS ten")
    owner = url.replace(f"shop:{PASSWORD}", "chu:c")
    with pytest.raises(InputError, match=r"must be owner|permission denied"):
        PostgresFirstStage.create(owner, "hang")
    shop.execute("ALTER TABLE hang OWNER TO chu")
    first_stage = PostgresFirstStage.create(owner, "hang")
    assert ids(first_stage, "giay") == ["1"]
    first_stage.close()


def test_the_shop_writes_while_the_entries_are_made(url, shop):
    fill(shop)
    stop, wrong = threading.Event(), []

    def write():
        number = 0
        with psycopg.connect(url, autocommit=True) as other:
            while not stop.is_set():
                number += 1
                other.execute(
                    "UPDATE hang SET ten = ten || ' mới', gia = gia + 1 WHERE ma = 'SP01' || lpad(%s, 5, '0')",
                    (str(number * 7 % 1200),),
                )
                other.execute("INSERT INTO hang (ma, ten) VALUES (%s, 'Giày thêm')", (f"N{number}",))
                other.execute("DELETE FROM hang WHERE ma = %s", (f"N{number - 3}",))

    writers = [threading.Thread(target=write)]
    writers[0].start()
    try:
        first_stage = PostgresFirstStage.create(url, "hang", columns=COLUMNS)
        for _ in range(2):
            shop.execute("CALL xephang.fill()")
    finally:
        stop.set()
        writers[0].join()
    assert wrong == [] and same(shop)
    assert shop.execute("SELECT count(*) FROM hang WHERE ten LIKE '% mới'").fetchone()[0] > 0
    first_stage.close()


def test_it_is_made_anew_on_another_table(hang, url, shop):
    table = '"Hàng ""mới"" %s"'
    shop.execute(f'CREATE TABLE {table} (id text PRIMARY KEY, "Tên" text, "cỡ; DROP TABLE hang" text)')
    shop.execute(f"INSERT INTO {table} VALUES ('a''b', 'Guốc mộc', '38')")
    other = PostgresFirstStage.create(url, table, columns={"size": "cỡ; DROP TABLE hang"})
    assert ids(other, "guoc") == ["a'b"] and ids(other, "giày") == []
    shop.execute("INSERT INTO hang VALUES (5, 'Giày mới')")
    assert ids(other, "giày") == [] and ids(other, "", filters={"size": ["38"]}) == ["a'b"]
    other.close()


def test_it_goes_away_without_a_trace(hang, shop):
    hang.close()
    shop.execute("DROP SCHEMA xephang CASCADE")
    shop.execute("INSERT INTO hang VALUES (5, 'Giày mới')")
    assert shop.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'xephang%'").fetchone() == (0,)
    with pytest.raises(InputError, match=r"there is no first stage; make it with PostgresFirstStage\.create, or with"):
        hang.find(Search("giày"))


def test_extensions_may_be_there_before(url, shop):
    shop.execute("CREATE SCHEMA extensions")
    shop.execute("CREATE EXTENSION unaccent SCHEMA extensions")
    shop.execute("CREATE EXTENSION pg_trgm SCHEMA public")
    shop.execute("CREATE TABLE hang AS SELECT 1 AS id, 'Giày Skechers' AS ten")
    first_stage = PostgresFirstStage.create(url, "hang")
    assert ids(first_stage, "giay") == ["1"] and ids(first_stage, "skecherrsssx") == ["1"]
    first_stage.close()


BY_HAND = """
CREATE VIEW xephang.products AS
  SELECT h.ma AS id, h.ten AS title, t.ten AS brand, h.gia AS price,
         ARRAY(SELECT n.ten FROM tinh_nang n WHERE n.ma_hang = h.ma ORDER BY 1) AS attributes
  FROM hang h LEFT JOIN thuong_hieu t ON t.ma = h.ma_thuong_hieu WHERE h.ban;
SELECT xephang.watch('hang', 'ma', ARRAY['ten', 'ma_thuong_hieu', 'gia', 'ban']);
SELECT xephang.watch('tinh_nang', 'ma_hang', ARRAY['ten']);
"""


@pytest.fixture
def psql(url):
    """Run a script with psql, as who runs a database does."""

    def run(script):
        command = [program("psql"), "-v", "ON_ERROR_STOP=1", "-q", "-f", "-", url]
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    return run


def test_the_script_and_a_view_by_hand(url, shop, psql):
    shop.execute("CREATE TABLE thuong_hieu (ma int PRIMARY KEY, ten text)")
    shop.execute("CREATE TABLE hang (ma int PRIMARY KEY, ten text, ma_thuong_hieu int, gia int, ban bool DEFAULT true)")
    shop.execute("CREATE TABLE tinh_nang (ma_hang int, ten text)")
    shop.execute("INSERT INTO thuong_hieu VALUES (1, 'Ananas'), (2, 'Biti''s')")
    shop.execute("INSERT INTO hang VALUES (1, 'Giày vải', 1, 500000), (2, 'Dép', 2, 90000)")
    psql(SCRIPT.read_text(encoding="utf-8") + BY_HAND)
    psql("CALL xephang.fill(); REFRESH MATERIALIZED VIEW CONCURRENTLY xephang.words;")
    first_stage = PostgresFirstStage(url)
    assert ids(first_stage, "ananas") == ["1"] and ids(first_stage, "annanas") == ["1"]
    shop.execute("INSERT INTO tinh_nang VALUES (1, 'Chống trượt'), (2, 'Êm chân')")
    assert ids(first_stage, "chống trượt") == ["1"]
    shop.execute("DELETE FROM tinh_nang WHERE ma_hang = 1")
    assert ids(first_stage, "chống trượt") == [] and ids(first_stage, "giày") == ["1"]
    shop.execute("UPDATE tinh_nang SET ma_hang = 1")
    assert ids(first_stage, "êm chân") == ["1"] and same(shop)
    shop.execute("TRUNCATE tinh_nang")
    shop.execute("UPDATE hang SET ban = false WHERE ma = 1")
    assert ids(first_stage, "giày") == []
    shop.execute("UPDATE hang SET ban = true WHERE ma = 1")
    shop.execute("UPDATE thuong_hieu SET ten = 'Converse' WHERE ma = 1")
    shop.execute("CALL xephang.fill()")
    assert ids(first_stage, "converse") == ["1"] and ids(first_stage, "ananas") == [] and same(shop)
    psql(SCRIPT.read_text(encoding="utf-8"))
    assert ids(first_stage, "converse") == ["1"]
    first_stage.close()


@pytest.mark.parametrize("kind", ["int", "bigint", "uuid", "text", "char(40)", "numeric(12, 0)", "varchar"])
def test_an_id_is_the_one_that_a_catalogue_reads(url, shop, kind):
    one, other = ("7f780c5e-c8b9-49b5-8f8f-64fd3e608b0d", "7f780c5e-c8b9-49b5-8f8f-64fd3e608b0e")
    one, other = (one, other) if kind == "uuid" else ("1001", "1002")
    shop.execute(f"CREATE TABLE hang (id {kind} PRIMARY KEY, ten text)")
    shop.execute("INSERT INTO hang VALUES (%s, 'Giày'), (%s, 'Dép')", (one, other))
    first_stage = PostgresFirstStage.create(url, "hang")
    assert ids(first_stage, "") == sorted(product.id for product in Catalogue.open(url, sql="hang")) == [one, other]
    shop.execute("UPDATE hang SET ten = 'Guốc' WHERE id = %s", (one,))
    shop.execute("CALL xephang.fill()")
    assert ids(first_stage, "guốc") == [one] and ids(first_stage, "") == [one, other] and same(shop)
    shop.execute("DELETE FROM hang WHERE id = %s", (one,))
    assert ids(first_stage, "") == [other]
    first_stage.close()


def test_words_are_read_again(hang, shop):
    shop.execute("INSERT INTO hang SELECT 100 + i, 'Sandal quai hậu' FROM generate_series(1, 50) i")
    assert ids(hang, "sandall") == []
    shop.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY xephang.words")
    hang.refresh()
    assert len(ids(hang, "sandall")) == 50 and hang.find(Search("sandall")).read == "sandal"


TABLES = {
    "no such table": ("", "hang", {}, "has no table hang; check its name"),
    "a view": ("CREATE VIEW hang AS SELECT 1 AS id, 'a' AS ten", "hang", {}, "has no table hang"),
    "no table's name": ("", "select * from hang", {}, "invalid name syntax|has no table"),
    "an injection": ("", "hang; DROP TABLE x; --", {}, "invalid name syntax|has no table"),
    "no id": ("CREATE TABLE hang (ten text)", "hang", {}, "table hang: no column is the 'id'; say which one"),
    "a price in words": ("CREATE TABLE hang (id int, gia text)", "hang", {}, "column 'gia' holds no numbers"),
    "a price as money": ("CREATE TABLE hang (id int, gia money)", "hang", {}, "column 'gia' holds no numbers"),
    "no such column": ("CREATE TABLE hang (id int, ten text)", "hang", {"title": "tên"}, "the nearest are: 'ten'"),
    "no such field": ("CREATE TABLE hang (id int)", "hang", {"titel": "id"}, "a product has no field 'titel'"),
    "two ids": ("CREATE TABLE hang (ma int, sku int)", "hang", {}, "'ma' and 'sku' could all be the 'id'"),
}


@pytest.mark.parametrize(("made", "table", "columns", "says"), TABLES.values(), ids=TABLES)
def test_a_table_that_can_not_be_searched(url, shop, made, table, columns, says):
    if made:
        shop.execute(made)
    with pytest.raises(InputError, match=says) as error:
        PostgresFirstStage.create(url, table, columns=columns)
    assert PASSWORD not in str(error.value)
    assert shop.execute("SELECT to_regnamespace('xephang')").fetchone() == (None,)


def test_a_database_in_another_encoding(server):
    url = server.database("ENCODING 'WIN1258'")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE hang AS SELECT 1 AS id, 'Giay' AS ten")
    with pytest.raises(InputError, match="the database's encoding is WIN1258; Vietnamese is searched in UTF8 only"):
        PostgresFirstStage.create(url, "hang")


def test_a_database_without_a_first_stage(url):
    with pytest.raises(InputError, match=r"there is no first stage; make it with PostgresFirstStage\.create"):
        PostgresFirstStage(url)
