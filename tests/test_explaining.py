"""Why a product ranks where it does: facets by the lexicon, words by leaving each out."""

import json
import shutil
import unicodedata

import pytest

from xephang import Product
from xephang.errors import InputError, ModelError
from xephang.explaining import MOST_WORDS, Explanation, explanations, occlusions
from xephang.folder import Manifest, ModelFolder
from xephang.lexicon import Lexicon
from xephang.reranker import Reranker
from xephang.text import fold, normalise

QUERY = "giày chạy bộ nữ màu đen"
DOCUMENTS = [
    "Giày chạy bộ nữ Adidas đế êm | màu đen | size 37",
    "Dép tổ ong nam",
    "",
    {"title": "Giày đá bóng", "color": "trắng"},
    Product(id="x", title="Giày sneaker nữ", color="đen"),
    {"text": "Lót giày khử mùi"},
]
HATS = """
[facets.kind]
name = "Loại mũ"
[facets.kind.values]
mu = { name = "Mũ", title = ["mũ"] }
"""


@pytest.fixture(scope="module")
def footwear():
    return Lexicon.load("footwear")


@pytest.fixture(scope="module")
def fp32(tiny_exported):
    return Reranker.load(tiny_exported, precision="fp32", threads=1)


@pytest.fixture(params=["fp32", "int8", "torch"])
def reranker(request, tiny_exported):
    options = {"engine": "torch"} if request.param == "torch" else {"precision": request.param, "threads": 1}
    return Reranker.load(tiny_exported, **options)


@pytest.fixture
def folder(tiny_exported, tmp_path):
    return shutil.copytree(tiny_exported, tmp_path / "folder")


def without(query, word):
    """The query with one word left out, however it is cut."""
    return normalise(query[: word.start] + " " + query[word.end :])


def facets_of(lexicon, query, document):
    (explained,) = explanations(query, [document], [[0.0] * len(occlusions(query))], lexicon)
    return [(facet.facet, facet.asked, facet.verdict, facet.offered) for facet in explained.facets]


# --- facets ---


def test_what_is_met_and_what_is_not(footwear):
    assert facets_of(footwear, "giày chạy bộ nữ màu đen size 38", "Giày chạy bộ Adidas nam, trắng, 36-39") == [
        ("Loại", "giày chạy bộ", "matched", ("Giày chạy bộ",)),
        ("Màu", "đen", "contradicted", ("trắng",)),
        ("Cỡ", "38", "matched", ("36-39",)),
        ("Giới tính", "nữ", "contradicted", ("nam",)),
        ("Dịp dùng", "chạy bộ", "matched", ("chạy bộ",)),
    ]


@pytest.mark.parametrize(
    ("query", "document", "expected"),
    [
        pytest.param("giày đen", "Giày", ("Màu", "đen", "unknown", ()), id="silent"),
        pytest.param("giày đen", "Giày vàng/đen, ĐEN", ("Màu", "đen", "matched", ("vàng", "đen", "ĐEN")), id="several"),
        pytest.param("giày trắng", "Giày màu kem", ("Màu", "trắng", "near", ("kem",)), id="passes for it"),
        pytest.param(
            "sandal", "Dép lê nam", ("Loại", "sandal", "near", ("Dép lê nam",)), id="a type that passes for it"
        ),
        pytest.param(
            "giày thể thao", "Dép tổ ong", ("Loại", "giày thể thao", "other type", ("Dép tổ ong",)), id="near"
        ),
        pytest.param("giày", "Lót giày êm", ("Loại", "giày", "other type", ("Lót giày",)), id="an accessory"),
        pytest.param("giày tây", "Áo thun", ("Loại", "giày tây", "unknown", ()), id="no type said"),
        pytest.param("giày tây", "Giày nam", ("Loại", "giày tây", "unknown", ("Giày",)), id="only a wider type said"),
        pytest.param("giày", "Giày bé trai", ("Tuổi", "", "contradicted", ("bé trai",)), id="grown-ups are meant"),
        pytest.param(
            "giày nữ", "Guốc cao gót", ("Giới tính", "nữ", "matched", ("Guốc cao gót",)), id="said by another facet"
        ),
    ],
)
def test_verdicts(footwear, query, document, expected):
    assert expected in facets_of(footwear, query, document)


WRITTEN = {
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "no diacritics": fold,
    "capitals": str.upper,
    "zero-width": lambda text: text.replace(" ", "\u200b \u200b"),
}


@pytest.mark.parametrize("document", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("query", WRITTEN.values(), ids=WRITTEN)
def test_verdicts_do_not_hang_on_how_a_text_is_written(footwear, query, document):
    found = facets_of(footwear, query("giày chạy bộ nữ màu đen"), document("Giày chạy bộ nam màu trắng, size 38"))
    assert [(facet, verdict) for facet, _, verdict, _ in found] == [
        ("Loại", "matched"), ("Màu", "contradicted"), ("Giới tính", "contradicted"), ("Dịp dùng", "matched"),
    ]  # fmt: skip
    assert fold(found[1][1]).lower().endswith("den") and fold(found[1][3][0]).lower().endswith("trang")


def test_a_record_is_read_field_by_field(footwear):
    record = {"title": "Giày thể thao êm", "color": "đen", "size": "36, 37", "gender": "nam"}
    found = facets_of(footwear, "giày thể thao nữ đen size 37", Product.from_dict(record))
    assert [(facet, verdict, offered) for facet, _, verdict, offered in found[:4]] == [
        ("Loại", "matched", ("Giày thể thao",)),
        ("Màu", "matched", ("đen",)),
        ("Cỡ", "matched", ("36", "37")),
        ("Giới tính", "contradicted", ("nam",)),
    ]


@pytest.mark.parametrize("query", ["", "🔥🔥", "abc xyz", "???"])
def test_a_query_that_asks_for_no_facet_has_none(footwear, query):
    assert facets_of(footwear, query, "Giày nam đen") == []


# --- words ---


def test_a_contribution_is_the_logit_less_that_without_the_word(reranker):
    for result in reranker.rank(QUERY, DOCUMENTS, explain=True):
        words = result["explanation"].words
        document = DOCUMENTS[result["corpus_id"]]
        whole, *rest = reranker.predict(
            [(QUERY, document), *((without(QUERY, word), document) for word in words)], activation="identity"
        ).tolist()
        assert [word.contribution for word in words] == pytest.approx([whole - one for one in rest], abs=1e-5)
        assert [word.word for word in words] == QUERY.split()
        assert len({word.contribution for word in words}) > 1


def test_on_onnx_it_is_so_to_the_sixth_digit(fp32):
    (result,) = fp32.rank(QUERY, DOCUMENTS, top_k=1, explain=True)
    whole = float(fp32.predict([(QUERY, DOCUMENTS[result["corpus_id"]])], activation="identity")[0])
    for word in result["explanation"].words:
        less = fp32.predict([(without(QUERY, word), DOCUMENTS[result["corpus_id"]])], activation="identity")[0]
        assert word.contribution == pytest.approx(whole - float(less), abs=1e-6)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("giày  nữ\t đen ", id="white space"),
        pytest.param(unicodedata.normalize("NFD", "giày nữ đẹp hoà"), id="NFD, new tone"),
        pytest.param("giày\u200b nữ\ufeff", id="zero-width"),
        pytest.param("giày 🔥🔥 nữ 👨\u200d👩\u200d👧", id="emoji"),
        pytest.param("nữ nữ nữ", id="the same word again"),
        pytest.param("ＧＩÀＹ - nữ / đen", id="full width and signs"),
        pytest.param("GiÃ y cháº¡y bá»™", id="mojibake"),
        pytest.param("giày \ud83d nữ", id="half an emoji"),
    ],
)
def test_spans_index_the_normalised_query(fp32, query):
    (result,) = fp32.rank(query, ["Giày nữ"], explain=True)
    words = result["explanation"].words
    normal = normalise(query)
    assert [word.word for word in words] == normal.split(" ")
    assert [normal[word.start : word.end] for word in words] == [word.word for word in words]


def test_every_word_of_a_repeated_one_is_left_out_in_its_own_place(fp32):
    (result,) = fp32.rank("nữ giày nữ", ["Giày nữ"], explain=True)
    whole, first, last = fp32.predict(
        [(query, "Giày nữ") for query in ("nữ giày nữ", "giày nữ", "nữ giày")], activation="identity"
    ).tolist()
    contributions = [word.contribution for word in result["explanation"].words]
    assert [contributions[0], contributions[2]] == pytest.approx([whole - first, whole - last], abs=1e-6)
    assert first != last


def test_the_only_word_gets_the_whole_logit(fp32):
    (result,) = fp32.rank("giày", ["Giày nữ"], explain=True)
    (word,) = result["explanation"].words
    logit = float(fp32.predict([("giày", "Giày nữ")], activation="identity")[0])
    assert (word.word, word.start, word.end, word.contribution) == ("giày", 0, 4, pytest.approx(logit, abs=1e-6))


@pytest.mark.parametrize("query", ["", " ", "\u200b"])
def test_no_words_no_contributions(fp32, query):
    (result,) = fp32.rank(query, ["Giày nữ"], explain=True, lexicon="footwear")
    assert result["explanation"] == Explanation((), ())


def test_of_a_long_query_the_first_words_are_explained(fp32):
    query = " ".join(f"giày{n}" for n in range(MOST_WORDS + 10))
    (result,) = fp32.rank(query, ["Giày nữ"], explain=True)
    words = result["explanation"].words
    assert [word.word for word in words] == query.split()[:MOST_WORDS]
    less = float(fp32.predict([(without(query, words[0]), "Giày nữ")], activation="identity")[0])
    whole = float(fp32.predict([(query, "Giày nữ")], activation="identity")[0])
    assert words[0].contribution == pytest.approx(whole - less, abs=1e-6)


@pytest.mark.parametrize("activation", [None, "sigmoid", "identity", lambda logits: -logits])
def test_contributions_are_logits_whatever_the_scores_are(fp32, activation):
    results = fp32.rank(QUERY, DOCUMENTS, activation=activation, explain=True)
    plain = {r["corpus_id"]: r["explanation"] for r in fp32.rank(QUERY, DOCUMENTS, explain=True)}
    assert {r["corpus_id"]: r["explanation"] for r in results} == plain


# --- rank ---


def test_explaining_changes_nothing_else(fp32):
    plain = fp32.rank(QUERY, DOCUMENTS, return_documents=True)
    explained = fp32.rank(QUERY, DOCUMENTS, return_documents=True, explain=True, lexicon="footwear")
    assert [{k: v for k, v in result.items() if k != "explanation"} for result in explained] == plain
    assert all("explanation" not in result for result in plain)


class Counting:
    """An engine that counts the pairs it is given."""

    def __init__(self, engine):
        self.engine, self.name, self.runs = engine, engine.name, []

    def logits(self, pairs, **options):
        self.runs.append(len(pairs))
        return self.engine.logits(pairs, **options)


def test_only_what_is_returned_is_explained_and_in_one_go(fp32):
    counting = Counting(fp32.engine)
    reranker = Reranker(fp32.folder, counting, fp32.tokenizer)
    reranker.rank(QUERY, DOCUMENTS)
    assert counting.runs == [len(DOCUMENTS)], "without explain it costs nothing"
    results = reranker.rank(QUERY, DOCUMENTS, top_k=2, explain=True)
    assert len(results) == 2
    assert counting.runs == [len(DOCUMENTS), len(DOCUMENTS), 2 * (1 + len(QUERY.split()))]


def test_each_result_has_the_facets_of_its_own_document(fp32):
    results = fp32.rank(QUERY, DOCUMENTS, explain=True, lexicon="footwear")
    color = {
        r["corpus_id"]: (facet.verdict, facet.offered)
        for r in results
        for facet in r["explanation"].facets
        if facet.facet == "Màu"
    }
    silent = ("unknown", ())
    assert color == {
        0: ("matched", ("đen",)), 1: silent, 2: silent, 3: ("contradicted", ("trắng",)), 4: ("matched", ("đen",)),
        5: silent,
    }  # fmt: skip


def test_no_documents_no_explanations(fp32):
    assert fp32.rank(QUERY, [], explain=True, lexicon="footwear") == []


def test_an_explanation_goes_through_json(fp32):
    (result,) = fp32.rank(QUERY, DOCUMENTS[:1], explain=True, lexicon="footwear")
    table = result["explanation"].to_dict()
    assert json.loads(json.dumps(table)) == table
    assert table["facets"][1] == {"facet": "Màu", "asked": "đen", "verdict": "matched", "offered": ["đen"]}
    assert set(table["words"][0]) == {"word", "start", "end", "contribution"}


def test_a_model_of_several_labels_refuses(tiny_classes):
    reranker = Reranker.load(tiny_classes)
    with pytest.raises(InputError, match="explain is for models of one label, this one has 3"):
        reranker.rank(QUERY, DOCUMENTS, explain=True)
    assert len(reranker.rank(QUERY, DOCUMENTS)) == len(DOCUMENTS)


HOSTILE = {
    "10,000 characters": "giày nữ đen " * 833,
    "one word of 10,000": "đ" * 10_000,
    "emoji": "🔥👟" * 50,
    "markup and controls": "[red]\x1b[31m \x00 giày\u202e",
    "combining marks alone": "\u0301\u0323 giày \u0309",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_explained(fp32, text):
    documents = [text, {"text": text}, {"title": text, "color": text}]
    results = fp32.rank(QUERY, documents, explain=True, lexicon="footwear")
    assert [len(r["explanation"].words) for r in results] == [6, 6, 6]
    assert {len(r["explanation"].facets) for r in results} >= {4}


@pytest.mark.parametrize("query", list(HOSTILE.values())[1:], ids=list(HOSTILE)[1:])
def test_hostile_queries_are_explained(fp32, query):
    for result in fp32.rank(query[:200], DOCUMENTS, explain=True, lexicon="footwear"):
        assert [word.word for word in result["explanation"].words] == normalise(query[:200]).split()


def test_a_query_without_room_is_refused_as_ever(fp32):
    with pytest.raises(InputError, match="shorten the query"):
        fp32.rank(HOSTILE["10,000 characters"], DOCUMENTS, explain=True, lexicon="footwear")


# --- which lexicon ---


def test_the_bundled_model_explains_by_footwear(footwear):
    bundled = Reranker.load("giay", threads=1)
    (result,) = bundled.rank("giày nữ đen", ["Giày nam trắng"], explain=True)
    assert [facet.verdict for facet in result["explanation"].facets] == ["matched", "contradicted", "contradicted"]
    assert bundled.lexicon == footwear


def test_a_model_that_names_none_explains_words_alone(fp32):
    (result,) = fp32.rank(QUERY, DOCUMENTS[:1], explain=True)
    assert (result["explanation"].facets, len(result["explanation"].words)) == ((), 6)


def named(folder, lexicon):
    path = folder / "xephang.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"lexicon": lexicon}), encoding="utf-8")
    return folder


def test_a_folder_brings_its_own(folder):
    (folder / "hats.toml").write_text(HATS, encoding="utf-8")
    reranker = Reranker.load(named(folder, "hats.toml"), threads=1)
    (own,) = reranker.rank("mũ đen", ["Mũ đen"], explain=True)
    (other,) = reranker.rank("mũ đen", ["Mũ đen"], explain=True, lexicon="footwear")
    assert [facet.facet for facet in own["explanation"].facets] == ["Loại mũ"]
    assert [facet.facet for facet in other["explanation"].facets] == ["Màu"]


@pytest.mark.parametrize("give", ["lexicon", "text", "path"])
def test_a_lexicon_is_given_as_itself_or_as_a_file(fp32, tmp_path, give):
    path = tmp_path / "hats.toml"
    path.write_text(HATS, encoding="utf-8")
    lexicon = {"lexicon": Lexicon.load(path), "text": str(path), "path": path}[give]
    (result,) = fp32.rank("mũ", ["Mũ"], explain=True, lexicon=lexicon)
    assert [facet.verdict for facet in result["explanation"].facets] == ["matched"]


def test_a_lexicon_that_is_missing_is_named(fp32, folder):
    with pytest.raises(InputError, match=r"nothing: no such lexicon; give one of footwear, bags"):
        fp32.rank(QUERY, DOCUMENTS, explain=True, lexicon="nothing")
    reranker = Reranker.load(named(folder, "hats.toml"), threads=1)
    assert len(reranker.rank(QUERY, DOCUMENTS)) == len(DOCUMENTS), "a rank alone needs none"
    with pytest.raises(InputError, match=r"hats\.toml: no such lexicon"):
        reranker.rank(QUERY, DOCUMENTS, explain=True)


@pytest.mark.parametrize("wrong", ["../hats.toml", "/hats.toml", "a/b.toml", "..", 3, ["footwear"], None])
def test_a_manifest_names_no_lexicon_outside_its_folder(folder, wrong):
    with pytest.raises(ModelError, match=r"xephang\.json: not a manifest .* is neither a bundled lexicon's name nor"):
        ModelFolder.open(named(folder, wrong))


def test_the_manifest_keeps_it(tmp_path):
    path = tmp_path / "xephang.json"
    path.write_text(Manifest(lexicon="footwear").to_json(), encoding="utf-8")
    assert Manifest.from_json(path).lexicon == "footwear"
    assert '"lexicon"' not in Manifest().to_json()
