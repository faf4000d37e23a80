"""What Vietnamese shoppers and shops type: every text is ranked, and one text in two forms has one score."""

import math
import unicodedata

import pytest

QUERY = "giày chạy bộ nữ màu đỏ size 38"
PRODUCT = "Giày chạy bộ nữ đế êm, màu đỏ, size 38, hoà nhã"
TEXTS = {
    "as it should be": "giày thể thao nữ đế êm chống trượt",
    "decomposed": unicodedata.normalize("NFD", "giày thể thao nữ đế êm"),
    "without diacritics": "giay the thao nu de em",
    "raw Telex": "giayf theer thao nuwx ddees eem",
    "raw VNI": "gia2y the63 thao nu74 d9e61 e6m",
    "teencode": "giày j z shop ơi, ko bít sz nèo dzừa hok ạ :(( ib mk vs",
    "capitals": "GIÀY THỂ THAO NỮ ĐẾ ÊM – HOÀ NHÃ",
    "Icelandic eth": "Ðế êm, ðỏ",
    "mojibake of cp1252": "giÃ y thá»ƒ thao ná»¯ Ä‘áº¿ Ãªm",
    "mojibake twice over": "giÃƒÂ y thÃ¡Â»Æ’ thao",
    "bytes that were lost": "gi\ufffdy th\ufffd\ufffd thao",
    "full width": "ＮＩＫＥ　ｓｉｚｅ　４２",
    "emoji": "👟👠🏃🏽‍♀️❤️🇻🇳 giày 1️⃣",
    "zero width": "gi\u200bày\u200d \ufeffth\u00adể\u2060 thao",
    "direction marks": "\u202egiày\u202c \u2066nữ\u2069",
    "marks without letters": "\u0300\u0301\u0323",
    "zalgo": "g\u0300\u0301\u0303\u0309\u0323" * 20,
    "control characters": "giày\x00\x07\x1b[31m nữ\x7f",
    "line ends": "giày\r\nnữ\u2028đỏ\u2029\u0085",
    "markup": "<b>giày</b> &amp; <script>alert(1)</script>",
    "a price": "1.299.000₫ -50% (sale 12/12)",
    "sizes": "sz 38,5 / cỡ 24cm / 8p / 37-38-39",
    "special tokens": "[CLS] [SEP] [MASK] [PAD] [UNK] ##giày",
    "other scripts": "รองเท้า 鞋子 обувь حذاء कपड़ा",
    "surrogate pairs": "𝒈𝒊𝒂̀𝒚 𠮷",
    "one letter": "g",
    "signs": '!@#$%^&*()_+{}|:"<>?`~',
    "white space": " \t\n\u00a0\u3000 ",
    "nothing": "",
    "a word of ten thousand letters": "giày" * 2500,
    "ten thousand characters": ("giày thể thao nữ màu đỏ " * 420)[:10_000],
    "ten thousand decomposed": unicodedata.normalize("NFD", "ầ" * 5000)[:10_000],
    "ten thousand emoji": "👟" * 10_000,
}
LONGEST_QUERY = 400
"""Longer texts are ranked as documents; as queries most leave no room for a product."""


def ranked(client, query, documents):
    response = client.post("/rerank", json={"query": query, "documents": documents, "raw_scores": True})
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert sorted(one["index"] for one in results) == list(range(len(documents)))
    scores = [one["relevance_score"] for one in sorted(results, key=lambda one: one["index"])]
    assert all(map(math.isfinite, scores))
    return scores


@pytest.fixture(params=["client", "apart_client"])
def served(request):
    return request.getfixturevalue(request.param)


def test_every_text_is_ranked_as_a_document(served):
    texts = list(TEXTS.values())
    as_texts = ranked(served, QUERY, texts)
    assert ranked(served, QUERY, [{"text": text} for text in texts]) == as_texts
    fields = ("title", "description", "brand", "mã")
    ranked(served, QUERY, [dict.fromkeys(fields, text) for text in texts if text.strip()])


def test_every_text_is_a_query(served):
    for name, text in TEXTS.items():
        if len(text) <= LONGEST_QUERY:
            assert len(ranked(served, text, [PRODUCT, text])) == 2, name


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if len(text) > LONGEST_QUERY])
def test_a_query_of_ten_thousand_characters_is_ranked_or_refused_with_the_reason(client, name):
    response = client.post("/rerank", json={"query": TEXTS[name], "documents": [PRODUCT]})
    assert response.status_code == 200 or "shorten the query" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/rerank", "/score"])
def test_every_text_goes_through_the_other_formats_too(client, path):
    texts = list(TEXTS.values())
    tei, score = {"query": QUERY, "texts": texts, "return_text": True}, {"text_1": QUERY, "text_2": texts}
    response = client.post(path, json=tei if path == "/rerank" else score)
    assert response.status_code == 200
    if path == "/rerank":
        assert {one["index"]: one["text"] for one in response.json()} == dict(enumerate(texts))


FORMS = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "compatibility": lambda text: unicodedata.normalize("NFKC", text),
    "the newer place of a tone": lambda text: text.replace("hoà", "hòa"),
    "zero width": lambda text: "\u200b".join(text),
    "white space": lambda text: "  " + text.replace(" ", "\u00a0\t") + "\n",
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_one_text_in_another_form_has_the_same_score(served, form):
    expected = ranked(served, QUERY, [PRODUCT])[0]
    for query in (QUERY, form(QUERY)):
        assert ranked(served, query, [form(PRODUCT), PRODUCT, {"title": form(PRODUCT)}, {"title": PRODUCT}]) == [
            expected, expected, *[ranked(served, QUERY, [{"title": PRODUCT}])[0]] * 2,
        ]  # fmt: skip


def test_the_model_tells_diacritics_only_as_its_tokenizer_does(client, reranker):
    """The tiny one strips them, as the base model does."""
    assert ranked(client, QUERY, ["giày bán", "giay ban"]) == pytest.approx(
        list(reranker.predict([(QUERY, "giày bán"), (QUERY, "giay ban")], activation="identity")), abs=1e-6
    )


def test_json_may_escape_every_letter(client):
    plain = client.post("/rerank", content='{"query": "giày 👟", "texts": ["dép"]}'.encode())
    escaped = client.post("/rerank", content=rb'{"query": "gi\u00e0y \ud83d\udc5f", "texts": ["d\u00e9p"]}')
    assert plain.json() == escaped.json()
