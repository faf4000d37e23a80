"""`xephang rank`."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from xephang.catalogue import Catalogue
from xephang.cli import console
from xephang.cli.options import Columns, Engine, InputFormat, Json, Model, Precise, Threads
from xephang.product import Product
from xephang.reranker import Reranker


def rank(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What a shopper types.")],
    catalogue: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet of products; - reads JSONL from stdin.")
    ],
    model: Model = "giay",
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, metavar="N", help="How many products to show.")] = 10,
    column: Columns = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Set bad rows aside and rank the others.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where --keep-going writes the bad rows, as JSONL.")
    ] = None,
    format: InputFormat = None,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Rank a catalogue's products for a query."""
    products = Catalogue.open(
        catalogue, columns=console.column_map(column), keep_going=keep_going, rejects=rejects, format=format
    )
    listed = list(products)
    console.note(str(products.report))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    show(reranker, query, listed, top_k, as_json=json)


def show(reranker: Reranker, query: str, products: list[Product], top_k: int, *, as_json: bool) -> None:
    """Rank, and print what came out and how long it took."""
    started = time.perf_counter()
    results = reranker.rank(query, products, top_k=top_k, return_documents=True, show_progress=True)
    milliseconds = (time.perf_counter() - started) * 1000
    if as_json:
        console.print_json(
            {
                "query": query,
                "model": reranker.folder.name,
                "products": len(products),
                "milliseconds": round(milliseconds, 1),
                "results": [{**result, "id": products[result["corpus_id"]].id} for result in results],
            }
        )
        return
    title = (
        f"“{query}”: {len(products):,} products in {milliseconds:,.0f} ms, {milliseconds / len(products):.2f} ms each"
    )
    columns = {"#": "right", "score": "right", "id": "left", "product": "wide", "price": "right"}
    console.print_table(title, columns, [_row(i, r, products[r["corpus_id"]]) for i, r in enumerate(results, 1)])


def _row(place: int, result: dict[str, Any], product: Product) -> tuple[str, ...]:
    return str(place), f"{result['score']:.4f}", product.id, result["text"], console.price(product.price)
