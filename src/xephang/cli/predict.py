"""`xephang predict`."""

from typing import Annotated

import typer

from xephang.cli import console
from xephang.cli.options import Columns, Engine, InputFormat, Json, Model, Precise, Threads
from xephang.judgments.pairs import read_texts
from xephang.reranker import Reranker


def predict(
    pairs: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV, JSONL or Parquet with query and document, or sentence_0 and sentence_1; "
            "- reads JSONL from stdin.",
        ),
    ],
    model: Model = "giay",
    column: Columns = None,
    format: InputFormat = None,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Score pairs of query and document, in the file's order."""
    texts = list(read_texts(pairs, console.column_map(column), format=format))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    scores = reranker.score(texts, show_progress=True)
    activated = reranker.activate(scores.logits)
    for (query, document), score, logit, cut in zip(texts, activated, scores.logits, scores.cut, strict=True):
        if json:
            console.print_json({"score": float(score), "logit": float(logit), "tokens_cut": int(cut)})
        else:
            console.print_cells(f"{score:.4f}", query, reranker.render(document).text)
    if cut := int((scores.cut > 0).sum()):
        console.note(f"{cut} of {len(texts)} documents were longer than the model reads and were cut")
