"""The card's section Model Details: what the model is, what it reads, what its numbers mean."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from xephang.calibration import Calibration
from xephang.card.record import RunRecord
from xephang.card.wording import ACTIVATIONS, LANGUAGES
from xephang.markdown import code, escape, table
from xephang.product import ProductTemplate
from xephang.text import without_surrogates

_SOURCES = """### Model Sources

- **Documentation:** [Sentence Transformers Documentation](https://sbert.net)
- **Documentation:** [Cross Encoder Documentation](https://www.sbert.net/docs/cross_encoder/usage/usage.html)
- **Repository:** [Sentence Transformers on GitHub](https://github.com/huggingface/sentence-transformers)
- **Hugging Face:** [Cross Encoders on Hugging Face](https://huggingface.co/models?library=sentence-transformers&other=cross-encoder)"""


def heading(record: RunRecord) -> str:
    """Return the card's title and first paragraph."""
    return (
        f"# {escape(record.name)}\n\n"
        "A [Cross Encoder](https://www.sbert.net/docs/cross_encoder/usage/usage.html) that reads a shopper's query "
        f"and a product together and says how well they fit. It was trained from {_base_model(record)} with "
        "xephang and the [sentence-transformers](https://www.SBERT.net) library."
    )


def model_details(record: RunRecord, artefacts: Sequence[str], calibration: Calibration | None = None) -> str:
    """Return the section Model Details."""
    parts = ["## Model Details", _description(record), _SOURCES, _reading(record), _activation(record, calibration)]
    if artefacts:
        listed = "\n".join(f"- {code(artefact)}" for artefact in artefacts)
        parts.append(f"### Artefacts\n\nExported from this model's weights:\n\n{listed}")
    return "\n\n".join(parts)


def _base_model(record: RunRecord) -> str:
    if not record.base_is_hub_id:
        return code(record.base_model)
    return f"[{escape(record.base_model)}](https://huggingface.co/{quote(without_surrogates(record.base_model))})"


def _description(record: RunRecord) -> str:
    base = _base_model(record)
    base += f" at revision {code(record.base_revision)}" if record.base_revision else ""
    base += "" if record.base_is_hub_id else " (a folder, not a model of the Hub)"
    language = LANGUAGES.get(record.language)
    lines = [
        "### Model Description",
        "",
        "- **Model Type:** Cross Encoder",
        f"- **Base model:** {base}",
        *([f"  - {' '.join(record.base_note.split())}"] if record.base_note.strip() else []),
        *([f"  - SHA-256 of its weights: {code(record.base_sha256)}"] if record.base_sha256 else []),
        f"- **Maximum Sequence Length:** {record.max_length} tokens",
        f"- **Number of Output Labels:** {record.num_labels} label{'s' if record.num_labels > 1 else ''}",
        f"- **Training Dataset:** {escape(record.dataset.name) or 'Unnamed'}",
        f"- **Language:** {f'{language} ({record.language})' if language else escape(record.language) or 'not stated'}",
        f"- **License:** {_license(record)}",
    ]
    return "\n".join(lines)


def _license(record: RunRecord) -> str:
    return escape(record.license) or "not stated: ask before you use the model beyond trying it"


def _reading(record: RunRecord) -> str:
    template = ProductTemplate.from_dict(record.template)
    names = [name for name, _ in template.parts]
    order = [*template.cut_first, *(name for name in reversed(names) if name not in template.cut_first)]
    parts = table(
        ["Part", "Pattern"],
        [[code(name), f"<code>{escape(pattern)}</code>"] for name, pattern in template.parts],
    )
    return "\n\n".join(
        [
            "### What the Model Reads",
            f"A query, and a product written out by the template {code(template.name)}: these parts, joined by "
            f"{code(json.dumps(template.separator, ensure_ascii=False))}. A part whose field is unknown is left out.",
            parts,
            f"Query, product and special tokens together have {record.max_length} tokens. **The query is never "
            "cut.** A product that does not fit loses its least important part first, from that part's end: "
            f"{', '.join(map(code, order))}. xephang's `score` returns how many tokens each product lost, and a "
            "query that leaves no room for a product is refused.",
        ]
    )


def _activation(record: RunRecord, calibration: Calibration | None) -> str:
    inference = f"calibrated, {calibration.map.method}" if calibration else record.inference_activation
    rows = [["training", escape(record.training_activation)], ["inference", escape(inference)]]
    meaning = ACTIVATIONS.get(record.inference_activation, "")
    if calibration:
        meaning = (
            f"`predict` and `rank` return the probability of grade {calibration.relevant_grade} or better, fitted on "
            f"{calibration.queries:,} queries with {calibration.rows:,} graded pairs "
            f"({escape(calibration.judgments)}); its expected calibration error is {calibration.error_after:.3f} on "
            "queries held out."
        )
    if record.num_labels > 1:
        meaning = (
            f"Of its {record.num_labels} logits, one for each grade from 0, xephang makes one score: the expected "
            "grade under softmax."
        )
    return "\n\n".join(
        [
            "### Activation in Training and in Inference",
            table(["When", "Activation"], rows),
            f"{meaning} The model gives the same logits either way. An activation that only ever rises changes no "
            "ranking, but a threshold chosen for one activation means nothing for another.".strip(),
        ]
    )
