"""`xephang compile`."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from xephang.catalogue import Catalogue
from xephang.cli import console
from xephang.cli.options import (
    Columns,
    Delete,
    InputFormat,
    Json,
    KeepGoing,
    Model,
    Overwrite,
    Rejects,
    Resume,
    Sql,
    Storage,
    Threads,
    Update,
)
from xephang.compiled import CompiledCatalogue
from xephang.errors import InputError
from xephang.progress import step_bars
from xephang.reranker import Reranker


def compile(
    catalogue: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="CSV, JSONL or Parquet of products; - reads JSONL from stdin. Or a database's URL.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where the compiled catalogue is.")
    ] = None,
    model: Model = "giay",
    storage: Storage = None,
    update: Update = False,
    delete: Delete = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every byte of FOLDER and compare checksums.")] = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    column: Columns = None,
    keep_going: KeepGoing = False,
    rejects: Rejects = None,
    format: InputFormat = None,
    sql: Sql = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Compute a catalogue's products ahead, for fast searches."""
    if output is None:
        raise InputError("no --output: name the folder of the compiled catalogue")
    if (catalogue is None) == (not delete and not verify):
        raise InputError("give a FILE to compile, or else --delete or --verify")
    if (update or delete or verify) and (resume or overwrite or storage):
        raise InputError("--storage, --resume and --overwrite are for a build; drop them, or what changes the folder")
    if catalogue is None:
        compiled = CompiledCatalogue.open(output)
        if delete:
            compiled.delete(delete)
        if verify:
            compiled.verify()
        _tell(compiled, None, as_json=json)
        return
    columns = console.column_map(column)
    products = Catalogue.open(
        catalogue, columns=columns, keep_going=keep_going, rejects=rejects, format=format, sql=sql
    )
    reranker = Reranker.load(model, threads=threads)
    started = time.perf_counter()
    how = {"resume": resume, "overwrite": overwrite, "storage": storage or "fast"}
    compiled = _computed(products, reranker, output, None if update else how)
    console.note(str(products.report))
    _tell(compiled, None if update else time.perf_counter() - started, as_json=json)


def _computed(products: Catalogue, reranker: Reranker, output: Path, how: dict[str, Any] | None) -> CompiledCatalogue:
    """Build a compiled catalogue as `how` says, or update the one that is there where it says nothing."""
    with console.interruptible("compile", output, built=how is not None), step_bars("compiling") as (progress,):
        if how is not None:
            return CompiledCatalogue.build(reranker, products, output, progress=progress, **how)
        compiled = CompiledCatalogue.open(output, model=reranker)
        console.note(f"{compiled.update(products, progress=progress):,} products replaced")
        return compiled


def _tell(compiled: CompiledCatalogue, seconds: float | None, *, as_json: bool) -> None:
    """Say what the folder holds now."""
    manifest, count = compiled.manifest, len(compiled)
    if as_json:
        took = {} if seconds is None else {"seconds": round(seconds, 3)}
        said = {"folder": str(compiled.folder), "model": manifest.model, "storage": manifest.storage}
        console.print_json({**said, "products": count, "bytes": compiled.bytes, "parts": len(manifest.parts), **took})
        return
    size = f"{compiled.bytes / 1e6:,.1f} MB" + (f", {compiled.bytes / count / 1000:,.1f} KB each" if count else "")
    each = f" in {seconds:,.1f} s" if seconds is not None else ""
    console.print_text(
        f"{compiled.folder}: {count:,} products{each}, {size}; model '{manifest.model}', storage '{manifest.storage}'"
    )
