"""The minimal pairs: one facet differs, and it is the one that the query asks for."""

import difflib
import json
import os
import runpy
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from probe import EACH, FACETS, Case, cases, contradicts, score, table
from probe_wording import BRANDS, COLOURS, EXTRAS, KINDS, NEAR_COLOURS, SPAM

from xephang import Reranker
from xephang.lexicon import Facets, Lexicon
from xephang.text import fold, normalise

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pairs() -> list[Case]:
    return cases()


@cache
def lexicon() -> Lexicon:
    return Lexicon.load("footwear")


@cache
def parse(text: str) -> Facets:
    return lexicon().parse(text)


def test_there_are_as_many_of_each_facet(pairs):
    assert Counter(case.facet for case in pairs) == dict.fromkeys(FACETS, EACH)
    assert len(pairs) >= 2000


def test_the_same_seed_makes_the_same_pairs_whatever_the_hash_seed():
    program = "import hashlib, probe; print(hashlib.sha256(repr(probe.cases(each=60)).encode()).hexdigest())"
    found = set()
    for number in ("1", "2"):
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "benchmarks" / "quality")])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": number}
        ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        found.add(ran.stdout)
    assert len(found) == 1
    assert cases(each=60) == cases(each=60)
    assert cases(seed=2, each=20) != cases(each=20)


def test_no_generated_title_has_the_catchwords():
    generators = (ROOT / "src" / "xephang" / "judgments" / "synthesis", ROOT / "scripts" / "giay")
    texts = [path for folder in generators for kind in ("*.py", "*.toml") for path in folder.rglob(kind)]
    said = fold("\n".join(path.read_text(encoding="utf-8") for path in texts)).lower()
    assert "hang chinh hang" in said
    assert [word for word in (*SPAM, *EXTRAS) if fold(word).lower() in said] == []


def test_no_pair_is_there_twice(pairs):
    keys = {(case.query, frozenset([case.right.title, case.wrong.title])) for case in pairs}
    assert len(keys) == len(pairs)


def test_the_lexicon_reads_one_facet_differently_and_nothing_else(pairs):
    for case in pairs:
        right, wrong = parse(case.right.title), parse(case.wrong.title)
        differing = {facet for facet in lexicon().facets if right.ids(facet) != wrong.ids(facet)}
        assert differing == {case.facet}, case
        assert case.kind in right.ids("category"), case
        assert not right.accessory


def test_titles_differ_in_one_stretch(pairs):
    for case in pairs:
        first, second = case.right.title.split(), case.wrong.title.split()
        codes = difflib.SequenceMatcher(None, first, second, False).get_opcodes()
        changes = [code for code in codes if code[0] != "equal"]
        start, end = changes[0][1], changes[-1][2]
        # A list of sizes may share some in the middle.
        assert end - start <= 8 and (len(changes) == 1 or case.facet in ("size", "gender", "brand")), case


def test_the_right_product_says_what_is_asked_and_the_wrong_one_contradicts_it(pairs):
    for case in pairs:
        asked, right, wrong = map(parse, (case.query, case.right.title, case.wrong.title))
        assert asked.ids(case.facet) == (case.asked,), case
        if case.facet == "size":
            size = float(case.asked)
            assert any(m.low <= size <= m.high for m in right["size"]), case
            assert wrong["size"] and not any(m.low <= size <= m.high for m in wrong["size"]), case
        else:
            assert (right.ids(case.facet), wrong.ids(case.facet)) == ((case.asked,), (case.other,)), case
            assert not lexicon().is_a(case.facet, case.asked, case.other)
            assert not lexicon().is_a(case.facet, case.other, case.asked)
            assert "unisex" not in (case.asked, case.other)


def test_a_shared_facet_is_asked_for_and_stated_by_both(pairs):
    shared = [case for case in pairs if case.shared]
    assert 0.3 < len(shared) / len(pairs) < 0.5
    for case in shared:
        asked, right = parse(case.query), parse(case.right.title)
        assert len(asked.ids(case.shared)) == 1, case
        if case.shared == "size":
            size = float(asked.ids("size")[0])
            assert any(m.low <= size <= m.high for m in right["size"]), case
        else:
            assert right.ids(case.shared) == asked.ids(case.shared), case


def test_a_query_asks_for_nothing_else(pairs):
    for case in pairs:
        asked = parse(case.query)
        stated = {facet for facet in FACETS if asked.ids(facet)}
        assert stated == {case.facet, case.shared} - {""}, case
        assert case.kind in asked.ids("category"), case


def test_half_of_the_queries_have_no_diacritics_and_half_of_the_products_have_fields(pairs):
    assert 0.4 < sum(case.plain for case in pairs) / len(pairs) < 0.6
    assert all(fold(case.query) == case.query for case in pairs if case.plain)
    assert all(normalise(case.query) == case.query for case in pairs)
    assert 0.4 < sum(case.fields for case in pairs) / len(pairs) < 0.6
    for case in pairs:
        assert bool(case.right.brand and case.right.category) == case.fields
        assert case.right.category == case.wrong.category
        assert (case.right.brand == case.wrong.brand) == (case.facet != "brand" or not case.fields)
        assert not (case.right.size or case.right.color or case.right.gender)


def test_fields_add_no_other_facet(pairs):
    for case in pairs:
        for product, value in ((case.right, case.asked), (case.wrong, case.other)):
            said = parse(f"{product.category} {product.brand}")
            assert not any(said.ids(facet) for facet in ("size", "color", "gender"))
            if case.facet == "brand" and case.fields:
                assert said.ids("brand") == (value,)


def test_titles_come_in_many_styles(pairs):
    titles = [case.right.title for case in pairs]
    assert 0.1 < sum(title.isupper() for title in titles) / len(titles) < 0.35
    assert 0.1 < sum(title.islower() for title in titles) / len(titles) < 0.35
    for part in ("Mã ", "Hàng Tuyển", "Săn Sale", " - ", "đến", "Size: ", "sz "):
        assert sum(part in title for title in titles) > 10, part
    assert len({title.split()[0].lower() for title in titles}) > 15


def test_sizes_come_single_in_lists_and_in_ranges(pairs):
    kinds = Counter()
    for case in pairs:
        if case.facet == "size":
            mentions = parse(case.right.title)["size"]
            kinds["range" if mentions[0].low != mentions[0].high else "single" if len(mentions) == 1 else "list"] += 1
    assert min(kinds[one] for one in ("range", "single", "list")) > 50


def test_every_value_and_category_is_asked_for(pairs):
    assert {case.kind for case in pairs} == {kind.value for kind in KINDS}
    assert {case.asked for case in pairs if case.facet == "color"} == set(COLOURS)
    brands = {one for group in BRANDS.values() for one in group}
    assert {case.asked for case in pairs if case.facet == "brand"} == brands
    assert {case.asked for case in pairs if case.facet == "gender"} == {"nam", "nu"}


def test_no_pair_about_gender_is_of_a_kind_that_is_made_for_one(pairs):
    gendered = {kind.value for kind in KINDS if kind.gendered}
    assert gendered == {"cao-got", "bup-be", "tay"}
    assert not gendered & {case.kind for case in pairs if "gender" in (case.facet, case.shared)}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("be", "kem", False), ("nau", "bo", False), ("bac", "xam", False), ("xanh-den", "xanh-duong", False),
        ("xanh-den", "xanh", False), ("do", "do-do", False), ("den", "den", False), ("nude", "kem", False),
        ("den", "trang", True), ("do", "xanh-la", True), ("xanh-duong", "do-do", True),
    ],
)  # fmt: skip
def test_near_shades_and_kinds_of_one_another_do_not_contradict(one, other, expected):
    assert contradicts(lexicon(), "color", one, other) == contradicts(lexicon(), "color", other, one) == expected


def test_the_wording_is_of_values_that_the_lexicon_has():
    assert {kind.value for kind in KINDS} <= set(lexicon().facets["category"].values)
    assert set(COLOURS) | {one for near in NEAR_COLOURS for one in near} <= set(lexicon().facets["color"].values)
    assert {one for group in BRANDS.values() for one in group} <= set(lexicon().facets["brand"].values)


def test_nothing_of_it_is_trained_on(pairs, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setattr("sys.argv", ["", "--queries", "60", "--products", "300", "-o", str(tmp_path)])
    runpy.run_path(str(ROOT / "scripts/make_judgments.py"))["main"]()
    rows = (tmp_path / "train.jsonl").read_text(encoding="utf-8").splitlines()
    trained = {normalise(json.loads(row)["document"]).casefold() for row in rows}
    assert len(trained) > 300
    assert not trained & {
        normalise(title).casefold() for case in pairs for title in (case.right.title, case.wrong.title)
    }


def test_accuracy_counts_ties_as_wrong():
    first = cases(each=1)
    found = table(first, [1.5, 0.0, -2.0, 0.1])
    assert found["overall"] == {"pairs": 4, "right": 2, "ties": 1, "accuracy": 0.5}
    assert [found["by_facet"][facet]["accuracy"] for facet in FACETS] == [1.0, 0.0, 0.0, 1.0]
    assert all(sum(one["pairs"] for one in by.values()) == 4 for name, by in found.items() if name != "overall")


def test_margins_are_of_logits_and_turn_with_the_pair(tiny_exported):
    model, some = Reranker.load(tiny_exported, threads=1), cases(each=5)
    margins = score(model, some)
    turned = score(model, [replace(case, right=case.wrong, wrong=case.right) for case in some])
    assert margins == [-margin for margin in turned]
    logits = model.score([(some[0].query, some[0].right), (some[0].query, some[0].wrong)]).logits
    assert margins[0] == pytest.approx(float(logits[0] - logits[1]))
    assert any(margins)


def run(*options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(ROOT / "benchmarks/quality/probe.py"), *map(str, options)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_the_script_prints_and_writes(tiny_exported, tmp_path):
    ran = run("--model", tiny_exported, "--each", 10, "--output", tmp_path / "probe.json")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*FACETS, "overall"]
    found = json.loads((tmp_path / "probe.json").read_text(encoding="utf-8"))
    assert found["model"] == "model" and found["settings"] == {"seed": 1, "each": 10}
    assert found["overall"]["pairs"] == 40
    assert set(found["by_facet"]) == set(FACETS)
    assert found["stamp"]["processor"] and found["stamp"]["xephang"]


def test_a_number_of_pairs_that_is_none(tmp_path):
    ran = run("--each", 0)
    assert ran.returncode == 2
    assert "--each: expected at least 1, got 0" in ran.stderr
