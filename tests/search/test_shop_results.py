"""A page of results: the reranker's order, highlights, verdicts, explanations, JSON."""

import json

import pytest
from stock import stock, ways

from xephang.errors import InputError
from xephang.search import Search, Shop
from xephang.search.fusing import fused
from xephang.text import fold

PRODUCTS = {product.id: product for product in stock()}
QUERIES = ("giày nữ size 38 dưới 500k", "dép", "giày chạy bộ nam đế êm", "sandal trẻ em", "giay tay nam cong so")


@pytest.mark.parametrize("query", QUERIES)
def test_the_order_is_the_reranker_s_and_the_first_stage_s_together(shop, giay, query):
    results = shop.search(Search(query, page_size=100, candidates=25))
    search, found = Search(query, candidates=25), results.found
    ids = shop.candidates(search, found)
    assert ids == found.ids[:25]
    ranked = giay.rank(found.read, ids=list(ids), catalogue=shop.compiled)
    assert results.reranked == len(ranked) == min(25, found.total)
    scored = [hit for hit in results.hits if hit.score is not None]
    scores = [(one["id"], one["score"]) for one in ranked]
    assert [(hit.id, hit.score) for hit in scored] == fused(scores, dict(zip(found.ids, found.scores, strict=True)))
    assert dict(scores) == {hit.id: hit.score for hit in scored}
    rest = results.hits[len(scored) :]
    assert [hit.id for hit in rest] == [id for id in found.ids if id not in ids][: len(rest)]


@pytest.mark.parametrize("query", QUERIES)
def test_hits_say_where_they_stood_and_what_they_are(shop, query):
    results = shop.search(query)
    for at, hit in enumerate(results.hits, start=1):
        assert hit.rank == at
        assert results.found.ids[hit.first_rank - 1] == hit.id
        assert results.found.scores[hit.first_rank - 1] == hit.first_score
        assert hit.product == PRODUCTS[hit.id]


def test_the_first_stage_alone_keeps_its_order(shop):
    results = shop.search(Search("giày nữ", first_stage_only=True))
    assert [hit.id for hit in results.hits] == list(results.found.ids[:20])
    assert {hit.score for hit in results.hits} == {None}
    assert results.reranked == 0
    assert "rerank" not in results.milliseconds


@pytest.mark.parametrize("query", QUERIES)
def test_highlights_lie_in_the_normalised_field_and_fold_match_a_word(shop, query):
    results = shop.search(query)
    words = shop.first_stage.read(Search(query)).words
    wanted = {part for word in words for text in (word.folded, *(o for o, _ in word.others)) for part in text.split()}
    assert any(hit.highlights for hit in results.hits)
    for hit in results.hits:
        for name, spans in hit.highlights.items():
            value = hit.product.value(name)
            for start, end in spans:
                assert 0 <= start < end <= len(value)
                assert {fold(part.lower()) for part in value[start:end].split(" ")} <= wanted


def test_what_is_met_and_what_is_contradicted_is_said(shop):
    hits = {hit.id: hit for hit in shop.search(Search("giày búp bê nữ màu đỏ size 38", page_size=100)).hits}
    matched = {one.facet: one for one in hits["H-WOMEN"].matched}
    assert (matched["gender"].name, matched["gender"].asked, matched["gender"].offered) == ("Giới tính", "Nữ", "Nữ")
    assert matched["color"].asked == "Đỏ"
    assert "size" in matched
    assert [one.facet for one in hits["H-SILENT"].matched if one.facet in ("gender", "size")] == []
    ignoring = Search("giày tây công sở nữ", ignore=["gender=nu"], page_size=100)
    hits = {hit.id: hit for hit in shop.search(ignoring).hits}
    against = {one.facet: one for one in hits["H-MEN"].contradicted}
    assert (against["gender"].asked, against["gender"].offered) == ("Nữ", "Nam")


def test_results_are_explained_by_the_words_of_the_query(shop):
    results = shop.search(Search("giày nữ đế êm", explain=True, page_size=3, candidates=5))
    assert len(results.hits) == 3
    for hit in results.hits:
        assert hit.explanation is not None
        said = hit.explanation.to_dict()
        assert json.loads(json.dumps(said, ensure_ascii=False)) == said
    plain = shop.search(Search("giày nữ đế êm", page_size=3, candidates=5))
    assert [(hit.id, hit.score) for hit in plain.hits] == [(hit.id, hit.score) for hit in results.hits]
    assert {hit.explanation for hit in plain.hits} == {None}


@pytest.mark.parametrize("asked", [{"page": 3, "page_size": 5, "candidates": 5}, {"first_stage_only": True}])
def test_what_was_not_reranked_is_not_explained(shop, asked):
    results = shop.search(Search("giày nữ", explain=True, **asked))
    assert results.hits
    assert {hit.explanation for hit in results.hits} == {None}


@pytest.mark.parametrize("query", [*QUERIES, "", "👟", "zzqwxk", "giày zzqwxk", "dưới 500k", "giày nữ dưới 1k"])
@pytest.mark.parametrize("explain", [False, True])
def test_a_page_is_json(shop, query, explain):
    results = shop.search(Search(query, page_size=4, candidates=4, explain=explain, filters={"gender": ["nu"]}))
    said = results.to_dict()
    assert json.loads(json.dumps(said, ensure_ascii=False, allow_nan=False)) == said
    assert set(said) == {
        "query", "read", "total", "page", "page_size", "pages", "reranked", "constraints", "corrections",
        "did_you_mean", "facets", "price_range", "results", "milliseconds",
    }  # fmt: skip
    assert said["total"] == results.found.total
    assert [one["id"] for one in said["results"]] == [hit.id for hit in results.hits]
    assert all(("explanation" in one) == (explain and one["score"] is not None) for one in said["results"])
    assert [one["product"] for one in said["results"]] == [PRODUCTS[hit.id].to_dict() for hit in results.hits]


def test_the_time_of_each_stage_is_told(shop):
    took = shop.search("giày nữ").milliseconds
    assert set(took) == {"understand", "match", "facets", "rerank", "products", "total"}
    assert took["total"] == pytest.approx(sum(value for stage, value in took.items() if stage != "total"))
    assert all(value >= 0 for value in took.values())


@pytest.mark.parametrize("product", [id for id in PRODUCTS if id != "H-ODD"])
def test_a_product_is_found_by_its_own_title(shop, product):
    title = PRODUCTS[product].value("title") or PRODUCTS[product].value("attribute")
    for way, typed in ways(title).items():
        found = shop.find(Search(typed, facets=False, ignore=("price",)))
        assert product in found.ids, way


@pytest.mark.parametrize("product", list(PRODUCTS))
def test_a_product_is_found_by_its_id(shop, product):
    for typed in (product, product.lower(), f" {product} "):
        ids = shop.find(Search(typed, facets=False)).ids
        assert ids[0] == product or (product in ids and "-" in product)


@pytest.mark.parametrize("query", ["XT20", "XT-20", "xt 20", "xt20", "giày xt-20", "bóng đá XT 20", "XT.20", "xt/20"])
def test_a_code_is_found_however_it_is_written(shop, query):
    assert shop.find(Search(query, facets=False)).ids[0] == "H-CODE"


@pytest.mark.parametrize("query", ["QK31", "QK-31", "qk 31"])
def test_a_code_that_was_written_as_one_is_too(shop, query):
    assert "H-GLUED" in shop.find(Search(query, facets=False)).ids[:3]


@pytest.mark.parametrize("brand", ["dong luc", "Động Lực", "ĐỘNG LỰC", "động-lực", "dongluc"])
def test_a_brand_is_found_however_it_is_written(shop, brand):
    assert "H-CODE" in shop.find(Search(brand, facets=False)).ids


@pytest.mark.parametrize(
    ("query", "product"),
    [("dép lào thái", "H-BROKEN"), ("dep banh mi", "H-WIDE"), ("ung cao co", "H-EMOJI"),
     ("chelsea", "H-EXTRA"), ("nano bạc", "H-ATTRIBUTES"), ("guốc mộc phú xuân", "H-LONG")],
)  # fmt: skip
def test_a_product_is_found_by_what_was_mended_or_stands_elsewhere(shop, query, product):
    assert product in shop.find(Search(query, facets=False)).ids[:3]


def test_a_query_that_the_model_can_not_read_is_told(tiny_model, folder):
    shop = Shop.open(folder, model=tiny_model)
    with pytest.raises(InputError, match="must be"):
        shop.search(Search("giày", candidates=0))
