"""The card beside a data file."""

import hashlib

from markdown_it import MarkdownIt

from xephang.judgments.data_card import Tally, card_path, data_card, sources, write_data_card
from xephang.judgments.pairs import PAIR_COLUMNS


def test_a_card_has_its_counts_and_its_sections_in_their_order():
    card = data_card("train.jsonl: made up", {"Method": "By *hand*.", "Left out": {"too long": 3}}, {"rows": 12_345})
    assert card.startswith("# train.jsonl: made up\n\nMade by xephang ")
    assert "| rows | 12,345 |" in card
    assert card.index("12,345") < card.index("## Method\n\nBy *hand*.\n") < card.index("## Left out")
    assert card.endswith("|\n") and not card.endswith("\n\n")


def test_no_name_or_value_breaks_out_of_the_table():
    hostile = "<script>|`x`\n# [a](b) \ud800"
    shown = MarkdownIt("commonmark").enable("table").render(data_card(hostile, {hostile: {hostile: hostile}}, {}))
    assert "<script>" not in shown and "<a " not in shown
    assert shown.count("<h1>") == 1 and shown.count("<table>") == 1


def test_rows_are_counted_as_they_pass():
    tally = Tally()
    rows = [
        {"query_id": "1", "query": "a", "document_id": "x", "document": "same", "grade": 3},
        {"query_id": "2", "query": "a", "document_id": "y", "document": "same", "grade": 0},
        {"query_id": "2", "query": "a", "document_id": "x", "document": "same", "grade": 0},
    ]
    assert list(tally.count(rows)) == rows
    assert tally.counts == {"rows": 3, "queries": 2, "products": 2, "grade 3": 1, "grade 0": 2}


def test_pairs_are_told_apart_by_their_texts_and_scores_are_not_listed():
    tally = Tally(PAIR_COLUMNS)
    rows = [{"sentence_0": "a", "sentence_1": f"d{i % 5}", "label": i / 100} for i in range(11)]
    assert len(list(tally.count(rows))) == 11
    assert tally.counts == {"rows": 11, "queries": 1, "products": 5}


def test_sources_are_named_without_their_folders(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"x")
    assert sources({"click log": path, "queries": None}) == {
        "click log": f"log.csv, sha256 {hashlib.sha256(b'x').hexdigest()}"
    }


def test_the_card_of_each_file_has_a_name_of_its_own(tmp_path):
    assert write_data_card(tmp_path / "train.jsonl", "x\n") == tmp_path / "train.jsonl.md"
    assert card_path(tmp_path / "train.parquet") != card_path(tmp_path / "train.jsonl")
    assert (tmp_path / "train.jsonl.md").read_text() == "x\n"
