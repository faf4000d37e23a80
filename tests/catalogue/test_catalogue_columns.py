import json
import unicodedata

import pytest

from xephang.catalogue import Catalogue
from xephang.errors import InputError
from xephang.text import fold


@pytest.fixture
def open_csv(tmp_path):
    """Open a catalogue of one row under a header, a letter in each cell."""

    def open_csv(header, **settings):
        path = tmp_path / "hàng.csv"
        names = header.split(",")
        path.write_text(f"{header}\n{','.join('123456789'[: len(names)])}\n", encoding="utf-8")
        return Catalogue.open(path, **settings)

    return open_csv


NAMES = {
    "id": ["id", "ID", "mã", "Mã SP", "ma_san_pham", "SKU", "product_id", "Product-ID", "item id"],
    "title": [
        "title",
        "Title",
        "name",
        "NAME",
        "tên",
        "ten",
        "Tên sản phẩm",
        "TÊN SẢN PHẨM",
        "ten_san_pham",
        "tên hàng",
    ],
    "brand": ["brand", "thương hiệu", "Thuong Hieu", "nhãn hiệu"],
    "category": ["category", "danh mục", "danh_muc", "loại", "LOAI", "loại  sản phẩm"],
    "color": ["color", "colour", "màu", "mau", "Màu sắc"],
    "size": ["size", "Size", "cỡ", "kích cỡ", "kich-co", "kích thước"],
    "gender": ["gender", "giới tính", "gioi tinh"],
    "price": ["price", "giá", "gia", "GIÁ BÁN"],
    "description": ["description", "mô tả", "mo ta"],
    "attributes": ["attributes", "attribute", "thuộc tính", "tính năng", "tinh nang"],
}


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in NAMES.items() for name in names])
def test_a_column_is_known_by_its_common_names(open_csv, field, name):
    catalogue = open_csv(f"{name},Tên" if field not in ("title",) else name)
    assert catalogue.report.columns_used[field] == name


def test_a_name_in_decomposed_letters_is_the_same_name(open_csv):
    name = unicodedata.normalize("NFD", "Tên sản phẩm")
    assert open_csv(name).report.columns_used == {"title": name}


def test_a_name_that_was_decoded_wrongly_is_the_same_name(open_csv):
    name = "Tên hàng".encode().decode("latin-1")
    assert open_csv(name).report.columns_used == {"title": name}


@pytest.mark.parametrize("name", ["mẫu", "già", "mà", "tến", "mẩu"])
def test_other_diacritics_make_another_word(open_csv, name):
    assert fold(name) in ("mau", "gia", "ma", "ten")
    (product,) = open_csv(f"title,{name}")
    assert product.extra == {name: "2"}


def test_what_is_not_known_is_kept(open_csv):
    (product,) = open_csv("title,kho,Tồn kho")
    assert (product.title, product.extra) == ("1", {"kho": "2", "Tồn kho": "3"})


def test_columns_are_reported_in_the_order_of_our_fields(open_csv):
    assert list(open_csv("giá,tên,mã").report.columns_used) == ["id", "title", "price"]


WINNERS = {
    "our name before another": ("name,title", "title"),
    "our name before ours in capitals": ("TITLE,title", "title"),
    "ours in capitals before another": ("tên,Title", "Title"),
}


@pytest.mark.parametrize(("header", "winner"), WINNERS.values(), ids=WINNERS)
def test_our_own_name_wins(open_csv, header, winner):
    catalogue = open_csv(header)
    assert catalogue.report.columns_used == {"title": winner}
    (product,) = catalogue
    assert list(product.extra) == [name for name in header.split(",") if name != winner]


RIVALS = {
    "two other names": ("tên,name,brand", "'name' and 'tên' could all be the 'title'"),
    "two of our name": ("TITLE,Title", "'TITLE' and 'Title' could all be the 'title'"),
    "with and without diacritics": ("giá,gia,title", "'gia' and 'giá' could all be the 'price'"),
    "three": ("mã,sku,product_id,title", "'mã' and 'product_id' and 'sku' could all be the 'id'"),
}


@pytest.mark.parametrize(("header", "problem"), RIVALS.values(), ids=RIVALS)
def test_two_columns_for_one_field_are_not_guessed(open_csv, header, problem):
    with pytest.raises(InputError, match=r"hàng\.csv: columns .*; say which one with columns") as caught:
        open_csv(header)
    assert problem in str(caught.value)


def test_the_caller_says_which_one(open_csv):
    (product,) = open_csv("tên,name", columns={"title": "name"})
    assert (product.title, product.extra) == ("2", {"tên": "1"})


def test_a_column_that_the_caller_took_is_not_taken_again(open_csv):
    (product,) = open_csv("name,loại", columns={"brand": "name"})
    assert (product.brand, product.category, product.title) == ("1", "2", "")


def test_one_column_may_fill_two_fields(open_csv):
    (product,) = open_csv("name", columns={"title": "name", "description": "name"})
    assert (product.title, product.description, product.extra) == ("1", "1", {})


NEAREST = {
    "a letter wrong": ("Tên hangf", "has no column 'Tên hangf' to read 'title' from; the nearest are: 'tên hàng'"),
    "no diacritics": ("Ten Hang", "the nearest are: 'tên hàng'"),
    "nothing like it": ("zzz", "it has: 'kho', 'tên hàng'"),
}


@pytest.mark.parametrize(("column", "problem"), NEAREST.values(), ids=NEAREST)
def test_a_column_that_the_file_has_not_is_named_with_the_nearest(open_csv, column, problem):
    with pytest.raises(InputError) as caught:
        open_csv("tên hàng,kho", columns={"title": column})
    assert problem in str(caught.value)


def test_a_field_that_no_product_has_is_named(open_csv):
    with pytest.raises(InputError, match="columns: a product has no field 'titel'; fields are id, title, brand"):
        open_csv("name", columns={"titel": "name"})


def write_jsonl(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_in_jsonl_any_row_may_bring_a_column(tmp_path):
    path = write_jsonl(
        tmp_path / "a.jsonl", [{"name": "Giày"}, {"name": "Dép", "giá": 1000}, {"name": "Ủng", "màu": "Đen"}]
    )
    first, second, third = Catalogue.open(path, columns={"color": "màu"})
    assert (first.title, second.price, third.color) == ("Giày", 1000, "Đen")


def test_in_jsonl_a_column_may_come_late(tmp_path):
    records = [{"title": f"Giày {number}"} for number in range(1500)] + [{"title": "Dép", "hãng": "x", "giá": 5}]
    catalogue = Catalogue.open(write_jsonl(tmp_path / "a.jsonl", records))
    last = list(catalogue)[-1]
    assert (last.price, last.extra) == (5, {"hãng": "x"})
    assert catalogue.report.columns_used == {"title": "title", "price": "giá"}


def test_in_jsonl_a_late_column_may_not_take_over_a_field(tmp_path):
    records = [{"name": f"Giày {number}"} for number in range(1500)] + [{"title": "Dép"}]
    with pytest.raises(InputError, match="columns 'name' and 'title' could all be the 'title'"):
        list(Catalogue.open(write_jsonl(tmp_path / "a.jsonl", records)))


def test_in_jsonl_ids_may_not_begin_late(tmp_path):
    records = [{"title": f"Giày {number}"} for number in range(1500)] + [{"title": "Dép", "sku": "a"}]
    with pytest.raises(InputError, match="'sku' is missing from the first rows; give it to all or none"):
        list(Catalogue.open(write_jsonl(tmp_path / "a.jsonl", records)))
