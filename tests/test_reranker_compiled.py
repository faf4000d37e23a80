from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xephang import Product, Reranker
from xephang.catalogue import demo_catalogue
from xephang.compiled import CompiledCatalogue
from xephang.errors import InputError, ModelError

SHOP = list(demo_catalogue())[:60]
IDS = [product.id for product in SHOP]
QUERIES = ["giày chạy bộ nữ", "dep cao su", "sandal màu đen size 38", "", "giày " * 40]
NEW = Product(id="mới", title="Giày leo núi cổ cao chống nước", brand="Salomon", color="xanh rêu", size="41")


@pytest.fixture(scope="module")
def model(tiny_apart):
    return Reranker.load(tiny_apart)


@pytest.fixture(scope="module")
def catalogues(model, tmp_path_factory):
    """The shop, compiled with each storage: never write into them."""
    folder = tmp_path_factory.mktemp("compiled")
    return {storage: CompiledCatalogue.build(model, SHOP, folder / storage, storage=storage) for storage in STORAGES}


STORAGES = ("fast", "small")


@pytest.fixture
def compiled(catalogues):
    return catalogues["fast"]


@pytest.fixture(params=STORAGES)
def either(request, catalogues):
    return catalogues[request.param]


def without_ids(results):
    return [{key: value for key, value in result.items() if key != "id"} for result in results]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20] or "empty")
@pytest.mark.parametrize("options", [{}, {"top_k": 7}, {"batch_size": 3, "return_documents": True}], ids=str)
def test_ranking_by_ids_is_ranking_the_products(model, compiled, query, options):
    by_ids = model.rank(query, ids=IDS, catalogue=compiled, **options)
    assert without_ids(by_ids) == model.rank(query, SHOP, **options)
    assert [result["id"] for result in by_ids] == [IDS[result["corpus_id"]] for result in by_ids]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.integers(0, 59), max_size=12), query=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_choice_of_ids_ranks_as_its_products_do(model, compiled, chosen, query):
    by_ids = model.rank(query, ids=[IDS[i] for i in chosen], catalogue=compiled)
    assert without_ids(by_ids) == model.rank(query, [SHOP[i] for i in chosen])


def test_an_id_given_twice_is_ranked_twice_with_one_score(model, either):
    results = model.rank("giày", ids=[IDS[3], IDS[8], IDS[3]], catalogue=either)
    (first, second) = (result for result in results if result["id"] == IDS[3])
    assert first["score"] == second["score"]
    assert sorted(result["corpus_id"] for result in results) == [0, 1, 2]


def test_no_ids_are_no_results(model, either):
    assert model.rank("giày", ids=[], catalogue=either) == model.rank("giày", [], catalogue=either) == []


@pytest.mark.parametrize("id", ["", "nobody", "\ud800", "x" * 100_000])
def test_an_id_that_is_not_there_is_an_error(model, either, id):
    with pytest.raises(InputError, match="there is no product"):
        model.rank("giày", ids=[IDS[0], id], catalogue=either)


WRONG = {
    "one text": ({"ids": "p1"}, r"ids: expected a list of them, got one str; write \[id\]"),
    "a number": ({"ids": [1]}, "ids: 1 is int, expected text; write '1'"),
    "documents too": ({"ids": IDS, "documents": SHOP}, "give either documents, or ids"),
    "neither": ({}, "give either documents, or ids"),
    "runs of nothing": ({"ids": IDS, "batch_size": 0}, "batch_size is 0; it must be at least 1"),
    "no query": ({"ids": IDS, "query": 5}, "the query is int, expected text"),
}


@pytest.mark.parametrize(("options", "problem"), WRONG.values(), ids=WRONG)
def test_what_can_not_be_ranked_is_refused(model, compiled, options, problem):
    with pytest.raises(InputError, match=problem):
        model.rank(**{"query": "giày", "catalogue": compiled, **options})


def test_ids_without_a_catalogue(model):
    with pytest.raises(InputError, match="give it too, catalogue="):
        model.rank("giày", ids=IDS)


def test_a_query_that_leaves_no_room_is_refused_as_without_a_catalogue(model, compiled):
    for candidates in ({"documents": SHOP[:1]}, {"ids": IDS[:1], "catalogue": compiled}):
        with pytest.raises(InputError, match=r"the query has 1000 tokens .* no room for a product; shorten the query"):
            model.rank("giày " * 1000, **candidates)


def test_explanations_are_those_of_the_products(model, compiled):
    by_ids = model.rank("giày chạy bộ đen", ids=IDS[:9], catalogue=compiled, top_k=2, explain=True)
    expected = model.rank("giày chạy bộ đen", SHOP[:9], top_k=2, explain=True)
    assert without_ids(by_ids) == expected
    assert all(result["explanation"] for result in by_ids)


def test_returned_documents_are_what_the_model_read(model, either):
    for result in model.rank("giày", ids=IDS[:9], catalogue=either, return_documents=True):
        assert result["text"] == model.render(SHOP[result["corpus_id"]]).text


def scores(results):
    return {result["corpus_id"]: result["score"] for result in results}


def test_a_product_never_seen_scores_as_if_it_were_in_the_catalogue(model, either, tmp_path):
    import shutil

    shutil.copytree(either.folder, tmp_path / "copy")
    grown = CompiledCatalogue.open(tmp_path / "copy", model=model)
    grown.update([NEW])
    unseen = model.rank("giày leo núi", [NEW, *SHOP], catalogue=either)
    stored = model.rank("giày leo núi", ids=[NEW.id, *IDS], catalogue=grown)
    assert scores(unseen) == scores(stored)


@pytest.mark.parametrize("query", QUERIES[:3])
def test_small_storage_ranks_like_its_own_rows_unpacked(model, catalogues, query):
    small, engine = catalogues["small"], model.precomputed
    heads, head, hidden = engine._heads, engine._head, engine._hidden
    whole = []
    for codes in small.stored(IDS):
        rows = codes.reshape(-1, len(small.basis)).astype(np.float32) @ small.basis
        values = np.clip(np.rint(rows), -128, 127).astype(np.int8)
        by_head = values[:, :-hidden].reshape(len(values), -1, heads, head).transpose(1, 2, 0, 3)
        whole.append(np.concatenate([by_head.reshape(-1), values[:, -hidden:].reshape(-1)]))
    asked = model.tokenizer.encode(query, [model.render(SHOP[0])])[0].query
    unpacked = engine.score(asked, whole)[:, 0]
    packed = scores(model.rank(query, ids=IDS, catalogue=small, activation="identity"))
    assert np.abs(unpacked - [packed[i] for i in range(60)]).max() < 0.05


def test_small_storage_ranks_nearly_as_fast_storage_does(model, catalogues):
    fast, small = (scores(model.rank("giày chạy bộ", ids=IDS, catalogue=catalogues[one])) for one in STORAGES)
    assert np.corrcoef([fast[i] for i in range(60)], [small[i] for i in range(60)])[0, 1] > 0.99


def test_small_storage_that_was_begun_with_one_product_holds_others_too(model, catalogues, tmp_path):
    grown = CompiledCatalogue.build(model, SHOP[:1], tmp_path / "shop", storage="small")
    grown.update(SHOP)
    fast, small = (scores(model.rank("giày chạy bộ", ids=IDS, catalogue=one)) for one in (catalogues["fast"], grown))
    assert np.corrcoef([fast[i] for i in range(60)], [small[i] for i in range(60)])[0, 1] > 0.98


def test_another_models_catalogue_is_refused(tiny_apart, compiled):
    other = Reranker.load(tiny_apart, precision="fp32")
    for candidates in ({"ids": IDS}, {"documents": SHOP}):
        with pytest.raises(ModelError, match=r"was compiled with .* compile it again, or load the model that did"):
            other.rank("giày", catalogue=compiled, **candidates)


def test_another_template_is_another_model(tiny_apart, compiled, tmp_path):
    import shutil

    from xephang.folder import ModelFolder
    from xephang.product import SEED

    folder = ModelFolder.open(shutil.copytree(tiny_apart, tmp_path / "model"))
    changed = Reranker.load(tiny_apart)
    changed.folder = replace(folder, manifest=replace(folder.manifest, template=SEED))
    with pytest.raises(ModelError, match="was compiled with"):
        changed.rank("giày", ids=IDS, catalogue=compiled)


def test_a_model_that_does_not_read_products_apart_is_refused(tiny_exported, compiled):
    with pytest.raises(ModelError, match="can not be computed ahead with the onnx engine"):
        Reranker.load(tiny_exported).rank("giày", ids=IDS, catalogue=compiled)


def test_a_ranking_sees_one_state_though_others_write(model, tmp_path):
    """What is refreshed between scoring and reading the texts belongs to the next ranking."""
    catalogue = CompiledCatalogue.build(model, SHOP, tmp_path / "shop")

    def activation(logits):
        CompiledCatalogue.build(model, [NEW], tmp_path / "shop", storage="small", overwrite=True)
        catalogue.refresh()
        return logits

    results = model.rank("giày", ids=IDS, catalogue=catalogue, activation=activation, return_documents=True)
    assert len(results) == 60
    assert all(result["text"] == model.render(SHOP[result["corpus_id"]]).text for result in results)
    assert catalogue.ids() == [NEW.id]
