"""The same folder gives the same scores here and in sentence-transformers, for the same normalised texts."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder

from xephang.reranker import Reranker
from xephang.text import normalise

ENGINES: dict[str, dict[str, Any]] = {"torch": {"engine": "torch"}, "onnx fp32": {"precision": "fp32"}}
ODD = [
    ("dep to ong", "DÉP TỔ ONG ĐEN NHỰA CAO SU DẺO ĐỦ SIZE NAM NỮ"),
    ("sz 42.5", "Giày thể thao nam 👟 | 50.000₫ | size 42.5"),
    ("", "Sandal đế êm"),
    ("giày", ""),
    ("", ""),
    ("giayf chayj booj", "Giày chạy bộ"),
    ("giày nữ", "hoà bình — hòa bình"),
]
LONG = [
    ("giày", "giày chạy bộ đế êm nhẹ chống trượt " * 300),
    ("giày chạy bộ cho nữ đế êm", "Adidas " * 511),
    ("dép", "w" * 10_000),
    ("sandal", "x, " * 505 + "Nike"),
]


@pytest.fixture(scope="module")
def folders(tiny_exported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny model as it is, and as one whose saved activation is none."""
    identity = Path(shutil.copytree(tiny_exported, tmp_path_factory.mktemp("identity") / "model"))
    settings = json.loads((identity / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    settings["activation_fn"] = "torch.nn.modules.linear.Identity"
    (identity / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
    return {"sigmoid": tiny_exported, "identity": identity}


@pytest.fixture(scope="module", params=["sigmoid", "identity"])
def saved(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture(scope="module", params=ENGINES)
def ours(request: pytest.FixtureRequest, saved: Path) -> Reranker:
    return Reranker.load(saved, **ENGINES[request.param])


@pytest.fixture(scope="module")
def theirs(saved: Path) -> CrossEncoder:
    return CrossEncoder(str(saved), device="cpu")


def seed_pairs(rows: list[dict[str, object]]) -> list[tuple[str, str]]:
    return [(str(row["sentence_0"]), str(row["sentence_1"])) for row in rows]


def expected(model: CrossEncoder, pairs: list[tuple[str, str]], **options: Any) -> np.ndarray:
    normalised = [[normalise(query), normalise(document)] for query, document in pairs]
    return np.asarray(model.predict(normalised, show_progress_bar=False, **options))


def test_the_eight_pairs_of_the_card_score_the_same(
    ours: Reranker, theirs: CrossEncoder, seed_rows: list[dict[str, object]]
) -> None:
    pairs = seed_pairs(seed_rows)
    assert len(pairs) == 8
    found = ours.predict(pairs)
    assert found == pytest.approx(expected(theirs, pairs), abs=1e-4)
    assert np.ptp(found) > 1e-3, "scores that are all alike would prove nothing"


@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_an_activation_that_is_asked_for_goes_before_the_saved_one(
    ours: Reranker, theirs: CrossEncoder, seed_rows: list[dict[str, object]], activation: Any
) -> None:
    pairs = [*seed_pairs(seed_rows), *ODD]
    module = {"identity": torch.nn.Identity(), "sigmoid": torch.nn.Sigmoid()}[activation]
    found = ours.predict(pairs, activation=activation)
    assert found == pytest.approx(expected(theirs, pairs, activation_fn=module), abs=1e-4)


def test_the_saved_activation_is_used(folders: dict[str, Path]) -> None:
    logits = Reranker.load(folders["identity"], precision="fp32").predict(ODD)
    scores = Reranker.load(folders["sigmoid"], precision="fp32").predict(ODD)
    assert np.abs(logits - scores).max() > 1e-3
    assert scores == pytest.approx(1 / (1 + np.exp(-logits.astype(np.float64))), abs=1e-6)


@pytest.mark.parametrize("pair", ODD, ids=lambda pair: repr(pair[0]) + " " + repr(pair[1][:12]))
def test_odd_texts_score_the_same(ours: Reranker, theirs: CrossEncoder, pair: tuple[str, str]) -> None:
    assert ours.predict([pair]) == pytest.approx(expected(theirs, [pair]), abs=1e-4)


def test_documents_longer_than_the_model_reads_are_cut_at_the_same_place(ours: Reranker, theirs: CrossEncoder) -> None:
    scores = ours.score(LONG)
    assert (scores.cut[[0, 1, 3]] > 0).all()
    assert ours.predict(LONG) == pytest.approx(expected(theirs, LONG), abs=1e-4)


def test_a_model_that_reads_little_cuts_at_the_same_place(tiny_exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_exported, tmp_path / "short"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": 48}), encoding="utf-8")
    (folder / "xephang.json").unlink()  # it records logits of whole texts
    theirs, pairs = CrossEncoder(str(folder), device="cpu"), [*ODD, *LONG]
    assert theirs.max_seq_length == 48
    for options in ENGINES.values():
        ours = Reranker.load(folder, **options)
        assert ours.tokenizer.max_length == 48
        assert ours.predict(pairs) == pytest.approx(expected(theirs, pairs), abs=1e-4)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_batch_size_changes_neither_side(
    ours: Reranker, theirs: CrossEncoder, seed_rows: list[dict[str, object]], batch_size: int
) -> None:
    pairs = [*seed_pairs(seed_rows), *ODD, *LONG]
    found = ours.predict(pairs, batch_size=batch_size)
    assert found == pytest.approx(ours.predict(pairs), abs=1e-5)
    assert found == pytest.approx(expected(theirs, pairs, batch_size=batch_size), abs=1e-4)


def test_a_ranking_is_the_same_in_order_scores_and_keys(
    ours: Reranker, theirs: CrossEncoder, seed_rows: list[dict[str, object]]
) -> None:
    query, documents = "giày chạy bộ cho nữ đế êm nhẹ", [normalise(document) for _, document in seed_pairs(seed_rows)]
    for top_k in (None, 3):
        found = ours.rank(query, documents, top_k=top_k, return_documents=True)
        wanted = theirs.rank(query, documents, top_k=top_k, return_documents=True, show_progress_bar=False)
        assert [entry["corpus_id"] for entry in found] == [entry["corpus_id"] for entry in wanted]
        assert [entry["text"] for entry in found] == [entry["text"] for entry in wanted]
        assert [set(entry) for entry in found] == [set(entry) for entry in wanted]
        assert [entry["score"] for entry in found] == pytest.approx([float(e["score"]) for e in wanted], abs=1e-4)


def test_one_logit_for_each_grade_is_the_same_before_it_becomes_one_score(tiny_classes: Path) -> None:
    ours, theirs = Reranker.load(tiny_classes), CrossEncoder(str(tiny_classes), device="cpu")
    logits = expected(theirs, ODD)
    assert logits.shape == (len(ODD), 3)
    weights = np.exp(logits.astype(np.float64))
    weights /= weights.sum(axis=1, keepdims=True)
    assert ours.predict(ODD) == pytest.approx(weights[:, 1] + 2 * weights[:, 2], abs=1e-4)
