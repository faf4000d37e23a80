import datetime
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xephang.catalogue import Catalogue, read_rows
from xephang.catalogue.parquet import read_column, read_products, write_products
from xephang.errors import InputError, RowError
from xephang.product import Product


@pytest.fixture
def write(tmp_path):
    def write(table, **settings):
        path = tmp_path / "hàng.parquet"
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path, **settings)
        return path

    return write


def test_rows_keep_their_values_and_numbers(write):
    table = {"id": [1, 2, None], "title": ["Giày", None, ""], "attributes": [["a", "b"], [], None]}
    assert [(row.number, row.values) for row in read_rows(write(table))] == [
        (1, {"id": 1, "title": "Giày", "attributes": ["a", "b"]}),
        (2, {"id": 2, "title": None, "attributes": []}),
        (3, {"id": None, "title": "", "attributes": None}),
    ]


@pytest.mark.parametrize("size", [1, 7, 1024, 5000], ids="row groups of {}".format)
def test_every_row_group_is_read(write, size):
    path = write({"id": list(range(3000))}, row_group_size=size)
    rows = list(read_rows(path))
    assert [row.values["id"] for row in rows] == list(range(3000))
    assert [row.number for row in rows] == list(range(1, 3001))


TIMES = {
    "nanoseconds": pa.array([1], pa.timestamp("ns")),
    "a time zone": pa.array([1_700_000_000_000], pa.timestamp("ms", tz="UTC")),
    "a date": pa.array([datetime.date(2024, 2, 29)]),
    "a time of day": pa.array([datetime.time(23, 59)]),
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_dates_and_times_come_as_text(write, times):
    (row,) = read_rows(write(pa.table({"at": times})))
    assert isinstance(row.values["at"], str)
    assert row.values["at"][:2] in ("19", "20", "23")


def test_a_dictionary_column_comes_as_its_values(write):
    column = pa.array(["Nike", "Bata", "Nike"]).dictionary_encode()
    assert [row.values["brand"] for row in read_rows(write(pa.table({"brand": column})))] == ["Nike", "Bata", "Nike"]


DAMAGED = {
    "text": lambda content: b"id,title\n1,a\n",
    "cut at the end": lambda content: content[:-20],
    "cut at the start": lambda content: content[20:],
    "rubbish in the data": lambda content: content[:10] + b"\xff" * 200 + content[210:],
    "rubbish in the footer": lambda content: content[:-120] + b"\xff" * 100 + content[-20:],
    "the magic bytes alone": lambda content: b"PAR1PAR1",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_an_input_error(write, damage):
    path = write({"title": [f"Giày số {number}" for number in range(2000)]}, compression="gzip")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"hàng\.parquet: (is no whole Parquet file|can not be read)"):
        list(read_rows(path))
    with pytest.raises(InputError, match=r"hàng\.parquet"):
        Catalogue.open(path)


def test_two_columns_of_one_name_are_an_input_error(write):
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["title", "title"])
    with pytest.raises(InputError, match="2 columns are called 'title'; rename or remove one"):
        list(read_rows(write(table)))


def test_no_rows_are_an_input_error(write):
    with pytest.raises(InputError, match="holds no rows"):
        list(read_rows(write({"title": pa.array([], pa.string())})))


def test_a_text_that_is_no_utf_8_is_a_bad_row_and_the_others_are_read(write):
    texts = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    path, errors = write(pa.table({"title": texts})), []
    rows = list(read_rows(path, on_error=errors.append))
    assert [(row.number, row.values["title"]) for row in rows] == [(1, "a"), (3, "c")]
    assert [error.row for error in errors] == [2]
    with pytest.raises(RowError, match="row 2: holds a value that can not be read"):
        list(read_rows(path))


VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(VALUE, st.none() | st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_what_pyarrow_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.parquet"
    types = {"title": pa.string(), "stock": pa.int64()}
    records = [{"title": title, "stock": stock} for title, stock in rows]
    pq.write_table(pa.Table.from_pylist(records, schema=pa.schema(types.items())), path)
    assert [row.values for row in read_rows(path)] == records


def test_products_of_a_foreign_file(write):
    table = {
        "mã": [1.0, 103682599.0],
        "Tên sản phẩm": ["Giày", "Dép"],
        "giá": [Decimal("268000.00"), None],
        "cỡ": [36.0, 36.5],
        "tính năng": [["Êm", " Nhẹ "], None],
        "nhập lúc": [datetime.datetime(2024, 2, 29), None],
        "kho": [{"hn": 3}, None],
        "điểm": [float("nan"), 4.5],
        "ảnh": [b"\x00\xff", None],
    }
    assert list(Catalogue.open(write(table))) == [
        Product(
            id="1",
            title="Giày",
            price=268000.0,
            size="36",
            attributes=("Êm", "Nhẹ"),
            extra={"nhập lúc": "2024-02-29 00:00:00.000000", "kho": {"hn": 3}, "ảnh": "00ff"},
        ),
        Product(id="103682599", title="Dép", size="36.5", extra={"điểm": 4.5}),
    ]


def test_a_price_that_is_not_a_number_is_unknown(write):
    (product,) = Catalogue.open(write({"title": ["Giày"], "price": [float("nan")]}))
    assert product.price is None


def test_a_price_without_end_is_a_bad_row(write):
    with pytest.raises(RowError, match="row 1, field 'price': inf is no price"):
        list(Catalogue.open(write({"title": ["Giày"], "price": [float("inf")]})))


def test_bytes_are_no_text(write):
    with pytest.raises(RowError, match="row 1, field 'title': expected text, got bytes"):
        list(Catalogue.open(write({"title": [b"Giay"]})))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
PRODUCTS = st.lists(
    st.builds(
        Product,
        id=TEXT.filter(lambda text: text.isalnum()),
        title=TEXT.map(lambda text: "Giày " + text),
        brand=TEXT,
        size=TEXT,
        description=TEXT,
        attributes=st.lists(TEXT, max_size=3).map(tuple),
        price=st.none() | st.floats(0, 1e12),
        extra=st.dictionaries(TEXT, JSON, max_size=3),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda product: product.id,
)


@settings(deadline=None)
@given(PRODUCTS)
def test_a_catalogue_that_is_written_opens_as_an_equal_one(tmp_path_factory, products):
    path = tmp_path_factory.getbasetemp() / "own.parquet"
    Catalogue.of(products).write_parquet(path)
    assert list(Catalogue.open(path)) == products


def test_text_is_not_repaired_again_in_a_file_that_a_catalogue_wrote(tmp_path):
    products = [Product(id="1", title=" giÃ\u00a0y ", attributes=("a;b", ""), extra={"extra": "{}", "title": None})]
    Catalogue.of(products).write_parquet(tmp_path / "own.parquet")
    catalogue = Catalogue.open(tmp_path / "own.parquet")
    assert list(catalogue) == products
    assert (catalogue.report.products, catalogue.report.repaired) == (1, 0)


def test_a_written_file_says_what_is_in_it(tmp_path):
    Catalogue.of([Product(id="1", title="Giày", price=1.0, extra={"kho": 3})]).write_parquet(tmp_path / "a.parquet")
    (record,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (record["id"], record["title"], record["price"], record["brand"]) == ("1", "Giày", 1.0, "")
    assert json.loads(record["extra"]) == {"kho": 3}


def test_a_written_file_that_another_program_rewrote_still_opens(tmp_path):
    products = [Product(id="1", title="Giày", attributes=("Êm",), price=1.0, extra={"kho": 3})]
    Catalogue.of(products).write_parquet(tmp_path / "own.parquet")
    pq.write_table(pq.read_table(tmp_path / "own.parquet").replace_schema_metadata(None), tmp_path / "other.parquet")
    assert list(Catalogue.open(tmp_path / "other.parquet")) == products


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("extra", "[", "field 'extra': is no JSON object"),
        ("id", "", "field 'id': is empty"),
        ("price", -1.0, "field 'price': -1 is no price"),
    ],
    ids=["extra", "id", "price"],
)
def test_a_written_file_that_someone_broke_is_a_bad_row(tmp_path, column, value, problem):
    path = tmp_path / "own.parquet"
    Catalogue.of([Product(id="1", title="Giày")]).write_parquet(path)
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist([{**table.to_pylist()[0], column: value}], schema=table.schema), path)
    with pytest.raises(RowError, match=problem):
        list(Catalogue.open(path))


def test_columns_that_are_chosen_hold_for_a_written_file_too(tmp_path):
    Catalogue.of([Product(id="1", title="Giày", brand="Bata")]).write_parquet(tmp_path / "own.parquet")
    (product,) = Catalogue.open(tmp_path / "own.parquet", columns={"title": "brand"})
    assert (product.title, product.extra) == ("Bata", {"title": "Giày"})


UNWRITABLE = {
    "half an emoji": Product(id="1", title="Giày \ud83d"),
    "half an emoji in an attribute": Product(id="1", title="Giày", attributes=("\ud83d",)),
    "an object in extra": Product(id="1", title="Giày", extra={"a": object()}),
    "no number in extra": Product(id="1", title="Giày", extra={"a": float("nan")}),
}


@pytest.mark.parametrize("product", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_parquet_can_not_hold_is_named_and_leaves_no_file(tmp_path, product):
    with pytest.raises(InputError, match="product '1': can not be written to Parquet"):
        Catalogue.of([product]).write_parquet(tmp_path / "own.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def written(tmp_path):
    """Write products; return the file's content and its path."""

    def write(products):
        path = tmp_path / "hàng.parquet"
        write_products(path, products)
        return pa.py_buffer(path.read_bytes()), path

    return write


def many(count):
    return [Product(id=f"p{i}", title=f"Giày {i}", attributes=("a",) * (i % 3), extra={"i": i}) for i in range(count)]


@given(rows=st.lists(st.integers(0, 2499), max_size=20))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_read_in_the_order_asked_for_whatever_group_they_are_in(tmp_path, rows):
    if not (path := tmp_path / "many.parquet").exists():
        write_products(path, many(2500))
    assert pq.ParquetFile(path).num_row_groups > 1
    content = pa.py_buffer(path.read_bytes())
    assert read_products(content, rows, path) == [many(2500)[row] for row in rows]


def test_one_column_is_read_alone(written):
    assert read_column(*with_name(written(many(2500)), "id")).to_pylist() == [f"p{i}" for i in range(2500)]
    assert read_column(*with_name(written([]), "id")).to_pylist() == []


def with_name(content_and_path, name):
    content, path = content_and_path
    return content, name, path


def test_products_come_back_as_they_were_written(written):
    product = Product("\0a\u0301", "t", "b", "c", "d", "e", ("", "x|y"), "g", 0.1, "f\n", {"k": [1, {"é": None}]})
    content, path = written([product])
    assert read_products(content, [0], path) == [product]


@pytest.mark.parametrize("damage", ["cut off", "garbage", "empty", "other columns", "a damaged page"])
def test_a_damaged_file_of_ours_is_named(written, tmp_path, damage):
    content, path = written(many(2000))
    whole = content.to_pybytes()
    pq.write_table(pa.table({"title": ["a"]}), tmp_path / "other.parquet")
    damaged = {
        "cut off": whole[:-9],
        "garbage": b"\xff" * 99,
        "empty": b"",
        "other columns": (tmp_path / "other.parquet").read_bytes(),
        "a damaged page": whole[:40] + b"\xff" * 400 + whole[440:],
    }[damage]
    with pytest.raises(InputError, match=r"hàng\.parquet: is damaged \(.+\); write it again"):
        read_products(pa.py_buffer(damaged), [0], path)
    with pytest.raises(InputError, match=r"hàng\.parquet: is damaged \(.+\); write it again"):
        read_column(pa.py_buffer(damaged), "id", path)
