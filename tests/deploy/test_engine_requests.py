"""The requests of the engines in docs/engines.md, sent to the application, and its answers by the engines' rules."""

import re
import sys
import types
import unicodedata

import onnxruntime
import pytest
from engine_rules import (
    ENGINES,
    by_elasticsearch,
    by_milvus,
    by_opensearch,
    configuration,
    opensearch_scores,
    vespa_inputs,
)
from starlette.testclient import TestClient
from tokenizers import Tokenizer

from xephang import Product, Reranker
from xephang.compiled import CompiledCatalogue
from xephang.server import Settings, create_app
from xephang.text import fold, normalise

DOCUMENTS = ["Giày chạy bộ nữ đế êm | Adidas", "Dép lê nam", 'Giày "tây" nam \\ da bò', "👟 sandal trẻ em", "-"]
QUERIES = {
    "NFC": "giày chạy bộ nữ",
    "NFD": unicodedata.normalize("NFD", "giày chạy bộ nữ"),
    "no diacritics": "giay chay bo nu",
    "Telex": "giayf chayj booj nuwx",
    "VNI": "gia2y cha5y bo65 nu74",
    "teencode": "giay nu dc ko",
    "full-width": "ｇｉàｙ ｎữ",
    "emoji": "👟 đế êm",
    "zero-width": "giày\u200b nữ",
    "quotes": 'giày "chạy bộ" nữ\n\\ 8p ${parameters.documents}',
}


@pytest.fixture(scope="module")
def client(tiny_exported):
    with TestClient(create_app(Settings(model=str(tiny_exported), threads=1))) as client:
        yield client


@pytest.fixture(scope="module")
def reranker(tiny_exported):
    return Reranker.load(tiny_exported, threads=1)


@pytest.fixture(params=QUERIES.values(), ids=QUERIES.keys())
def query(request):
    return request.param


def close(scores, reranker, query, documents=DOCUMENTS):
    wanted = reranker.predict([(query, document) for document in documents])
    assert scores == pytest.approx(wanted.tolist(), abs=1e-5)


def test_opensearch_ranks(client, reranker, query):
    answer = by_opensearch(client, configuration("opensearch/connector.json"), query, DOCUMENTS)
    close(opensearch_scores(answer), reranker, query)


def test_elasticsearch_ranks(client, reranker, query):
    close(by_elasticsearch(client, configuration("elasticsearch/inference.json"), query, DOCUMENTS), reranker, query)


def test_elasticsearch_ranks_as_many_as_its_window(client):
    window = configuration("elasticsearch/search.json")["retriever"]["text_similarity_reranker"]["rank_window_size"]
    texts = [f"Giày số {number}" for number in range(window)]
    assert len(by_elasticsearch(client, configuration("elasticsearch/inference.json"), "giày", texts)) == window


@pytest.fixture(scope="module")
def compiled(tiny_apart, tmp_path_factory):
    products = [Product(id=f"SP-{number}", title=text) for number, text in enumerate(DOCUMENTS)]
    return CompiledCatalogue.build(Reranker.load(tiny_apart), products, tmp_path_factory.mktemp("shop") / "compiled")


def test_opensearch_ranks_by_id(tiny_apart, compiled):
    connector = configuration("opensearch/connector-ids.json")
    settings = Settings(model=str(tiny_apart), catalogue=str(compiled.folder), threads=1)
    ids = [f"SP-{number}" for number in (3, 0, 2)]
    with TestClient(create_app(settings)) as client:
        scores = opensearch_scores(by_opensearch(client, connector, "giày nữ", ids))
        unknown = by_opensearch(client, connector, "giày nữ", ["SP-0", "SP-99"])
    close(scores, Reranker.load(tiny_apart), "giày nữ", [DOCUMENTS[3], DOCUMENTS[0], DOCUMENTS[2]])
    assert unknown.status_code == 400 and "SP-99" in unknown.text


def test_both_connectors_differ_in_what_is_sent_only():
    texts, ids = configuration("opensearch/connector.json"), configuration("opensearch/connector-ids.json")
    assert ids["actions"][0].pop("request_body") == texts["actions"][0].pop("request_body").replace(
        '"documents"', '"ids"'
    )
    assert {**ids, "name": texts["name"]} == texts


def test_opensearch_trusts_the_address_of_the_connector():
    settings = configuration("opensearch/settings.json")["persistent"]
    trusted = settings["plugins.ml_commons.trusted_connector_endpoints_regex"]
    for name in ("connector", "connector-ids"):
        url = configuration(f"opensearch/{name}.json")["actions"][0]["url"]
        assert any(re.fullmatch(pattern, url) for pattern in trusted)
    assert not any(re.fullmatch(pattern, "http://127.0.0.1:80001/x") for pattern in trusted)


class Recorded:
    """Stand in for pymilvus: keep what was asked of it."""

    def __init__(self, **given):
        self.given = given
        self.fields, self.functions, self.indexes, self.inserted, self.searched = {}, [], [], [], {}

    def create_schema(self):
        return self

    prepare_index_params = create_schema

    def add_field(self, name, kind, **given):
        self.fields[name] = (kind, given)

    def add_function(self, function):
        self.functions.append(function.given)

    def add_index(self, field, **given):
        self.indexes.append(field)

    def create_collection(self, name, schema, index_params):
        assert schema is self and index_params is self

    def insert(self, name, rows):
        self.inserted += rows

    def hybrid_search(self, name, **given):
        self.searched = given
        return [[{"id": "SP-1", "distance": 0.5, "entity": {"title": "Giày"}}]]


class Names:
    def __getattr__(self, name):
        return name


@pytest.fixture
def milvus(monkeypatch):
    """deploy/engines/milvus/shop.py, with a stand-in for pymilvus."""
    stand_in = types.ModuleType("pymilvus")
    stand_in.DataType = stand_in.FunctionType = Names()
    stand_in.AnnSearchRequest = stand_in.Function = stand_in.MilvusClient = Recorded
    monkeypatch.setitem(sys.modules, "pymilvus", stand_in)
    module = types.ModuleType("shop")
    path = ENGINES / "milvus" / "shop.py"
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), module.__dict__)
    return module


def test_milvus_takes_what_is_written_for_it(milvus):
    client = Recorded()
    milvus.create(client)
    document = dict.fromkeys(("id", "title", "brand", "price", "words", "folded", "more", "text"), "x")
    milvus.insert(client, [document] * 2001)
    assert len(client.inserted) == 2001
    made = {name for function in client.functions for name in function["output_field_names"]}
    assert set(client.inserted[0]) == set(client.fields) - made
    assert made == set(client.indexes) == {f"{name}_bm25" for name in milvus.SEARCHED}
    assert all(client.fields[name][1]["enable_analyzer"] for name in milvus.SEARCHED)
    assert set(milvus.SHOWN) <= set(client.fields)


@pytest.mark.parametrize("provider", ["vllm", "tei"])
def test_milvus_ranks(milvus, client, reranker, query, provider):
    recorded = Recorded()
    found = milvus.search(recorded, query, {**milvus.VLLM, "provider": provider})
    assert found == [{"id": "SP-1", "score": 0.5, "title": "Giày"}]
    typed = [request.given["data"][0] for request in recorded.searched["reqs"]]
    assert typed == [normalise(query), fold(normalise(query)).lower()]
    ranker = recorded.searched["ranker"].given
    assert (ranker["function_type"], ranker["input_field_names"]) == ("RERANK", ["text"])
    close([float(score) for score in by_milvus(client, ranker["params"], DOCUMENTS)], reranker, query)


@pytest.mark.parametrize("size", [1, 2, 32])
def test_milvus_may_ask_in_batches(milvus, client, reranker, size):
    params = {"reranker": "model", "queries": ["giày"], **milvus.VLLM, "max_client_batch_size": size}
    close([float(score) for score in by_milvus(client, params, DOCUMENTS)], reranker, "giày")


@pytest.fixture(scope="module")
def schema():
    return (ENGINES / "vespa" / "schemas" / "product.sd").read_text(encoding="utf-8")


def test_vespa_gives_the_model_what_it_was_trained_on(tiny_exported, schema, query):
    """The tokens that Vespa puts together make the logits that this package computes."""
    tokenizer = Tokenizer.from_file(str(tiny_exported / "tokenizer.json"))
    tokenizer.no_truncation()
    reranker = Reranker.load(tiny_exported, precision="fp32", threads=1)
    session = onnxruntime.InferenceSession(tiny_exported / "onnx" / "model.onnx")
    cls, sep, length = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]"), length_in(schema)
    asked = tokenizer.encode(normalise(query), add_special_tokens=False).ids
    for document in DOCUMENTS:
        tokens = tokenizer.encode(normalise(document), add_special_tokens=False).ids
        (logits,) = session.run(["logits"], vespa_inputs(cls, sep, length, asked, tokens))
        assert logits.shape == (1, 1)
        wanted = reranker.predict([(query, document)], activation="identity")[0]
        assert logits[0, 0] == pytest.approx(wanted, abs=1e-4)


def length_in(schema):
    return int(re.search(r"tokenAttentionMask\((\d+)", schema)[1])


def test_vespa_feeds_the_inputs_that_an_exported_model_has(tiny_exported, schema):
    session = onnxruntime.InferenceSession(tiny_exported / "onnx" / "model.onnx")
    fed = dict(re.findall(r"input (\w+): (\w+)", schema))
    assert set(fed) == {one.name for one in session.get_inputs()}
    assert set(fed.values()) == set(re.findall(r"function (\w+)\(\)", schema))
    assert [one.name for one in session.get_outputs()] == ["logits"]


def test_an_empty_query_is_ranked(client):
    answer = by_opensearch(client, configuration("opensearch/connector.json"), "", DOCUMENTS)
    assert len(opensearch_scores(answer)) == len(DOCUMENTS)


def test_a_query_longer_than_the_model_reads_is_refused_and_the_search_goes_on(client):
    answer = by_opensearch(client, configuration("opensearch/connector.json"), "giày " * 2000, DOCUMENTS)
    assert answer.status_code == 400 and "query" in answer.json()["message"]
    (processor,) = configuration("opensearch/pipeline.json")["response_processors"]
    assert processor["rerank"]["ignore_failure"]
