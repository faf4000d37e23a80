"""deploy/engines: the files of an engine fit one another, the documents that are fed, and docs/engines.md."""

import json
import re
import subprocess
import sys
import unicodedata
from xml.etree import ElementTree

import pytest
from artefacts import ROOT, SETTINGS, read
from engine_rules import ENGINES, configuration, least_matching

from xephang import Product, Reranker
from xephang.text import fold, normalise
from xephang.training.vocabulary import SPECIAL

JSON = sorted(path.relative_to(ENGINES).as_posix() for path in ENGINES.rglob("*.json"))
PAGE = read(ROOT / "docs" / "engines.md")
BUILT_IN = {"standard", "lowercase", "asciifolding"}
"""Parts of analysers that both engines have without a plugin."""


@pytest.mark.parametrize("path", JSON)
def test_every_json_file_is_an_object_written_alike(path):
    found = configuration(path)
    assert isinstance(found, dict)
    assert (ENGINES / path).read_text(encoding="utf-8") == json.dumps(found, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("path", sorted(path.name for path in ENGINES.rglob("*") if path.is_file()))
def test_the_page_names_every_file(path):
    assert f"{path}`" in PAGE or f"{path})" in PAGE


def fields_asked(query):
    """The fields of every `match` and `range` in a query."""
    if isinstance(query, list):
        return {field for one in query for field in fields_asked(one)}
    if not isinstance(query, dict):
        return set()
    own = {field for kind in ("match", "range") if kind in query for field in query[kind]}
    return own | {field for one in query.values() for field in fields_asked(one)}


def mapped(engine):
    """The fields of an index, those within others by their whole names."""
    properties = configuration(f"{engine}/index.json")["mappings"]["properties"]
    within = {
        f"{name}.{inner}": one for name, field in properties.items() for inner, one in field.get("fields", {}).items()
    }
    return {**properties, **within}


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch"])
def test_a_search_asks_for_fields_that_are_there(engine):
    index, search = configuration(f"{engine}/index.json"), configuration(f"{engine}/search.json")
    fields = mapped(engine)
    asked = fields_asked(search)
    assert {"words", "words.folded", "more", "code", "price"} == asked
    assert not any(fields[name].get("index") is False for name in asked)
    assert set(search["_source"]) <= set(fields)
    copied = {field["copy_to"] for field in fields.values() if "copy_to" in field}
    assert copied <= set(fields)
    analysis = index["settings"]["analysis"]
    assert {field["analyzer"] for field in fields.values() if "analyzer" in field} == set(analysis["analyzer"])
    for analyser in analysis["analyzer"].values():
        assert {analyser["tokenizer"], *analyser["filter"]} <= BUILT_IN
        assert set(analyser.get("char_filter", ())) <= set(analysis["char_filter"])


def test_both_engines_have_one_index_and_one_first_stage():
    assert configuration("opensearch/index.json") == configuration("elasticsearch/index.json")
    retriever = configuration("elasticsearch/search.json")["retriever"]["text_similarity_reranker"]["retriever"]
    assert configuration("opensearch/search.json")["query"] == retriever["standard"]["query"]


def test_the_first_stage_asks_for_three_of_five_words():
    query = configuration("opensearch/search.json")["query"]["bool"]
    boosts = {field: one["match"][field]["boost"] for one in query["should"] for field in one["match"]}
    assert 1 > boosts["words"] > boosts["code"] > boosts["more"] > 0
    least = query["must"][0]["match"]["words.folded"]["minimum_should_match"]
    wanted = {1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 4, 10: 6}
    assert {words: least_matching(int(least.rstrip("%")), words) for words in wanted} == wanted


def test_the_reranker_reads_the_text_of_its_template():
    pipeline, search = configuration("opensearch/pipeline.json"), configuration("opensearch/search.json")
    (read_fields,) = [one["rerank"]["context"]["document_fields"] for one in pipeline["response_processors"]]
    assert read_fields == ["text"] and set(read_fields) <= set(search["_source"])
    reranker = configuration("elasticsearch/search.json")["retriever"]["text_similarity_reranker"]
    assert reranker["field"] == "text"
    for most in (reranker["rank_window_size"], search["size"]):
        assert most <= SETTINGS["max_documents"]
    assert search["ext"]["rerank"]["query_context"]["query_text"] == reranker["inference_text"]


def test_the_inference_endpoint_is_that_of_the_client_s_page():
    block = re.search(r"```json\n(.*?)```", read(ROOT / "docs" / "clients" / "elasticsearch.md"), re.S)
    assert json.loads(block[1]) == configuration("elasticsearch/inference.json")


def test_vespa_s_files_fit_one_another():
    services = ElementTree.parse(ENGINES / "vespa" / "services.xml").getroot()
    schema, query = read(ENGINES / "vespa" / "schemas" / "product.sd"), configuration("vespa/query.json")
    (component,) = services.iter("component")
    assert (component.get("type"), component.findtext("special-tokens")) == ("hugging-face-tokenizer", "false")
    assert component.find("model").get("path") == "models/tokenizer.json"
    assert f"embed {component.get('id')} " in schema and f"embed({component.get('id')}, @words)" in query.values()
    assert [one.get("type") for one in services.iter("document")] == re.findall(r"^schema (\w+)", schema, re.M)
    assert query["ranking"] in re.findall(r"rank-profile (\w+)", schema)
    assert schema.count("{") == schema.count("}")
    fields = set(re.findall(r"field (\w+) type", schema))
    used = set(re.findall(r"bm25\((\w+)\)|attribute\((\w+)\)|input (\w+) \|", schema))
    assert {name for names in used for name in names if name} <= fields
    yql = query["yql"]
    asked = set(re.findall(r'defaultIndex: "(\w+)"', yql)) | set(re.search(r"select (.*?) from", yql)[1].split(", "))
    assert asked | {"price"} <= fields
    assert query["folded"] == fold(normalise(query["words"])).lower()


def test_vespa_cuts_nothing_but_a_product_s_end():
    schema = read(ENGINES / "vespa" / "schemas" / "product.sd")
    query = int(re.search(r"q_tokens\) tensor<float>\(d0\[(\d+)\]", schema)[1])
    product = int(re.search(r"field tokens type tensor<float>\(d0\[(\d+)\]", schema)[1])
    lengths = {int(one) for one in re.findall(r"token(?:AttentionMask|TypeIds)\((\d+)", schema)}
    lengths |= {int(one) for one in re.findall(r"customTokenInputIds\(\d+, \d+, (\d+)", schema)}
    assert lengths == {query + product + 3}


def test_a_vocabulary_of_one_s_own_has_the_special_tokens_that_the_schema_names():
    """Vespa takes 0 for the end of a text."""
    ids = {token: number for number, token in enumerate(SPECIAL)}
    assert ids["[PAD]"] == 0
    note = f"({ids['[CLS]']} and {ids['[SEP]']} where [model] vocabulary chose it)"
    assert note in read(ENGINES / "vespa" / "schemas" / "product.sd")


@pytest.mark.parametrize("name", ["giay", "giay-two"])
def test_the_bundled_models_have_nothing_that_vespa_could_carry(name):
    folder = Reranker.load(name).folder.path
    assert not (folder / "onnx").exists()
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["product_position"]


CSV = """id,title,brand,price,description
SP 1,"Giày ""Đế Êm"" nữ",Adidas,450000,Ðế cao su
2,{nfd},Bitis,,
"""


def written(tmp_path, engine, *more):
    shop = tmp_path / "shop.csv"
    shop.write_text(CSV.format(nfd=unicodedata.normalize("NFD", "Dép lê hoà")), encoding="utf-8")
    command = [sys.executable, ENGINES / "documents.py", *(more or (shop, engine))]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch", "vespa", "milvus"])
def test_a_catalogue_is_written_as_the_engine_takes_it(tmp_path, engine):
    ran = written(tmp_path, engine)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    if engine == "vespa":
        assert [line["put"] for line in lines] == ["id:shop:product::SP 1", "id:shop:product::2"]
        documents = [line["fields"] for line in lines]
        assert set(documents[0]) <= set(re.findall(r"field (\w+) type", read(ENGINES / "vespa/schemas/product.sd")))
    elif engine == "milvus":
        documents = lines
    else:
        assert lines[::2] == [{"index": {"_id": "SP 1"}}, {"index": {"_id": "2"}}]
        documents = lines[1::2]
        assert set(documents[0]) <= set(mapped(engine))
    first, second = documents
    assert (first["id"], first["price"], first["brand"]) == ("SP 1", 450000.0, "Adidas")
    assert first["words"] == 'Giày "Đế Êm" nữ Adidas'
    assert first["more"] == "de cao su"
    product = Product(title='Giày "Đế Êm" nữ', brand="Adidas", description="Đế cao su")
    assert first["text"] == Reranker.load("giay").template.render(product).text
    assert second["words"] == "Dép lê hòa Bitis" and second.get("price") is None
    if "folded" in first:
        assert (first["folded"], second["folded"]) == ('giay "de em" nu adidas', "dep le hoa bitis")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("nowhere.csv", "vespa"), "nowhere.csv: there is no such file", id="no file"),
        pytest.param(("nowhere.csv", "solr"), "invalid choice: 'solr'", id="no engine"),
        pytest.param(("nowhere.csv", "milvus", "--model", "giay-muoi"), "giay-muoi", id="no model"),
    ],
)
def test_what_can_not_be_written_is_told_without_a_traceback(tmp_path, arguments, says):
    ran = written(tmp_path, "", *arguments)
    assert ran.returncode in (1, 2) and says in ran.stderr and "Traceback" not in ran.stderr
