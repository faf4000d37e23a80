"""`xephang rank`."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from xephang.catalogue import Catalogue
from xephang.cli import console
from xephang.cli.options import Columns, Engine, InputFormat, Json, KeepGoing, Model, Precise, Rejects, Sql, Threads
from xephang.cli.reasons import LEGEND, reasons
from xephang.compiled import CompiledCatalogue, is_compiled
from xephang.errors import InputError
from xephang.files import check_apart
from xephang.product import Product
from xephang.reranker import Reranker

Shelf = Sequence[Product] | CompiledCatalogue
"""What is ranked."""


def rank(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What a shopper types.")],
    catalogue: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV, JSONL or Parquet of products; - reads JSONL from stdin. Or a compiled catalogue, or a "
            "database's URL.",
        ),
    ],
    model: Model = "giay",
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, metavar="N", help="How many products to show.")] = 10,
    column: Columns = None,
    keep_going: KeepGoing = False,
    rejects: Rejects = None,
    format: InputFormat = None,
    sql: Sql = None,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which facets each product meets, and what each word adds.")
    ] = False,
    lexicon: Annotated[
        str | None,
        typer.Option(metavar="LEXICON", help="Of --explain, by name or as TOML; the model's own without it."),
    ] = None,
    json: Json = False,
) -> None:
    """Rank a catalogue's products for a query."""
    if lexicon is not None and not explain:
        raise InputError("--lexicon is what --explain reads facets by; add --explain")
    if rejects and lexicon:
        check_apart(rejects, Path(lexicon))
    shelf: Shelf
    if is_compiled(catalogue):
        if column or keep_going or rejects or format or sql:
            raise InputError(
                f"{catalogue}: is compiled; --column, --keep-going, --rejects, --format and --sql are for a file or "
                "database of products"
            )
        shelf = CompiledCatalogue.open(catalogue)
    else:
        columns = console.column_map(column)
        products = Catalogue.open(
            catalogue, columns=columns, keep_going=keep_going, rejects=rejects, format=format, sql=sql
        )
        shelf = list(products)
        console.note(str(products.report))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    show(reranker, query, shelf, top_k, as_json=json, explain=explain, lexicon=lexicon)


def show(
    reranker: Reranker,
    query: str,
    shelf: Shelf,
    top_k: int,
    *,
    as_json: bool,
    explain: bool = False,
    lexicon: str | None = None,
) -> None:
    """Rank, and print what came out and how long it took."""
    if isinstance(shelf, CompiledCatalogue):
        asked: dict[str, Any] = {"ids": shelf.ids(), "catalogue": shelf}
    else:
        asked = {"documents": shelf}
    started = time.perf_counter()
    results = reranker.rank(query, **asked, top_k=top_k, show_progress=True, explain=explain, lexicon=lexicon)
    milliseconds = (time.perf_counter() - started) * 1000
    products = _products(shelf, results)
    results = [
        {**result, "text": reranker.render(product).text} for result, product in zip(results, products, strict=True)
    ]
    if as_json:
        console.print_json(
            {
                "query": query,
                "model": reranker.folder.name,
                "products": len(shelf),
                "milliseconds": round(milliseconds, 1),
                "results": [_plain(result, product) for result, product in zip(results, products, strict=True)],
            }
        )
        return
    if explain:
        console.note(LEGEND)
        if lexicon is None and reranker.lexicon is None:
            console.note("the model names no lexicon, so no facets are shown; give one with --lexicon")
    each = f"{milliseconds / max(len(shelf), 1):.2f} ms each" + (", explanations included" if explain else "")
    title = f"“{query}”: {len(shelf):,} products in {milliseconds:,.0f} ms, {each}"
    columns = {"#": "right", "score": "right", "id": "left", "product": "wide", "price": "right"}
    rows = [_row(i, *pair) for i, pair in enumerate(zip(results, products, strict=True), 1)]
    console.print_table(title, columns, rows)


def _products(shelf: Shelf, results: Sequence[dict[str, Any]]) -> list[Product]:
    if isinstance(shelf, CompiledCatalogue):
        return shelf.products([result["id"] for result in results])
    return [shelf[result["corpus_id"]] for result in results]


def _plain(result: dict[str, Any], product: Product) -> dict[str, Any]:
    explained = {"explanation": result["explanation"].to_dict()} if "explanation" in result else {}
    return {**result, **explained, "id": product.id}


def _row(place: int, result: dict[str, Any], product: Product) -> tuple[RenderableType, ...]:
    text = reasons(result["text"], result["explanation"]) if "explanation" in result else result["text"]
    return str(place), f"{result['score']:.4f}", product.id, text, console.price(product.price)
