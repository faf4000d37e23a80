"""`xephang demo`."""

import time
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from xephang.catalogue import demo_catalogue
from xephang.cli import console
from xephang.cli.options import Json, Model, Threads
from xephang.cli.rank import show
from xephang.compiled import CompiledCatalogue
from xephang.reranker import Reranker

QUERIES = (
    "giày chạy bộ cho nữ đế êm nhẹ",
    "giày thể thao thời trang nam phối màu đẹp",
    "giày đá bóng sân cỏ nhân tạo đế TF",
    "giày sneaker màu trắng đi học",
)


def demo(
    queries: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY", help="What shoppers type; four examples without it.")
    ] = None,
    model: Model = "giay",
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, metavar="N", help="How many products to show.")] = 5,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Compile and rank the catalogue that comes with xephang."""
    products = list(demo_catalogue())
    reranker = Reranker.load(model, threads=threads)
    if reranker.engine.name != "precomputed":
        console.note(f"{len(products):,} products, model '{reranker.folder.name}', engine {reranker.engine.name}")
        for query in queries or QUERIES:
            show(reranker, query, products, top_k, as_json=json)
        return
    with TemporaryDirectory(prefix="xephang-demo-", ignore_cleanup_errors=True) as folder:
        started = time.perf_counter()
        compiled = CompiledCatalogue.build(reranker, products, folder)
        seconds = time.perf_counter() - started
        each = f"{seconds / len(products) * 1000:.2f} ms and {compiled.bytes / len(products) / 1000:.0f} KB each"
        console.note(
            f"model '{reranker.folder.name}': {len(products):,} products compiled in {seconds:.1f} s, {each}; a search "
            "now runs its own words only"
        )
        for query in queries or QUERIES:
            show(reranker, query, compiled, top_k, as_json=json)
