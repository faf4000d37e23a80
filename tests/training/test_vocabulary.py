"""A vocabulary for the training texts, and a base with only some of its layers."""

import json
import unicodedata
from collections import Counter
from dataclasses import replace
from tempfile import gettempdir

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification

from xephang import Reranker
from xephang.card import load_record
from xephang.errors import InputError, ModelError, RecipeError
from xephang.judgments import measure, read_judgments
from xephang.judgments.keystrokes import TELEX, keys
from xephang.text import fold
from xephang.training import Recipe, train
from xephang.training.vocabulary import SPECIAL, adapt, choose, compose, rhymes, typed_as

SIZE = 5000
TEXTS = ["Giày đá bóng nam", "giày da bông nữ", "thượng đình", "áo"] * 5


@pytest.fixture(scope="module")
def base(tiny):
    return Tokenizer.from_file(str(tiny / "tokenizer.json"))


@pytest.fixture(scope="module")
def adapted(tiny, tmp_path_factory):
    """A folder with a vocabulary for TEXTS."""
    folder = tmp_path_factory.mktemp("adapted")
    adapt(tiny, folder, TEXTS, size=SIZE)
    return folder


@pytest.fixture(scope="module")
def tokenizer(adapted):
    return Tokenizer.from_file(str(adapted / "tokenizer.json"))


def tokens(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).tokens


def embeddings(folder):
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    return model.base_model.embeddings.word_embeddings.weight.detach()


def test_words_keep_their_tones_and_are_one_token(tokenizer):
    assert tokens(tokenizer, "Giày ĐÁ bóng, da bông") == ["giày", "đá", "bóng", ",", "da", "bông"]
    assert tokens(tokenizer, unicodedata.normalize("NFD", "đá bóng")) == ["đá", "bóng"]


def test_a_syllable_that_no_text_has_is_onset_and_rhyme(tokenizer):
    assert tokens(tokenizer, "nghiễng khuyệt") == ["ngh", "##iễng", "kh", "##uyệt"]
    assert tokens(tokenizer, "phieu") == ["ph", "##ieu"]


@pytest.mark.parametrize("text", ["", "👟", "\u200b", "giÃ y", "x" * 10_000, "giày " * 2000], ids=ascii)
def test_any_text_can_be_tokenised(tokenizer, text):
    assert len(tokens(tokenizer, text)) <= len(text)


def test_keys_that_type_a_word_are_tokens_and_start_as_that_word(tokenizer, adapted, base):
    known = tokenizer.get_vocab()
    assert {"giayf", "gia2y", "thuwowngj", "ddas"} <= known.keys()
    assert typed_as(list(known))["giayf"] == "giày"
    rows = embeddings(adapted)
    assert torch.equal(rows[known["giayf"]], rows[known["giày"]])
    assert "giayf" not in base.get_vocab()


def test_a_word_of_the_base_is_not_taken_for_keys_that_type_another(base):
    """`mã` typed in Telex is "max", which the base reads as Max."""
    known = base.get_vocab()
    own = next(token for token in known if token.isalpha() and token.isascii() and len(token) > 1)
    rows = np.random.default_rng(7).standard_normal((len(known), 8)).astype(np.float32)
    word = next(word for word in ("mã", "giày", "bóng") if base.encode(fold(word), add_special_tokens=False).ids)
    typed = keys(word, TELEX, at_end=True, together=True)
    larger = Tokenizer.from_str(base.to_str().replace(json.dumps(own), json.dumps(typed), 1))
    made = compose([*SPECIAL, word, typed], larger, rows)
    assert np.array_equal(made[-1], rows[larger.get_vocab()[typed]])
    assert not np.array_equal(made[-1], made[-2])


def test_what_the_base_knows_keeps_its_embedding_and_tones_are_told_apart(tokenizer, tiny, adapted, base):
    before, after = embeddings(tiny), embeddings(adapted)
    old, new = base.get_vocab(), tokenizer.get_vocab()
    for token in ("[PAD]", "[MASK]", "giay", "##a", "|"):
        assert torch.equal(after[new[token]], before[old[token]])
    assert not torch.equal(after[new["bóng"]], after[new["bông"]])
    near = torch.nn.functional.cosine_similarity(after[new["bóng"]], before[old["bong"]], dim=0)
    assert near > 0.8


def test_the_vocabulary_has_no_token_twice_and_no_more_than_asked(tokenizer):
    found = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert [place for _, place in found] == list(range(len(found)))
    assert len(found) <= SIZE
    assert tuple(token for token, _ in found[:5]) == SPECIAL


def test_the_most_frequent_words_come_first(base):
    words = Counter({f"từ{letter}{other}": 3 + place for place, (letter, other) in enumerate(PAIRS)})
    texts = [word for word, count in words.items() for _ in range(count)]
    least = _least(base, texts)
    found = choose(texts, base, least + 1000)
    kept = [word for word, _ in words.most_common(500)]
    assert set(kept) <= set(found)
    assert words.most_common()[-1][0] not in found


PAIRS = [(a, b) for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]


def _least(base, texts):
    """Return how many tokens stand before the first word."""
    with pytest.raises(RecipeError, match="a vocabulary of 10 tokens leaves no room for words; ask for ") as error:
        choose(texts, base, 10)
    return int(str(error.value).split("ask for ")[1].split()[0]) - 4000


@given(st.text(max_size=30))
def test_any_text_can_be_chosen_from(base, text):
    found = choose([text] * 4, base, SIZE)
    assert len(set(found)) == len(found) <= SIZE


def test_rhymes_are_vietnamese_ones_with_their_tone_where_it_is_written():
    found = rhymes()
    assert {"ương", "ướng", "ày", "óng", "uyệt", "iễng", "òa", "ịa"} <= set(found)
    assert all(unicodedata.is_normalized("NFC", rhyme) for rhyme in found)
    assert len(found) == len(set(found))


def test_layers_are_kept_in_the_order_given(tiny, tmp_path):
    adapt(tiny, tmp_path / "one", [], layers=[1])
    before = AutoModelForSequenceClassification.from_pretrained(tiny).base_model
    after = AutoModelForSequenceClassification.from_pretrained(tmp_path / "one").base_model
    assert len(after.encoder.layer) == 1
    kept = after.encoder.layer[0].output.dense.weight
    assert torch.equal(kept, before.encoder.layer[1].output.dense.weight)
    assert torch.equal(after.embeddings.word_embeddings.weight, before.embeddings.word_embeddings.weight)
    tokenizers = [Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (tiny, tmp_path / "one")]
    assert tokenizers[0].get_vocab() == tokenizers[1].get_vocab()


def wide(toy):
    return [{**row, "sentence_1": f"{row['sentence_1']} êm"} for row in toy.toy_pairs()]


def test_a_run_adapts_the_base_and_says_so(bake, tiny, tmp_path, toy):
    recipe = bake(pairs=wide(toy), model={"vocabulary": SIZE, "layers": [1]})
    folder = train(recipe, tmp_path / "model", base=str(tiny))
    known = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    assert {"giày", "trẻ", "trer"} <= known.keys()
    assert json.loads((folder / "config.json").read_text("utf-8"))["num_hidden_layers"] == 1
    note = load_record(folder).base_note
    assert f"with a vocabulary of {len(known):,} tokens chosen from the training texts" in note
    assert "with its encoder layers 1 only, counted from 0" in note
    assert note in (folder / "README.md").read_text(encoding="utf-8")
    assert Reranker.load(folder).predict([("giày đá bóng", "giày đá bóng nam")]).shape == (1,)
    for path in folder.glob("*.json"):
        assert gettempdir() not in path.read_text(encoding="utf-8")


def test_a_run_can_read_products_apart_and_its_card_says_who_opens_it(bake, tiny, tmp_path, toy):
    folder = train(bake(dev=toy.toy_dev(), model={"product_position": 16}), tmp_path / "model", base=str(tiny))
    assert json.loads((folder / "config.json").read_text("utf-8"))["product_position"] == 16
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "It was taken so that it reads products apart from queries, from position 16 on." in card
    assert "sentence-transformers and transformers open the weights too, and give other, wrong scores" in card
    assert "from sentence_transformers import CrossEncoder" not in card
    assert "product_position = 16" in (folder / "recipe.toml").read_text(encoding="utf-8")
    judgments = list(read_judgments(tmp_path / "dev.jsonl"))
    pairs = [(one.query, one.document) for one in judgments]
    logits = Reranker.load(folder, engine="torch").predict(pairs, activation="identity")
    (on_card,) = load_record(folder).metrics
    assert on_card.values["nDCG@10"] == pytest.approx(measure(judgments, logits.tolist())["ndcg@10"])


def test_a_run_that_adapts_nothing_says_nothing_of_it(bake, tiny, tmp_path):
    assert "vocabulary" not in load_record(train(bake(), tmp_path / "model", base=str(tiny))).base_note


def test_a_lexicons_forms_are_in_the_vocabulary(bake, tiny, tmp_path, toy):
    words = {"sandal", "guốc"}
    pairs = [{**row, "sentence_0": "giày", "sentence_1": f"giày {i}"} for i, row in enumerate(toy.toy_pairs())]
    model = {"vocabulary": SIZE + 1000}
    without = train(bake(pairs=pairs, model=model), tmp_path / "without", base=str(tiny))
    recipe = bake(pairs=pairs, model={**model, "lexicon": "footwear"})
    with_it = train(recipe, tmp_path / "with", base=str(tiny))
    assert "guốc" not in Tokenizer.from_file(str(without / "tokenizer.json")).get_vocab()
    assert words <= Tokenizer.from_file(str(with_it / "tokenizer.json")).get_vocab().keys()


def test_the_resolved_recipe_gives_the_same_model(bake, tiny, tmp_path, toy):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[facets.category.values.tong]\nname = "tông lào"\ntitle = ["tông lào"]\n', encoding="utf-8"
    )
    recipe = bake(pairs=wide(toy), model={"base": str(tiny), "vocabulary": SIZE, "layers": [0], "lexicon": "mine.toml"})
    folder = train(recipe, tmp_path / "model")
    assert "lào" in Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    again = Recipe.load(folder / "recipe.toml")
    assert again.vocabulary_sha256
    assert toy.same_weights(train(again, tmp_path / "again"), folder)
    with pytest.raises(RecipeError, match="the data, the lexicon or this package have changed"):
        train(replace(again, vocabulary_sha256="0" * 64), tmp_path / "third")


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ({"vocabulary": 300}, RecipeError, "a vocabulary of 300 tokens leaves no room for words; ask for "),
        ({"layers": [0, 2]}, RecipeError, "layer 2: the base has layers 0 to 1"),
        ({"vocabulary": SIZE, "lexicon": "bag"}, InputError, "no such lexicon"),
    ],
    ids=str,
)
def test_what_can_not_be_had_is_said_before_anything_is_written(bake, tiny, tmp_path, model, error, message):
    with pytest.raises(error, match=message):
        train(bake(model=model), tmp_path / "model", base=str(tiny))
    assert not (tmp_path / "model").exists()


def test_only_bert_models_are_adapted(bake, tiny, tmp_path):
    config = DistilBertConfig(vocab_size=8, dim=8, hidden_dim=8, n_heads=2, n_layers=1, num_labels=1)
    DistilBertForSequenceClassification(config).save_pretrained(tmp_path / "base")
    with pytest.raises(ModelError, match=r"a distilbert model; \[model\] vocabulary and layers are for BERT models"):
        train(bake(model={"layers": [0]}), tmp_path / "model", base=str(tmp_path / "base"))


def test_a_base_without_a_tokenizer_to_start_from(bake, tiny, tmp_path):
    AutoModelForSequenceClassification.from_pretrained(tiny).save_pretrained(tmp_path / "base")
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        train(bake(model={"vocabulary": SIZE}), tmp_path / "model", base=str(tmp_path / "base"))
