import numpy as np
import pytest
from serving import compiled_of

from xephang.engines.tokens import Cutting
from xephang.errors import InputError
from xephang.product import Rendered
from xephang.server.fair import FairQueue
from xephang.server.work import of_ids, of_texts, rendered


def test_queries_are_normalised_once_whatever_their_form(make_held):
    work = of_texts(make_held(), ["  Giày\tnữ ", "gia\u0300y"], [Rendered("dép"), Rendered("")])
    assert [pair.query for pair in work.pairs] == ["Giày nữ", "giày"]
    assert (work.left, work.logits.dtype, work.logits.shape) == (2, np.float32, (2,))
    assert np.isnan(work.logits).all()


def test_a_longer_text_costs_more_up_to_what_is_read(make_held):
    held = make_held()
    texts = [Rendered("dép " * count) for count in (0, 10, 100, 1000, 2000)]
    costs = of_texts(held, ["giày"] * 5, texts).costs
    assert costs[0] < costs[1] < costs[2] < costs[3] < costs[4]
    assert costs[4] - costs[3] < costs[3] - costs[2], "what is not read is only tokenised"
    for cutting in (Cutting(most=20), Cutting(most_of_pair=20)):
        cut = of_texts(held, ["giày"] * 5, texts, cutting).costs
        assert (cut[:2], cut[4] < costs[4]) == (costs[:2], True)


def test_estimates_are_near_what_is_read(make_held):
    texts = ["Giày chạy bộ nữ đế êm nhẹ chống trượt màu trắng size 38 thương hiệu Adidas " * 3, "dép nam"]
    held = make_held()
    pairs = held.reranker.tokenizer.encode("giày", [Rendered(text) for text in texts])
    for cost, pair in zip(of_texts(held, ["giày"] * 2, [Rendered(text) for text in texts]).costs, pairs, strict=True):
        assert len(pair.ids) / 3 < cost < len(pair.ids) * 3 + 12


def test_documents_of_every_kind_are_rendered(reranker):
    found = rendered(reranker, ["  giày\n nữ", {"text": "dép "}, {"title": "Guốc", "brand": "Nike"}, ""])
    assert [one.text for one in found] == ["giày nữ", "dép", "Guốc | Nike", ""]


@pytest.mark.parametrize("bad", [{}, {"title": {"vi": "giày"}}, {"text": None}, {"kho": "HN"}])
def test_a_document_that_is_none_is_named(reranker, bad):
    with pytest.raises(InputError, match=r"^document 1: "):
        rendered(reranker, ["giày", bad])


def test_only_what_is_of_one_model_and_one_basis_shares_a_batch(make_held, tiny_apart, tmp_path):
    old, new = make_held(), make_held(generation=1)
    texts = [of_texts(held, ["giày"], [Rendered("dép")]).group for held in (old, old, new)]
    assert texts[0] == texts[1] != texts[2]
    for storage, alike in (("fast", True), ("small", False)):
        compiled_of(tiny_apart, tmp_path / storage, storage)
        held = make_held(model=tiny_apart, catalogue=str(tmp_path / storage))
        state = held.snapshot()
        groups = [of_ids(held, "giày", ["p1"], state).group for _ in range(2)]
        assert groups[0] == groups[1]
        assert (of_texts(held, ["giày"], [Rendered("dép")]).group == groups[0]) is alike


def test_requests_that_are_alike_are_two(make_held, tiny_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "fast")
    held = make_held(model=tiny_apart, catalogue=str(tmp_path / "fast"))
    works = [of_ids(held, "giày", ["p1", "p2"], held.snapshot()) for _ in range(3)]
    queue = FairQueue(2048)
    for work in works:
        queue.add(work)
    queue.drop(works[1])
    assert [piece.work for piece in queue.take()] == [works[0], works[2]]


def test_products_by_id_cost_less_and_are_told_apart_by_their_ids(make_held, tiny_apart, tmp_path):
    compiled_of(tiny_apart, tmp_path / "fast")
    held = make_held(model=tiny_apart, catalogue=str(tmp_path / "fast"))
    state = held.snapshot()
    work = of_ids(held, " giày  nữ", ["p1", "p2", "p1"], state)
    texts = [held.reranker.render(product) for product in state.products(["p1", "p2", "p1"])]
    assert all(one < other for one, other in zip(work.costs, of_texts(held, ["giày"] * 3, texts).costs, strict=True))
    assert [pair.key == work.pairs[0].key for pair in work.pairs] == [True, False, True]
    assert {pair.query for pair in work.pairs} == {"giày nữ"}
    with pytest.raises(InputError, match="there is no product 'p99' in it"):
        of_ids(held, "giày", ["p1", "p99"], state)
