import csv
import gzip
import io
import json
import os
import sys
import threading
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.catalogue import Catalogue, ImportReport, demo_catalogue
from xephang.errors import InputError, RowError
from xephang.product import Product


@pytest.fixture
def jsonl(tmp_path):
    """Open records as a JSONL catalogue."""

    def jsonl(*records, **settings):
        path = tmp_path / "hàng.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return Catalogue.open(path, **settings)

    return jsonl


@pytest.fixture
def text_csv(tmp_path):
    """Open a text as a CSV catalogue."""

    def text_csv(text, **settings):
        path = tmp_path / "hàng.csv"
        path.write_bytes(text.encode())
        return Catalogue.open(path, **settings)

    return text_csv


SAME = Product(
    id="a1",
    title="Giày chạy bộ",
    brand="Bata",
    category="Giày thể thao",
    color="Đen",
    size="42",
    attributes=("Êm chân", "Chống trượt"),
    gender="Nam",
    price=268000.0,
    description="Nhẹ, bền",
    extra={"kho": "3"},
)
HEADER = ["id", "title", "brand", "category", "color", "size", "attributes", "gender", "price", "description", "kho"]
CELLS = [
    "a1",
    "Giày chạy bộ",
    "Bata",
    "Giày thể thao",
    "Đen",
    "42",
    "Êm chân; Chống trượt",
    "Nam",
    "268.000đ",
    "Nhẹ, bền",
    "3",
]


def as_csv(delimiter=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([HEADER, CELLS])
    return stream.getvalue()


def as_json():
    return json.dumps(dict(zip(HEADER, CELLS, strict=True)) | {"attributes": list(SAME.attributes)}) + "\n"


def as_parquet():
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([json.loads(as_json())]), stream)
    return stream.getvalue()


FILES = {
    "a.csv": as_csv().encode(),
    "semicolons.csv": as_csv(";").replace("Êm chân; ", "Êm chân | ").encode(),
    "tabs.tsv": as_csv("\t").encode(),
    "mark.csv": as_csv().encode("utf-8-sig"),
    "utf-16.csv": as_csv("\t").encode("utf-16"),
    "a.csv.gz": gzip.compress(as_csv().encode()),
    "a.jsonl": as_json().encode(),
    "a.jsonl.gz": gzip.compress(as_json().encode()),
    "a.parquet": as_parquet(),
}


@pytest.mark.parametrize(("name", "content"), FILES.items(), ids=FILES)
def test_every_format_gives_the_same_product(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    catalogue = Catalogue.open(tmp_path / name)
    assert list(catalogue) == [SAME]
    assert list(catalogue) == [SAME]


@pytest.mark.parametrize(("name", "content"), FILES.items(), ids=FILES)
def test_every_format_survives_parquet(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    Catalogue.open(tmp_path / name).write_parquet(tmp_path / "own.parquet")
    assert list(Catalogue.open(tmp_path / "own.parquet")) == [SAME]


TITLES = {
    "plain": ("Giày", "Giày"),
    "white space around": (" \tGiày\u00a0 ", "Giày"),
    "mojibake": ("Giày chính hãng".encode().decode("latin-1"), "Giày chính hãng"),
    "mojibake of cp1252": ("Giày thể thao".encode().decode("cp1252"), "Giày thể thao"),
    "a sound part and a broken part": ("Giày nữ " + "hàng mới".encode().decode("latin-1"), "Giày nữ hàng mới"),
    "decomposed letters": (unicodedata.normalize("NFD", "Giày"), unicodedata.normalize("NFD", "Giày")),
    "full width": ("ＧＩÀＹ", "ＧＩÀＹ"),
    "emoji": ("Giày 👟🔥", "Giày 👟🔥"),
    "zero width": ("Gi\u200bày", "Gi\u200bày"),
    "10,000 characters": ("Giày " * 2000 + "x", "Giày " * 2000 + "x"),
    "a number": (42, "42"),
    "a whole float": (42.0, "42"),
    "a float": (42.5, "42.5"),
    "a large number": (103682599.0, "103682599"),
    "a list": (["Giày", None, " Dép "], "Giày, Dép"),
}


@pytest.mark.parametrize(("written", "title"), TITLES.values(), ids=TITLES)
def test_a_title_is_repaired_and_no_more(jsonl, written, title):
    (product,) = jsonl({"id": "1", "title": written})
    assert product.title == title


def test_every_text_is_repaired(jsonl):
    broken = {name: "Ä\x90en" for name in ("title", "brand", "category", "color", "size", "gender", "description")}
    (product,) = jsonl({**broken, "id": "1", "attributes": ["Ä\x90en"], "kho": {"a": ["Ä\x90en"]}})
    assert {getattr(product, name) for name in broken} == {"Đen"}
    assert (product.attributes, product.extra) == (("Đen",), {"kho": {"a": ["Đen"]}})


def test_half_an_emoji_is_lost_and_counted(jsonl, tmp_path):
    catalogue = jsonl({"title": "Giày \ud83d"}, {"title": "Dép \U0001f45f"})
    first, second = catalogue
    assert (first.title, second.title) == ("Giày \ufffd", "Dép \U0001f45f")
    assert catalogue.report.damaged == 1
    catalogue.write_parquet(tmp_path / "own.parquet")
    assert list(Catalogue.open(tmp_path / "own.parquet")) == [first, second]


ATTRIBUTES = {
    "semicolons": ("Êm; Nhẹ ;Bền", ("Êm", "Nhẹ", "Bền")),
    "bars": ("Êm|Nhẹ", ("Êm", "Nhẹ")),
    "empty pieces": (";Êm;; ", ("Êm",)),
    "commas stay": ("Êm, nhẹ", ("Êm, nhẹ",)),
    "nothing": ("", ()),
    "a list": (["Êm", "", None, " Nhẹ"], ("Êm", "Nhẹ")),
    "a list keeps its semicolons": (["Êm; nhẹ"], ("Êm; nhẹ",)),
    "numbers": ([1, 2.5], ("1", "2.5")),
    "null": (None, ()),
}


@pytest.mark.parametrize(("written", "attributes"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_are_a_list_or_are_split(jsonl, written, attributes):
    (product,) = jsonl({"title": "Giày", "thuộc tính": written})
    assert product.attributes == attributes


EXTRA = {
    "empty values go": ({"a": "", "b": None, "c": [], "d": {}, "e": 0, "f": False}, {"e": 0, "f": False}),
    "values keep their kind": ({"a": [1, {"b": None}], "c": 1.5}, {"a": [1, {"b": None}], "c": 1.5}),
    "extra is opened": ({"extra": {"a": 1}, "b": 2}, {"a": 1, "b": 2}),
    "a field beside extra goes before the one in it": ({"extra": {"a": 1}, "a": 2}, {"a": 2}),
    "extra as JSON text is opened": ({"extra": '{"a": 1}'}, {"a": 1}),
    "extra as other text stays": ({"extra": "có quà"}, {"extra": "có quà"}),
    "extra as broken JSON stays": ({"extra": "{quà"}, {"extra": "{quà"}),
    "a key without a name": ({"": "x"}, {"": "x"}),
}


@pytest.mark.parametrize(("record", "extra"), EXTRA.values(), ids=EXTRA)
def test_unknown_columns_are_kept(jsonl, record, extra):
    (product,) = jsonl({"title": "Giày", **record})
    assert product.extra == extra


def test_a_field_inside_of_extra_is_known(jsonl):
    (product,) = jsonl({"title": "Giày", "extra": {"giá": "268k", "kho": "3"}})
    assert (product.price, product.extra) == (268000.0, {"kho": "3"})


def test_without_an_id_column_the_row_number_is_the_id(text_csv):
    catalogue = text_csv("title\nGiày\n\x00\nDép\n", keep_going=True)
    assert [(product.id, product.title) for product in catalogue] == [("1", "Giày"), ("3", "Dép")]


BAD = {
    "an empty id": ({"id": "", "title": "x"}, "id", "is empty; give each product its own id"),
    "a blank id": ({"id": " \u200b", "title": "x"}, "id", "is empty"),
    "no id": ({"title": "x"}, "id", "is empty"),
    "an id that is taken": ({"id": "a", "title": "x"}, "id", "'a' stands in row 1 already"),
    "an id that is taken, but for spaces": ({"id": " a ", "title": "x"}, "id", "'a' stands in row 1 already"),
    "an id that is a list": ({"id": ["b"], "title": "x"}, "id", "expected text, got list"),
    "a truth value": ({"id": "b", "title": True}, "title", "expected text, got bool"),
    "an object": ({"id": "b", "title": "x", "brand": {"name": "y"}}, "brand", "expected text, got dict"),
    "an object among attributes": ({"id": "b", "attributes": [{"a": 1}]}, "attributes", "expected text, got dict"),
    "attributes as an object": ({"id": "b", "attributes": {"a": 1}}, "attributes", "expected text, got dict"),
    "a price in words": ({"id": "b", "title": "x", "giá": "Liên hệ"}, "giá", "'Liên hệ' can not be read as a price"),
    "a negative price": ({"id": "b", "title": "x", "giá": -5}, "giá", "-5 is no price"),
    "nothing but an id": ({"id": "b"}, "", "has nothing to rank by; fill in one of title, brand, category"),
    "nothing but colour, size and price": ({"id": "b", "color": "Đen", "size": 42, "giá": 5}, "", "nothing to rank"),
    "a title that is invisible": ({"id": "b", "title": "\u200b\ufeff"}, "", "has nothing to rank by"),
}


@pytest.mark.parametrize(("record", "field", "problem"), BAD.values(), ids=BAD)
def test_a_bad_row_stops_the_reading(jsonl, record, field, problem):
    products = iter(jsonl({"id": "a", "title": "Giày", "giá": 1}, record, {"id": "z", "title": "Dép"}))
    assert next(products).id == "a"
    with pytest.raises(RowError) as caught:
        next(products)
    assert (caught.value.row, caught.value.field) == (2, field)
    assert problem in caught.value.problem
    assert "hàng.jsonl, row 2" in str(caught.value)


@pytest.mark.parametrize(("record", "field", "problem"), BAD.values(), ids=BAD)
def test_a_bad_row_is_set_aside(jsonl, tmp_path, record, field, problem):
    rejects = tmp_path / "bad" / "rows.jsonl"
    catalogue = jsonl(
        {"id": "a", "title": "Giày", "giá": 1},
        record,
        {"id": "z", "title": "Dép"},
        keep_going=True,
        rejects=rejects,
    )
    assert [product.id for product in catalogue] == ["a", "z"]
    assert (catalogue.report.rows, catalogue.report.products, catalogue.report.rejected) == (3, 2, 1)
    (line,) = rejects.read_text(encoding="utf-8").splitlines()
    written = json.loads(line)
    assert (written["row"], written["field"], written["values"]) == (2, field, record)
    assert problem in written["problem"]


def test_the_id_of_a_rejected_row_is_still_free(jsonl):
    catalogue = jsonl({"id": "a", "title": ""}, {"id": "a", "title": "Giày"}, keep_going=True)
    assert [product.title for product in catalogue] == ["Giày"]


RAW = {
    "too few cells": (b"2", ["2"]),
    "too many cells": ("2,b,ế".encode(), ["2", "b", "ế"]),
    "a NUL byte": (b"2,b\x00", {"id": "2", "title": "b\x00"}),
    "a byte that is not UTF-8": (b"2,b\xff", {"id": "2", "title": "b\udcff"}),
}


@pytest.mark.parametrize(("line", "raw"), RAW.values(), ids=RAW)
def test_a_row_that_is_no_row_is_set_aside_as_it_came(tmp_path, line, raw):
    (tmp_path / "a.csv").write_bytes(b"id,title\n1,a\n" + line + b"\n3,c\n")
    catalogue = Catalogue.open(tmp_path / "a.csv", keep_going=True, rejects=tmp_path / "bad.jsonl")
    assert [product.id for product in catalogue] == ["1", "3"]
    assert json.loads((tmp_path / "bad.jsonl").read_text(encoding="utf-8"))["values"] == raw


def test_a_line_that_is_no_json_is_set_aside_as_it_came(tmp_path):
    (tmp_path / "a.jsonl").write_bytes('{"title": "Giày"}\n{"title": "Dép}\n'.encode())
    catalogue = Catalogue.open(tmp_path / "a.jsonl", keep_going=True, rejects=tmp_path / "bad.jsonl")
    assert catalogue.report.rejected == 1
    assert json.loads((tmp_path / "bad.jsonl").read_text(encoding="utf-8"))["values"] == '{"title": "Dép}'


def test_rejects_appear_only_when_all_rows_were_read(text_csv, tmp_path):
    rejects = tmp_path / "bad.jsonl"
    rejects.write_text("of an earlier reading\n")
    catalogue = text_csv("title\nGiày\n\x00\nDép\n", keep_going=True, rejects=rejects)
    products = iter(catalogue)
    assert (next(products).id, next(products).id) == ("1", "3")
    del products
    assert rejects.read_text() == "of an earlier reading\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "hàng.csv"]
    list(catalogue)
    assert json.loads(rejects.read_text())["row"] == 2


def test_rejects_of_a_sound_file_are_an_empty_file(text_csv, tmp_path):
    (tmp_path / "bad.jsonl").write_text("of an earlier reading\n")
    list(text_csv("title\nGiày\n", keep_going=True, rejects=tmp_path / "bad.jsonl"))
    assert (tmp_path / "bad.jsonl").read_bytes() == b""


def test_a_file_without_one_product_is_an_input_error_that_shows_the_first_problem(text_csv, tmp_path):
    catalogue = text_csv("id,title\n,Giày\n2,\n", keep_going=True, rejects=tmp_path / "bad.jsonl")
    with pytest.raises(InputError, match=r"none of 2 rows can be used; the first: .*row 1, field 'id': is empty"):
        list(catalogue)
    assert len((tmp_path / "bad.jsonl").read_text().splitlines()) == 2


def test_a_file_of_broken_rows_only_is_told_when_it_is_read(text_csv):
    assert text_csv("id,title\n1\n", columns={"brand": "hãng"}, keep_going=True)
    with pytest.raises(RowError, match="row 1: has 1 cells"):
        list(text_csv("id,title\n1\n"))


CONTRADICTIONS = {
    "rejects without keep_going": ({"rejects": "bad.jsonl"}, "rows are set aside only with keep_going; add it"),
    "rejects over the file": ({"rejects": "hàng.csv", "keep_going": True}, "is the file that is read; choose another"),
    "unknown format": ({"format": "xlsx"}, "format 'xlsx' is unknown"),
}


@pytest.mark.parametrize(("settings", "problem"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_told_at_once(text_csv, tmp_path, settings, problem):
    if "rejects" in settings:
        settings = {**settings, "rejects": tmp_path / settings["rejects"]}
    with pytest.raises(InputError, match=problem):
        text_csv("title\nGiày\n", **settings)


def test_rejects_that_can_not_be_written_are_an_input_error(text_csv, tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "bad.jsonl", tmp_path):
        with pytest.raises(InputError, match="can not be written"):
            list(text_csv("title\nGiày\n", keep_going=True, rejects=path))


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "."])
def test_a_file_that_is_not_there_is_told_when_it_is_opened(tmp_path, name):
    with pytest.raises(InputError, match=r"there is no such file|is a folder"):
        Catalogue.open(tmp_path / name)


def test_the_report_counts(jsonl):
    catalogue = jsonl(
        {"mã": "1", "tên": "GiÃ\u00a0y"},
        {"mã": "2", "tên": "Giày"},
        {"mã": "3", "tên": "Giày \ufffd"},
        {"mã": "4", "tên": ""},
        {"mã": "5", "tên": "DÃ©p", "loại": "DÃ©p"},
        keep_going=True,
    )
    assert catalogue.report == ImportReport(
        rows=5,
        products=4,
        rejected=1,
        repaired=2,
        damaged=1,
        columns_used={"id": "mã", "title": "tên", "category": "loại"},
    )
    assert str(catalogue.report) == (
        "4 products from 5 rows, 1 rejected, 2 with repaired characters, 1 with characters lost for good "
        "(columns: id = mã, title = tên, category = loại)"
    )


def test_the_report_of_a_sound_file_is_short(text_csv):
    assert str(text_csv("title\nGiày\nDép\n").report) == "2 products from 2 rows (columns: title)"


def test_the_report_is_that_of_the_last_whole_reading(text_csv, tmp_path):
    catalogue = text_csv("title\nGiày\n")
    assert catalogue.report.rows == 1
    (tmp_path / "hàng.csv").write_text("title\nGiay\nDep\n")
    next(iter(catalogue))
    assert catalogue.report.rows == 1
    assert len(list(catalogue)) == catalogue.report.rows == 2


def test_two_readings_at_once_do_not_disturb_each_other(text_csv):
    catalogue = text_csv("id,title\na,Giày\nb,Dép\n")
    assert [(one.id, other.id) for one, other in zip(catalogue, catalogue, strict=True)] == [("a", "a"), ("b", "b")]


@pytest.mark.parametrize(
    ("content", "format"), [(as_json(), None), (as_csv(), "csv")], ids=["JSONL by default", "CSV if told"]
)
def test_standard_input_can_be_read_again(monkeypatch, content, format):
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode())))
    monkeypatch.setattr(sys, "stdin", stream)
    catalogue = Catalogue.open("-", format=format)
    assert list(catalogue) == list(catalogue) == [SAME]


def test_a_bad_row_of_standard_input_says_so(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b'{"title": ""}\n'))))
    with pytest.raises(RowError, match=r"^-, row 1: has nothing to rank by"):
        list(Catalogue.open("-"))


def test_a_named_pipe_can_be_read_again(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    writer = threading.Thread(target=(tmp_path / "a.jsonl").write_text, args=(as_json(),))
    writer.start()
    catalogue = Catalogue.open(tmp_path / "a.jsonl")
    writer.join()
    assert list(catalogue) == list(catalogue) == [SAME]


def test_products_in_memory():
    catalogue = Catalogue.of(product for product in [SAME])
    assert list(catalogue) == list(catalogue) == [SAME]
    assert str(catalogue.report) == "1 products from 1 rows"


def test_products_in_memory_without_ids_are_numbered():
    assert [product.id for product in Catalogue.of([Product(title="a"), Product(title="b")])] == ["1", "2"]


REFUSED = {
    "none": ([], "there are none; a catalogue needs at least one"),
    "an id missing": ([Product("a", "x"), Product("", "y")], "product 2, field 'id': is empty"),
    "an id taken": ([Product("a", "x"), Product("a", "y")], "product 2, field 'id': 'a' stands in row 1 already"),
    "nothing to rank by": ([Product("a", "x"), Product("b", size="42")], "product 2: has nothing to rank by"),
    "a price that is none": ([Product("a", "x", price=float("nan"))], "product 1, field 'price': nan is no price"),
}


@pytest.mark.parametrize(("products", "problem"), REFUSED.values(), ids=REFUSED)
def test_products_in_memory_are_checked(products, problem):
    with pytest.raises(InputError, match=problem):
        Catalogue.of(products)


def test_a_parquet_file_of_many_batches(tmp_path):
    products = [Product(str(number), f"Giày {number}", extra={"n": number}) for number in range(3000)]
    Catalogue.of(products).write_parquet(tmp_path / "new folder" / "own.parquet")
    assert list(Catalogue.open(tmp_path / "new folder" / "own.parquet")) == products


def test_a_bad_row_leaves_the_parquet_file_of_before(text_csv, tmp_path):
    (tmp_path / "own.parquet").write_text("of before")
    with pytest.raises(RowError, match="row 2"):
        text_csv("title,brand\nGiày,x\n,\n").write_parquet(tmp_path / "own.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hàng.csv", "own.parquet"]
    assert (tmp_path / "own.parquet").read_text() == "of before"


def test_the_file_that_is_read_is_not_written_over(text_csv, tmp_path):
    catalogue = text_csv("title\nGiày\n")
    with pytest.raises(InputError, match=r"hàng\.csv: is the file that is read; write to another"):
        catalogue.write_parquet(str(tmp_path / "." / "hàng.csv"))
    assert (tmp_path / "hàng.csv").read_text(encoding="utf-8") == "title\nGiày\n"


def test_a_place_that_can_not_be_written_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="can not be written"):
        Catalogue.of([SAME]).write_parquet(tmp_path)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
RECORDS = st.lists(
    st.fixed_dictionaries({"title": TEXT.map("Giày {}".format), "brand": TEXT, "description": TEXT, "kho": TEXT}),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(RECORDS)
def test_csv_jsonl_and_parquet_give_equal_products(tmp_path_factory, records):
    folder = tmp_path_factory.getbasetemp()
    with (folder / "same.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, records[0])
        writer.writeheader()
        writer.writerows(records)
    (folder / "same.jsonl").write_bytes("\n".join(map(json.dumps, records)).encode())
    pq.write_table(pa.Table.from_pylist(records), folder / "same.parquet")
    from_csv, from_jsonl, from_parquet = (
        list(Catalogue.open(folder / f"same.{suffix}")) for suffix in ("csv", "jsonl", "parquet")
    )
    assert from_csv == from_jsonl == from_parquet
    Catalogue.open(folder / "same.csv").write_parquet(folder / "written.parquet")
    assert list(Catalogue.open(folder / "written.parquet")) == from_csv


SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANYTHING = st.recursive(SCALAR, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
NAMES = st.sampled_from([*HEADER, "extra"]) | st.text(max_size=5)


@settings(deadline=None)
@given(st.lists(st.dictionaries(NAMES, ANYTHING, max_size=6), min_size=1, max_size=5))
def test_any_records_are_products_or_rejects_and_what_is_kept_can_be_written(tmp_path_factory, records):
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.jsonl").write_text("\n".join(map(json.dumps, [*records, {"title": "Giày", "id": "the last"}])))
    catalogue = Catalogue.open(folder / "any.jsonl", keep_going=True, rejects=folder / "any.rejects")
    products = list(catalogue)
    rejects = [json.loads(line) for line in (folder / "any.rejects").read_bytes().split(b"\n") if line]
    assert len(products) + len(rejects) == catalogue.report.rows == len(records) + 1
    assert all(records[reject["row"] - 1] == reject["values"] for reject in rejects)
    catalogue.write_parquet(folder / "any.parquet")
    assert list(Catalogue.open(folder / "any.parquet")) == products


def test_the_catalogue_that_comes_with_the_package():
    catalogue = demo_catalogue()
    products = list(catalogue)
    assert len({product.id for product in products}) == len(products) >= 1000
    assert all(product.title for product in products)
    assert (catalogue.report.rejected, catalogue.report.repaired, catalogue.report.damaged) == (0, 0, 0)
