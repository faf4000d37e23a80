import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from xephang.card import LossRecord, MetricsRecord, describe_dataset, load_record, render
from xephang.folder import ModelFolder

FORM = [
    "# Giày reranker",
    "## Model Details",
    "### Model Description",
    "### Model Sources",
    "## Usage",
    "### Direct Usage (Sentence Transformers)",
    "### Direct Usage (Transformers)",
    "### Downstream Usage (Sentence Transformers)",
    "### Out-of-Scope Use",
    "## Bias, Risks and Limitations",
    "### Recommendations",
    "## Training Details",
    "### Training Dataset",
    "#### giày thử",
    "### Training Hyperparameters",
    "#### Non-Default Hyperparameters",
    "#### All Hyperparameters",
    "### Framework Versions",
    "## Citation",
    "### BibTeX",
    "#### Sentence Transformers",
    "## Glossary",
    "## Model Card Authors",
    "## Model Card Contact",
]
"""The headings of the card that the project started from, those that it left as comments among them."""
OURS = [
    "### What the Model Reads",
    "### Activation in Training and in Inference",
    "### Intended Use",
    "### Direct Usage (xephang)",
    "## Evaluation",
    "### Data Statement",
    "### Training Time",
    "### Training Logs",
]
MARKDOWN = MarkdownIt("commonmark").enable("table")
CASES = json.loads((Path(__file__).parent / "hostile.json").read_text(encoding="utf-8"))


def headings(card):
    tokens = MARKDOWN.parse(ModelCard(card).text)
    return [
        f"{'#' * int(token.tag[1])} {tokens[i + 1].content}"
        for i, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def shapes(card):
    """How many cells each row of each table has, as a Markdown reader finds them."""
    html = MARKDOWN.render(ModelCard(card).text)
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    return [[len(re.findall(r"<t[hd]\b", row)) for row in table.split("</tr>")[:-1]] for table in tables]


def with_samples(record, text):
    rows = [{"query": text, "product": f"a {text}", "label": i} for i in range(2)]
    return replace(record, dataset=describe_dataset("d", rows, size=2, columns=["query", "product", "label"]))


def test_every_heading_of_the_form_is_there_in_its_order(record):
    found = [heading for heading in headings(render(record)) if heading in FORM]
    assert found == FORM


def test_what_the_card_has_beyond_the_form(record):
    assert [heading for heading in headings(render(record)) if heading not in FORM] == OURS


def test_no_heading_stands_over_nothing(record):
    """A heading is followed by text, or by a heading one level below its own."""
    tokens = [token for token in MARKDOWN.parse(ModelCard(render(record)).text) if token.level == 0]
    following = list(zip(tokens, tokens[2:], strict=False))
    for heading, after in following:
        if heading.type == "heading_open":
            assert after.type != "heading_open" or int(after.tag[1]) == int(heading.tag[1]) + 1, heading.map
    assert tokens[-1].type == "paragraph_close"


def test_nothing_is_left_as_a_comment_or_as_filler(record):
    card = render(record)
    assert "<!--" not in card
    for filler in ("More Information Needed", "[optional]", "Unknown", "model_id"):
        assert filler not in card


def test_a_card_is_a_function_of_its_record(record):
    assert render(record) == render(replace(record))
    assert render(record) != render(replace(record, max_length=128))


def test_every_fact_of_the_record_is_somewhere_in_the_card(record):
    facts = {
        "base_revision": "facts-revision",
        "base_sha256": "facts-sha",
        "base_note": "facts note",
        "language": "facts-language",
        "license": "facts-own-license",
        "hardware": "facts hardware",
        "data_statement": "facts data",
        "intended_use": "facts use",
        "out_of_scope": "facts scope",
        "limits": "facts limits",
        "recommendations": "facts recommendations",
        "authors": "facts authors",
        "contact": "facts contact",
        "training_activation": "facts training activation",
        "inference_activation": "facts inference activation",
    }
    card = ModelCard(render(replace(record, **facts))).text
    assert [fact for fact in facts.values() if fact not in card] == []


def test_authors_and_contact_admit_that_nobody_is_named(record):
    card = render(record)
    assert "## Model Card Authors\n\nThe record of this run names nobody." in card
    assert card.endswith("Ask whoever gave you the model.\n")


@pytest.mark.parametrize("text", [pytest.param(case["text"], id=case["label"]) for case in CASES])
def test_hostile_samples_change_nothing_around_them(record, text):
    hostile, tame = render(with_samples(record, text)), render(with_samples(record, "dép"))
    assert headings(hostile) == headings(tame)
    assert shapes(hostile) == shapes(tame)
    assert "<!--" not in hostile


@settings(max_examples=40, deadline=None)
@given(st.text(st.one_of(st.sampled_from("|`\\<>&*_~\n\r\u2028\u202e\x00\ud800 đ🔥#-"), st.characters()), max_size=40))
def test_any_text_in_any_field_of_data_leaves_the_card_whole(record, text):
    def filled(word):
        name = f"x{word}x"
        full = replace(
            with_samples(record, word),
            name=name,
            base_model=name,
            base_is_hub_id=False,
            base_revision=name,
            hardware=name,
            training_activation=name,
            examples=((word, word),),
            loss=LossRecord(name, "https://example.com/" + word, {word: word}),
            hyperparameters_all={name: word},
            logs=({"step": 1, name: 0.5},),
            metrics=(MetricsRecord(name, name, {name: 0.5, "text": name}),),
            versions={name: name},
        )
        return render(full, artefacts=[name])

    hostile, tame = filled(text), filled("dép")
    hostile.encode("utf-8")
    assert len(headings(hostile)) == len(headings(tame))
    assert shapes(hostile) == shapes(tame)


def test_rendering_needs_no_training_library():
    program = (
        "import sys, xephang.card\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'datasets', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_lone_surrogate_in_a_link_is_replaced(record):
    hostile = replace(record, base_model="org/\ud800", loss=LossRecord("L", url="https://example.com/\ud800"))
    assert "%EF%BF%BD" in render(hostile)


def test_a_folder_without_weights_shows_no_code_that_looks_for_them(record):
    shown = render(record, artefacts=["onnx/model_int8.onnx"], opens="exported")
    assert "CrossEncoder(" not in shown
    assert "AutoModelForSequenceClassification" not in shown
    assert "Reranker.load" in shown
    assert "no weights" in shown


@pytest.mark.parametrize("name", ["giay", "giay-two"])
def test_the_bundled_card_is_what_its_record_renders_to(name):
    folder = Path(__file__).parents[2] / "src" / "xephang" / "models" / name
    calibration = ModelFolder.open(folder).manifest.calibration
    artefacts = ["precomputed/int8.npz"]
    rendered = render(load_record(folder), artefacts=artefacts, opens="exported", calibration=calibration)
    assert (folder / "README.md").read_text(encoding="utf-8") == rendered
