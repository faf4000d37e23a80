"""`xephang index`."""

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
from xephang.compiled import is_compiled
from xephang.errors import InputError
from xephang.machine import available_threads
from xephang.progress import step_bars
from xephang.reranker import Reranker
from xephang.search import Shop


def index(
    catalogue: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help="Products, as for compile; or a compiled catalogue, which gets its index then."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where the search folder is.")
    ] = None,
    model: Model = "giay",
    lexicon: Annotated[
        str | None,
        typer.Option(metavar="LEXICON", help="Reads facets, by name or as TOML; the model's own without it."),
    ] = None,
    storage: Storage = None,
    update: Update = False,
    delete: Delete = None,
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
    """Make a catalogue searchable: computed ahead and indexed."""
    if catalogue is not None and is_compiled(catalogue) and output is None:
        if update or delete or resume or overwrite or storage or column or keep_going or rejects or format or sql:
            raise InputError(f"{catalogue}: is compiled; of the options, --model, --lexicon and --threads are for that")
        _of_compiled(Path(catalogue), model, lexicon, threads, as_json=json)
        return
    how = None if update else {"lexicon": lexicon, "storage": storage, "resume": resume, "overwrite": overwrite}
    folder = _checked(catalogue, output, delete, built=lexicon or storage or resume or overwrite, update=update)
    reranker = Reranker.load(model, threads=threads)
    if catalogue is None:
        shop = Shop.open(folder, model=reranker)
        console.note(f"{shop.delete(delete or ()):,} products deleted")
        _tell(shop, None, as_json=json)
        return
    columns = console.column_map(column)
    products = Catalogue.open(
        catalogue, columns=columns, keep_going=keep_going, rejects=rejects, format=format, sql=sql
    )
    started = time.perf_counter()
    shop = _made(products, reranker, folder, how)
    console.note(str(products.report))
    _tell(shop, None if update else time.perf_counter() - started, as_json=json)


def _checked(catalogue: str | None, output: Path | None, delete: object, *, built: object, update: bool) -> Path:
    """Return the folder, if the arguments fit together.

    :param built: whether something was given that is for a build.
    """
    if output is None:
        raise InputError("no --output: name the search folder")
    if (update or delete) and built:
        raise InputError("--lexicon, --storage, --resume and --overwrite are for a build; drop them, or the change")
    if (catalogue is None) == (not delete):
        raise InputError("give a FILE to index, or else --delete")
    return output


def _of_compiled(folder: Path, model: str, lexicon: str | None, threads: int | None, *, as_json: bool) -> None:
    """Index a compiled catalogue, in its own folder."""
    reranker = Reranker.load(model, threads=threads)
    started = time.perf_counter()
    with step_bars("indexing") as (indexing,):
        shop = Shop.index(reranker, folder, lexicon=lexicon, processes=available_threads(), indexing=indexing)
    _tell(shop, time.perf_counter() - started, as_json=as_json)


def _made(products: Catalogue, reranker: Reranker, output: Path, how: dict[str, Any] | None) -> Shop:
    """Build a search folder as `how` says, or update the one that is there where it says nothing."""
    bars = step_bars("compiling", "indexing")
    with console.interruptible("index", output, built=how is not None), bars as (compiling, indexing):
        if how is not None:
            how = {**how, "storage": how["storage"] or "fast", "processes": available_threads()}
            return Shop.build(reranker, products, output, progress=compiling, indexing=indexing, **how)
        shop = Shop.open(output, model=reranker)
        console.note(f"{shop.update(products, progress=compiling):,} products replaced")
        return shop


def _tell(shop: Shop, seconds: float | None, *, as_json: bool) -> None:
    """Say what the folder holds now."""
    manifest, count, size = shop.compiled.manifest, len(shop), shop.bytes
    if as_json:
        took = {} if seconds is None else {"seconds": round(seconds, 3)}
        said = {"folder": str(shop.folder), "model": manifest.model, "storage": manifest.storage}
        console.print_json({**said, "products": count, "bytes": size, **took})
        return
    each = f" in {seconds:,.1f} s" if seconds is not None else ""
    console.print_text(
        f"{shop.folder}: {count:,} products to search{each}, {size / 1e6:,.1f} MB; model '{manifest.model}'\n"
        f"search it: xephang search {shop.folder} QUERY, or with a page: xephang serve --catalogue {shop.folder}"
    )
