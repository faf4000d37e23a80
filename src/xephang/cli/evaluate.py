"""`xephang evaluate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xephang.card import load_record
from xephang.cli import console
from xephang.cli.options import Columns, Engine, Json, Precise, Threads
from xephang.errors import InputError
from xephang.judgments.measure import ALL_METRICS
from xephang.reranker import Reranker

if TYPE_CHECKING:
    from xephang.evaluation import Evaluation, JudgmentSet

_MODEL = typer.Argument(metavar="MODEL", help="A bundled model's name, a folder, or a Hugging Face Hub id.")
_JUDGMENTS = typer.Option(
    metavar="FILE", help="CSV, JSONL or Parquet of query, document, grade; or qrels, with the next two."
)
_QUERIES = typer.Option(metavar="FILE", help="The texts of the qrels' queries.")
_DOCUMENTS = typer.Option(metavar="FILE", help="The texts of the qrels' documents, or a catalogue.")
_AGAINST = typer.Option(metavar="MODEL", help="Another model to compare with; may be repeated.")
_RUN = typer.Option(metavar="FILE", help="A TREC run to compare with; may be repeated.")
_BM25 = typer.Option("--bm25/--no-bm25", help="Compare with BM25, accented and folded.")
_OUTPUT = typer.Option("--output", "-o", metavar="FOLDER", help="Write the report and TREC files here.")
_FAIL_UNDER = typer.Option(metavar="METRIC=X", help="Exit with 1 if MODEL has less: ndcg@10=0.8; may be repeated.")
_CALIBRATE = typer.Option(metavar="platt|isotonic", help="Fit probabilities; written into the output folder.")
_WRITE_CARD = typer.Option("--write-card", help="Add the figures to MODEL's record and card.")
_SEED = typer.Option(min=0, metavar="N", help="Of the tests and intervals.")


def evaluate(
    model: Annotated[str, _MODEL],
    judgments: Annotated[Path, _JUDGMENTS],
    queries: Annotated[Path | None, _QUERIES] = None,
    documents: Annotated[Path | None, _DOCUMENTS] = None,
    column: Columns = None,
    against: Annotated[list[str] | None, _AGAINST] = None,
    run: Annotated[list[Path] | None, _RUN] = None,
    bm25: Annotated[bool, _BM25] = True,
    output: Annotated[Path | None, _OUTPUT] = None,
    fail_under: Annotated[list[str] | None, _FAIL_UNDER] = None,
    calibrate: Annotated[str | None, _CALIBRATE] = None,
    write_card: Annotated[bool, _WRITE_CARD] = False,
    seed: Annotated[int, _SEED] = 0,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Measure a model on graded judgments, beside BM25 and others."""
    from xephang.evaluation import Run, add_to_card, write_report
    from xephang.evaluation import evaluate as measure
    from xephang.evaluation.report import check_folder

    # What can be refused is refused before the models are run.
    least = thresholds(fail_under or [])
    if calibrate and not output:
        raise InputError("--calibrate writes calibration.json: say where with --output FOLDER")
    if output:
        check_folder(output)
    judged = _judged(judgments, queries, documents, console.column_map(column))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    if write_card:
        load_record(reranker.folder.path)
    others: list[Reranker | Run] = [
        *(Reranker.load(name, threads=threads) for name in against or []),
        *map(Run, run or []),
    ]
    found = measure([reranker, *others], judged, bm25=bm25, calibrate=calibrate, seed=seed, show_progress=True)
    _show(found, as_json=json)
    if output:
        write_report(found, output)
        console.note(f"wrote {output / 'report.html'}, report.md and report.json beside it, and TREC files")
    if write_card:
        console.note(f"wrote {add_to_card(found, reranker.folder.path)}")
    found.check(least)


def thresholds(options: Sequence[str]) -> dict[str, float]:
    """Read `--fail-under ndcg@10=0.8` options.

    :raises InputError: if one names no metric, or no number from 0 to 1.
    """
    least: dict[str, float] = {}
    for option in options:
        name, _, text = option.partition("=")
        metric = name.strip().lower()
        if metric not in ALL_METRICS:
            raise InputError(f"--fail-under '{option}': write METRIC=X; metrics are {', '.join(ALL_METRICS)}")
        try:
            least[metric] = float(text)
        except ValueError:
            least[metric] = float("nan")
        if not 0 <= least[metric] <= 1:
            raise InputError(f"--fail-under '{option}': expected a number from 0 to 1 after '='")
    return least


def _judged(path: Path, queries: Path | None, documents: Path | None, columns: dict[str, str]) -> "JudgmentSet":
    from xephang.evaluation import JudgmentSet, read_qrels

    if queries and documents:
        return read_qrels(path, queries, documents, columns)
    if queries or documents:
        raise InputError("qrels need both, --queries FILE and --documents FILE")
    return JudgmentSet.read(path, columns)


def _show(found: "Evaluation", *, as_json: bool) -> None:
    from xephang.evaluation import tables
    from xephang.evaluation.systems import named_apart

    if as_json:
        console.print_json(found.to_dict())
        return
    shown = [tables.summary(found), tables.comparisons(found), *tables.slices(found), tables.calibrations(found)]
    judged = found.judged
    console.note(f"{len(judged.queries):,} queries, {len(judged.candidates):,} candidates of {judged.name}")
    for table in shown:
        if table and table.rows:
            heads = named_apart(list(table.header))
            kinds = {name: "right" if i >= table.words else "left" for i, name in enumerate(heads)}
            console.print_table(table.title, kinds, table.rows)
            if table.note:
                console.note(table.note)
