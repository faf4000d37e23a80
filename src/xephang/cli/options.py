"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from xephang.catalogue import Format

Precision = Literal["fp32", "int8"]
Model = Annotated[
    str,
    typer.Option("--model", "-m", metavar="MODEL", help="A bundled model's name, a folder, or a Hugging Face Hub id."),
]
Engine = Annotated[
    Literal["onnx", "precomputed", "torch"] | None,
    typer.Option(help="Without it, what the folder has a file for; torch where it has none."),
]
Precise = Annotated[Precision | None, typer.Option("--precision", help="Of the exported file; int8 before fp32.")]
Threads = Annotated[int | None, typer.Option(min=1, metavar="N", help="CPU threads; all that there are without it.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON on stdout instead of a table.")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", "-c", metavar="OURS=THEIRS", help="What the file calls a field.")
]
Judgments = Annotated[
    Path,
    typer.Option(metavar="FILE", help="CSV, JSONL or Parquet of query, document, grade; or qrels, with the next two."),
]
Queries = Annotated[Path | None, typer.Option(metavar="FILE", help="The texts of the qrels' queries.")]
Documents = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The texts of the qrels' documents, or a catalogue.")
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Set bad rows aside and go on with the others.")]
Rejects = Annotated[Path | None, typer.Option(metavar="FILE", help="Where --keep-going writes the bad rows, as JSONL.")]
InputFormat = Annotated[Format | None, typer.Option("--format", help="Of the file, where its name does not tell.")]
Sql = Annotated[
    str | None,
    typer.Option("--sql", metavar="SQL", help="Where FILE is a postgresql:// URL: a table's name, or a select."),
]
Storage = Annotated[
    Literal["fast", "small", "lazy"] | None,
    typer.Option(help="Whole; as codes of a seventh of the bytes; or computed when ranked. fast without it."),
]
Update = Annotated[bool, typer.Option("--update", help="Add the products to FOLDER, in place of those with their ids.")]
Delete = Annotated[
    list[str] | None, typer.Option("--delete", metavar="ID", help="Take a product out; give it once for each.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a build that was interrupted.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what FOLDER holds, once the new one is whole.")]
