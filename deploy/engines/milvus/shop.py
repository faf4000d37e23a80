"""A shop in Milvus: BM25 with and without diacritics, and a model of `xephang serve` over the best of both."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from pymilvus import AnnSearchRequest, DataType, Function, FunctionType, MilvusClient

from xephang.text import fold, normalise

COLLECTION = "shop"
CANDIDATES = 100
SEARCHED = ("words", "folded")
SHOWN = ["title", "brand", "price"]
VLLM = {"provider": "vllm", "endpoint": "http://127.0.0.1:8000", "max_client_batch_size": 1000}
"""Milvus puts /rerank behind the address, and asks for all candidates at once."""


def create(client: MilvusClient) -> None:
    """Create the collection."""
    schema = client.create_schema()
    schema.add_field("id", DataType.VARCHAR, max_length=512, is_primary=True)
    for name in ("title", "brand", "text"):
        schema.add_field(name, DataType.VARCHAR, max_length=65535)
    schema.add_field("price", DataType.DOUBLE, nullable=True)
    indexes = client.prepare_index_params()
    for name in SEARCHED:
        analyser = {"tokenizer": "standard", "filter": ["lowercase"]}
        schema.add_field(name, DataType.VARCHAR, max_length=65535, enable_analyzer=True, analyzer_params=analyser)
        schema.add_field(f"{name}_bm25", DataType.SPARSE_FLOAT_VECTOR)
        bm25 = Function(
            name=f"{name}_bm25",
            function_type=FunctionType.BM25,
            input_field_names=[name],
            output_field_names=[f"{name}_bm25"],
        )
        schema.add_function(bm25)
        indexes.add_index(f"{name}_bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection(COLLECTION, schema=schema, index_params=indexes)


def insert(client: MilvusClient, documents: Iterable[Mapping[str, Any]]) -> None:
    """Insert what `documents.py … milvus` writes, by the thousand: a request may not have more than 64 MB."""
    rows = ({name: value for name, value in one.items() if name != "more"} for one in documents)
    while batch := list(islice(rows, 1000)):
        client.insert(COLLECTION, batch)


def search(
    client: MilvusClient, query: str, provider: Mapping[str, Any] = VLLM, filter: str = "", limit: int = 20
) -> list[dict[str, Any]]:
    """Return the best products, best first.

    :param provider: which client of Milvus asks the server, and where.
    :param filter: such as "price <= 500000".
    """
    text = normalise(query)
    typed = {"words": text, "folded": fold(text).lower()}
    requests = [
        AnnSearchRequest(data=[typed[name]], anns_field=f"{name}_bm25", param={}, limit=CANDIDATES, expr=filter)
        for name in SEARCHED
    ]
    ranker = Function(
        name="xephang",
        function_type=FunctionType.RERANK,
        input_field_names=["text"],
        params={"reranker": "model", "queries": [text], **provider},
    )
    (hits,) = client.hybrid_search(COLLECTION, reqs=requests, ranker=ranker, limit=limit, output_fields=SHOWN)
    return [{"id": hit["id"], "score": hit["distance"], **hit["entity"]} for hit in hits]
