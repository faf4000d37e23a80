"""`xephang search`."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import RenderableType

from xephang.cli import console
from xephang.cli.options import Json, Threads
from xephang.cli.reasons import LEGEND, reasons
from xephang.compiled.manifest import Manifest
from xephang.errors import InputError
from xephang.product.prices import UnreadablePrice, read_price
from xephang.reranker import Reranker
from xephang.search import Constraint, Hit, Results, Search, Shop

_SHOWN = 6
"""Facets, and values of each, that are printed."""


def search(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="What xephang index made.")],
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What a shopper types.")],
    filter: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", "-f", metavar="FACET=VALUE", help="Only such products; more of one facet: any of them."
        ),
    ] = None,
    price: Annotated[
        str | None, typer.Option(metavar="FROM-TO", help="In đồng; one of the two may be missing.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Drop a constraint that the query names (size=38, price).")
    ] = None,
    sort: Annotated[Literal["relevance", "price", "-price"], typer.Option(help="-price has the dearest first.")] = (
        "relevance"
    ),
    page: Annotated[int, typer.Option(min=1, metavar="N", help="From 1.")] = 1,
    top_k: Annotated[int, typer.Option("--top-k", "-k", metavar="N", help="How many products a page has.")] = 10,
    candidates: Annotated[int, typer.Option(metavar="N", help="How many the reranker reads.")] = 100,
    first_stage_only: Annotated[bool, typer.Option("--first-stage-only", help="Do not rerank.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each word of the query adds.")] = False,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="MODEL", help="The one that FOLDER was made with, where it moved."),
    ] = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Search a shop: find by words and facets, then rerank."""
    asked = Search(
        query,
        filters=_filters(filter or ()),
        price=_price(price),
        ignore=tuple(ignore or ()),
        sort=sort,
        page=page,
        page_size=top_k,
        candidates=candidates,
        explain=explain,
        first_stage_only=first_stage_only,
    )
    name = model or Manifest.read(Path(folder)).model
    results = Shop.open(folder, model=Reranker.load(name, threads=threads)).search(asked)
    if json:
        console.print_json(results.to_dict())
        return
    _show(results)


def _show(results: Results) -> None:
    """Print what was understood, the page and the facets."""
    found = results.found
    for one in found.corrections:
        console.note(f"“{one.text}” was read as “{one.read}”")
    for said in dict.fromkeys(map(_said, found.constraints)):
        console.note(said)
    if found.did_you_mean:
        console.note(f"nothing has all of these words; try: {found.did_you_mean}")
    if not results.hits:
        console.note("nothing is found" if not found.total else f"there are {results.pages} pages")
    took = results.milliseconds
    stages = ", ".join(f"{stage} {ms:,.1f}" for stage, ms in took.items() if stage != "total")
    title = f"“{found.query}”: {found.total:,} products in {took['total']:,.0f} ms ({stages})"
    columns = {"#": "right", "was": "right", "score": "right", "id": "left", "product": "wide", "price": "right"}
    console.print_table(title, columns, [_row(hit) for hit in results.hits])
    if any(hit.explanation for hit in results.hits):
        console.note(LEGEND)
    for facet in found.facets[:_SHOWN]:
        best = sorted(facet.values, key=lambda value: -value.count)[:_SHOWN]
        values = ", ".join(f"{value.name} {value.count:,}" for value in best)
        console.print_text(console.plain(f"{facet.name} ({facet.facet}): {values}"))


def _said(constraint: Constraint) -> str:
    """Say how a constraint was taken, and how to be rid of it."""
    how = "only what fits" if constraint.mode == "filter" else "what fits comes first"
    if constraint.active:
        return f"{constraint.name}: {how}; without it: --ignore {constraint.key}"
    return f"{constraint.name}: left aside"


def _row(hit: Hit) -> tuple[RenderableType, ...]:
    title = hit.product.title or hit.id
    shown: RenderableType = reasons(title, hit.explanation) if hit.explanation else title
    score = "" if hit.score is None else f"{hit.score:.4f}"
    return str(hit.rank), str(hit.first_rank), score, hit.id, shown, console.price(hit.product.price)


def _filters(given: list[str] | tuple[()]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        facet, between, value = one.partition("=")
        if not (facet.strip() and between and value.strip()):
            raise InputError(f"--filter '{one}': write FACET=VALUE, such as brand=adidas")
        found[facet.strip()] = (*found.get(facet.strip(), ()), value.strip())
    return found


def _price(given: str | None) -> tuple[float | None, float | None]:
    if given is None:
        return None, None
    low, between, high = given.partition("-")
    try:
        start, end = read_price(low.strip()), read_price(high.strip())
    except UnreadablePrice:
        start = end = None
    if not between or (start is None and end is None):
        raise InputError(f"--price '{given}': write FROM-TO in đồng, such as 200000-500000, 200k-1tr2 or -500000")
    return start, end
