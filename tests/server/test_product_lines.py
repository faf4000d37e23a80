"""Bodies of products: what each row asks for, and what is told of it."""

import json

import pytest

from xephang.product import Product
from xephang.server.shop.changes import Change, read_changes
from xephang.text import normalise

SHOE = {"id": "SP-1", "title": "Giày chạy bộ nữ", "brand": "Biti's", "price": 450_000}


def read(*rows, most=100_000):
    body = "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    return read_changes(body.encode("utf-8", "surrogatepass"), most)


def told(*rows, before=(), **options):
    return read(*rows, **options).told(before)


def row_of(*rows, **options):
    return told(*rows, **options)["rows"][-1]


def test_a_row_is_a_product_or_an_id_to_delete():
    changes = read(SHOE, {"delete": "SP-7"})
    assert changes.rows == (Change(1, "SP-1", Product.from_dict(SHOE)), Change(2, "SP-7"))
    assert changes.products == [Product.from_dict(SHOE)]
    assert changes.gone == ["SP-7"]


def test_each_row_is_told():
    rows = [SHOE, SHOE | {"id": "SP-2"}, {"delete": "SP-7"}, {"delete": "SP-8"}, "{"]
    assert told(*rows, before=["SP-2", "SP-7"]) == {
        "object": "products",
        "created": 1,
        "replaced": 1,
        "deleted": 1,
        "failed": 2,
        "rows": [
            {"row": 1, "id": "SP-1", "status": "created"},
            {"row": 2, "id": "SP-2", "status": "replaced"},
            {"row": 3, "id": "SP-7", "status": "deleted"},
            {
                "row": 4,
                "id": "SP-8",
                "status": "failed",
                "problem": "row 4, field 'delete': there is no product 'SP-8'",
            },
            {
                "row": 5,
                "status": "failed",
                "problem": "row 5: is no valid JSON at column 2: Expecting property name enclosed in double quotes; "
                "write one object a line",
            },
        ],
    }


def test_nothing_asks_for_nothing():
    assert told() == {"object": "products", "created": 0, "replaced": 0, "deleted": 0, "failed": 0, "rows": []}


def statuses(*rows, before=()):
    return [row["status"] for row in told(*rows, before=before)["rows"]]


GONE = {"delete": "SP-1"}


@pytest.mark.parametrize(
    ("rows", "before", "said"),
    [
        ([SHOE, SHOE], [], ["created", "replaced"]),
        ([SHOE, SHOE], ["SP-1"], ["replaced", "replaced"]),
        ([SHOE, GONE], [], ["created", "deleted"]),
        ([GONE, SHOE], ["SP-1"], ["deleted", "created"]),
        ([GONE, SHOE], [], ["failed", "created"]),
        ([GONE, GONE], ["SP-1"], ["deleted", "failed"]),
        ([SHOE, GONE, SHOE], [], ["created", "deleted", "created"]),
        ([SHOE, SHOE | {"price": "rẻ"}], [], ["created", "failed"]),
    ],
)
def test_rows_are_told_one_after_the_other(rows, before, said):
    assert statuses(*rows, before=before) == said


@pytest.mark.parametrize(
    ("rows", "products", "gone"),
    [
        ([SHOE, SHOE | {"title": "Dép"}], ["Dép"], []),
        ([SHOE, GONE], [], ["SP-1"]),
        ([GONE, SHOE], ["Giày chạy bộ nữ"], []),
        ([SHOE, GONE | {"x": 1}], ["Giày chạy bộ nữ"], []),
        ([GONE, GONE], [], ["SP-1"]),
    ],
)
def test_the_last_good_row_of_an_id_counts(rows, products, gone):
    changes = read(*rows)
    assert [product.title for product in changes.products] == products
    assert changes.gone == gone


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"title": "Giày"}, "row 1, field 'id': is empty; give each product its own id"),
        ({"id": " ", "title": "Giày"}, "row 1, field 'id': is empty; give each product its own id"),
        ({"id": "\u200b", "title": "Giày"}, "row 1, field 'id': is empty; give each product its own id"),
        ({"id": "a"}, "row 1: has nothing to rank by; fill in one of title, brand, category, description, attributes"),
        ({"id": ["a"], "title": "Giày"}, "row 1, field 'id': expected text, got list"),
        ({"id": True, "title": "Giày"}, "row 1, field 'id': expected text, got bool"),
        ({"id": "a", "title": {"vi": "Giày"}}, "row 1, field 'title': expected text, got dict"),
        ({"id": "a", "title": "Giày", "price": "rẻ lắm"}, "row 1, field 'price': "),
        ({"id": "a", "title": "Giày", "giá": -5}, "row 1, field 'giá': "),
        ({"id": "a", "name": "Giày", "tên": "Dép"}, "row 1: 'name' and 'tên' could all be the 'title'; keep one"),
        ({"delete": ""}, "row 1, field 'delete': is empty; give the id of a product"),
        ({"delete": None}, "row 1, field 'delete': is empty; give the id of a product"),
        ({"delete": ["a"]}, "row 1, field 'delete': expected text, got list"),
        ({"delete": True}, "row 1, field 'delete': expected text, got bool"),
        ({"delete": "a", "id": "b"}, "row 1, field 'delete': stands beside other fields; give it alone"),
        ({"id": "a", "title": "x" * 101}, "row 1: has 109 characters; 100 are allowed: shorten it"),
        ({}, "row 1, field 'id': is empty"),
        ("7", "row 1: is a number or truth value; write one JSON object a line"),
    ],
)
def test_a_bad_row_says_where_it_is_bad(row, problem):
    said = row_of(row, most=100)
    assert said["status"] == "failed"
    assert said["problem"].startswith(problem)


def test_a_bad_product_is_told_with_its_id_where_it_has_one():
    assert row_of({"id": "SP-9"})["id"] == "SP-9"
    assert "id" not in row_of({"title": "Giày"})


@pytest.mark.parametrize(
    ("given", "id"), [(7, "7"), (36.0, "36"), (" SP-1 ", "SP-1"), ("mã 1", "mã 1"), ("👟", "👟"), ("a/b c?", "a/b c?")]
)
def test_ids_are_read_as_catalogues_have_them(given, id):
    assert read({"id": given, "title": "Giày"}, {"delete": given}).rows[0].id == id
    assert read({"delete": given}).rows[0].id == id


TEXTS = {
    "nfd": ("Gia\u0300y cha\u0323y", "Giày chạy"),
    "mojibake": ("GiÃ\xa0y chạy", "Giày chạy"),
    "full width": ("Ｇｉàｙ", "Giày"),
    "zero width": ("Gi\u200bày", "Giày"),
    "nul": ("Giày\x00 chạy", "Giày chạy"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_repaired_as_a_catalogue_does(name):
    given, expected = TEXTS[name]
    product = read({"id": "a", "title": given}).products[0]
    assert product == Product.from_dict({"id": "a", "title": given})
    assert normalise(product.title).split() == normalise(expected).split()


def test_a_lone_surrogate_spoils_no_other_row():
    changes = read('{"id": "a", "title": "Gi\\ud800y"}', SHOE)
    assert changes.products[-1] == Product.from_dict(SHOE)
    json.dumps(changes.told(()), ensure_ascii=False).encode()


def test_a_shops_own_names_and_fields_are_read():
    product = read({"Mã SP": "SP-3", "Tên hàng": "Dép", "Giá bán": "450.000đ", "kho": {"HN": 3}}).products[0]
    assert (product.id, product.title, product.price, product.extra) == ("SP-3", "Dép", 450_000.0, {"kho": {"HN": 3}})
