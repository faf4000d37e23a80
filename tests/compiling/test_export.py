import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import CrossEncoder

from xephang import Product, Reranker
from xephang.card import DatasetRecord, LossRecord, RunRecord, load_record, save_record
from xephang.compiling import export
from xephang.errors import GateError, InputError, ModelError
from xephang.files import sha256
from xephang.folder import Manifest, ModelFolder
from xephang.product import SEED

BOTH = ["onnx/model.onnx", "onnx/model_int8.onnx"]
OWN = [("giày chạy bộ", "Giày nam | size 42"), ("dép", Product(brand="Biti's"))]


def snapshot(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest(folder):
    return Manifest.from_json(folder / "xephang.json")


@pytest.fixture(scope="module")
def recorded(tiny, tmp_path_factory):
    """A tiny model with a training record and a template of its own: never write into it, copy it."""
    folder = Path(shutil.copytree(tiny, tmp_path_factory.mktemp("recorded") / "model"))
    dataset = DatasetRecord(name="thử", size=8, columns=("query", "product", "label"), statistics=(), samples=())
    record = RunRecord(
        name="thử",
        base_model="base",
        base_is_hub_id=False,
        max_length=512,
        template=SEED.to_dict(),
        dataset=dataset,
        loss=LossRecord("FitMixinLoss"),
        training_activation="identity",
        inference_activation="sigmoid",
    )
    save_record(folder, record)
    (folder / "xephang.json").write_text(Manifest("thử", SEED).to_json(), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def recorded_int8(recorded, tmp_path_factory):
    """The same with an int8 file, and what its export returned."""
    folder = Path(shutil.copytree(recorded, tmp_path_factory.mktemp("recorded-int8") / "model"))
    return folder, export(folder, ["int8"], pairs=OWN)


@pytest.fixture(scope="module")
def recorded_both(recorded_int8, tmp_path_factory):
    """The same with an fp32 file that was exported later."""
    folder = Path(shutil.copytree(recorded_int8[0], tmp_path_factory.mktemp("recorded-both") / "model"))
    return folder, export(folder, ["fp32"], pairs=OWN)


def test_both_files_are_written_and_recorded(tiny_exported):
    artefacts = manifest(tiny_exported).artefacts
    assert [artefact.path for artefact in artefacts] == BOTH
    assert [artefact.precision for artefact in artefacts] == ["fp32", "int8"]
    assert [artefact.sha256 for artefact in artefacts] == [sha256(tiny_exported / path) for path in BOTH]
    assert [artefact.one_at_a_time for artefact in artefacts] == [False, True]


def test_nothing_else_changes_in_the_folder(tiny, tiny_exported):
    before, after = snapshot(tiny), snapshot(tiny_exported)
    assert set(after) - set(before) == {*BOTH, "xephang.json"}
    assert {name: after[name] for name in before} == before


def test_golden_scores_are_those_of_each_file(tiny_exported):
    saved = manifest(tiny_exported)
    assert len(saved.golden_pairs) == 4
    torch = Reranker.load(tiny_exported, engine="torch").score(saved.golden_pairs).logits
    for artefact, close in zip(saved.artefacts, (1e-4, 0.5), strict=True):
        own = Reranker.load(tiny_exported, precision=artefact.precision).score(saved.golden_pairs).logits
        assert own == pytest.approx(artefact.golden, abs=1e-5)
        assert torch == pytest.approx(artefact.golden, abs=close)


def test_parity_is_reported_as_it_is(recorded_int8, recorded_both):
    (int8,), (folder, (fp32,)) = recorded_int8[1], recorded_both
    for parity, precision in ((fp32, "fp32"), (int8, "int8")):
        assert (parity.precision, parity.pairs) == (precision, 8 + len(OWN))
        assert parity.bytes == parity.path.stat().st_size
        assert 0 < parity.mean <= parity.largest <= parity.logits * 0.25 + 1e-6
    assert fp32.largest < 1e-6 < int8.largest < 0.1
    torch, onnx = (Reranker.load(folder, engine=e, precision=p) for e, p in (("torch", None), ("onnx", "int8")))
    assert float(np.abs(torch.predict(OWN) - onnx.predict(OWN)).max()) <= int8.largest + 1e-6


TEXT = st.text(st.sampled_from("giày dép nữ chạy 42|,.ĐÔ🔥\n"), max_size=60)


@pytest.fixture(scope="module")
def engines(tiny_exported):
    torch = Reranker.load(tiny_exported, engine="torch")
    return torch, Reranker.load(tiny_exported, precision="fp32"), Reranker.load(tiny_exported, precision="int8")


@settings(deadline=None, max_examples=40)
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_any_text_scores_as_in_torch(engines, pairs):
    torch, fp32, int8 = (engine.predict(pairs) for engine in engines)
    assert np.abs(fp32 - torch).max() < 1e-5
    assert np.abs(int8 - torch).max() < 0.1


@settings(deadline=None, max_examples=20)
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=6))
def test_a_pairs_int8_score_does_not_depend_on_its_neighbours(engines, pairs):
    int8 = engines[2]
    alone = np.array([int8.predict([pair])[0] for pair in pairs])
    assert (int8.predict(pairs, batch_size=4) == alone).all()


def test_sentence_transformers_opens_the_folder_as_before(tiny, tiny_exported):
    pairs = [("giày chạy bộ", "Giày nam | size 42"), ("dép", "Lót giày")]
    before, after = (CrossEncoder(str(folder), device="cpu").predict(pairs) for folder in (tiny, tiny_exported))
    assert (before == after).all()


def test_one_precision_then_the_other(recorded_int8, recorded_both):
    folder = recorded_int8[0]
    assert [path.name for path in (folder / "onnx").iterdir()] == ["model_int8.onnx"]
    assert Reranker.load(folder).predict([("giày", "dép")]).shape == (1,)
    with pytest.raises(ModelError, match=r"no exported file of precision fp32 \(it has: onnx int8\)"):
        Reranker.load(folder, precision="fp32")
    folder = recorded_both[0]
    assert sorted(artefact.path for artefact in manifest(folder).artefacts) == BOTH
    Reranker.load(folder, precision="fp32")


def test_exporting_again_replaces(tiny, tiny_exported, copy_of):
    folder = copy_of(tiny_exported)
    (folder / "onnx" / "model_int8.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="SHA-256"):
        Reranker.load(folder)
    export(folder, ["fp32", "int8", "int8"])
    assert [artefact.path for artefact in manifest(folder).artefacts] == BOTH
    assert Reranker.load(folder).predict([("giày", "dép")]) == Reranker.load(tiny_exported).predict([("giày", "dép")])


def test_the_manifest_keeps_name_and_template(recorded_int8, recorded_both):
    for folder, _ in (recorded_int8, recorded_both):
        assert (manifest(folder).name, manifest(folder).template) == ("thử", SEED)


def test_the_models_own_template_renders_the_compared_products(recorded, recorded_both):
    with pytest.raises(InputError, match="template 'seed' reads"):
        export(recorded, pairs=[("giày", Product(title="Giày"))])
    assert any(isinstance(document, Product) for _, document in OWN)
    assert recorded_both[1][0].pairs == 8 + len(OWN)


def test_the_card_lists_the_files(recorded_int8, recorded_both):
    card = (recorded_int8[0] / "README.md").read_text(encoding="utf-8")
    assert "onnx/model_int8.onnx" in card and "onnx/model.onnx" not in card
    card = (recorded_both[0] / "README.md").read_text(encoding="utf-8")
    assert "onnx/model_int8.onnx" in card and "onnx/model.onnx" in card
    assert load_record(recorded_both[0]).name == "thử"


def test_without_a_record_no_card_is_made_up(tiny_exported):
    assert not (tiny_exported / "README.md").exists()


@pytest.mark.parametrize(
    ("model", "options", "named"),
    [
        pytest.param("recorded_both", {"tolerance": 0.0}, "model.onnx", id="fp32 fails"),
        pytest.param("tiny", {"tolerance": 1e-5}, "model_int8.onnx", id="int8 fails after fp32 has passed"),
        pytest.param("recorded_both", {"tolerance": 1e-5}, "model_int8.onnx", id="the same, of an exported one"),
        pytest.param("recorded_both", {"tolerance": 0.0, "precisions": ["int8"]}, "model_int8.onnx", id="int8 alone"),
    ],
)
def test_what_does_not_score_like_the_model_is_not_published(request, copy_of, model, options, named):
    """A first fp32 file that fails is in the command's tests; a first int8 file alone in the next one."""
    original = request.getfixturevalue(model)
    original = original[0] if isinstance(original, tuple) else original
    folder = copy_of(original)
    with pytest.raises(GateError, match=f"{named}: scores differ from the model's by up to .* was not published"):
        export(folder, **options)
    assert snapshot(folder) == snapshot(original), "the card included, where there is one"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_the_tolerance_decides(recorded, recorded_int8, copy_of):
    folder, off = copy_of(recorded), recorded_int8[1][0].largest
    with pytest.raises(GateError, match="allowed"):
        export(folder, ["int8"], pairs=OWN, tolerance=off * 0.99)
    assert snapshot(folder) == snapshot(recorded)


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def with_damaged_weights(folder):
    (folder / "model.safetensors").write_bytes(b"damaged")


def without_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def with_another_config(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "khong-co"}))


@pytest.mark.parametrize("damage", [without_weights, with_damaged_weights, without_tokenizer, with_another_config])
def test_a_folder_that_is_no_whole_model_is_refused(tiny, copy_of, damage):
    folder = copy_of(tiny)
    damage(folder)
    before = snapshot(folder)
    with pytest.raises(ModelError):
        export(folder)
    assert snapshot(folder) == before


@pytest.mark.parametrize("make", [lambda path: (path / "taken").mkdir(parents=True), os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_in_the_place_of_one_is_refused(tiny, copy_of, make):
    folder = copy_of(tiny)
    (folder / "onnx").mkdir()
    make(folder / "onnx" / "model_int8.onnx")
    with pytest.raises(InputError, match=r"model_int8\.onnx: can not be written: it is a (folder|pipe)"):
        export(folder, ["int8"])
    assert [path.name for path in (folder / "onnx").iterdir()] == ["model_int8.onnx"]
    assert not (folder / "xephang.json").exists()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


APART = ["precomputed/fp32.npz", "precomputed/int8.npz"]


def test_a_model_that_reads_products_apart_gets_precomputed_files_and_no_others(tiny_apart):
    artefacts = manifest(tiny_apart).artefacts
    assert [artefact.path for artefact in artefacts] == APART
    assert [(artefact.engine, artefact.precision) for artefact in artefacts] == [
        ("precomputed", "fp32"),
        ("precomputed", "int8"),
    ]
    assert [artefact.sha256 for artefact in artefacts] == [sha256(tiny_apart / path) for path in APART]
    assert not any(artefact.one_at_a_time for artefact in artefacts), "their scales do not depend on the batch"
    assert not (tiny_apart / "onnx").exists()
    assert not [path for path in tiny_apart.iterdir() if path.name.startswith(".")]


def test_it_scores_like_its_weights_without_them(tiny_apart, copy_of):
    folder = copy_of(tiny_apart)
    pairs = [("giày chạy bộ", "Giày nam | size 42"), ("dép", "Lót giày"), ("giày " * 30, "dép " * 700)]
    torch = Reranker.load(folder, engine="torch").score(pairs)
    (folder / "model.safetensors").unlink()
    for precision, close in (("fp32", 0.03), ("int8", 0.2)):
        found = Reranker.load(folder, precision=precision).score(pairs)
        assert found.logits == pytest.approx(torch.logits, abs=close)
        assert found.cut.tolist() == torch.cut.tolist()


def test_it_opens_with_the_engine_that_it_has_files_for(tiny_apart, tiny_exported):
    for chosen in ({}, {"engine": "precomputed"}, {"precision": "fp32"}):
        assert Reranker.load(tiny_apart, **chosen).engine.name == "precomputed"
    with pytest.raises(
        ModelError, match=r"no onnx file of precision int8 or fp32 \(it has: precomputed fp32, precomputed int8\)"
    ):
        Reranker.load(tiny_apart, engine="onnx")
    with pytest.raises(ModelError, match=r"no precomputed file of precision int8 \(it has: onnx fp32, onnx int8\)"):
        Reranker.load(tiny_exported, engine="precomputed", precision="int8")


def test_its_golden_scores_are_checked_when_it_opens(tiny_apart, copy_of):
    folder = copy_of(tiny_apart)
    saved = manifest(folder)
    for artefact in saved.artefacts:
        own = Reranker.load(folder, precision=artefact.precision).score(saved.golden_pairs).logits
        assert own.tolist() == pytest.approx(artefact.golden, abs=1e-5)
    moved = tuple(replace(one, golden=tuple(x + 5 for x in one.golden)) for one in saved.artefacts)
    (folder / "xephang.json").write_text(replace(saved, artefacts=moved).to_json(), encoding="utf-8")
    with pytest.raises(ModelError, match=r"int8\.npz: its logits are 5\.000 away from those it was saved with"):
        Reranker.load(folder)


def test_exporting_it_again_gives_the_same_files(tiny_apart, copy_of):
    """So catalogues that were compiled for them stay good."""
    folder = copy_of(tiny_apart)
    before = manifest(folder)
    export(folder, ["int8"])
    export(folder, ["fp32"])
    assert {one.sha256 for one in manifest(folder).artefacts} == {one.sha256 for one in before.artefacts}


def test_own_pairs_are_compared_too_and_decide_what_whole_numbers_stand_for(tiny_apart, copy_of):
    folder = copy_of(tiny_apart)
    before = {path: (folder / path).read_bytes() for path in APART}
    own = [("zz 9", "ww 7 " * 40), ("dép", Product(title="Dép lê", brand="Biti's"))]
    for parity in export(folder, pairs=own):
        assert parity.pairs == 8 + 2
        assert 0 < parity.mean <= parity.largest < 0.1
    assert all((folder / path).read_bytes() != content for path, content in before.items())


@pytest.mark.parametrize("model", ["weights alone", "exported"])
def test_what_does_not_score_like_it_is_not_published(tiny_apart, make_apart, copy_of, model):
    original = tiny_apart if model == "exported" else make_apart()
    folder = copy_of(original)
    with pytest.raises(GateError, match=r"fp32\.npz: scores differ from the model's by up to .* was not published"):
        export(folder, tolerance=0.0)
    assert snapshot(folder) == snapshot(original)


def test_one_layer_is_too_few_to_compute_products_ahead(make_apart, copy_of):
    original = make_apart(layers=1)
    folder = copy_of(original)
    with pytest.raises(ModelError, match="BERT models of two or more layers with GELU; this is a bert model of 1"):
        export(folder)
    assert snapshot(folder) == snapshot(original)
    assert Reranker.load(folder).engine.name == "torch"


@pytest.mark.parametrize("precisions", [["fp16"], ["int8", "INT8"], [""]], ids=str)
def test_an_unknown_precision_is_refused(tiny, precisions):
    with pytest.raises(InputError, match=r"is not known; precisions are fp32, int8"):
        export(tiny, precisions)


def test_a_model_with_several_labels(tiny_classes_exported, copy_of):
    folder = copy_of(tiny_classes_exported)
    saved = manifest(folder)
    for artefact, close in zip(saved.artefacts, (1e-4, 0.2), strict=True):
        golden = Reranker.load(folder, engine="torch").predict(saved.golden_pairs)
        assert golden == pytest.approx(artefact.golden, abs=close)
        assert 0 <= min(artefact.golden) < max(artefact.golden) <= 2, "expected grades of three labels"
    worse = tuple(
        replace(artefact, golden=tuple(2 - grade for grade in artefact.golden)) for artefact in saved.artefacts
    )
    (folder / "xephang.json").write_text(replace(saved, artefacts=worse).to_json(), encoding="utf-8")
    with pytest.raises(ModelError, match="away from those it was saved with"):
        Reranker.load(folder, precision="fp32")
    (folder / "xephang.json").write_text(saved.to_json(), encoding="utf-8")
    pairs = [("giày", "Giày nam"), ("dép", "Lót giày")]
    torch, int8 = Reranker.load(folder, engine="torch"), Reranker.load(folder)
    assert int8.engine.name == "onnx"
    assert int8.predict(pairs) == pytest.approx(torch.predict(pairs), abs=0.2)


def test_a_folder_may_move_after_its_export(tiny_exported, tmp_path):
    shutil.move(shutil.copytree(tiny_exported, tmp_path / "a"), tmp_path / "b")
    folder = ModelFolder.open(tmp_path / "b")
    assert folder.artefact().path == "onnx/model_int8.onnx"
    assert replace(folder, path=tiny_exported).manifest == manifest(tiny_exported)
