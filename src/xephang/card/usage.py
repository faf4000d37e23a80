"""The card's code: how the model is loaded, called and trained further."""

from collections.abc import Mapping, Sequence
from typing import Literal

from xephang.card.record import RunRecord
from xephang.card.wording import EXAMPLES, INTENDED_USE, OUT_OF_SCOPE
from xephang.markdown import code, details, fence

Opens = Literal["anywhere", "exported", "apart"]
"""Where a folder can be used: in torch's libraries too, or in xephang only, and why."""
SHOWN = 5
SHOWN_AGAIN = 2
WHERE = "path/to/this-model"
"""Stands for the folder or Hub id, which the model itself can not know."""


def usage(record: RunRecord, opens: Opens) -> str:
    """Return the section Usage, with code only for what opens the folder."""
    in_torch = [_sentence_transformers(record), _transformers(record)] if opens == "anywhere" else [_CLOSED[opens]]
    return "\n\n".join(
        [
            "## Usage",
            f"### Intended Use\n\n{(record.intended_use or INTENDED_USE).strip()}",
            *in_torch,
            _xephang(record),
            *([_downstream(record)] if opens == "anywhere" else []),
            f"### Out-of-Scope Use\n\n{(record.out_of_scope or OUT_OF_SCOPE).strip()}",
        ]
    )


_CLOSED: Mapping[Opens, str] = {
    "exported": "This folder holds exported files only, no weights: it opens in xephang, not in sentence-transformers "
    "or transformers, and can not be trained further. Train the recipe again for a folder that can.",
    "apart": "This model reads products apart from queries, so that they can be computed ahead. Only xephang knows "
    "how: sentence-transformers and transformers open the weights too, and give other, wrong scores.",
}


def _examples(record: RunRecord, most: int) -> Sequence[tuple[str, str]]:
    return (record.examples or EXAMPLES)[:most]


def _pairs(record: RunRecord, most: int) -> str:
    """Return the examples as a Python list: `repr` leaves no character in a literal that could end it."""
    rows = "".join(f"    [{query!r}, {document!r}],\n" for query, document in _examples(record, most))
    return f"pairs = [\n{rows}]"


def _rank(record: RunRecord, most: int, call: str) -> str:
    examples = _examples(record, most)
    distinct = dict.fromkeys(document for _, document in examples)
    documents = "".join(f"        {document!r},\n" for document in distinct)
    return f"ranks = {call}(\n    {examples[0][0]!r},\n    [\n{documents}    ],\n)"


def _sentence_transformers(record: RunRecord) -> str:
    count = len(_examples(record, SHOWN))
    shape = f"({count},)" if record.num_labels == 1 else f"({count}, {record.num_labels})"
    lines = ["from sentence_transformers import CrossEncoder", "", f'model = CrossEncoder("{WHERE}")', ""]
    lines += ["# One score for each pair of query and product text", _pairs(record, SHOWN)]
    lines += ["scores = model.predict(pairs)", "print(scores.shape)", f"# {shape}"]
    if record.num_labels == 1:
        lines += ["", "# Or one query's products, best first", _rank(record, SHOWN, "model.rank")]
        lines += ["# [{'corpus_id': ..., 'score': ...}, {'corpus_id': ..., 'score': ...}, ...]"]
    return "\n\n".join(
        [
            "### Direct Usage (Sentence Transformers)",
            "With the library installed,",
            fence("pip install -U sentence-transformers", "bash"),
            "the model is loaded and called like this:",
            fence("\n".join(lines), "python"),
            "The model gets each text as you give it: write products out as the template above does. A pair that is "
            "too long loses tokens from the longer of its texts, be it the query.",
        ]
    )


def _transformers(record: RunRecord) -> str:
    lines = ["import torch", "from transformers import AutoModelForSequenceClassification, AutoTokenizer", ""]
    lines += [f'tokenizer = AutoTokenizer.from_pretrained("{WHERE}")']
    lines += [f'model = AutoModelForSequenceClassification.from_pretrained("{WHERE}").eval()', ""]
    lines += [_pairs(record, SHOWN_AGAIN), "queries, documents = map(list, zip(*pairs))", "inputs = tokenizer("]
    lines += ["    queries,", "    documents,", "    padding=True,"]
    lines += ['    truncation="only_second",  # the query is never cut']
    lines += [f"    max_length={record.max_length},", '    return_tensors="pt",', ")"]
    lines += ["with torch.no_grad():"]
    lines += [f"    logits = model(**inputs).logits{'.squeeze(-1)' if record.num_labels == 1 else ''}"]
    if record.inference_activation == "sigmoid":
        lines += ["scores = torch.sigmoid(logits)"]
    return f"### Direct Usage (Transformers)\n\n{details(fence(chr(10).join(lines), 'python'))}"


def _xephang(record: RunRecord) -> str:
    lines = ["from xephang import Reranker", "", f'reranker = Reranker.load("{WHERE}")', ""]
    lines += [_pairs(record, SHOWN_AGAIN), "scores = reranker.predict(pairs)", ""]
    lines += [_rank(record, SHOWN_AGAIN, "reranker.rank")]
    return "\n\n".join(
        [
            "### Direct Usage (xephang)",
            fence("pip install xephang", "bash"),
            "A document may also be a product's record (`{'title': ..., 'brand': ..., ...}`), which the model's own "
            "template then writes out. Queries stay whole, and long products are cut as described above.",
            fence("\n".join(lines), "python"),
        ]
    )


_DOWNSTREAM = f"""
from datasets import Dataset
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

model = CrossEncoder("{WHERE}")
rows = Dataset.from_dict(
    {{
        "query": ["dép đi biển cho bé", "dép đi biển cho bé"],
        "product": ["Dép sandal trẻ em chống trượt | size 28", "Giày cao gót mũi nhọn 7 phân | size 36"],
        "label": [1.0, 0.0],
    }}
)
trainer = CrossEncoderTrainer(
    model=model,
    args=CrossEncoderTrainingArguments(output_dir="out", num_train_epochs=1, report_to="none"),
    train_dataset=rows,
    loss=BinaryCrossEntropyLoss(model),
)
trainer.train()
model.save_pretrained("out/final")
"""


def _downstream(record: RunRecord) -> str:
    text = "Trained further on pairs of another shop, the model takes over that shop's words."
    if record.num_labels != 1:
        return "\n\n".join(
            [
                "### Downstream Usage (Sentence Transformers)",
                f"{text} It has {record.num_labels} labels, so train with {code('CrossEntropyLoss')} and labels "
                f"from 0 to {record.num_labels - 1}.",
            ]
        )
    block = details(fence(_DOWNSTREAM, "python"))
    return "\n\n".join(
        [
            "### Downstream Usage (Sentence Transformers)",
            f"{text} Write its products out with this model's template, and hold some queries back to measure on.",
            block,
        ]
    )
