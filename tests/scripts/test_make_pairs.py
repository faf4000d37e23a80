import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from giay.judging import Verdict, grade, label, verdicts
from giay.pairing import SEED_CARD_QUERIES, held_out, matched
from giay.pool import renderings
from giay.queries import draw_intent, intent_key, say
from giay.words import vocabulary
from make_pairs import DEMO, Pairs, build, dev_rows, generate, train_rows
from xephang.product import LISTING, SEED
from xephang.text import fold, normalise

ROOT = Path(__file__).parents[2]
GIAY = ROOT / "recipes/giay"
SMALL = {"train": 150, "dev": 20, "products": 900}


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return build(seed=2, **SMALL)


def read(name):
    return [json.loads(line) for line in (GIAY / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def train():
    return read("train.jsonl")


@pytest.fixture(scope="module")
def dev():
    return read("dev.jsonl")


def facts(**facets):
    return {facet: values if isinstance(values, tuple) else (values,) for facet, values in facets.items()}


RUNNING = facts(type="chay_bo", gender="nữ", brand="Nike", color=("trắng", "xám"), size=("37", "38"), use="chạy bộ")
HEELS = facts(type="cao_got", gender="nữ", heel="7", shape=("mũi nhọn", "gót trụ"), material="da bóng")
FOOTBALL = facts(type="da_bong", gender="nam", surface="TF", feature=("chống trượt", "ôm chân"))
CLOGS = facts(type="suc", gender="unisex", color="xanh rêu", feature="siêu nhẹ")
KIDS_SANDAL = facts(type="sandal_be", gender="bé gái")
KIDS_SHOE = facts(type="tre_em", gender="trẻ em")
LACES = facts(type="day_giay", color="trắng")

CASES = [
    pytest.param({"type": "chay_bo"}, RUNNING, 3, 1, id="type"),
    pytest.param({"type": "the_thao"}, RUNNING, 3, 1, id="a running shoe is a sports shoe"),
    pytest.param({"type": "giay"}, RUNNING, 3, 1, id="any shoe"),
    pytest.param({"type": "sneaker"}, RUNNING, None, None, id="running shoe for a sneaker: no fair judge would say"),
    pytest.param({"type": "da_bong"}, RUNNING, 0, 0, id="sibling type"),
    pytest.param({"type": "day_giay"}, RUNNING, 0, 0, id="shoe for an accessory"),
    pytest.param({"type": "sneaker", "color": "trắng"}, LACES, 0, 0, id="accessory for a shoe"),
    pytest.param({"type": "chay_bo", "gender": "nữ", "brand": "Nike"}, RUNNING, 3, 1, id="three facets met"),
    pytest.param({"type": "chay_bo", "gender": "nam"}, RUNNING, 1, 0, id="wrong gender"),
    pytest.param({"type": "chay_bo", "brand": "Adidas"}, RUNNING, 1, 0, id="wrong brand"),
    pytest.param({"type": "chay_bo", "brand": "Adidas", "gender": "nam"}, RUNNING, 0, 0, id="two facets wrong"),
    pytest.param({"type": "da_bong", "brand": "Nike"}, RUNNING, 0, 0, id="same brand, other type"),
    pytest.param({"brand": "Nike"}, RUNNING, 3, 1, id="brand alone"),
    pytest.param({"brand": "Adidas"}, RUNNING, 0, 0, id="other brand alone"),
    pytest.param({"brand": "Nike", "gender": "nam"}, RUNNING, 1, 0, id="brand met, gender not"),
    pytest.param({"type": "da_bong", "brand": "Nike"}, FOOTBALL, 1, 0, id="a brand not stated is not that brand"),
    pytest.param({"type": "chay_bo", "color": "trắng"}, RUNNING, 3, 1, id="one of its colours"),
    pytest.param({"type": "chay_bo", "color": "đen"}, RUNNING, 1, 0, id="none of its colours"),
    pytest.param({"type": "da_bong", "color": "đen"}, FOOTBALL, 2, 1, id="colour unknown"),
    pytest.param({"type": "suc", "color": "xanh"}, CLOGS, 3, 1, id="moss green is green"),
    pytest.param({"type": "suc", "color": "xanh lá"}, CLOGS, None, None, id="moss green for leaf green"),
    pytest.param({"type": "suc", "color": "xanh dương"}, CLOGS, 1, 0, id="moss green for blue"),
    pytest.param({"type": "chay_bo", "size": "38"}, RUNNING, 3, 1, id="size in stock"),
    pytest.param({"type": "chay_bo", "size": "42"}, RUNNING, 1, 0, id="size not in stock"),
    pytest.param({"type": "da_bong", "size": "42"}, FOOTBALL, 2, 1, id="size unknown"),
    pytest.param({"type": "cao_got", "heel": "7"}, HEELS, 3, 1, id="heel"),
    pytest.param({"type": "cao_got", "heel": "5"}, HEELS, 1, 0, id="other heel"),
    pytest.param({"type": "cao_got", "shape": "mũi tròn"}, HEELS, 1, 0, id="other toe"),
    pytest.param({"type": "cao_got", "shape": "bít mũi"}, HEELS, 2, 1, id="shape on an axis that is not stated"),
    pytest.param({"type": "cao_got", "material": "vải satin"}, HEELS, 1, 0, id="other material"),
    pytest.param({"type": "cao_got", "material": "da PU"}, HEELS, None, None, id="leather-like materials"),
    pytest.param({"type": "da_bong", "surface": "TF"}, FOOTBALL, 3, 1, id="surface"),
    pytest.param({"type": "da_bong", "surface": "FG"}, FOOTBALL, 1, 0, id="other surface"),
    pytest.param({"type": "da_bong", "feature": "chống trượt"}, FOOTBALL, 3, 1, id="feature"),
    pytest.param({"type": "da_bong", "feature": "chống nước"}, FOOTBALL, 2, 0, id="feature left out of a list"),
    pytest.param({"type": "cao_got", "feature": "đính nơ"}, HEELS, 2, 1, id="feature, where none is listed"),
    pytest.param({"type": "suc", "feature": "chống nước"}, CLOGS, 2, None, id="feature, where one other is listed"),
    pytest.param({"type": "suc", "gender": "nam"}, CLOGS, 3, 1, id="unisex for a man"),
    pytest.param({"type": "suc", "gender": "unisex"}, CLOGS, 3, 1, id="unisex"),
    pytest.param({"type": "chay_bo", "gender": "unisex"}, RUNNING, None, None, id="women's for unisex"),
    pytest.param({"type": "suc", "gender": "bé trai"}, CLOGS, 1, 0, id="unisex for a boy"),
    pytest.param({"type": "sandal"}, KIDS_SANDAL, None, None, id="a child's sandal for a sandal"),
    pytest.param({"type": "giay"}, KIDS_SHOE, None, None, id="a child's shoe for a shoe"),
    pytest.param({"type": "giay", "gender": "bé trai"}, KIDS_SHOE, 3, 1, id="a child's shoe for a boy"),
    pytest.param({"type": "sandal_be", "gender": "trẻ em"}, KIDS_SANDAL, 3, 1, id="a girl's for a child"),
    pytest.param({"type": "sandal_be", "gender": "bé trai"}, KIDS_SANDAL, 1, 0, id="a girl's for a boy"),
]


@pytest.mark.parametrize(("intent", "listing", "graded", "labelled"), CASES)
def test_a_listing_is_judged_as_the_rule_says(intent, listing, graded, labelled):
    judged = verdicts(intent, listing)
    assert grade(judged) == graded
    assert label(judged, listing) == labelled


def test_each_facet_is_judged_alone():
    judged = verdicts({"type": "chay_bo", "gender": "nam", "color": "xám", "heel": "3"}, RUNNING)
    assert judged == {
        "type": Verdict.MET, "gender": Verdict.CONTRADICTED, "color": Verdict.MET, "heel": Verdict.UNKNOWN,
    }  # fmt: skip


def test_what_a_query_was_drawn_from_always_serves_it():
    for item in generate(400, seed=6):
        intent = draw_intent(Random(item.product.id), item.facets)
        children = vocabulary().types[item.facets["type"][0]].kids and "gender" not in intent
        judged = verdicts(intent, item.facets)
        assert grade(judged) == 3 or (children and grade(judged) is None), (intent, item.facets)


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        pytest.param({"type": "chay_bo"}, ["chạy|running"], id="type"),
        pytest.param({"type": "cao_got", "heel": "7"}, [r"gót|giày cg|high heels", r"7 ?(phân|p|f|cm)"], id="heel"),
        pytest.param({"type": "da_bong", "surface": "TF"}, ["bóng|banh", "tf|đinh dăm|nhân tạo"], id="surface"),
        pytest.param({"type": "sneaker", "size": "42"}, ["(size|sz|cỡ|số) ?42"], id="size"),
        pytest.param({"type": "tre_em", "gender": "bé gái"}, ["giày", "bé gái"], id="girl"),
        pytest.param({"type": "lot_giay", "feature": "khử mùi"}, ["lót|insole", "khử mùi"], id="accessory"),
        pytest.param({"brand": "Biti's", "line": "Hunter Street"}, ["hunter street"], id="line"),
    ],
)
def test_a_query_says_every_facet_it_stands_for(intent, words):
    for number in range(40):
        query = say(Random(number), intent)
        assert all(re.search(word, query) for word in words), query


def test_a_query_is_about_its_brand_first_where_it_names_no_type():
    queries = [say(Random(number), {"brand": "Vento", "gender": "nam"}) for number in range(60)]
    bare = [query for query in queries if "giày" not in query]
    assert bare and len(bare) < len(queries)
    assert all(query.index("ven") < query.index("nam") for query in bare if "nam" in query)


def test_an_intent_has_one_key_whatever_the_order_of_its_facets():
    assert intent_key({"gender": "nữ", "type": "suc"}) == intent_key({"type": "suc", "gender": "nữ"})
    assert intent_key({"type": "suc"}) != intent_key({"type": "suc", "gender": "nữ"})


def test_a_single_facet_is_never_held_out():
    assert not any(held_out({"type": key}) for key in vocabulary().types)


def test_train_and_dev_ask_for_different_things(pairs):
    trained, tested = pairs.intents()
    assert trained and tested
    assert not trained & tested


def test_train_and_dev_share_no_query_and_no_document(pairs):
    queries = [{matched(one.query) for one in asked} for asked in (pairs.train, pairs.dev)]
    documents = [{text for one in asked for text, _ in one.judged} for asked in (pairs.train, pairs.dev)]
    assert not queries[0] & queries[1]
    assert not documents[0] & documents[1]


def test_every_query_is_asked_once(pairs):
    queries = [matched(one.query) for one in (*pairs.train, *pairs.dev)]
    assert len(queries) == len(set(queries)) == SMALL["train"] + SMALL["dev"]


def test_a_document_is_judged_once_under_a_query(pairs):
    for one in (*pairs.train, *pairs.dev):
        texts = [text for text, _ in one.judged]
        assert len(texts) == len(set(texts))


def test_too_few_products_end_in_a_sentence():
    with pytest.raises(SystemExit, match=r"dev 2: only \d+ of 20 queries found; ask for fewer or add products"):
        build(seed=2, train=5, dev=20, products=1)


def test_the_same_seed_writes_the_same_bytes_whatever_the_hash_seed(tmp_path):
    for number in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": number}
        command = [sys.executable, str(ROOT / "scripts/make_pairs.py"), "--train", "30", "--dev", "4"]
        command += ["--products", "300", "-o", str(tmp_path / number)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
    for name in ("train.jsonl", "dev.jsonl"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--train", "0"], ["--train", "at least 1"], id="no training queries"),
        pytest.param(["--dev", "-1"], ["--dev", "-1"], id="less than none"),
        pytest.param(["--products", "x"], ["--products", "x"], id="no number"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(ROOT / "scripts/make_pairs.py"), *arguments, "-o", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert all(word in done.stderr for word in words)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_committed_files_are_what_the_script_writes(train, dev):
    pairs = build()
    assert list(train_rows(pairs.train)) == train
    assert list(dev_rows(pairs.dev)) == dev
    trained, tested = pairs.intents()
    assert not trained & tested


def test_the_committed_training_file_is_small_and_balanced(train):
    assert (GIAY / "train.jsonl").stat().st_size < 9_000_000
    assert 23_000 < len(train) < 26_000
    labels = Counter(row["label"] for row in train)
    assert set(labels) == {0, 1}
    assert 1.8 < labels[0] / labels[1] < 2.2


def test_the_committed_rows_have_the_trainers_columns(train, dev):
    assert all(list(row) == ["sentence_0", "sentence_1", "label"] for row in train)
    assert all(list(row) == ["query", "document", "grade"] for row in dev)
    assert all(normalise(row["sentence_1"]) == row["sentence_1"] for row in train)


def test_the_committed_queries_have_positives_and_negatives(train):
    labels = {}
    for row in train:
        labels.setdefault(row["sentence_0"], []).append(row["label"])
    assert all(set(found) == {0, 1} for found in labels.values())
    assert len(labels) > 3500


def test_about_one_row_in_seven_is_in_the_seeds_template(train):
    seeds = sum("| category: " in row["sentence_1"] for row in train) / len(train)
    assert 0.1 < seeds < 0.2
    assert any(row["label"] == 1 and "| category: " in row["sentence_1"] for row in train)


def test_the_committed_dev_file_has_every_grade_under_many_queries(dev):
    grades = {}
    for row in dev:
        grades.setdefault(row["query"], []).append(row["grade"])
    assert len(grades) == 150
    assert all(15 <= len(found) <= 20 and 3 in found and len(set(found)) >= 3 for found in grades.values())
    assert min(Counter(row["grade"] for row in dev).values()) > 300
    assert set().union(*grades.values()) == {0, 1, 2, 3}


def test_the_committed_files_share_no_query_and_no_document(train, dev):
    assert not {matched(row["sentence_0"]) for row in train} & {matched(row["query"]) for row in dev}
    assert not {row["sentence_1"] for row in train} & {row["document"] for row in dev}


def test_no_demo_product_is_in_dev(dev):
    demo = {text for item in generate(*DEMO) for text in renderings(item)}
    assert not demo & {row["document"] for row in dev}


def test_the_seed_cards_queries_are_not_trained_on(train, dev):
    asked = {matched(query) for query in SEED_CARD_QUERIES}
    assert len(asked) == 4
    assert not asked & {matched(row["sentence_0"]) for row in train}
    assert not asked & {matched(row["query"]) for row in dev}


def test_queries_in_the_seed_cards_style_are_trained_on(train):
    queries = {matched(row["sentence_0"]) for row in train}
    styles = ("giay chay bo .*em", "giay the thao .*phoi mau", "giay da b.* (tf|de tf|san co)", "sneaker .*di hoc")
    for style in styles:
        assert any(re.search(style, query) for query in queries), style


def test_a_pool_renders_each_product_in_all_ways_it_could_be_met():
    for item in generate(200, seed=8):
        texts = renderings(item)
        assert LISTING.render(item.product).text in texts
        assert 1 <= len(texts) <= 3
        if any("| category: " in text for text in texts):
            assert SEED.render(item.product).text in texts
            assert item.product.brand and item.product.color and item.product.size and item.product.attributes


def test_queries_without_diacritics_are_common(train):
    queries = list({row["sentence_0"] for row in train})
    plain = [query for query in queries if query.isascii() and fold(query) == query]
    assert 0.15 < len(plain) / len(queries) < 0.5
