import json

import pytest

from xephang.server import Settings
from xephang.server.asking import STATUS, Refused
from xephang.server.formats import check_count, check_texts, documents, opened, read, score, tei
from xephang.server.formats.tei import TeiRequest


@pytest.mark.parametrize(
    "body",
    [
        '{"query": "giày"}', "[]", "3", '"giày"', "null", ' {"a": [1, 2.5e-3, true]} ', '{"a": 1, "a": 2}',
        '"\\u0000 \\ud83d\\udc5f"',
    ],
)  # fmt: skip
def test_json_is_read_as_it_stands(body):
    assert opened(body.encode()) == json.loads(body)


NONE = {
    "nothing": b"",
    "white space": b"  ",
    "half": b'{"query": "gi',
    "two": b"{} {}",
    "a form": b"query=giay",
    "not a number": b'{"top_n": NaN}',
    "infinity": b'{"top_n": -Infinity}',
    "Latin-1": 'giày"'.encode("latin-1"),
    "UTF-16": '{"query": "giày"}'.encode("utf-16"),
    "half an emoji": b'"\\ud83d"',
    "a control character": b'"a\x00b"',
    "single quotes": b"{'query': 'giay'}",
    "a comma too many": b'{"query": "giay",}',
    "lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "objects in objects": b'{"a":' * 300 + b"1" + b"}" * 300,
}


@pytest.mark.parametrize("body", NONE.values(), ids=NONE)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(Refused, match=r"the body is no JSON: .*") as caught:
        opened(body)
    assert caught.value.kind == "validation"
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"texts": ["a"]}, "query: Field required"),
        ({"query": "a"}, "texts: Field required"),
        ({"query": 3, "texts": ["a"]}, "query: Input should be a valid string"),
        ({"query": "a", "texts": "a"}, "texts: Input should be a valid list"),
        ({"query": "a", "texts": ["a", None, 3]}, r"texts\[1\]: Input should be a valid string"),
        ({"query": "a", "texts": ["a"], "truncate": "yes"}, "truncate: Input should be a valid boolean"),
        ([], "Input should be"),
        (None, "Input should be"),
    ],
)
def test_what_is_wrong_in_a_body_is_named_with_its_place(content, problem):
    with pytest.raises(Refused, match=f"^{problem}") as caught:
        read(TeiRequest, content)
    assert caught.value.kind == "validation"


def test_a_message_holds_nothing_of_a_large_body():
    with pytest.raises(Refused) as caught:
        read(TeiRequest, {"query": ["geheim"] * 10_000, "texts": [["geheim"]] * 10_000})
    assert "geheim" not in caught.value.message
    assert len(caught.value.message) < 200


def test_counts_have_bounds():
    settings = Settings(max_documents=2)
    check_count(settings, "texts", 1)
    check_count(settings, "texts", 2)
    with pytest.raises(Refused, match="texts is empty; give at least one") as empty:
        check_count(settings, "texts", 0)
    with pytest.raises(Refused, match="texts: 1,003 are given and 2 allowed; ask in several requests") as many:
        check_count(settings, "texts", 1003)
    assert (empty.value.kind, many.value.kind) == ("empty", "validation")


@pytest.mark.parametrize("junk", ["[],", "{},", '"",', "1,"])
def test_a_body_of_very_many_values_is_refused_before_it_is_read(junk):
    with pytest.raises(Refused, match="the body holds more than 500,000 values; send fewer") as caught:
        opened(b'{"query":"q","documents":[' + junk.encode() * 500_000 + b"1]}")
    assert caught.value.kind == "too large"


def test_of_a_million_bad_items_one_is_told():
    with pytest.raises(Refused, match=r"^texts\[0\]: Input should be a valid string$"):
        read(TeiRequest, {"query": "q", "texts": [1] * 1_000_000})


def test_texts_have_bounds():
    settings = Settings(max_characters=4)
    check_texts(settings, query=["giày"], texts=["", "dép", "👟" * 4])
    with pytest.raises(Refused, match=r"^texts\[1\] has 5 characters; 4 are allowed: shorten it"):
        check_texts(settings, query=["giày"], texts=["", "sneak"])
    with pytest.raises(Refused, match=r"^query has 5 characters"):
        check_texts(settings, query=["giày "], texts=[])


def test_statuses_are_those_that_clients_know():
    """Some of the documents format's take what comes with 422 for a list."""
    common = {
        "empty": 400, "unauthorized": 401, "slow": 408, "too large": 413, "backend": 424, "overloaded": 429, "bug": 500,
        "full": 503, "timeout": 504,
    }  # fmt: skip
    for format, validation in ((tei, 422), (documents, 400), (score, 400)):
        assert format.STATUS.items() >= {**common, "validation": validation}.items()


@pytest.mark.parametrize("format", [tei, documents, score], ids=lambda format: format.NAME)
@pytest.mark.parametrize("kind", STATUS)
def test_every_format_has_words_for_every_refusal(format, kind):
    said = format.error(Refused(kind, "because"), "id-1")
    if format is tei:
        assert set(said) == {"error", "error_type"}, "clients read no more, and some throw at more"
        assert said["error"] == "because"
        allowed = {"unhealthy", "backend", "overloaded", "validation", "tokenizer", "empty", "unauthorized"}
        assert said["error_type"] in allowed
    else:
        assert (said["id"], said["message"], said["detail"]) == ("id-1", "because", "because")
        assert said["error"].items() >= {"message": "because", "param": None, "code": format.STATUS[kind]}.items()
        assert said["error"]["type"].endswith("_error")
        assert "results" not in said
