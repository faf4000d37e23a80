"""`xephang compile`, and `rank` of what it leaves."""

import json
import signal
import time

import pytest
from wares import PRODUCTS, QUERY

from xephang import CompiledCatalogue, Product
from xephang.compiled.manifest import BUILDING


@pytest.fixture
def compile(xephang, tiny_apart, tmp_path):
    folder = tmp_path / "compiled"
    return lambda *arguments, **options: xephang(
        "compile", *arguments, "--output", folder, "--model", tiny_apart, **options
    )


@pytest.fixture
def compiled(compile, shop, tmp_path):
    """A folder that holds the four products."""
    assert compile(shop(*PRODUCTS)).code == 0
    return tmp_path / "compiled"


def test_it_says_what_the_folder_holds(compile, shop, tmp_path):
    ran = compile(shop(*PRODUCTS), "--json")
    (said,) = ran.json
    assert ran.code == 0
    assert (said["products"], said["storage"], said["model"], said["parts"]) == (4, "fast", "model", 1)
    held = CompiledCatalogue.open(tmp_path / "compiled")
    assert said["bytes"] == held.bytes and said["folder"] == str(held.folder)
    assert held.ids() == ["A1", "A2", "A3", "A4"]
    assert "4 products from 4 rows" in ran.err


def test_a_person_reads_the_same(compile, shop, tmp_path):
    out = compile(shop(*PRODUCTS), "--storage", "small").out
    assert out.startswith(f"{tmp_path / 'compiled'}: 4 products in ")
    assert out.endswith("model 'model', storage 'small'\n")


def test_rank_takes_the_folder_for_the_file(compiled, xephang, shop, tiny_apart):
    of_file = xephang("rank", QUERY, shop(*PRODUCTS), "--model", tiny_apart, "--json").json[0]
    of_folder = xephang("rank", QUERY, compiled, "--model", tiny_apart, "--json").json[0]
    assert of_folder["results"] == of_file["results"] and of_folder["products"] == 4


def test_rank_explains_what_is_compiled(compiled, xephang, tiny_apart):
    ran = xephang("rank", QUERY, compiled, "--model", tiny_apart, "--explain", "--lexicon", "footwear", "--json")
    facets = {result["id"]: result["explanation"]["facets"] for result in ran.json[0]["results"]}
    assert {facet["verdict"] for facet in facets["A1"]} == {"matched"}


@pytest.mark.parametrize(
    "options", [("--column", "title=name"), ("--keep-going",), ("--format", "csv")], ids=lambda options: options[0]
)
def test_options_of_files_are_refused_for_a_folder(compiled, xephang, tiny_apart, options):
    ran = xephang("rank", QUERY, compiled, "--model", tiny_apart, *options)
    assert ran.code == 2 and "is compiled; --column, --keep-going" in ran.err


def test_update_adds_and_replaces(compile, compiled, shop):
    ran = compile(shop({"id": "A2", "title": "Dép mới"}, {"id": "B1", "title": "Giày tây"}), "--update", "--json")
    assert ran.json[0]["products"] == 5
    assert "1 products replaced" in ran.err
    assert CompiledCatalogue.open(compiled).products(["A2"]) == [Product(id="A2", title="Dép mới")]


def test_delete_and_verify(compile, compiled):
    assert compile("--delete", "A1", "--delete", "A3", "--verify", "--json").json[0]["products"] == 2
    assert CompiledCatalogue.open(compiled).ids() == ["A2", "A4"]
    ran = compile("--delete", "A1")
    assert ran.code == 2 and "there is no product 'A1'" in ran.err


def test_verify_finds_a_changed_byte(compile, compiled):
    (stored,) = compiled.glob("parts/*/stored.bin")
    whole = bytearray(stored.read_bytes())
    whole[7] ^= 1
    stored.write_bytes(whole)
    ran = compile("--verify")
    assert ran.code == 2 and f"{stored}: is not the file" in ran.err


def test_a_folder_in_use_is_not_replaced_unasked(compile, compiled, shop):
    other = shop({"id": "B1", "title": "Giày tây"})
    ran = compile(other)
    assert ran.code == 2 and "holds a compiled catalogue already" in ran.err
    assert len(CompiledCatalogue.open(compiled)) == 4
    assert compile(other, "--overwrite").code == 0
    assert CompiledCatalogue.open(compiled).ids() == ["B1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a FILE to compile, or else --delete or --verify"),
        (("FILE", "--delete", "A1"), "give a FILE to compile, or else --delete or --verify"),
        (("--verify",), "holds no compiled catalogue"),
        (("FILE", "--update"), "holds no compiled catalogue"),
        (("missing.csv",), "missing.csv: there is no such file"),
        (("FILE", "--storage", "tiny"), "'tiny' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_said(compile, shop, arguments, said):
    file = shop(*PRODUCTS)
    ran = compile(*(file if argument == "FILE" else argument for argument in arguments))
    assert ran.code == 2 and said in ran.err


def test_it_wants_an_output(xephang, shop):
    ran = xephang("compile", shop(*PRODUCTS))
    assert ran.code == 2 and "no --output" in ran.err


def test_a_model_that_reads_pairs_together_is_refused(xephang, shop, tiny_exported, tmp_path):
    ran = xephang("compile", shop(*PRODUCTS), "--output", tmp_path / "compiled", "--model", tiny_exported)
    assert ran.code == 1 and "can not be computed ahead with the onnx engine" in ran.err
    assert not (tmp_path / "compiled").exists()


def test_bad_rows_are_set_aside_only_when_asked(compile, shop, tmp_path):
    file = shop(PRODUCTS[0], {"id": "A2"})
    ran = compile(file)
    assert ran.code == 2 and "row 2" in ran.err
    assert compile(file, "--keep-going", "--rejects", tmp_path / "bad.jsonl", "--json").json[0]["products"] == 1
    assert json.loads((tmp_path / "bad.jsonl").read_text(encoding="utf-8"))


def test_ctrl_c_leaves_a_build_that_goes_on(start, xephang, tiny_apart, tmp_path):
    catalogue, folder = tmp_path / "shop.jsonl", tmp_path / "compiled"
    rows = [{"id": str(n), "title": f"Giày số {n} chạy bộ nữ đế êm " * 20} for n in range(1500)]
    catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ("compile", catalogue, "-o", folder, "-m", tiny_apart)
    process = start(*arguments)
    while not (folder / BUILDING).exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert f"interrupted; go on with: xephang compile … -o {folder} --resume" in err.decode()
    refused = xephang(*arguments)
    assert refused.code == 2 and "holds a build that was interrupted" in refused.err
    assert xephang(*arguments, "--resume", "--json").json[0]["products"] == 1500
