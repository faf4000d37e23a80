"""Whatever is sent to a search folder's paths is answered, and never by a failure of the server."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xephang.server.asking import Refused
from xephang.server.shop.changes import STATUSES, read_changes
from xephang.text import normalise

BOUNDED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FEW = settings(BOUNDED, max_examples=60)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["id", "title", "brand", "price", "size", "attributes", "giá", "name", "extra", "delete", "màu"]
)
ids = st.sampled_from(["a", "b", "c"])
products = st.dictionaries(names | st.text(max_size=5), anything, max_size=5)
good = st.fixed_dictionaries({"id": ids, "title": st.just("Giày")})
gone = st.fixed_dictionaries({"delete": ids})
VIETNAMESE = st.text(st.sampled_from("giàyđôgiảnữmáy ăâêôơư\u0301\u0323\u200b 0123456789kđ₫.,-<>\"'%👟"), max_size=60)


@BOUNDED
@given(st.lists(products | good | gone, max_size=8), st.sets(ids))
def test_every_row_is_told_once_and_good_ones_come_to_what_they_say(rows, before):
    changes = read_changes("\n".join(json.dumps(row) for row in rows).encode(), 100_000)
    told = changes.told(before)
    json.dumps(told, allow_nan=False)
    assert [row["row"] for row in told["rows"]] == list(range(1, len(rows) + 1))
    assert sum(told[status] for status in STATUSES) == len(rows)
    assert all(("problem" in row) == (row["status"] == "failed") for row in told["rows"])
    there = set(before)
    for row in told["rows"]:
        if row["status"] == "created":
            assert row["id"] not in there
        if row["status"] in ("replaced", "deleted"):
            assert row["id"] in there
        if row["status"] in ("created", "replaced"):
            there.add(row["id"])
        elif row["status"] == "deleted":
            there.remove(row["id"])
    assert there == (before | {product.id for product in changes.products}) - set(changes.gone)


@BOUNDED
@given(st.lists(good | gone, max_size=8))
def test_what_is_written_is_what_the_last_row_of_each_id_says(rows):
    changes = read_changes("\n".join(json.dumps(row) for row in rows).encode(), 100_000)
    last = {row.get("id", row.get("delete")): row for row in rows}
    assert {product.id for product in changes.products} == {id for id, row in last.items() if "id" in row}
    assert set(changes.gone) == {id for id, row in last.items() if "delete" in row}
    assert changes.told(()) == changes.told([])


@BOUNDED
@given(st.binary(max_size=300))
def test_bytes_are_told_or_refused(body):
    try:
        told = read_changes(body, 100_000).told(())
    except Refused as refused:
        assert refused.kind in ("validation", "too large")
    else:
        json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("explain", [False, True])
def test_whatever_is_searched_is_answered(shop_client, explain):
    @FEW
    @given(st.text(max_size=80) | VIETNAMESE)
    def search(query):
        response = shop_client.post(
            "/v1/search",
            content=json.dumps({"query": query, "explain": explain, "page_size": 3, "candidates": 5}),
        )
        assert response.status_code == 200, response.text
        answer = response.json()
        assert answer["total"] >= len(answer["results"])
        assert answer["query"] == normalise(query)[: len(answer["query"])]
        for one in (*answer["constraints"], *answer["corrections"]):
            assert answer["query"][one["start"] : one["end"]] == one["text"]

    search()


@FEW
@given(
    st.fixed_dictionaries(
        {"query": st.just("giày")},
        optional={
            name: anything
            for name in ("filters", "price", "ignore", "sort", "page", "page_size", "candidates", "facets", "explain")
        },
    )
)
def test_whatever_is_asked_is_answered_or_refused(shop_client, body):
    response = shop_client.post("/v1/search", content=json.dumps(body))
    assert response.status_code in (200, 400), response.text


@FEW
@given(st.dictionaries(st.text(max_size=6) | st.just("brand"), st.lists(st.text(max_size=6), max_size=3), max_size=3))
def test_whatever_is_filtered_by_is_answered(shop_client, filters):
    response = shop_client.post("/v1/search", content=json.dumps({"query": "giày", "filters": filters}))
    assert response.status_code in (200, 400), response.text


@FEW
@given(st.text(max_size=60) | VIETNAMESE, st.integers(1, 20))
def test_whatever_is_begun_is_completed(shop_client, begun, limit):
    response = shop_client.get("/v1/suggest", params={"q": begun.encode("utf-8", "replace").decode(), "limit": limit})
    assert response.status_code == 200, response.text
    assert len(response.json()["suggestions"]) <= limit


@FEW
@given(st.text(min_size=1, max_size=40), anything, st.text(max_size=20))
def test_whatever_is_graded_is_taken_or_refused(writing_client, query, grade, by):
    body = {"query": query, "product_id": "SP0100000", "grade": grade, "by": by}
    response = writing_client.post("/v1/judgments", content=json.dumps(body))
    taken = type(grade) in (int, type(None)) and grade in (0, 1, 2, 3, None)
    assert response.status_code in ((200, 400) if taken or isinstance(grade, float) else (400,)), response.text
