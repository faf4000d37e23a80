import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shops import shoe, shop

from xephang.compiled.part import Draft, OpenPart, load, source_of, write_part
from xephang.errors import InputError
from xephang.product import Product


def draft_of(texts):
    """Have each text come to its UTF-8 bytes."""
    draft = Draft()
    for text in texts:
        draft.keep(text, np.frombuffer(text.encode(), np.int8))
        draft.add(text)
    return draft


@pytest.fixture
def part(tmp_path):
    return write_part(tmp_path, shop(4), draft_of(["một", "hai", "một", "ba"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=20))
def test_each_product_has_what_its_text_came_to(tmp_path, texts):
    draft = draft_of(texts)
    opened = OpenPart(tmp_path, write_part(tmp_path, shop(len(texts)), draft))
    assert [opened.stored(row).tobytes().decode() for row in range(len(texts))] == texts
    assert opened.part.files[0].bytes == draft.size == sum(len(text.encode()) for text in set(texts))
    assert opened.products(range(len(texts))) == shop(len(texts))
    assert opened.ids.to_pylist() == [f"p{number}" for number in range(len(texts))]


def test_products_of_one_text_stand_in_one_place(part, tmp_path):
    opened = OpenPart(tmp_path, part)
    assert opened.span(0) == opened.span(2) == (0, 5)
    assert opened.span(1) == (5, 3)


def test_a_draft_knows_what_it_keeps():
    draft = draft_of(["a"])
    draft.keep("a", np.zeros(9, np.int8))
    assert "a" in draft
    assert "b" not in draft
    assert (draft.size, draft.which) == (1, [0]), "what came first stays"


def test_what_is_stored_can_not_be_written_to(part, tmp_path):
    with pytest.raises(ValueError, match="read-only"):
        OpenPart(tmp_path, part).stored(0)[0] = 1


def test_an_open_part_outlives_its_files(part, tmp_path):
    opened = OpenPart(tmp_path, part)
    for file in part.files:
        (tmp_path / file.path).unlink()
    assert opened.stored(1).tobytes() == b"hai"
    assert opened.ids.to_pylist() == ["p0", "p1", "p2", "p3"]
    assert opened.products([3, 0]) == [shoe(3), shoe(0)]


def test_open_parts_hold_no_files_open(part, tmp_path):
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    opened = [OpenPart(tmp_path, part) for _ in range(50)]
    assert [one.ids[0].as_py() for one in opened] == ["p0"] * 50
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("which", range(3), ids=["stored", "spans", "products"])
@pytest.mark.parametrize("damage", ["gone", "cut off"])
def test_a_part_with_a_damaged_file_is_not_opened(part, tmp_path, which, damage):
    path = tmp_path / part.files[which].path
    content = path.read_bytes()
    path.unlink()
    if damage == "cut off":
        path.write_bytes(content[:-1])
    with pytest.raises(InputError, match=f"{path.name}: is (missing|not the file)"):
        OpenPart(tmp_path, part)


def test_spans_are_read_whole(part, tmp_path):
    path = tmp_path / part.files[1].path
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(InputError, match=r"spans\.npy: is not the file that compiled\.json records"):
        OpenPart(tmp_path, part)


def test_damaged_products_are_named_once_they_are_read(part, tmp_path):
    path = tmp_path / part.files[2].path
    path.write_bytes(b"PAR1" + b"\xff" * (part.files[2].bytes - 8) + b"PAR1")
    opened = OpenPart(tmp_path, part)
    for read in (lambda: opened.ids, lambda: opened.products([0])):
        with pytest.raises(InputError, match=r"products\.parquet: is damaged \(.+\)"):
            read()


def test_a_file_that_is_no_array_is_named(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY")
    for mapped in (True, False):
        with pytest.raises(InputError, match=r"a\.npy: can not be read"):
            load(tmp_path / "a.npy", mapped=mapped)


def test_a_part_is_not_written_over_a_file(tmp_path):
    (tmp_path / "parts").touch()
    with pytest.raises(InputError, match=r"stored\.bin: can not be written"):
        write_part(tmp_path, shop(1), draft_of(["a"]))


@pytest.mark.parametrize(
    "changed",
    [
        [shoe(1), shoe(0)],
        [shoe(0)],
        [shoe(0), replace(shoe(1), price=2.0)],
        [shoe(0), replace(shoe(1), extra={"kho": "0"})],
        [shoe(0), replace(shoe(1), id="p\ud800")],
        [replace(shoe(0), attributes=("a", "b")), shoe(1)],
        [],
    ],
)
def test_changed_products_are_another_source(changed):
    assert source_of(changed) != source_of([shoe(0), shoe(1)])


def test_the_order_of_extra_fields_is_no_change():
    one, other = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert source_of([Product(id="1", title="a", extra=one)]) == source_of([Product(id="1", title="a", extra=other)])
