"""`xephang evaluate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xephang.card import load_record
from xephang.cli import console
from xephang.cli.options import Columns, Documents, Engine, Json, Judgments, Precise, Queries, Threads
from xephang.errors import InputError
from xephang.judgments import open_judgments
from xephang.judgments.measure import ALL_METRICS
from xephang.lexicon import Lexicon
from xephang.reranker import Reranker

if TYPE_CHECKING:
    from xephang.evaluation import Evaluation

_MODEL = typer.Argument(metavar="MODEL", help="A bundled model's name, a folder, or a Hugging Face Hub id.")
_AGAINST = typer.Option(metavar="MODEL", help="Another model to compare with; may be repeated.")
_RUN = typer.Option(metavar="FILE", help="A TREC run to compare with; may be repeated.")
_BM25 = typer.Option("--bm25/--no-bm25", help="Compare with BM25, accented and folded.")
_LEXICON = typer.Option(metavar="NAME", help="Compare with the rules of a lexicon alone: footwear, or a TOML file.")
_NOISE = typer.Option(metavar="KIND|all", help="Ask each query typed so, too: typo, telex …; may be repeated.")
_OUTPUT = typer.Option("--output", "-o", metavar="FOLDER", help="Write the report and TREC files here.")
_FAIL_UNDER = typer.Option(metavar="METRIC=X", help="Exit with 1 if MODEL has less: ndcg@10=0.8; may be repeated.")
_WRITE_CARD = typer.Option("--write-card", help="Add the figures to MODEL's record and card.")
_SEED = typer.Option(min=0, metavar="N", help="Of the tests and intervals.")


def evaluate(
    model: Annotated[str, _MODEL],
    judgments: Judgments,
    queries: Queries = None,
    documents: Documents = None,
    column: Columns = None,
    against: Annotated[list[str] | None, _AGAINST] = None,
    run: Annotated[list[Path] | None, _RUN] = None,
    bm25: Annotated[bool, _BM25] = True,
    lexicon: Annotated[str | None, _LEXICON] = None,
    noise: Annotated[list[str] | None, _NOISE] = None,
    output: Annotated[Path | None, _OUTPUT] = None,
    fail_under: Annotated[list[str] | None, _FAIL_UNDER] = None,
    write_card: Annotated[bool, _WRITE_CARD] = False,
    seed: Annotated[int, _SEED] = 0,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Measure a model on graded judgments, beside BM25 and others."""
    from xephang.evaluation import ByLexicon, Run, add_to_card, check_report, write_report
    from xephang.evaluation import evaluate as measure

    # What can be refused is refused before the models are run.
    least = thresholds(fail_under or [])
    if output:
        check_report(output, [judgments, queries, documents, *(run or [])])
    judged = open_judgments(judgments, queries, documents, console.column_map(column))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    if write_card:
        load_record(reranker.folder.path)
    others: list[Reranker | Run | ByLexicon] = [
        *(Reranker.load(name, threads=threads) for name in against or []),
        *map(Run, run or []),
        *([ByLexicon(Lexicon.load(lexicon))] if lexicon else []),
    ]
    found = measure([reranker, *others], judged, bm25=bm25, noise=noise or (), seed=seed, show_progress=True)
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
        if metric in least:
            raise InputError(f"--fail-under '{option}': {metric} has a threshold already; give it once")
        try:
            least[metric] = float(text)
        except ValueError:
            least[metric] = float("nan")
        if not 0 <= least[metric] <= 1:
            raise InputError(f"--fail-under '{option}': expected a number from 0 to 1 after '='")
    return least


def _show(found: "Evaluation", *, as_json: bool) -> None:
    from xephang.evaluation import tables
    from xephang.evaluation.systems import named_apart

    if as_json:
        console.print_json(found.to_dict())
        return
    shown = [
        *(tables.summary(found), tables.comparisons(found), *tables.slices(found)),
        *(tables.noise(found), tables.calibrations(found)),
    ]
    judged = found.judged
    console.note(f"{len(judged.queries):,} queries, {len(judged.candidates):,} candidates of {judged.name}")
    if judged.repeated:
        console.note(f"left out: {judged.repeated:,} rows that repeat an earlier one")
    if judged.passed.unreadable:
        console.note(f"left out: {judged.passed.unreadable:,} lines of the log that can not be read")
    for table in shown:
        if table and table.rows:
            heads = named_apart(list(table.header))
            kinds = {name: "right" if i >= table.words else "left" for i, name in enumerate(heads)}
            console.print_table(table.title, kinds, table.rows)
            if table.note:
                console.note(table.note)
