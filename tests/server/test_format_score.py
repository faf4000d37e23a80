"""vLLM's score format, through the application."""

import pytest

QUERY = "giày chạy bộ nữ"
TEXTS = ["dép", "Giày chạy bộ nữ đế êm", "giày đá bóng nam"]


def ask(client, **body):
    return client.post("/score", json=body)


def scores(client, **body):
    response = ask(client, **body)
    assert response.status_code == 200, response.text
    return [one["score"] for one in response.json()["data"]]


def test_an_answer_has_a_datum_for_each_pair_in_the_order_given(client, reranker):
    response = ask(client, model="giay", text_1=QUERY, text_2=TEXTS)
    answer = response.json()
    assert set(answer) == {"id", "object", "model", "created", "data", "usage"}
    assert (answer["object"], answer["model"], answer["id"]) == ("list", "model", response.headers["x-request-id"])
    assert [set(one) for one in answer["data"]] == [{"index", "object", "score"}] * 3
    assert [(one["index"], one["object"]) for one in answer["data"]] == [(0, "score"), (1, "score"), (2, "score")]
    expected = reranker.predict([(QUERY, text) for text in TEXTS])
    assert [one["score"] for one in answer["data"]] == pytest.approx(list(expected), abs=1e-6)
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        (QUERY, TEXTS[0], [(QUERY, TEXTS[0])]),
        ([QUERY], TEXTS[0], [(QUERY, TEXTS[0])]),
        ([QUERY], TEXTS, [(QUERY, text) for text in TEXTS]),
        (TEXTS, TEXTS[::-1], list(zip(TEXTS, TEXTS[::-1], strict=True))),
        ("", "", [("", "")]),
    ],
    ids=["one to one", "a list to one", "one to many", "each to its own", "nothing to nothing"],
)
def test_pairs_are_made_as_vllm_makes_them(client, reranker, first, second, pairs):
    assert scores(client, text_1=first, text_2=second) == pytest.approx(list(reranker.predict(pairs)), abs=1e-6)


def test_logits_on_request(client, reranker):
    logits = reranker.predict([(QUERY, text) for text in TEXTS], activation="identity")
    for body in ({"raw_scores": True}, {"use_activation": False}):
        assert scores(client, text_1=QUERY, text_2=TEXTS, **body) == pytest.approx(list(logits), abs=1e-6)


def test_clients_send_more_and_send_nothing_as_null(client):
    more = {
        "encoding_format": "float",
        "priority": 0,
        **dict.fromkeys(("model", "truncate_prompt_tokens", "raw_scores")),
    }
    assert scores(client, text_1=QUERY, text_2=TEXTS, **more) == scores(client, text_1=QUERY, text_2=TEXTS)


def test_fewer_tokens_can_be_read(client, reranker):
    room = 1 + 3 + reranker.tokenizer.count(QUERY)
    found = scores(client, text_1=QUERY, text_2="dép nam", truncate_prompt_tokens=room)
    assert found == pytest.approx(list(reranker.predict([(QUERY, "dép")])), abs=1e-6)


WRONG = {
    "nothing": ({}, "text_1: Field required"),
    "no documents": ({"text_1": QUERY, "text_2": []}, "text_2 is empty"),
    "no queries": ({"text_1": [], "text_2": TEXTS}, "text_1 is empty"),
    "two and three": ({"text_1": ["a", "b"], "text_2": TEXTS}, "text_1 has 2 texts and text_2 3; give one, or as many"),
    "three and one": ({"text_1": TEXTS, "text_2": "a"}, "text_1 has 3 texts and text_2 1"),
    "a number": ({"text_1": 3, "text_2": TEXTS}, "text_1"),
    "null": ({"text_1": QUERY, "text_2": [None]}, "text_2"),
    "too many": ({"text_1": QUERY, "text_2": ["a"] * 1001}, "text_2: 1,001 are given and 1,000 allowed"),
    "too long": ({"text_1": "a" * 100_001, "text_2": "a"}, "text_1 has 100,001 characters"),
    "one query too long": ({"text_1": ["giày", "giày " * 600], "text_2": ["a", "b"]}, "the query has 600 tokens"),
}


@pytest.mark.parametrize(("body", "problem"), WRONG.values(), ids=WRONG)
def test_errors_have_the_shapes_of_the_other_paths(client, body, problem):
    response = ask(client, **body)
    assert response.status_code == 400
    said = response.json()
    assert problem in said["message"]
    assert set(said) == {"id", "message", "detail", "error"}
    assert said["error"]["code"] == 400
