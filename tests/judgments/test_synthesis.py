"""Judgments from a catalogue and a lexicon."""

import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from itertools import islice
from random import Random

import pytest

from xephang import demo_catalogue
from xephang.catalogue import Catalogue
from xephang.errors import InputError, RowError
from xephang.judgments import JudgmentSet, Settings, make_judgments, read_judgments, read_pairs
from xephang.judgments.grading import grade
from xephang.judgments.noise import NOISE
from xephang.judgments.synthesis import SPLITS, Synthesis, split
from xephang.judgments.synthesis.listings import Lister
from xephang.judgments.synthesis.queries import draw
from xephang.judgments.synthesis.sketch import Sketch, Value, Varying, sketch
from xephang.judgments.synthesis.splits import shared_out
from xephang.judgments.synthesis.titles import own_words
from xephang.judgments.synthesis.wording import in_query, in_title
from xephang.lexicon import Lexicon, compare, read_product
from xephang.product import LISTING, SEED, Product
from xephang.text import fold, normalise

FOOTWEAR, BAGS = Lexicon.load("footwear"), Lexicon.load("bags")
BAG_TITLES = [
    f"{kind} {rest} {number}"
    for number, rest in enumerate(
        ("nam đen chống nước", "nữ da bò nâu", "Mikkor đi học", "25L du lịch", "Samsonite nhiều ngăn", "unisex canvas")
    )
    for kind in ("Balo laptop", "Túi đeo chéo", "Vali kéo 20 inch", "Ví dài", "Túi tote", "Balo", "Móc khóa", "Bóp")
]
QUERIES = 80


def make(products, lexicon=FOOTWEAR, template=LISTING, **settings):
    """All splits, made as `make_judgments` makes them."""
    synthesis = Synthesis(lexicon, products, template)
    queries = shared_out(settings.pop("queries", QUERIES))
    return {of: list(synthesis.make(Settings(queries=queries[of], **settings), of)) for of in queries}


def bags():
    return Catalogue.of(Product(title=title) for title in BAG_TITLES)


@pytest.fixture(scope="module")
def demo():
    return make(demo_catalogue())


def key(text):
    return fold(normalise(text)).lower()


def rows_of(made):
    return [(one, candidate, grade) for one in made for candidate, grade in one.judged]


def plain(made):
    return [
        (one.id, one.typed, one.noise, candidate.id, candidate.document, grade)
        for one, candidate, grade in rows_of(made)
    ]


def test_the_splits_are_eight_one_and_one_tenths():
    shares = Counter(split(f"SP{number}") for number in range(5000))
    assert {of: round(number / 500) for of, number in shares.items()} == {"train": 8, "dev": 1, "test": 1}
    assert shared_out(1000) == {"dev": 100, "test": 100, "train": 800}
    assert shared_out(10) == {"dev": 1, "test": 1, "train": 8}
    assert split("SP1") == split("SP1") and split("\ud800") in SPLITS


def test_every_split_has_what_it_was_asked_for(demo):
    assert {of: len(made) for of, made in demo.items()} == shared_out(QUERIES)
    for one, _, grade_ in rows_of([*demo["train"], *demo["dev"], *demo["test"]]):
        assert grade_ in range(4)
        assert 2 <= len(one.judged) <= 10
        assert len({grade for _, grade in one.judged}) > 1
        assert max(grade for _, grade in one.judged) >= 2


def test_no_query_of_one_split_is_asked_in_another(demo):
    asked = {of: {key(text) for one in made for text in (one.typed, one.intent.text)} for of, made in demo.items()}
    intents = {of: {one.intent.key for one in made} for of, made in demo.items()}
    for found in (asked, intents):
        assert found["train"] & found["dev"] == found["train"] & found["test"] == found["dev"] & found["test"] == set()
    assert all(split(intent) == of for of, found in intents.items() for intent in found)


def test_no_product_of_one_split_or_what_was_written_from_it_is_in_another(demo):
    known = {product.id for product in demo_catalogue()}
    for of, made in demo.items():
        for _, candidate, _ in rows_of(made):
            origin, *written = candidate.id.split("~")
            assert (origin in known and split(origin) == of) or (origin == of and written[0].startswith("v"))
    documents = {of: {key(candidate.document) for _, candidate, _ in rows_of(made)} for of, made in demo.items()}
    assert documents["train"] & documents["dev"] == documents["train"] & documents["test"] == set()
    assert documents["dev"] & documents["test"] == set()


def test_an_id_is_of_one_text(demo):
    texts = defaultdict(set)
    for made in demo.values():
        for _, candidate, _ in rows_of(made):
            texts[candidate.id].add(candidate.document)
    assert all(len(found) == 1 for found in texts.values())
    assert len({one.id for made in demo.values() for one in made}) == QUERIES


def test_products_of_the_same_text_do_not_cross_splits_either():
    twice = [Product(title=title) for title in BAG_TITLES for _ in range(4)]
    made = make(Catalogue.of(twice), BAGS, queries=40, varied=0)
    documents = {of: {key(candidate.document) for _, candidate, _ in rows_of(found)} for of, found in made.items()}
    assert documents["train"] & (documents["dev"] | documents["test"]) == documents["dev"] & documents["test"] == set()


def test_no_query_is_asked_twice_within_a_split(demo):
    for made in demo.values():
        assert len({key(one.typed) for one in made}) == len(made)


def test_grades_follow_from_what_the_lexicon_reads(demo):
    for one, candidate, given in rows_of(demo["train"]):
        said = not one.intent.own or f" {key(one.intent.own)}" in f" {key(candidate.document)}"
        found = grade(compare(FOOTWEAR, FOOTWEAR.parse(one.intent.text), candidate.facets), "category", unsaid=not said)
        assert given == (0 if candidate.foreign else found)


def test_what_the_lexicon_is_not_about_is_among_the_candidates(demo):
    foreign = [candidate for _, candidate, _ in rows_of(demo["train"]) if candidate.foreign]
    assert len({candidate.document for candidate in foreign}) > len(demo["train"]) / 20
    assert not any(candidate.facets["category"] for candidate in foreign)


def test_every_grade_comes_often_and_half_of_the_queries_are_clean(demo):
    grades = Counter(given for _, _, given in rows_of(demo["train"]))
    assert min(grades[value] / grades.total() for value in range(4)) > 0.1
    noises = Counter(one.noise for one in demo["train"])
    assert 0.35 < noises["clean"] / noises.total() < 0.75
    assert set(noises) <= {"clean", *NOISE} and len(noises) > 3
    assert all((one.typed == one.intent.text) == (one.noise == "clean") for one in demo["train"])


def test_queries_are_asked_in_the_words_of_the_lexicon(demo):
    for one in demo["dev"]:
        read = FOOTWEAR.parse(one.intent.text)
        assert {(m.facet, m.id) for m in read.mentions} == {(k, v.id) for k, v in one.intent.values.items()}
        assert one.intent.shape.split("+")[: len(one.intent.values)] == list(one.intent.values)


def test_the_same_settings_give_the_same_and_another_seed_other_ones():
    once, again, other = make(bags(), BAGS, queries=20), make(bags(), BAGS, queries=20), make(bags(), BAGS, seed=7)
    assert {of: plain(made) for of, made in once.items()} == {of: plain(made) for of, made in again.items()}
    assert plain(other["dev"]) != plain(once["dev"])


@pytest.mark.parametrize(("settings", "noisy"), [({"clean": 1.0}, False), ({"clean": 0.0}, True)])
def test_the_share_of_clean_queries_is_kept(settings, noisy):
    made = make(bags(), BAGS, queries=20, **settings)["train"]
    assert any(one.noise != "clean" for one in made) is noisy


def test_without_variations_products_are_the_catalogues_own_or_written_from_them():
    made = make(demo_catalogue(), queries=20, varied=0, candidates=4)["train"]
    assert all(not candidate.id.startswith("train~") for _, candidate, _ in rows_of(made))
    assert max(len(one.judged) for one in made) == 4


def test_queries_that_are_kept_out_are_not_asked(demo):
    texts = [one.intent.text.upper() for one in demo["dev"][:3]]
    synthesis = Synthesis(FOOTWEAR, demo_catalogue())
    made = list(synthesis.make(Settings(queries=5), "dev", without=texts))
    assert not {key(text) for one in made for text in (one.typed, one.intent.text)} & set(map(key, texts))


def test_bags_are_made_by_their_own_lexicon():
    made = make(bags(), BAGS, queries=40)
    facets = {facet for one in made["train"] for facet in one.intent.values}
    assert {"category", "brand", "color", "gender"} <= facets <= set(BAGS.facets)
    documents = " ".join(candidate.document for _, candidate, _ in rows_of(made["train"]))
    assert "inch" in documents.lower()
    assert {given for _, _, given in rows_of(made["train"])} == {0, 1, 2, 3}


@pytest.mark.parametrize("lexicon", [FOOTWEAR, BAGS], ids=lambda one: one.name)
def test_every_value_can_be_written_and_read_back(lexicon):
    rng = Random(1)
    for facet in lexicon.facets.values():
        for value in facet.values:
            for write in (in_title, in_query):
                read = lexicon.parse(write(rng, lexicon, facet.id, Value(value))).ids(facet.id)
                assert any(lexicon.is_a(facet.id, one, value) for one in read), (facet.id, value)


@pytest.mark.parametrize(
    ("lexicon", "facet", "value"),
    [
        (FOOTWEAR, "size", Value("38", 38, 38)),
        (FOOTWEAR, "size", Value("36-40", 36, 40)),
        (FOOTWEAR, "heel", Value("7", 7, 7)),
        (BAGS, "size", Value("inch-20", 20, 20)),
        (BAGS, "size", Value("inch-15.6", 15.6, 15.6)),
        (BAGS, "volume", Value("40", 40, 40)),
    ],
)
def test_numbers_are_written_so_that_they_are_read_back(lexicon, facet, value):
    for seed in range(30):
        read = lexicon.parse(in_query(Random(seed), lexicon, facet, value))[facet]
        assert read and read[0].low == value.low and read[-1].high == value.high, seed


def test_another_value_is_another_one_of_the_same_sort():
    varying, rng = Varying(BAGS), Random(3)
    for _ in range(30):
        assert varying.other(rng, "color", Value("den")).id != "den"
        inch = varying.other(rng, "size", Value("inch-20", 20, 20))
        assert inch.id.startswith("inch-") and abs(inch.low - 20) > 0.5
    only = Lexicon.parse_toml(
        "[facets.kind.values]\nx = { title = ['mũ'] }\n[facets.color.values]\nd = { title = ['đen'] }"
    )
    assert Varying(only).other(rng, "color", Value("d")) is None


def test_a_variation_keeps_to_what_its_kind_allows():
    varying = Varying(FOOTWEAR)
    allowed = {"category", *FOOTWEAR.facets["category"].relations.accessory_facets}
    for seed in range(300):
        made = varying.vary(Random(seed), Sketch({"gender": (Value("nam"),), "heel": (Value("7", 7, 7),)}))
        if made["category"] and made["category"][0].id in FOOTWEAR.facets["category"].accessories:
            assert set(made.values) <= allowed


def test_a_list_of_sizes_is_one_range():
    assert sketch(FOOTWEAR.parse("giày size 38, 39, 40"))["size"] == (Value("38-40", 38, 40),)
    assert sketch(FOOTWEAR.parse("giày size 38"))["size"] == (Value("38", 38.0, 38.0),)


def test_half_sizes_are_asked_as_they_are():
    product = sketch(BAGS.parse("balo 15.6 inch"))
    drawn = (draw(Random(seed), BAGS, product) for seed in range(50))
    assert {one.values["size"].id for one in drawn if one and "size" in one.values} == {"inch-15.6"}


def test_own_words_are_said_even_before_a_comma(demo):
    assert all(own_words(Random(seed)) for seed in range(50))
    one = next(one for one in [*demo["train"]] if one.intent.own)
    assert any(key(one.intent.own) in key(candidate.document) for candidate, _ in one.judged)


def test_what_a_template_does_not_show_is_not_read():
    product = Product(id="1", title="Giày tây nam đỏ", brand="Bitis", category="Sandal", attributes=("Êm chân",))
    shown = Lister(FOOTWEAR, SEED).read(product)
    assert shown.facets.ids("category") == ("sandal",) and shown.facets.ids("color") == ()
    assert Lister(FOOTWEAR, SEED).read(Product(id="1", title="Giày tây nam đỏ")) is None
    assert Lister(FOOTWEAR, LISTING).read(product).facets == read_product(FOOTWEAR, product)
    assert make(demo_catalogue(), template=SEED, queries=20)["train"]


def hostile():
    decomposed = unicodedata.normalize("NFD", "Giày thể thao nữ màu trắng size 38")
    odd = [
        "Giày tây nam đen size 40 " * 100,
        "👟🔥" * 60 + " giày sneaker",
        decomposed,
        "giay da bong",
        "\u200bDép\u200b lê",
    ]
    titled = [Product(id=f"a {at}", title=f"{title} {at}") for at, title in enumerate(odd * 16)]
    return [*titled, Product(id="b~1%", title="", brand="Adidas"), Product(id="\ud800", title="Giày \ud83d đỏ")]


def test_hostile_products_are_judged_and_their_ids_can_be_written(tmp_path):
    made = make(Catalogue.of(hostile()), queries=40)
    for _, candidate, _ in rows_of([*made["train"], *made["dev"], *made["test"]]):
        assert candidate.id.split() == [candidate.id]
        (candidate.id + candidate.document).encode()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"queries": 0}, "queries is 0; it must be 1 or more"),
        ({"candidates": 1}, "candidates is 1; it must be 2 or more"),
        ({"listings": 0}, "listings is 0"),
        ({"clean": 1.5}, "clean is 1.5; it must be from 0 to 1"),
        ({"clean": float("nan")}, "clean is nan"),
        ({"varied": 1.0}, "varied is 1.0; it must be from 0 to 0.95"),
    ],
)
def test_settings_out_of_range_are_refused(settings, says):
    with pytest.raises(InputError, match=says):
        Settings(**settings)


def test_only_so_many_listings_are_held_and_always_the_same():
    synthesis = Synthesis(FOOTWEAR, demo_catalogue())
    made = list(synthesis.make(Settings(queries=20, listings=15, varied=0), "train"))
    assert 1 < len({candidate.id.split("~")[0] for _, candidate, _ in rows_of(made)}) <= 15


def test_the_files_are_read_by_evaluation_and_by_training(tmp_path):
    report = make_judgments(demo_file(tmp_path), tmp_path / "made", settings=Settings(queries=40))
    judged = JudgmentSet.read(report.files["dev"])
    assert set(judged.slices) == {"shape", "noise"} and set(judged.slices["noise"]) <= {"clean", *NOISE}
    assert len(judged.queries) == report.counts["dev"]["queries"] == 4
    assert len(list(read_pairs(report.files["train"]))) == report.counts["train"]["rows"]
    assert len(list(read_judgments(report.files["test"]))) == report.counts["test"]["rows"]
    with report.files["dev"].open(encoding="utf-8") as lines:
        row = json.loads(next(lines))
    assert list(row) == ["query_id", "query", "document", "grade", "document_id", "noise", "shape", "clean"]


def demo_file(tmp_path, count=300):
    path = tmp_path / "shop.jsonl"
    rows = islice(demo_catalogue(), count)
    path.write_text("".join(json.dumps(product.to_dict()) + "\n" for product in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What is made of `demo_file` with twenty queries, and nothing else asked for."""
    folder = tmp_path_factory.mktemp("made")
    return make_judgments(demo_file(folder), folder / "here", settings=Settings(queries=20))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_catalogue_gives_the_same_bytes_whatever_the_hash_seed(tmp_path, here, hash_seed):
    shop = demo_file(tmp_path)
    command = [sys.executable, "-m", "xephang", "judgments", "make", shop, "--queries", "20", "-o", tmp_path / "there"]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, check=True)
    for path in here.files.values():
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes()


def test_parquet_has_the_same_rows(tmp_path, here):
    parquet = make_judgments(demo_file(tmp_path), tmp_path / "b", settings=Settings(queries=20), format="parquet")
    for of in SPLITS:
        assert list(read_judgments(parquet.files[of])) == list(read_judgments(here.files[of]))


def test_files_of_before_are_replaced_and_what_else_is_there_stays(tmp_path):
    shop, folder = demo_file(tmp_path), tmp_path / "made"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "dev.jsonl").write_text("old")
    make_judgments(shop, folder, settings=Settings(queries=10))
    assert (folder / "mine.txt").read_text() == "mine" and (folder / "dev.jsonl").read_text() != "old"
    with pytest.raises(InputError, match=r"jsonl: is of other judgments; remove it"):
        make_judgments(shop, folder, settings=Settings(queries=10), format="parquet")


def test_a_readme_of_somebody_elses_is_not_overwritten(tmp_path):
    shop, folder = demo_file(tmp_path), tmp_path / "made"
    folder.mkdir()
    (folder / "README.md").write_text("# My project", encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md: is there already and is no data card"):
        make_judgments(shop, folder, settings=Settings(queries=10))
    assert [path.name for path in folder.iterdir()] == ["README.md"]


class Stop(Exception):
    pass


def test_what_is_stopped_half_way_leaves_nothing(tmp_path):
    shop, folder = demo_file(tmp_path), tmp_path / "made"

    def stop(queries):
        if queries == 15:
            raise Stop

    with pytest.raises(Stop):
        make_judgments(shop, folder, settings=Settings(queries=20), on_queries=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["shop.jsonl"]


def written(tmp_path, *titles):
    path = tmp_path / "shop.csv"
    path.write_text("title\n" + "".join(f"{title}\n" for title in titles), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("titles", "says"),
    [
        (["Máy giặt", "Tủ lạnh"] * 30, "'footwear' finds nothing in the texts of 60 products; check which columns"),
        (["Giày đỏ"], "catalogue is too small"),
        (["Giày đỏ", "Giày đen", "Máy giặt"], "catalogue is too small: of 2 products"),
        (["Giày"] * 60, "there is no query for the split .dev. that tells products apart"),
    ],
)
def test_a_catalogue_that_will_not_do_says_why(tmp_path, titles, says):
    with pytest.raises(InputError, match=says):
        make_judgments(written(tmp_path, *titles), tmp_path / "made", settings=Settings(queries=10, varied=0))
    assert not (tmp_path / "made").exists()


def test_other_things_that_are_wrong_are_said(tmp_path):
    shop = demo_file(tmp_path)
    with pytest.raises(InputError, match="queries is 9; the splits need 10 or more"):
        make_judgments(shop, tmp_path / "made", settings=Settings(queries=9))
    with pytest.raises(InputError, match="is read more than once here"):
        make_judgments("-", tmp_path / "made")
    with pytest.raises(InputError, match="name a folder"):
        make_judgments(shop, shop)
    with pytest.raises(InputError, match="no such lexicon"):
        make_judgments(shop, tmp_path / "made", lexicon="hats")
    (tmp_path / "made").mkdir()
    catalogue = shop.rename(tmp_path / "made" / "train.jsonl")
    with pytest.raises(InputError, match="is read or written for something else"):
        make_judgments(catalogue, tmp_path / "made")


def test_bad_rows_stop_it_or_are_left_out(tmp_path):
    shop = demo_file(tmp_path)
    with shop.open("a") as stream:
        stream.write('{"id": "x", "title": ""}\n')
    with pytest.raises(RowError, match="nothing to rank by"):
        make_judgments(shop, tmp_path / "made", settings=Settings(queries=10))
    report = make_judgments(shop, tmp_path / "made", settings=Settings(queries=10), keep_going=True)
    assert "| its rows left out | 1" in report.card.read_text(encoding="utf-8")


def test_the_card_tells_where_the_judgments_come_from(tmp_path):
    report = make_judgments(demo_file(tmp_path), tmp_path / "made", settings=Settings(queries=20, seed=5))
    card = report.card.read_text(encoding="utf-8")
    assert card.startswith("# made: judgments made from a catalogue\n")
    for heading in ("Sources", "Settings", "Method", "Grades", "Splits", "Queries by noise", "Limits"):
        assert f"\n## {heading}\n" in card
    assert card.count("sha256") == 2 and FOOTWEAR.sha256 in card
    assert "| queries  | 16" in card and "| seed       | 5" in card
    assert "shop.jsonl" in card and str(tmp_path) not in card
    assert report.card.name == "README.md" and report.missing == 0
