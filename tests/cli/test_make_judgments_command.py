"""`xephang judgments make`, end to end."""

import signal
import time
from itertools import islice

import pytest

from xephang import demo_catalogue
from xephang.judgments import JudgmentSet

SPLITS = ("train", "dev", "test")


@pytest.fixture
def demo(shop):
    return shop(*(product.to_dict() for product in islice(demo_catalogue(), 300)), name="demo.jsonl")


def test_a_catalogue_becomes_three_files_and_a_card(xephang, demo, tmp_path):
    out = tmp_path / "made"
    ran = xephang("judgments", "make", demo, "-o", out, "--queries", "30")
    assert ran.code == 0
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "dev.jsonl", "test.jsonl", "train.jsonl"]
    assert "judgments in" in ran.out and "grade 3" in ran.out
    assert f"their data card is {out / 'README.md'}" in ran.err
    assert "\x1b" not in ran.err and "of 30 queries" not in ran.err
    queries = {of: len(JudgmentSet.read(out / f"{of}.jsonl").queries) for of in SPLITS}
    assert queries == {"train": 24, "dev": 3, "test": 3}


def test_options_are_kept_and_json_says_what_was_made(xephang, demo, tmp_path):
    out = tmp_path / "made"
    options = ["--queries", 20, "--candidates", 4, "--clean", 1, "--varied", 0, "--seed", 3, "--format", "parquet"]
    ran = xephang("judgments", "make", demo, "-o", out, *options, "--template", "seed", "--json")
    assert ran.code == 0
    (made,) = ran.json
    assert set(made) == {"output", "missing", *SPLITS} and made["train"]["queries"] == 16
    judged = JudgmentSet.read(out / "train.parquet")
    assert set(judged.slices["noise"]) == {"clean"}
    assert max(map(len, judged.places.values())) <= 4
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "| template   | seed" in card and "| seed       | 3" in card and "| clean      | 1.0" in card


def test_bags_with_columns_of_their_own_and_a_bad_row(xephang, shop, tmp_path):
    kinds = ("Balo laptop", "Túi đeo chéo", "Vali kéo 20 inch", "Ví dài", "Túi tote", "Móc khóa balo")
    rests = (
        "nam đen",
        "nữ da bò",
        "Mikkor",
        "Samsonite",
        "đi học",
        "canvas đỏ",
        "chống nước",
        "25L",
        "unisex",
        "du lịch",
    )
    rows = [f"{kind} {rest}" for kind in kinds for rest in rests]
    bags = shop("tên hàng hóa", *rows, "''", '"', name="bags.csv")
    command = ["judgments", "make", bags, "-o", tmp_path / "made", "-c", "title=tên hàng hóa", "--queries", 20]
    ran = xephang(*command, "--lexicon", "bags")
    assert (ran.code, ran.out) == (2, "") and "bags.csv, row 62" in ran.err
    ran = xephang(*command, "--lexicon", "bags", "--keep-going")
    assert ran.code == 0
    assert "| lexicon           | bags, sha256" in (tmp_path / "made" / "README.md").read_text(encoding="utf-8")


def test_a_model_is_evaluated_on_them(xephang, demo, tmp_path, tiny_exported):
    xephang("judgments", "make", demo, "-o", tmp_path / "made", "--queries", 20)
    ran = xephang("evaluate", tiny_exported, "--judgments", tmp_path / "made" / "dev.jsonl", "--no-bm25")
    assert ran.code == 0
    assert "by shape" in ran.out and "by noise" in ran.out


def test_fewer_queries_than_asked_for_are_said(xephang, shop, tmp_path):
    kinds = ("mũ", "nón", "khăn", "găng")
    colours = ("đen", "trắng", "đỏ", "xanh", "vàng", "tím", "nâu", "xám", "hồng", "cam")
    lexicon = tmp_path / "hats.toml"
    tables = {"category": kinds, "color": colours}
    values = {
        facet: "".join(f'v{at} = {{ title = ["{one}"] }}\n' for at, one in enumerate(v)) for facet, v in tables.items()
    }
    lexicon.write_text("".join(f"[facets.{facet}.values]\n{text}" for facet, text in values.items()), encoding="utf-8")
    hats = shop("title", *(f"{kind} {colour}" for kind in kinds for colour in colours), name="hats.csv")
    plain = ["--varied", 0, "--clean", 1, "--lexicon", lexicon]
    ran = xephang("judgments", "make", hats, "-o", tmp_path / "made", "--queries", 600, *plain)
    assert ran.code == 0
    assert "queries fewer than asked for: the catalogue gives no more" in ran.err


def test_ctrl_c_leaves_nothing_half(start, demo, tmp_path):
    with start("judgments", "make", demo, "-o", tmp_path / "made", "--queries", 50_000) as child:
        while not (begun := list(tmp_path.glob(".made.*/.dev.jsonl.*.tmp"))) and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert begun and child.returncode
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["demo.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["none.csv", "-o", "x"], "none.csv: there is no such file", id="catalogue"),
        pytest.param(["-", "-o", "x"], "is read more than once here", id="stdin"),
        pytest.param(["shop.csv"], "--output", id="output"),
        pytest.param(["shop.csv", "-o", "x"], "finds nothing in the texts of 2 products", id="another trade"),
        pytest.param(["shop.csv", "-o", "shop.csv"], "name a folder", id="a file"),
        pytest.param(
            ["shop.csv", "-o", "x", "--lexicon", "hats"], "no such lexicon; give one of footwear", id="lexicon"
        ),
        pytest.param(["shop.csv", "-o", "x", "--queries", "3"], "queries is 3", id="queries"),
        pytest.param(["shop.csv", "-o", "x", "--candidates", "1"], "candidates is 1", id="candidates"),
        pytest.param(["shop.csv", "-o", "x", "--clean", "2"], "clean is 2.0; it must be from 0 to 1", id="clean"),
        pytest.param(["shop.csv", "-o", "x", "--varied", "1"], "varied is 1.0", id="varied"),
        pytest.param(["shop.csv", "-o", "x", "-c", "title=name"], "has no column 'name'", id="column"),
        pytest.param(["shop.csv", "-o", "x", "--format", "csv"], "--format", id="format"),
    ],
)
def test_what_is_wrong_with_making_is_said(xephang, shop, tmp_path, monkeypatch, arguments, says):
    shop("title", "Máy giặt", "Tủ lạnh", name="shop.csv")
    monkeypatch.chdir(tmp_path)
    ran = xephang("judgments", "make", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["shop.csv"]
