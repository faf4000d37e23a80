"""`xephang rank`."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from xephang.catalogue import Catalogue
from xephang.cli import console
from xephang.cli.options import Columns, Engine, InputFormat, Json, Model, Precise, Threads
from xephang.cli.reasons import LEGEND, reasons
from xephang.errors import InputError
from xephang.files import check_apart
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
    products = Catalogue.open(
        catalogue, columns=console.column_map(column), keep_going=keep_going, rejects=rejects, format=format
    )
    listed = list(products)
    console.note(str(products.report))
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    show(reranker, query, listed, top_k, as_json=json, explain=explain, lexicon=lexicon)


def show(
    reranker: Reranker,
    query: str,
    products: list[Product],
    top_k: int,
    *,
    as_json: bool,
    explain: bool = False,
    lexicon: str | None = None,
) -> None:
    """Rank, and print what came out and how long it took."""
    started = time.perf_counter()
    results = reranker.rank(
        query, products, top_k=top_k, return_documents=True, show_progress=True, explain=explain, lexicon=lexicon
    )
    milliseconds = (time.perf_counter() - started) * 1000
    if as_json:
        console.print_json(
            {
                "query": query,
                "model": reranker.folder.name,
                "products": len(products),
                "milliseconds": round(milliseconds, 1),
                "results": [_plain(result, products[result["corpus_id"]]) for result in results],
            }
        )
        return
    if explain:
        console.note(LEGEND)
        if lexicon is None and reranker.lexicon is None:
            console.note("the model names no lexicon, so no facets are shown; give one with --lexicon")
    each = f"{milliseconds / len(products):.2f} ms each" + (", explanations included" if explain else "")
    title = f"“{query}”: {len(products):,} products in {milliseconds:,.0f} ms, {each}"
    columns = {"#": "right", "score": "right", "id": "left", "product": "wide", "price": "right"}
    console.print_table(title, columns, [_row(i, r, products[r["corpus_id"]]) for i, r in enumerate(results, 1)])


def _plain(result: dict[str, Any], product: Product) -> dict[str, Any]:
    explained = {"explanation": result["explanation"].to_dict()} if "explanation" in result else {}
    return {**result, **explained, "id": product.id}


def _row(place: int, result: dict[str, Any], product: Product) -> tuple[RenderableType, ...]:
    text = reasons(result["text"], result["explanation"]) if "explanation" in result else result["text"]
    return str(place), f"{result['score']:.4f}", product.id, text, console.price(product.price)
