"""`xephang judgments …`."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from xephang.cli import console
from xephang.cli.options import Columns, Json
from xephang.judgments.clicks import Grading, judge_clicks
from xephang.judgments.data_card import card_path
from xephang.judgments.imported import import_judgments
from xephang.judgments.synthesis import Settings, make_judgments
from xephang.product import TEMPLATES

judgments = typer.Typer(name="judgments", no_args_is_help=True, help="Make graded judgments of what a shop has.")
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="A .jsonl or .parquet; its data card is FILE.md.")
]
Template = Annotated[Literal["listing", "seed"], typer.Option(help="How a product becomes text.")]
_FEW = 0.2
"""Of the clicks; with a smaller share that tells of positions, a note says so."""


@judgments.command()
def clicks(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG",
            help="CSV, JSONL or Parquet of query, product_id, position and clicked, or clicks and impressions.",
        ),
    ],
    catalogue: Annotated[Path, typer.Option(metavar="FILE", help="CSV, JSONL or Parquet of products.")],
    output: Output,
    column: Columns = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Set bad rows aside and use the others.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where --keep-going writes the log's bad rows, as JSONL.")
    ] = None,
    least_seen: Annotated[
        float, typer.Option(min=0, metavar="N", help="Leave out what was likely looked at less often.")
    ] = 20,
    prior: Annotated[float, typer.Option(metavar="N", help="Clicks of an average product added to each one's.")] = 2,
    fold: Annotated[bool, typer.Option("--fold", help="Take queries with and without diacritics as one.")] = False,
    template: Template = "listing",
    json: Json = False,
) -> None:
    """Grade products by a click log, positions accounted for."""
    with _counting("rows of the log") as on_rows:
        report = judge_clicks(
            log,
            catalogue,
            output,
            grading=Grading(least_seen=least_seen, prior=prior, folded=fold),
            template=TEMPLATES[template],
            columns=console.column_map(column),
            keep_going=keep_going,
            rejects=rejects,
            on_rows=on_rows,
        )
    for reason, number in report.left_out.items():
        if number:
            console.note(f"left out: {number:,} {reason}")
    if report.examination.informative < _FEW:
        console.note(
            f"only {report.examination.informative:.1%} of the clicks are on products that a query showed at different "
            "positions: what positions do can hardly be told from what products do"
        )
    _show(output, report.counts, {"left_out": dict(report.left_out)} if json else None)


@judgments.command("import")
def import_(
    grades: Annotated[
        Path,
        typer.Argument(
            metavar="GRADES", help="TREC qrels; or CSV, JSONL or Parquet of query, document (or document_id) and grade."
        ),
    ],
    output: Output,
    queries: Annotated[Path | None, typer.Option(metavar="FILE", help="The texts of the queries' ids.")] = None,
    documents: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The texts of the documents' ids, or a catalogue.")
    ] = None,
    column: Columns = None,
    template: Template = "listing",
    json: Json = False,
) -> None:
    """Put qrels, or a spreadsheet, and the texts into one file."""
    counts = import_judgments(
        grades,
        output,
        queries=queries,
        documents=documents,
        template=TEMPLATES[template],
        columns=console.column_map(column),
    )
    _show(output, counts, {} if json else None)


@judgments.command()
def make(
    catalogue: Annotated[Path, typer.Argument(metavar="CATALOGUE", help="CSV, JSONL or Parquet of products.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="For train, dev and test, and README.md, their data card."
        ),
    ],
    lexicon: Annotated[
        str, typer.Option(metavar="LEXICON", help="Of what the catalogue sells, by name or as TOML.")
    ] = "footwear",
    queries: Annotated[int, typer.Option(metavar="N", help="Of all splits together.")] = 1000,
    candidates: Annotated[int, typer.Option(metavar="K", help="Graded products a query, at most.")] = 10,
    clean: Annotated[float, typer.Option(metavar="SHARE", help="Of the queries, typed without noise.")] = 0.5,
    varied: Annotated[
        float, typer.Option(metavar="SHARE", help="Of the products, varied from the catalogue's; 0 to 0.95.")
    ] = 0.7,
    seed: Annotated[int, typer.Option(metavar="S", help="Other random numbers, other judgments.")] = 42,
    format: Annotated[Literal["jsonl", "parquet"], typer.Option(help="Of the files.")] = "jsonl",
    template: Template = "listing",
    column: Columns = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Leave bad rows of the catalogue out.")] = False,
    json: Json = False,
) -> None:
    """Make queries for a catalogue, and grade its products by a lexicon."""
    with _counting(f"of {queries:,} queries") as on_queries:
        report = make_judgments(
            catalogue,
            output,
            lexicon=lexicon,
            settings=Settings(queries, candidates, clean, varied, seed),
            template=TEMPLATES[template],
            columns=console.column_map(column),
            keep_going=keep_going,
            format=format,
            on_queries=on_queries,
        )
    if report.missing:
        console.note(f"{report.missing:,} queries fewer than asked for: the catalogue gives no more")
    counts: dict[str, Mapping[str, int]] = {of: one for of, one in report.counts.items()}
    if json:
        console.print_json({"output": str(output), "missing": report.missing, **counts})
    else:
        names = dict.fromkeys(name for one in counts.values() for name in one)
        rows = [(name, *(f"{one.get(name, 0):,}" for one in counts.values())) for name in names]
        console.print_table(f"judgments in {output}", {"what": "left", **dict.fromkeys(counts, "right")}, rows)
    console.note(f"wrote {', '.join(map(str, report.files.values()))}; their data card is {report.card}")


def _show(output: Path, counts: Mapping[str, int], json: Mapping[str, object] | None) -> None:
    """Show what was written, as a table or, with what there is to add, as JSON."""
    if json is not None:
        console.print_json({"output": str(output), **counts, **json})
    else:
        rows = [(name, f"{count:,}") for name, count in counts.items()]
        console.print_table(f"judgments in {output}", {"what": "left", "how many": "right"}, rows)
    console.note(f"wrote {output}; its data card is {card_path(output)}")


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """Draw how many there are of something, on a terminal only."""
    on_stderr = Console(file=sys.stderr)
    columns = (TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=on_stderr, transient=True, disable=not on_stderr.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda number: bar.update(task, completed=number)
