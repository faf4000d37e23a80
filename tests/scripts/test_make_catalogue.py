import json
import os
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giay.products import GeneratedProduct
from giay.words import KIDS, vocabulary
from make_catalogue import generate, main
from xephang.product import LISTING, SEED, Product
from xephang.text import fold, normalise

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "src/xephang/catalogue/demo.jsonl"


@pytest.fixture(scope="module")
def products() -> list[GeneratedProduct]:
    return list(generate(1500, seed=3))


def run(tmp_path, *arguments, hash_seed="0"):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, str(ROOT / "scripts/make_catalogue.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(tmp_path):
    for number in ("1", "2"):
        done = run(tmp_path, "--products", 60, "--seed", 5, "-o", f"{number}.jsonl", hash_seed=number)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert len((tmp_path / "1.jsonl").read_text(encoding="utf-8").splitlines()) == 60


def test_another_seed_gives_other_products():
    one, other = ({item.product.title for item in generate(100, seed)} for seed in (1, 2))
    assert len(one & other) < 10


def test_a_longer_catalogue_begins_with_the_shorter_one():
    assert list(generate(30, seed=4))[:10] == list(generate(10, seed=4))


def test_no_products_is_no_error_for_the_function():
    assert list(generate(0, seed=1)) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--products", "0"], ["--products", "at least 1", "0"], id="no products"),
        pytest.param(["--products", "-3"], ["--products", "-3"], id="fewer than none"),
        pytest.param(["--products", "many"], ["--products", "many"], id="no number"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["make_catalogue.py", *arguments, "-o", str(tmp_path / "c.jsonl")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words)
    assert not (tmp_path / "c.jsonl").exists()


def test_an_output_that_can_not_be_written_is_named_without_a_traceback(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = run(tmp_path, "--products", 2, "-o", "file/c.jsonl")
    assert done.returncode == 2
    assert "file/c.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_catalogue_is_what_the_script_writes():
    records = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    assert records == [item.product.to_dict() for item in generate(1200, seed=1)]


def test_the_demo_catalogue_is_small_and_its_identifiers_are_unique():
    records = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    assert DEMO.stat().st_size < 600_000
    assert len(records) == len({record["id"] for record in records}) == 1200
    assert set().union(*records) <= {
        "id", "title", "brand", "category", "color", "size", "attributes", "gender", "price", "description",
    }  # fmt: skip


def test_records_read_back_as_the_products_they_were(products):
    for item in products[:300]:
        record = json.loads(json.dumps(item.product.to_dict(), ensure_ascii=False))
        assert Product.from_dict(record) == item.product


def test_every_type_brand_and_facet_of_the_vocabulary_is_sold(products):
    many = [*products, *generate(6000, seed=9)]
    types = {kind.key for kind in vocabulary().types.values() if kind.weight}
    assert {item.facets["type"][0] for item in many} == types
    assert {brand for item in many for brand in item.facets.get("brand", ())} == set(vocabulary().brands)
    for facet in ("color", "gender", "shape", "material", "feature"):
        stated = {value for item in many for value in item.facets.get(facet, ())}
        assert stated == set(vocabulary().facets[facet]), facet


DIRT = {
    "all capitals": (lambda item: item.product.title.isupper(), 0.05, 0.3),
    "no capitals": (lambda item: item.product.title.islower(), 0.03, 0.3),
    "decomposed letters": (lambda item: not unicodedata.is_normalized("NFC", item.product.title), 0.01, 0.06),
    "no diacritics": (lambda item: item.product.title.isascii(), 0.01, 0.08),
    "a hashtag": (lambda item: "#" in item.product.title, 0.02, 0.12),
    "a square bracket": (lambda item: "[" in item.product.title, 0.04, 0.2),
    "no brand, said as OEM": (lambda item: item.product.brand == "OEM", 0.1, 0.5),
    "no brand at all": (lambda item: not item.product.brand, 0.05, 0.4),
    "a category that says nothing": (lambda item: item.product.category in ("Root", "Thời Trang"), 0.1, 0.5),
    "no category": (lambda item: not item.product.category, 0.05, 0.4),
    "no colour field": (lambda item: not item.product.color, 0.3, 0.9),
    "no size field": (lambda item: not item.product.size, 0.3, 0.9),
    "an unknown colour": (lambda item: "color" not in item.facets, 0.1, 0.6),
    "an unknown brand": (lambda item: "brand" not in item.facets, 0.2, 0.7),
    "a description": (lambda item: bool(item.product.description), 0.1, 0.3),
    "several sizes": (lambda item: len(item.facets.get("size", ())) > 2, 0.1, 0.6),
    "several colours": (lambda item: len(item.facets.get("color", ())) > 1, 0.1, 0.5),
    "fields for the seed's template": (
        lambda item: all(getattr(item.product, name) for name in ("brand", "color", "size", "attributes")), 0.1, 0.4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("dirt", DIRT)
def test_catalogues_are_as_sloppy_as_real_ones(dirt, products):
    shows, least, most = DIRT[dirt]
    assert least < sum(map(shows, products)) / len(products) < most


def said(item: GeneratedProduct) -> str:
    product = item.product
    return f" {fold(LISTING.render(product).text).lower()} "


def test_what_is_known_of_a_product_can_be_read_in_its_listing(products):
    for item in products:
        text = said(item)
        for facet in ("feature", "use", "color", "material", "shape"):
            kind = vocabulary().types[item.facets["type"][0]]
            for value in set(item.facets.get(facet, ())) - {*kind.implies, *kind.implied_features}:
                entry = vocabulary().facets[facet][value]
                forms = [fold(form).lower() for form in (value, *entry.title)]
                assert any(form in text for form in forms), (facet, value, text)
        for brand in item.facets.get("brand", ()):
            assert fold(brand).lower() in text


def test_known_sizes_can_be_read_in_the_listing(products):
    for item in products:
        if sizes := item.facets.get("size"):
            assert sizes[0] in said(item)
            assert sizes[-1] in said(item)


def test_a_brand_that_is_not_known_is_not_in_the_listing(products):
    longer = [name for name in vocabulary().brands if len(name) > 5]
    for item in products:
        text = said(item)
        for name in longer:
            if name not in item.facets.get("brand", ()):
                assert f" {fold(name).lower()} " not in text


def test_products_are_plausible(products):
    for item in products:
        kind = vocabulary().types[item.facets["type"][0]]
        assert item.product.price and item.product.price >= 9000 and item.product.price % 1000 == 0
        gender = item.facets.get("gender", ("",))[0]
        if gender and gender not in kind.genders:
            assert kind.kids and gender == "trẻ em"
        sizes = [int(size) for size in item.facets.get("size", ())]
        assert all(kind.sizes[0] <= size <= kind.sizes[1] for size in sizes)
        if gender == "nữ":
            assert all(size <= 40 for size in sizes)
        axes = [vocabulary().facets["shape"][name].axis for name in item.facets.get("shape", ())]
        assert len(axes) == len(set(axes))


def test_childrens_things_are_known_to_be_for_children(products):
    kids = [item for item in products if vocabulary().types[item.facets["type"][0]].kids]
    assert len(kids) > 50
    assert all(set(item.facets["gender"]) <= set(KIDS) and len(item.facets["gender"]) == 1 for item in kids)


def test_brands_make_what_they_are_known_for(products):
    for item in products:
        for name in item.facets.get("brand", ()):
            kind = vocabulary().types[item.facets["type"][0]]
            assert set(vocabulary().brands[name].groups) & set(kind.brands)


def test_a_title_does_not_say_one_thing_twice_in_a_row(products):
    for item in products:
        words = fold(normalise(item.product.title)).lower().split()
        repeated = [pair for pair in pairwise(words) if pair[0] == pair[1] and len(pair[0]) > 1]
        assert len(repeated) <= 1, item.product.title


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(-(10**9), 10**9))
def test_any_seed_gives_products_that_both_templates_render(seed):
    for item in generate(4, seed):
        assert LISTING.render(item.product).text
        assert item.product.id and normalise(item.product.title)
        if item.product.brand:
            assert SEED.render(item.product).text


@pytest.mark.parametrize("facet", ["color", "shape", "material", "feature", "use", "gender", "surface"])
def test_values_of_the_vocabulary_refer_to_values(facet):
    values = vocabulary().facets[facet]
    for value in values.values():
        assert {*value.is_a, *value.near} <= values.keys(), value.name
        assert value.title


def test_types_of_the_vocabulary_refer_to_what_there_is():
    words = vocabulary()
    groups = {group for brand in words.brands.values() for group in brand.groups}
    for kind in words.types.values():
        assert {*kind.features, *kind.implied_features} <= words.facets["feature"].keys(), kind.key
        assert {*kind.uses, *kind.implies} <= words.facets["use"].keys(), kind.key
        assert set(kind.materials) <= words.facets["material"].keys(), kind.key
        assert set(kind.shapes) <= words.facets["shape"].keys(), kind.key
        assert set(kind.brands) <= groups, kind.key
        assert not set(kind.uses) & set(kind.implies), kind.key
        assert kind.title and (kind.category or not kind.weight)
        assert all(len(kind.price) == 2 and kind.price[0] < kind.price[1] for _ in range(bool(kind.weight)))
