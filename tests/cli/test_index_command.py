"""`xephang index`."""

import json
import signal
import time

import pytest
from wares import PRODUCTS

from xephang import CompiledCatalogue, Reranker
from xephang.compiled.manifest import BUILDING
from xephang.search import Search, Shop, is_search_folder


@pytest.fixture
def index(xephang, tiny_apart, tmp_path):
    folder = tmp_path / "hàng"
    return lambda *arguments: xephang("index", *arguments, "--output", folder, "--model", tiny_apart)


@pytest.fixture
def indexed(index, shop, tmp_path):
    """A search folder of the four products."""
    assert index(shop(*PRODUCTS), "--lexicon", "footwear").code == 0
    return tmp_path / "hàng"


def found(folder, query, **asked):
    return [*Shop.open(folder).find(Search(query, **asked)).ids]


def test_it_says_what_the_folder_holds(index, shop, tmp_path):
    ran = index(shop(*PRODUCTS), "--lexicon", "footwear", "--json")
    (said,) = ran.json
    assert ran.code == 0 and "4 products from 4 rows" in ran.err
    assert (said["products"], said["storage"], said["model"]) == (4, "fast", "model")
    opened = Shop.open(tmp_path / "hàng")
    assert said["bytes"] == opened.bytes > opened.compiled.bytes
    assert next(facet.facet for facet in opened.find(Search()).facets) == "category"


def test_a_person_is_told_what_to_do_next(index, shop, tmp_path):
    out = index(shop(*PRODUCTS)).out
    folder = tmp_path / "hàng"
    assert out.startswith(f"{folder}: 4 products to search in ")
    assert f"xephang search {folder} QUERY" in out and f"xephang serve --catalogue {folder}" in out


def test_without_a_lexicon_the_products_fields_are_facets(index, shop, tmp_path):
    assert index(shop({"id": "1", "title": "Áo thun", "brand": "Coolmate", "color": "Đen"})).code == 0
    facets = Shop.open(tmp_path / "hàng").find(Search("ao thun")).facets
    assert [(facet.facet, facet.values[0].id) for facet in facets] == [("brand", "coolmate"), ("color", "đen")]


def test_a_folder_that_is_compiled_gets_its_index(xephang, shop, tiny_apart, tmp_path):
    folder = tmp_path / "compiled"
    assert xephang("compile", shop(*PRODUCTS), "-o", folder, "-m", tiny_apart).code == 0
    assert not is_search_folder(folder)
    ran = xephang("index", folder, "-m", tiny_apart, "--json")
    assert ran.json[0]["products"] == 4 and is_search_folder(folder)
    assert len(found(folder, "giày")) > 0
    assert xephang("index", folder, "-m", tiny_apart).code == 0, "and a new one"


def test_update_and_delete_change_both(index, indexed, shop, tiny_apart):
    ran = index(shop({"id": "A2", "title": "Ủng đi mưa"}, {"id": "B1", "title": "Giày tây"}), "--update", "--json")
    assert ran.json[0]["products"] == 5 and "1 products replaced" in ran.err
    assert found(indexed, "ung di mua")[0] == "A2"
    ran = index("--delete", "A2", "--delete", "none", "--json")
    assert ran.json[0]["products"] == 4 and "1 products deleted" in ran.err
    assert "A2" not in found(indexed, "ung di mua")
    assert set(found(indexed, "")) == set(CompiledCatalogue.open(indexed).ids())


def test_a_search_folder_is_a_compiled_catalogue_too(indexed, xephang, shop, tiny_apart):
    of_folder = xephang("rank", "giày", indexed, "--model", tiny_apart, "--json").json[0]
    of_file = xephang("rank", "giày", shop(*PRODUCTS), "--model", tiny_apart, "--json").json[0]
    assert of_folder["results"] == of_file["results"]
    ran = xephang("compile", shop({"id": "B1", "title": "Dép"}), "-o", indexed, "-m", tiny_apart, "--update")
    assert ran.code == 2 and "use xephang index" in ran.err


def test_bad_rows_are_told_and_kept_out(index, shop, tmp_path):
    rows = shop({"id": "A1", "title": "Giày"}, {"id": "A1", "title": "Dép"}, {"id": "A2", "title": ""})
    ran = index(rows)
    assert ran.code == 2 and "row 2" in ran.err and not (tmp_path / "hàng" / "compiled.json").exists()
    ran = index(rows, "--keep-going", "--json", "--overwrite")
    assert ran.code == 0 and ran.json[0]["products"] == 1


WRONG = {
    "no folder": (["{shop}"], "no --output"),
    "no file": (["-o", "{folder}"], "give a FILE to index, or else --delete"),
    "both": (["{shop}", "-o", "{folder}", "--delete", "A1"], "give a FILE to index, or else --delete"),
    "a lexicon for an update": (["{shop}", "-o", "{folder}", "--update", "--lexicon", "bags"], "are for a build"),
    "no such lexicon": (["{shop}", "-o", "{folder}", "--lexicon", "giày"], "giày: no such lexicon"),
    "nothing to update": (["{shop}", "-o", "{folder}", "--update"], "holds no compiled catalogue"),
    "no such file": (["none.csv", "-o", "{folder}"], "none.csv: there is no such file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_be_is_refused(xephang, shop, tiny_apart, tmp_path, case):
    arguments, said = WRONG[case]
    names = {"shop": shop(*PRODUCTS), "folder": tmp_path / "folder"}
    ran = xephang("index", *(one.format(**names) for one in arguments), "--model", tiny_apart)
    assert ran.code == 2 and said in ran.err
    assert not (tmp_path / "folder" / "compiled.json").exists()


def test_an_interrupted_build_goes_on(start, xephang, shop, tiny_apart, tmp_path):
    """Ctrl-C leaves what is computed; --resume ends with all products in both."""
    file = shop(*({"id": f"p{i}", "title": f"Giày thể thao nam kiểu {i}"} for i in range(6000)))
    folder = tmp_path / "folder"
    process = start("index", file, "-o", folder, "-m", tiny_apart)
    deadline = time.monotonic() + 120
    while not (folder / BUILDING).is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    if process.returncode:  # else it was through before the signal came
        assert b"--resume" in err and not is_search_folder(folder)
        assert xephang("index", file, "-o", folder, "-m", tiny_apart, "--resume").code == 0
    opened = Shop.open(folder, model=Reranker.load(tiny_apart))
    assert len(opened) == 6000 == opened.find(Search()).total


def test_json_is_one_line(index, shop):
    assert json.loads(index(shop(*PRODUCTS), "--json").out)["products"] == 4


def test_a_build_of_compile_does_not_take_the_index_away(indexed, xephang, shop, tiny_apart):
    ran = xephang("compile", shop(*PRODUCTS), "-o", indexed, "-m", tiny_apart, "--overwrite")
    assert ran.code == 2 and "would lose its index; use xephang index" in ran.err
    assert is_search_folder(indexed) and len(found(indexed, "")) == 4


@pytest.mark.parametrize("option", [["--delete", "A1"], ["--update"], ["--storage", "small"], ["--keep-going"]])
def test_options_of_files_are_refused_for_a_compiled_folder(indexed, xephang, tiny_apart, option):
    ran = xephang("index", indexed, "-m", tiny_apart, *option)
    assert ran.code == 2 and "is compiled; of the options" in ran.err
    assert len(found(indexed, "")) == 4
