"""Give a BERT base a vocabulary of the shop's own language: whole syllables with their tones, and what types them.

The English vocabulary of the usual bases drops diacritics, so that `bóng` (ball) and `bông` (cotton) are one word to
the model, and cuts a Vietnamese syllable into two or three pieces. The new one is chosen by counting words in the
training texts. A token that the base knows keeps its embedding; any other starts from the mean of the base's
embeddings of its pieces without diacritics (as in Gee et al., 2022, Fast Vocabulary Transfer, arXiv 2402.09977),
moved a little in a direction of its own, so that words which differ only by tone can be told apart from the first
step on.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Tokenizer, normalizers
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerFast

from xephang.errors import ModelError, RecipeError
from xephang.judgments.keystrokes import TELEX, VNI, keys
from xephang.text import fold

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_NUCLEI = (
    "a ă â e ê i o ô ơ u ư y ia iê yê ua uô ưa ươ oa oă oe uê uy uâ uơ uya uyê ai ao au ay âu ây eo êu iu oi ôi ơi ui "
    "ưi ưu iêu yêu uôi ươi ươu oai oay uây oeo"
)
_CODAS = ("", "c", "ch", "m", "n", "ng", "nh", "p", "t")
_GLIDES = "iouy"
_NO_GLIDE = ("uy", "ươ", "uô")
_MARKED = "ăâêôơư"
_LEAST_SEEN, _LEAST_TYPED, _LONGEST_WORD = 3, 4, 20
_BASE_PIECES = 9000
_LEAST_ROOM, _GOOD_ROOM = 1000, 4000
_APART = 0.35


def rhymes() -> list[str]:
    """Return Vietnamese rhymes with every tone, in NFC; more than the language uses."""
    plain = [nucleus + coda for nucleus in _NUCLEI.split() for coda in _CODAS if not coda or _takes_coda(nucleus)]
    return list(dict.fromkeys(_toned(rhyme, tone) for rhyme in plain for tone in _TONES))


def _takes_coda(nucleus: str) -> bool:
    return len(nucleus) == 1 or nucleus[-1] not in _GLIDES or nucleus in _NO_GLIDE


def _toned(rhyme: str, tone: str) -> str:
    """Put a tone on the letter that carries it: a marked one, else the first of two at the end, else the last vowel."""
    if not tone:
        return rhyme
    vowels = [at for at, letter in enumerate(rhyme) if fold(letter) in "aeiouy"]
    marked = [at for at in vowels if rhyme[at] in _MARKED]
    at = marked[-1] if marked else vowels[0] if len(vowels) > 1 and vowels[-1] == len(rhyme) - 1 else vowels[-1]
    return unicodedata.normalize("NFC", rhyme[: at + 1] + tone + rhyme[at + 1 :])


def choose(texts: Iterable[str], base: Tokenizer, size: int) -> list[str]:
    """Choose a vocabulary of at most `size` tokens for these texts, the most frequent words first.

    Beside the words of the texts it holds: the special tokens, single characters, the onsets and rhymes that make any
    Vietnamese syllable, the base's commoner pieces, and what Telex and VNI keys make of the frequent toned words.

    :raises RecipeError: if `size` leaves no room for the texts' words.
    """
    counts = Counter(word for text in texts for word in _words(text))
    letters = {letter for word, count in counts.items() if count > 1 for letter in word}
    made = rhymes()
    chosen = dict.fromkeys(SPECIAL)
    chosen |= dict.fromkeys(sorted(letters | {f"##{letter}" for letter in letters}))
    chosen |= dict.fromkeys(
        [*_ONSETS.split(), *(f"##{rhyme}" for rhyme in made), *(f"##{fold(rhyme)}" for rhyme in made)]
    )
    chosen |= dict.fromkeys(_plain_pieces(base)[:_BASE_PIECES])
    room = size - len(chosen)
    if room < _LEAST_ROOM:
        raise RecipeError(
            f"a vocabulary of {size} tokens leaves no room for words; ask for {len(chosen) + _GOOD_ROOM} or more"
        )
    frequent = [word for word, count in counts.most_common() if count >= _LEAST_SEEN and len(word) <= _LONGEST_WORD]
    chosen |= dict.fromkeys([word for word in frequent if word not in chosen][: room // 2])
    for word, count in counts.most_common():
        if count < _LEAST_TYPED or word.isascii():
            continue
        typed = dict.fromkeys(_typings(word))
        if len(chosen) + len(typed) > size:
            break
        chosen |= typed
    return list(chosen)


def _words(text: str) -> list[str]:
    lower = unicodedata.normalize("NFC", text).lower()
    return [word for word, _ in BertPreTokenizer().pre_tokenize_str(lower)]


def _plain_pieces(base: Tokenizer) -> list[str]:
    """Return the base's tokens without diacritics, in its own order, which goes by frequency."""
    known: dict[str, int] = base.get_vocab()
    plain = [token for token in known if token.isascii() and token not in SPECIAL and not token.startswith("[")]
    return sorted(plain, key=known.__getitem__)


def _typings(word: str) -> list[str]:
    return [
        keys(word, method, at_end=at_end, together=together)
        for method in (TELEX, VNI) for at_end in (True, False) for together in (True, False)
    ]  # fmt: skip


def typed_as(tokens: Sequence[str]) -> dict[str, str]:
    """Return the word that each raw Telex or VNI token stands for, the commonest where there are several."""
    found: dict[str, str] = {}
    present = set(tokens)
    for word in tokens:
        if not word.isascii() and not word.startswith("##") and len(word) > 1:
            for typed in _typings(word):
                if typed in present:
                    found.setdefault(typed, word)
    return found


def build_tokenizer(tokens: Sequence[str], base: Tokenizer) -> Tokenizer:
    """Return the base's tokenizer with other tokens, case dropped and diacritics kept."""
    content = json.loads(base.to_str())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    content["normalizer"] = content["truncation"] = content["padding"] = None
    content["model"]["vocab"] = {token: at for at, token in enumerate(tokens)}
    content["added_tokens"] = [{"id": at, "content": token, **flags} for at, token in enumerate(SPECIAL)]
    for token, piece in content["post_processor"].get("special_tokens", {}).items():
        piece["ids"] = [SPECIAL.index(token)]
    made: Tokenizer = Tokenizer.from_str(json.dumps(content))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.BertNormalizer(lowercase=True, strip_accents=False)]
    )
    return made


def compose(tokens: Sequence[str], base: Tokenizer, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first embeddings of these tokens, (tokens, width), from the base's, (base tokens, width).

    What Telex or VNI keys make of a word starts from that word's, unless the base has a word of that spelling ("max").
    """
    known: dict[str, int] = base.get_vocab()
    rng = np.random.default_rng(0)
    scale = float(rows.std())
    own: dict[str, NDArray[np.float32]] = {}
    for token in tokens:
        if token in known:
            own[token] = rows[known[token]]
            continue
        parts = _pieces(token, base, known)
        row = rows[parts].mean(0) if parts else rows[known["[UNK]"]]
        own[token] = row + _APART * scale * np.asarray(rng.standard_normal(rows.shape[1]), np.float32)
    stands_for = typed_as(tokens)
    return np.stack([own[token if token in known else stands_for.get(token, token)] for token in tokens])


def _pieces(token: str, base: Tokenizer, known: dict[str, int]) -> list[int]:
    """Return the base's tokens for one of ours without its diacritics."""
    inside, bare = token.startswith("##"), fold(token.removeprefix("##")).lower()
    if not inside:
        return [at for at in base.encode(bare, add_special_tokens=False).ids if at != known["[UNK]"]]
    if f"##{bare}" in known:
        return [known[f"##{bare}"]]
    return [known[f"##{letter}"] for letter in bare if f"##{letter}" in known]


def adapt(
    base: Path,
    output: Path,
    texts: Iterable[str],
    *,
    size: int = 0,
    layers: Sequence[int] = (),
    num_labels: int = 1,
) -> None:
    """Write a copy of a BERT base with a vocabulary for these texts, or only some of its layers, or both.

    A base without a head for scores gets a random one, drawn from torch's generator.

    :param size: how many tokens at most; 0 keeps the base's vocabulary.
    :param layers: which encoder layers to keep, from 0; all where empty.
    :raises ModelError: if the base is no BERT model.
    :raises RecipeError: if a layer is not there, or the size too small.
    """
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=num_labels)
    if model.config.model_type != "bert":
        raise ModelError(
            f"{base}: a {model.config.model_type} model; [model] vocabulary and layers are for BERT models, "
            "so name such a base or take them out"
        )
    if layers:
        _keep(layers, model)
    tokenizer = _revocabulate(model, base, texts, size) if size else AutoTokenizer.from_pretrained(base)
    # Under torchrun, the model's own save_pretrained writes in the first process only.
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(output)
    save_file(
        {name: row.contiguous() for name, row in model.state_dict().items()},
        output / "model.safetensors",
        {"format": "pt"},
    )
    tokenizer.save_pretrained(output)


def _keep(layers: Sequence[int], model: Any) -> None:
    encoder = model.base_model.encoder
    if wrong := [one for one in layers if not 0 <= one < len(encoder.layer)]:
        raise RecipeError(f"layer {wrong[0]}: the base has layers 0 to {len(encoder.layer) - 1}")
    encoder.layer = torch.nn.ModuleList(encoder.layer[one] for one in layers)
    model.config.num_hidden_layers = len(layers)


def _revocabulate(model: Any, base: Path, texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Give a model embeddings for a vocabulary of these texts; return its tokenizer."""
    path = base / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"{base}: has no tokenizer.json, which a new vocabulary starts from")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()  # some bases pad every text to a fixed length, and padding is no part of a word
    tokenizer.no_truncation()
    tokens = choose(texts, tokenizer, size)
    embeddings = model.base_model.embeddings
    rows = compose(tokens, tokenizer, embeddings.word_embeddings.weight.detach().numpy())
    embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(torch.from_numpy(rows), freeze=False, padding_idx=0)
    model.config.vocab_size = len(tokens)
    model.config.pad_token_id = 0
    return PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(tokens, tokenizer), model_max_length=512, pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip
