"""Any body at all, in any format: an answer that is whole and in order, or a refusal in its caller's words."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATHS = ("/rerank", "/v1/rerank", "/v2/rerank", "/score")
FUZZ = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
REFUSED = {"/score": {400, 413}, **{path: {400, 413, 422} for path in PATHS[:3]}}

WORDS = (
    "giày Giầy GIAY giayf gia2y dép chạy bộ nữ Biti's size 38 42.5 8p ko áo đỏ Ðỏ hoà hòa máy\u0301 ừ\u0309 "
    "\u200b \u202e \0 \ufeff \ufffd 👟 👩\u200d👧 \u0301\u0323 \u0f73\u0f73 ﷺ Ã¡ áº¿ ÃƒÂ¡ â€œ MÃ” {title} [SEP] </s> "
    "\\ \" ' % 1e9 NaN"
)
NAMES = (
    "id title name tên brand thương_hiệu category danh-mục color màu mau size cỡ gender attributes tính-năng price giá "
    "description mô_tả text extra anything"
)
words = st.sampled_from(WORDS.split(" "))
texts = st.one_of(
    st.lists(words, max_size=12).map(" ".join),
    st.text(max_size=40),
    st.builds(lambda text, times: text * times, words, st.integers(0, 400)),
)
some_texts = st.one_of(words, texts).filter(lambda text: any(one.isalnum() for one in text))
numbers = st.one_of(
    st.integers(-3, 100), st.integers(), st.just(10**400), st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
names = st.sampled_from(NAMES.split())
products = st.builds(
    lambda title, fields, rest: {**rest, **fields, "title": title},
    some_texts,
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("brand", "category", "color", "gender", "description", "id"), st.none() | texts),
            "size": st.none() | texts | st.integers(0, 60) | st.floats(0, 60),
            "attributes": texts | st.lists(texts, max_size=4),
            "price": st.none() | st.integers(0, 10**9) | st.sampled_from(["268k", "1tr2", "268.000đ", ""]),
        },
    ),
    st.dictionaries(st.sampled_from(["stock", "url", "x y", "\0", "👟"]), anything, max_size=2),
)
readable = st.one_of(texts, st.fixed_dictionaries({"text": texts}), products)
switches = st.none() | st.booleans()
common = {
    "raw_scores": switches,
    "use_activation": switches,
    "truncate_prompt_tokens": st.sampled_from([None, -1, 0, 512, 10**30]),
}
documents_bodies = st.fixed_dictionaries(
    {"query": texts, "documents": st.lists(readable, min_size=1, max_size=6)},
    optional={
        "model": st.none() | texts,
        "ids": st.none(),
        "top_n": st.none() | st.integers(0, 9) | st.sampled_from([2.0, 10**30]),
        "return_documents": switches,
        "max_tokens_per_doc": st.none() | st.integers(1, 10**9),
        "explain": switches,
        "rank_fields": anything,
        **common,
    },
)
tei_bodies = st.fixed_dictionaries(
    {"query": texts, "texts": st.lists(texts, min_size=1, max_size=6)},
    optional={
        "raw_scores": switches,
        "return_text": switches,
        "truncate": st.none() | st.just(True),
        "truncation_direction": st.sampled_from([None, "Left", "Right", "left", "right"]),
        "top_n": anything,
    },
)
score_bodies = st.fixed_dictionaries(
    {"text_1": texts, "text_2": texts | st.lists(texts, min_size=1, max_size=6)}, optional=common
)
bodies = st.one_of(documents_bodies, tei_bodies, score_bodies)


def strict(text):
    """Read JSON in which every number is one."""

    def number(said):
        assert math.isfinite(float(said))
        return float(said)

    def none(said):
        raise AssertionError(f"{said} is no JSON")

    return json.loads(text, parse_float=number, parse_constant=none)


def is_score(value):
    """Say whether a value is what all clients read as a float; OpenSearch takes a longer one for something else."""
    return isinstance(value, float) and len(repr(value)) <= 18


def ask(client, path, body):
    """Ask, check what every answer has to be, and return it with its JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(path, content=content)
    said = strict(response.text)
    if response.status_code == 200:
        check_order(said)
    else:
        assert response.status_code in REFUSED[path], response.text
        check_refusal(said, response.status_code)
    return response, said


def check_refusal(said, status):
    if "error_type" in said:
        assert set(said) == {"error", "error_type"}
        assert said["error_type"] in {"validation", "empty"}
        message = said["error"]
    else:
        assert set(said) == {"id", "message", "detail", "error"}
        assert said["error"]["code"] == status
        assert said["message"] == said["detail"] == said["error"]["message"]
        message = said["message"]
    assert 0 < len(message) < 1100


def check_order(said):
    """Check that results are whole, each there once, with a score that is a number, highest first."""
    if isinstance(said, dict) and "data" in said:
        assert [one["index"] for one in said["data"]] == list(range(len(said["data"])))
        assert all(is_score(one["score"]) for one in said["data"])
        return
    results, key = (said, "score") if isinstance(said, list) else (said["results"], "relevance_score")
    scores = [one[key] for one in results]
    assert results
    assert all(map(is_score, scores))
    assert scores == sorted(scores, reverse=True)
    assert len({one["index"] for one in results}) == len(results)


def probabilities(body):
    return not body.get("raw_scores") and body.get("use_activation") is not False


@FUZZ
@given(body=documents_bodies)
def test_documents_are_all_ranked(client, body):
    response, said = ask(client, "/rerank", body)
    if response.status_code == 400 and "leaves no room for a product" in response.text:
        return
    assert response.status_code == 200, response.text
    count = len(body["documents"])
    assert len(said["results"]) == min(int(body.get("top_n") or count), count)
    for one in said["results"]:
        assert 0 <= one["index"] < count
        assert ("document" in one) == bool(body.get("return_documents"))
        assert ("explanation" in one) == bool(body.get("explain"))
        given = body["documents"][one["index"]]
        if "document" in one and isinstance(given, str):
            assert one["document"]["text"] == given.encode("utf-8", "replace").decode()
        assert not probabilities(body) or 0 <= one["relevance_score"] <= 1
    assert said["usage"]["total_tokens"] >= count


@FUZZ
@given(body=tei_bodies)
def test_texts_are_all_ranked(client, body):
    response, said = ask(client, "/rerank", body)
    if response.status_code == 422 and "leaves no room for a product" in response.text:
        return
    assert response.status_code == 200, response.text
    assert sorted(one["index"] for one in said) == list(range(len(body["texts"])))
    by_text = {}
    for one in said:
        text = body["texts"][one["index"]]
        assert by_text.setdefault(text, one["score"]) == one["score"], "the same text has the same score"
        assert set(one) == ({"index", "score", "text"} if body.get("return_text") else {"index", "score"})


@FUZZ
@given(body=score_bodies)
def test_pairs_are_all_scored(client, body):
    response, said = ask(client, "/score", body)
    if response.status_code == 400 and "leaves no room for a product" in response.text:
        return
    assert response.status_code == 200, response.text
    assert len(said["data"]) == (1 if isinstance(body["text_2"], str) else len(body["text_2"]))


@FUZZ
@given(body=bodies, data=st.data())
def test_bodies_with_anything_in_any_place_are_answered_or_refused(client, body, data):
    place, key = body, data.draw(st.sampled_from(sorted(body)))
    while isinstance(place[key], list | dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(range(len(place)) if isinstance(place, list) else sorted(place)))
    place[key] = data.draw(anything)
    ask(client, data.draw(st.sampled_from(PATHS)), body)


records = st.dictionaries(names | texts, anything, max_size=6)


@FUZZ
@given(query=texts, documents=st.lists(records | anything, max_size=4), path=st.sampled_from(PATHS[:3]))
def test_records_of_any_fields_are_answered_or_refused(client, query, documents, path):
    ask(client, path, {"query": query, "documents": documents, "return_documents": True})


@FUZZ
@given(content=anything, path=st.sampled_from(PATHS))
def test_any_json_is_answered_or_refused(client, content, path):
    ask(client, path, content)


@FUZZ
@given(content=st.binary(max_size=200), path=st.sampled_from(PATHS))
def test_any_bytes_are_answered_or_refused(client, content, path):
    ask(client, path, content)


@FUZZ
@given(body=bodies, path=st.sampled_from(PATHS), data=st.data())
def test_damaged_bodies_are_answered_or_refused(client, body, path, data):
    content = bytearray(json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass"))
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(content)))
        content[first : first + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    ask(client, path, bytes(content))


plain = st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\0"))


@FUZZ
@given(headers=st.dictionaries(st.sampled_from([b"x-request-id", b"authorization", b"content-type", b"origin"]), plain))
def test_any_headers_are_read_or_ignored(client, headers):
    response = client.post("/rerank", json={"query": "giày", "texts": ["dép"]}, headers=headers)
    assert response.status_code == 200
    assert response.headers["x-request-id"].isprintable()


@pytest.mark.parametrize("which", ["client", "apart_client"])
def test_both_kinds_of_model_take_them(request, which):
    """The model that reads products apart tokenises, batches and keeps them in another way."""
    client = request.getfixturevalue(which)

    @FUZZ
    @given(body=bodies)
    def fuzz(body):
        ask(client, "/score" if "text_1" in body else "/rerank", body)

    fuzz()
