"""A tiny model, a compiled catalogue, and files of pairs."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import PRODUCTS, ids_rows, pair_rows

from xephang import CompiledCatalogue, Product, Reranker
from xephang.batch.job import Job, Opened


@pytest.fixture(scope="session")
def reranker(tiny_apart):
    return Reranker.load(tiny_apart, threads=1)


@pytest.fixture(scope="session")
def shop(reranker, tmp_path_factory):
    """The products of `batch_rows`, compiled: never write into it."""
    folder = tmp_path_factory.mktemp("compiled") / "hàng"
    CompiledCatalogue.build(reranker, [Product(**product) for product in PRODUCTS], folder)
    return folder


@pytest.fixture
def opened(tiny_apart, tmp_path):
    return Opened(Job(tmp_path, tmp_path, str(tiny_apart), threads=1))


@pytest.fixture
def opened_shop(tiny_apart, tmp_path, shop):
    return Opened(Job(tmp_path, tmp_path, str(tiny_apart), catalogue=shop, threads=1))


@pytest.fixture
def parquet(tmp_path):
    """Write rows as Parquet."""

    def write(rows, name="pairs.parquet", *, schema=None, group=None):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema)
        pq.write_table(table, path, row_group_size=group or max(1, len(table)))
        return path

    return write


@pytest.fixture
def pairs(parquet):
    """Ninety pairs of texts."""
    return parquet(pair_rows(90), group=40)


@pytest.fixture
def candidates(parquet):
    """Twelve queries, each with some of the shop's products."""
    return parquet(ids_rows(12), "candidates.parquet", group=5)


@pytest.fixture
def rows_of():
    """Return a function that reads all scores of a folder."""
    return lambda folder: pq.read_table(folder).to_pylist()


@pytest.fixture
def records():
    """Return a function that reads what a folder records: its manifest."""
    return lambda folder: json.loads((Path(folder) / "_manifest.json").read_text(encoding="utf-8"))
