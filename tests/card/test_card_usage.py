import ast
from dataclasses import replace
from itertools import pairwise

import pytest
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from xephang.card import render

MARKDOWN = MarkdownIt("commonmark")
NASTY = (
    ("giày 'nữ' \"đẹp\"", "Giày 5'10\" | C:\\giày\\"),
    ("a\n```\nb", "'''\"\"\"\\"),
    ("\u202eRTL\u2028", "\ud800 {x} %s \x00"),
    ("4", "d4"),
    ("5", "d5"),
    ("6", "d6"),
)


def snippets(card, heading):
    """The Python programs under a heading, as a Markdown reader finds them."""
    found, here = [], ""
    tokens = MARKDOWN.parse(ModelCard(card).text)
    for before, token in pairwise(tokens):
        here = token.content if before.type == "heading_open" else here
        if here == heading and token.type == "fence" and token.info == "python":
            found.append(token.content)
    return found


def assigned(code, name):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return node.value
    raise AssertionError(f"{name} is not assigned in:\n{code}")


def pairs_in(code):
    return [tuple(pair) for pair in ast.literal_eval(assigned(code, "pairs"))]


SECTIONS = {
    "Direct Usage (Sentence Transformers)": ["CrossEncoder", "predict", "rank"],
    "Direct Usage (Transformers)": ["AutoModelForSequenceClassification", "only_second", "max_length=256"],
    "Direct Usage (xephang)": ["from xephang import Reranker", "Reranker.load(", "predict", "rank"],
    "Downstream Usage (Sentence Transformers)": ["CrossEncoderTrainer", "BinaryCrossEntropyLoss"],
}


@pytest.mark.parametrize("heading", SECTIONS)
@pytest.mark.parametrize("examples", [(), NASTY[:1], NASTY], ids=["own", "one", "nasty"])
def test_each_section_holds_one_valid_program(record, heading, examples):
    (code,) = snippets(render(replace(record, examples=examples)), heading)
    ast.parse(code)
    assert all(word in code for word in SECTIONS[heading])


def test_the_examples_stand_literally_in_the_code(record):
    card = render(replace(record, examples=NASTY))
    (code,) = snippets(card, "Direct Usage (Sentence Transformers)")
    assert pairs_in(code) == list(NASTY[:5])
    assert "# (5,)" in code
    (code,) = snippets(card, "Direct Usage (xephang)")
    assert pairs_in(code) == list(NASTY[:2])


def test_rank_asks_the_first_query_of_each_document_once(record):
    card = render(replace(record, examples=(("q1", "d1"), ("q1", "d2"), ("q2", "d1"))))
    for heading in ("Direct Usage (Sentence Transformers)", "Direct Usage (xephang)"):
        (code,) = snippets(card, heading)
        query, documents = assigned(code, "ranks").args
        assert query.value == "q1"
        assert ast.literal_eval(documents) == ["d1", "d2"]


@given(st.lists(st.tuples(st.text(st.characters()), st.text(st.characters())), min_size=1, max_size=3))
def test_any_examples_leave_the_code_whole(record, examples):
    card = render(replace(record, examples=tuple(examples)))
    (code,) = snippets(card, "Direct Usage (Sentence Transformers)")
    assert pairs_in(code) == examples
    card.encode("utf-8")


@pytest.mark.parametrize(("activation", "applied"), [("sigmoid", True), ("identity", False)])
def test_plain_transformers_applies_the_activation_of_inference(record, activation, applied):
    (code,) = snippets(render(replace(record, inference_activation=activation)), "Direct Usage (Transformers)")
    assert ("torch.sigmoid(logits)" in code) is applied


def test_a_model_of_grades_is_shown_as_one(record):
    card = render(replace(record, num_labels=4))
    (code,) = snippets(card, "Direct Usage (Sentence Transformers)")
    assert "# (3, 4)" in code
    assert "model.rank" not in code, "the library ranks by one label only"
    assert "squeeze" not in snippets(card, "Direct Usage (Transformers)")[0]
    assert "`CrossEntropyLoss` and labels from 0 to 3" in card
    assert "expected grade" in card
    assert "**Number of Output Labels:** 4 labels" in card


def test_own_words_take_the_place_of_the_houses(record):
    usual = render(record)
    own = render(replace(record, intended_use="Chỉ để thử.", out_of_scope="Mọi việc khác."))
    assert "### Intended Use\n\nChỉ để thử.\n" in own
    assert "### Out-of-Scope Use\n\nMọi việc khác.\n" in own
    assert "Searching a whole catalogue" in usual
    assert "Searching a whole catalogue" not in own
