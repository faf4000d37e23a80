"""`xephang score`."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Literal

import typer

from xephang.cli import console
from xephang.cli.options import Columns, Json, Model, Precise
from xephang.errors import InputError

Pairs = Annotated[
    str,
    typer.Argument(
        metavar="PAIRS", help="Parquet, a file or a folder: query, and document, a product's columns, or ids."
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where the scores go.")]
OfCatalogue = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="A compiled catalogue, whose products are scored by id.")
]
Where = Annotated[Literal["local", "ray"], typer.Option(help="In this process, or on a Ray cluster.")]
Address = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Of the cluster, such as auto; one is started here without it."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processes on the cluster; as many as it has CPUs for.")
]
Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="CPU threads of a process; all here, 1 on a cluster.")
]
PartitionRows = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Rows of a partition; some 50,000 pairs without it.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what FOLDER holds.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Clear FOLDER first.")]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Leave bad rows out, and write them to FOLDER/_rejects.jsonl.")
]


def score(
    pairs: Pairs,
    output: Output = None,
    model: Model = "giay",
    precision: Precise = None,
    catalogue: OfCatalogue = None,
    engine: Where = "local",
    address: Address = None,
    workers: Workers = None,
    threads: Threads = None,
    partition_rows: PartitionRows = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    column: Columns = None,
    keep_going: KeepGoing = False,
    json: Json = False,
) -> None:
    """Score a Parquet of queries and products, here or on a cluster."""
    if output is None:
        raise InputError("no --output: name the folder that the scores go to")
    from xephang.batch import score as run  # pyarrow is slow to import, and most commands do without

    # Ray tells of workers that died on whatever stands for stdout.
    with redirect_stdout(sys.stderr), console.interruptible("score", output, built=True):
        report = run(
            pairs,
            output,
            model=model,
            precision=precision,
            catalogue=catalogue,
            engine=engine,
            address=address,
            workers=workers,
            threads=threads,
            columns=console.column_map(column),
            partition_rows=partition_rows,
            keep_going=keep_going,
            resume=resume,
            overwrite=overwrite,
            show_progress=True,
        )
    if json:
        console.print_json(report.to_dict())
    else:
        console.print_text(str(report))
