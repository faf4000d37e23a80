import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from xephang import folder as folders
from xephang.engines.onnx import OnnxEngine
from xephang.engines.torch import TorchEngine
from xephang.errors import InputError, ModelError
from xephang.files import sha256
from xephang.folder import Artefact, Manifest, ModelFolder, bundled, find
from xephang.product import SEED
from xephang.reranker import Reranker
from xephang.text import NORMALISER_VERSION

REVISION = "0123456789abcdef0123456789abcdef01234567"
PAIR = ("giày chạy bộ nữ", "Giày chạy bộ nữ Adidas đế êm")


@pytest.fixture
def plain(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "plain"))


@pytest.fixture
def exported(tiny_exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_exported, tmp_path / "exported"))


def edit(path: Path, **changes: object) -> None:
    """Change keys of a JSON file; None takes a key away."""
    table = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    table = {key: value for key, value in (table | changes).items() if value is not None}
    path.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def edit_artefacts(folder: Path, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
    manifest = json.loads((folder / "xephang.json").read_text(encoding="utf-8"))
    edit(folder / "xephang.json", artefacts=[dict(change(artefact)) for artefact in manifest["artefacts"]])


# --- opening ---


def test_a_folder_of_sentence_transformers_opens_with_what_is_usual(plain: Path) -> None:
    folder = ModelFolder.open(plain)
    assert (folder.activation, folder.max_length, folder.name) == ("sigmoid", 512, "plain")
    assert folder.manifest == Manifest()
    assert folder.manifest.template.name == "listing"


def test_an_exported_folder_knows_its_files(exported: Path) -> None:
    manifest = ModelFolder.open(exported).manifest
    assert {artefact.precision: artefact.path for artefact in manifest.artefacts} == {
        "fp32": "onnx/model.onnx",
        "int8": "onnx/model_int8.onnx",
    }
    for artefact in manifest.artefacts:
        assert artefact.sha256 == sha256(exported / artefact.path)
        assert len(artefact.golden) == len(manifest.golden_pairs) > 0


def test_a_plain_folder_with_an_onnx_file_is_known_to_have_it(plain: Path, tiny_exported: Path) -> None:
    (plain / "onnx").mkdir()
    shutil.copy(tiny_exported / "onnx" / "model.onnx", plain / "onnx")
    assert ModelFolder.open(plain).manifest.artefacts == (Artefact("onnx/model.onnx", "fp32"),)
    reranker = Reranker.load(plain)
    assert isinstance(reranker.engine, OnnxEngine)
    assert reranker.predict([PAIR]) == pytest.approx(Reranker.load(plain, engine="torch").predict([PAIR]), abs=1e-4)


@pytest.mark.parametrize("name", ["model_int8.onnx", "model_quantized.onnx"])
def test_a_plain_folder_with_an_int8_file_alone_is_known_to_have_it(
    plain: Path, tiny_exported: Path, name: str
) -> None:
    (plain / "onnx").mkdir()
    shutil.copy(tiny_exported / "onnx" / "model_int8.onnx", plain / "onnx" / name)
    (plain / "model.safetensors").unlink()
    assert ModelFolder.open(plain).manifest.artefacts == (Artefact(f"onnx/{name}", "int8", one_at_a_time=True),)
    pairs = [PAIR, ("dép", "Dép lê nam | size 42")]
    assert (Reranker.load(plain).predict(pairs) == Reranker.load(tiny_exported).predict(pairs)).all()
    with pytest.raises(ModelError, match=r"no exported file of precision fp32 \(it has: onnx int8\)"):
        Reranker.load(plain, precision="fp32")


def test_a_plain_folder_without_one_runs_on_torch(plain: Path) -> None:
    assert isinstance(Reranker.load(plain).engine, TorchEngine)


def test_an_exported_folder_runs_on_onnx_int8_unless_told_otherwise(exported: Path) -> None:
    int8, fp32 = Reranker.load(exported), Reranker.load(exported, precision="fp32")
    assert isinstance(int8.engine, OnnxEngine)
    assert int8.predict([PAIR]).tolist() == Reranker.load(exported, precision="int8").predict([PAIR]).tolist()
    assert int8.predict([PAIR]).tolist() != fp32.predict([PAIR]).tolist()
    (exported / "model.safetensors").unlink()
    assert Reranker.load(exported).predict([PAIR]).tolist() == int8.predict([PAIR]).tolist(), "it needs no weights"


def test_a_folder_is_named_by_its_manifest_else_by_itself(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(exported / "xephang.json", name="giày")
    assert ModelFolder.open(exported).name == "giày"
    edit(exported / "xephang.json", name="")
    monkeypatch.chdir(exported)
    assert ModelFolder.open(Path()).name == "exported"


@pytest.mark.parametrize(
    ("stated", "positions", "model_type", "expected"),
    [
        pytest.param(512, 512, "bert", 512, id="both"),
        pytest.param(64, 512, "bert", 64, id="the tokenizer's is less"),
        pytest.param(1e30, 256, "bert", 256, id="the tokenizer states none, as transformers writes it"),
        pytest.param(None, 128, "bert", 128, id="the tokenizer is silent"),
        pytest.param(None, 514, "xlm-roberta", 512, id="position ids start at two"),
        pytest.param(None, 258, "roberta", 256, id="PhoBERT"),
        pytest.param(None, None, "bert", 512, id="nobody says"),
    ],
)
def test_max_length_is_what_both_tokenizer_and_model_can(
    plain: Path, stated: float | None, positions: int | None, model_type: str, expected: int
) -> None:
    edit(plain / "tokenizer_config.json", model_max_length=stated)
    edit(plain / "config.json", max_position_embeddings=positions, model_type=model_type)
    assert ModelFolder.open(plain).max_length == expected


def test_max_length_without_a_tokenizer_config_is_the_models(plain: Path) -> None:
    (plain / "tokenizer_config.json").unlink()
    edit(plain / "config.json", max_position_embeddings=77)
    assert ModelFolder.open(plain).max_length == 77


@pytest.mark.parametrize("value", [0, -1, "512", True, [512]])
@pytest.mark.parametrize(
    ("file", "key"), [("config.json", "max_position_embeddings"), ("tokenizer_config.json", "model_max_length")]
)
def test_a_length_that_is_none_is_named(plain: Path, file: str, key: str, value: object) -> None:
    edit(plain / file, **{key: value})
    with pytest.raises(ModelError, match=rf"{file}: '{key}' must be a number of tokens, got"):
        ModelFolder.open(plain)


SIGMOID, IDENTITY = "torch.nn.modules.activation.Sigmoid", "torch.nn.modules.linear.Identity"


@pytest.mark.parametrize(
    ("settings", "config", "expected"),
    [
        pytest.param(SIGMOID, {}, "sigmoid", id="sentence-transformers 5 and 6"),
        pytest.param(IDENTITY, {}, "identity", id="the same, identity"),
        pytest.param(None, {"sentence_transformers": {"activation_fn": IDENTITY}}, "identity", id="4"),
        pytest.param(None, {"sbert_ce_default_activation_function": IDENTITY}, "identity", id="before 4"),
        pytest.param(
            SIGMOID, {"sbert_ce_default_activation_function": IDENTITY}, "sigmoid", id="the present key goes first"
        ),
        pytest.param(None, {"sentence_transformers": {"version": "4"}}, "sigmoid", id="4 without one"),
        pytest.param(None, {}, "sigmoid", id="plain transformers"),
    ],
)
def test_the_activation_is_that_of_sentence_transformers(
    plain: Path, settings: str | None, config: dict[str, object], expected: str
) -> None:
    from sentence_transformers import CrossEncoder

    edit(plain / "config_sentence_transformers.json", activation_fn=settings)
    edit(plain / "config.json", **config)
    assert ModelFolder.open(plain).activation == expected
    assert type(CrossEncoder(str(plain), device="cpu").activation_fn).__name__.lower() == expected
    (plain / "config_sentence_transformers.json").unlink()
    if settings is None:
        assert ModelFolder.open(plain).activation == expected


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config_sentence_transformers.json", {"activation_fn": "torch.nn.modules.activation.Tanh"}),
        ("config.json", {"sbert_ce_default_activation_function": "torch.nn.modules.activation.Tanh"}),
    ],
)
def test_an_activation_that_is_not_known_is_named(plain: Path, file: str, changes: dict[str, object]) -> None:
    edit(plain / "config_sentence_transformers.json", activation_fn=None)
    edit(plain / file, **changes)
    with pytest.raises(ModelError, match=r"activation 'torch\..*Tanh' is not known; known are Sigmoid, Identity"):
        ModelFolder.open(plain)


def test_a_config_whose_own_part_is_no_table_says_no_activation(plain: Path) -> None:
    edit(plain / "config_sentence_transformers.json", activation_fn=None)
    edit(plain / "config.json", sentence_transformers="4.1")
    assert ModelFolder.open(plain).activation == "sigmoid"


# --- folders that can not be opened ---


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json, so this is no model folder") as caught:
        Reranker.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_training_that_has_not_ended_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "checkpoint-3").mkdir(parents=True)
    with pytest.raises(ModelError, match="its training has not ended; go on with: xephang train --resume"):
        Reranker.load(tmp_path)


def test_a_folder_without_a_fast_tokenizer_is_refused(plain: Path) -> None:
    (plain / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json; save the model with a fast tokenizer"):
        Reranker.load(plain)


def test_a_tokenizer_that_can_not_be_read_is_named(exported: Path) -> None:
    (exported / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"exported/tokenizer\.json: not a tokenizer that can be read"):
        Reranker.load(exported)


@pytest.mark.parametrize(
    "file", ["config.json", "xephang.json", "tokenizer_config.json", "config_sentence_transformers.json"]
)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "can not be read as JSON"),
        (b"", "can not be read as JSON"),
        (b"\xff\xfe{", "can not be read as JSON"),
        (b"[1]", "expected a JSON object"),
        (b"null", "expected a JSON object"),
    ],
    ids=["cut short", "empty", "not UTF-8", "a list", "null"],
)
def test_a_settings_file_that_is_no_json_object_is_named(
    exported: Path, file: str, content: bytes, message: str
) -> None:
    (exported / file).write_bytes(content)
    with pytest.raises(ModelError, match=rf"exported/{file}: {message}"):
        Reranker.load(exported)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"format": 2}, f"format 2, normaliser {NORMALISER_VERSION}"),
        ({"format": None}, f"format None, normaliser {NORMALISER_VERSION}"),
        ({"normaliser": NORMALISER_VERSION + 1}, f"format 1, normaliser {NORMALISER_VERSION + 1}"),
        ({"normaliser": None}, "format 1, normaliser None"),
    ],
    ids=["a newer format", "no format", "a newer normaliser", "no normaliser"],
)
def test_a_manifest_of_another_version_is_refused(exported: Path, changes: dict[str, object], found: str) -> None:
    edit(exported / "xephang.json", **changes)
    with pytest.raises(
        ModelError, match=rf"{found}; this xephang reads .* install the version that wrote it, or train"
    ):
        Reranker.load(exported)


@pytest.mark.parametrize("key", ["name", "template", "artefacts", "golden_pairs"])
def test_a_manifest_that_lacks_a_key_says_which(exported: Path, key: str) -> None:
    edit(exported / "xephang.json", **{key: None})
    with pytest.raises(ModelError, match=rf"not a manifest that xephang wrote \(no '{key}'\)"):
        Reranker.load(exported)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"template": "seed"}, "unknown key", id="template is a text"),
        pytest.param({"template": []}, "attribute", id="template is a list"),
        pytest.param({"template": {"name": "none of ours"}}, "no template is called", id="template is not known"),
        pytest.param({"artefacts": "onnx"}, "not a mapping", id="artefacts are a text"),
        pytest.param({"artefacts": [{"path": "a.onnx"}]}, "no 'golden'", id="artefact lacks a key"),
        pytest.param({"artefacts": [{"golden": []}]}, "missing", id="artefact lacks its path"),
        pytest.param({"golden_pairs": [["giày"]] * 4}, "unpack", id="a golden pair of one"),
        pytest.param({"golden_pairs": 4}, "int", id="golden pairs are a number"),
        pytest.param({"golden_pairs": [["giày", "dép"]]}, "4 golden logits for 1 golden pairs", id="too few pairs"),
    ],
)
def test_a_manifest_that_nobody_wrote_is_refused(exported: Path, changes: dict[str, object], reason: str) -> None:
    edit(exported / "xephang.json", **changes)
    with pytest.raises(ModelError, match=rf"exported/xephang\.json: not a manifest that xephang wrote \(.*{reason}"):
        Reranker.load(exported)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"precision": "fp16"}, "precision 'fp16' is not one of int8, fp32", id="precision"),
        pytest.param({"path": "../../elsewhere.onnx"}, "lies outside the folder", id="path upwards"),
        pytest.param({"path": "/elsewhere.onnx"}, "lies outside the folder", id="path from the root"),
        pytest.param({"path": 5}, "int", id="path is a number"),
        pytest.param({"golden": ["a", "b", "c", "d"]}, "could not convert", id="golden texts"),
        pytest.param({"golden": [0.5]}, "1 golden logits for 4 golden pairs", id="too few"),
        pytest.param({"golden": 3}, "not iterable", id="golden number"),
        pytest.param({"engine": "torch"}, "engine 'torch' is not one of onnx, precomputed", id="engine"),
        pytest.param({"engine": None}, "engine 'None' is not one of", id="no engine"),
        pytest.param({"colour": "red"}, "colour", id="a key of another version"),
    ],
)
def test_an_artefact_that_nobody_recorded_is_refused(exported: Path, changes: dict[str, object], reason: str) -> None:
    edit_artefacts(exported, lambda artefact: artefact | changes)
    with pytest.raises(ModelError, match=rf"not a manifest that xephang wrote \(.*{reason}"):
        Reranker.load(exported)


# --- artefacts ---


def test_an_artefact_of_a_manifest_that_names_no_engine_is_an_onnx_file(exported: Path) -> None:
    edit_artefacts(exported, lambda artefact: {key: value for key, value in artefact.items() if key != "engine"})
    assert {artefact.engine for artefact in ModelFolder.open(exported).manifest.artefacts} == {"onnx"}
    assert isinstance(Reranker.load(exported).engine, OnnxEngine)


def test_an_artefact_is_chosen_by_precision_and_engine(tiny_apart: Path, exported: Path) -> None:
    folder = ModelFolder.open(tiny_apart)
    for engine in (None, "precomputed"):
        assert folder.artefact(engine=engine).path == "precomputed/int8.npz", "int8 goes first"
        assert folder.artefact("fp32", engine).path == "precomputed/fp32.npz"
    with pytest.raises(
        ModelError, match=r"no onnx file of precision fp32 \(it has: precomputed fp32, precomputed int8\)"
    ):
        folder.artefact("fp32", "onnx")
    with pytest.raises(
        ModelError, match=r"no precomputed file of precision int8 or fp32 \(it has: onnx fp32, onnx int8"
    ):
        ModelFolder.open(exported).artefact(engine="precomputed")


def test_a_precomputed_file_that_is_damaged_or_missing_is_named(tiny_apart: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_apart, tmp_path / "apart"))
    path = folder / "precomputed" / "int8.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"precomputed/int8\.npz: not the file that xephang\.json records"):
        Reranker.load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"precomputed/int8\.npz: named in xephang\.json, but missing"):
        Reranker.load(folder)


def test_the_position_of_products_is_read_where_there_is_one(tiny_apart: Path, plain: Path) -> None:
    assert ModelFolder.open(tiny_apart).product_position == 16
    assert ModelFolder.open(plain).product_position is None


@pytest.mark.parametrize("value", [0, -1, "16", True, [16]])
def test_a_position_of_products_that_is_none_is_named(plain: Path, value: object) -> None:
    edit(plain / "config.json", product_position=value)
    with pytest.raises(ModelError, match=r"config\.json: 'product_position' must be a number of tokens, got"):
        Reranker.load(plain)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_flipped_byte_is_noticed(exported: Path, precision: str) -> None:
    path = exported / ModelFolder.open(exported).artefact(precision).path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"\.onnx: not the file that xephang\.json records \(SHA-256 differs\)"
    ) as caught:
        Reranker.load(exported, precision=precision)
    assert str(path) in str(caught.value)
    other = "int8" if precision == "fp32" else "fp32"
    assert len(Reranker.load(exported, precision=other).predict([PAIR])) == 1, "the other file is still good"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("off", [5.0, -5.0, float("nan")])
def test_logits_that_are_not_those_it_was_saved_with_are_noticed(exported: Path, precision: str, off: float) -> None:
    edit_artefacts(
        exported, lambda artefact: artefact | {"golden": [artefact["golden"][0] + off, *artefact["golden"][1:]]}
    )
    with pytest.raises(
        ModelError, match=r"its logits are (5\.\d+|4\.9\d+|nan) away from those it was saved with; export"
    ):
        Reranker.load(exported, precision=precision)


def test_another_models_tokenizer_is_noticed(exported: Path) -> None:
    tokenizer = json.loads((exported / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["normalizer"]["lowercase"] = False
    (exported / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ModelError, match="away from those it was saved with"):
        Reranker.load(exported, precision="fp32")


def test_a_file_that_went_missing_is_named_with_what_to_do(exported: Path) -> None:
    (exported / "onnx" / "model_int8.onnx").unlink()
    with pytest.raises(ModelError, match=r"model_int8\.onnx: named in xephang\.json, but missing; run: xephang export"):
        Reranker.load(exported)
    assert len(Reranker.load(exported, precision="fp32").predict([PAIR])) == 1


def test_a_precision_that_is_not_there_is_named_with_those_that_are(exported: Path) -> None:
    edit_artefacts(exported, lambda artefact: artefact)
    manifest = json.loads((exported / "xephang.json").read_text(encoding="utf-8"))
    edit(exported / "xephang.json", artefacts=manifest["artefacts"][:1])
    with pytest.raises(
        ModelError, match=r"no exported file of precision int8 \(it has: onnx fp32\); run: xephang export"
    ):
        Reranker.load(exported, precision="int8")
    assert isinstance(Reranker.load(exported).engine, OnnxEngine)


@pytest.mark.parametrize("choice", [{"engine": "onnx"}, {"precision": "fp32"}, {"precision": "int8"}])
def test_onnx_is_not_silently_replaced_by_torch(plain: Path, choice: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"no (onnx|exported) file of precision .* \(it has: none\); run: xephang"):
        Reranker.load(plain, **choice)


def graphs(folder: Path, content: str, *names: str) -> dict[Artefact, Path]:
    """Files that stand for graphs, and their artefacts."""
    folder.mkdir()
    found = {}
    for name, precision in (("model.onnx", "fp32"), ("model_int8.onnx", "int8")):
        if name in names:
            (folder / name).write_text(f"{content} {precision}")
            found[Artefact(f"onnx/{name}", precision, sha256(folder / name), golden=(1.0,))] = folder / name
    return found


def test_a_recorded_artefact_replaces_the_one_of_its_precision(exported: Path, tmp_path: Path) -> None:
    new = graphs(tmp_path / "new", "new", "model.onnx")
    folder = ModelFolder.open(exported).with_artefacts(new, (PAIR,))
    assert [artefact.path for artefact in folder.manifest.artefacts] == ["onnx/model_int8.onnx", "onnx/model.onnx"]
    assert ModelFolder.open(exported).manifest == folder.manifest
    assert folder.manifest.golden_pairs == (PAIR,)
    assert folder.artefact("fp32") == next(iter(new))
    assert folder.artefact("int8").golden == (), "its golden logits were of other pairs"


BOTH = ("model.onnx", "model_int8.onnx")
BEFORE = {
    "none": (),
    "both": BOTH,
    "fp32": ("model.onnx",),
    "int8": ("model_int8.onnx",),
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "plain"])
def test_an_export_that_is_killed_at_any_moment_leaves_a_folder_that_opens(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...], recorded: bool
) -> None:
    """Whatever files were there before, each is there afterwards, whole, as it was or as it is to be."""
    move, killed = Path.replace, True
    for last in range(10):
        folder = Path(shutil.copytree(plain, tmp_path / f"folder {last}"))
        if before:
            ModelFolder.open(folder).with_artefacts(graphs(tmp_path / f"old {last}", "old", *before), (PAIR,))
            if not recorded:
                (folder / "xephang.json").unlink()
        moved: list[Path] = []

        def until_killed(self: Path, target: Path, last: int = last, moved: list[Path] = moved) -> Path:
            if len(moved) == last:
                raise KeyboardInterrupt
            moved.append(target)
            return move(self, target)

        new = graphs(tmp_path / f"new {last}", "new", *BOTH)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", until_killed)
            try:
                ModelFolder.open(folder).with_artefacts(new, (PAIR,))
                killed = False
            except KeyboardInterrupt:
                pass
        opened = ModelFolder.open(folder)
        for name, precision in (("model.onnx", "fp32"), ("model_int8.onnx", "int8")):
            if name in before or not killed:
                found = opened.artefact(precision)
                content = (folder / found.path).read_text()
                assert content in (f"old {precision}", f"new {precision}")
                assert found.sha256 in ("", sha256(folder / found.path))
        if not killed:
            assert {opened.artefact(precision) for precision in ("fp32", "int8")} == set(new)
            break
    assert not killed
    assert last >= 3, "two files and their record"


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest(
        name="giày",
        template=SEED,
        artefacts=(
            Artefact("onnx/a.onnx", "int8", "0" * 64, True, (0.25, -1.5)),
            Artefact("precomputed/b.npz", "fp32", "1" * 64, golden=(0.5, 2.0), engine="precomputed"),
        ),
        golden_pairs=(PAIR, ("dép", "")),
    )
    (tmp_path / "xephang.json").write_text(manifest.to_json(), encoding="utf-8")
    assert Manifest.from_json(tmp_path / "xephang.json") == manifest
    assert "giày" in manifest.to_json(), "a person can read it"


# --- finding ---


def test_a_folder_is_found_by_its_path(plain: Path) -> None:
    assert find(plain) == find(str(plain)) == plain


@pytest.mark.parametrize("name", ["khong-co", "a/b/c", "./khong/co", "giày dép", "org/"])
def test_a_name_that_is_nothing_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=r"no such folder; bundled models are .*, a Hub id has one '/'") as caught:
        find(name)
    assert name in str(caught.value)


def test_an_empty_name_is_not_the_folder_one_is_in(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plain)
    with pytest.raises(InputError, match="the model's name is empty; bundled models are giay"):
        find("")
    assert find(".") == Path()


def test_every_bundled_model_is_found_and_opens() -> None:
    for name in bundled():
        assert ModelFolder.open(find(name)).name
    assert bundled() == sorted(set(bundled()))


def test_a_bundled_model_is_found_by_its_name_alone(
    tiny_exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_BUNDLED", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    assert bundled() == []
    with pytest.raises(ModelError, match="bundled models are none"):
        find("dep")
    shutil.copytree(tiny_exported, tmp_path / "models" / "dep")
    (tmp_path / "models" / "half-copied").mkdir()
    assert bundled() == ["dep"]
    assert len(Reranker.load("dep").predict([PAIR])) == 1
    with pytest.raises(ModelError, match="bundled models are dep"):
        find("sandal")
    (tmp_path / "dep").mkdir()
    assert find("dep") == tmp_path / "models" / "dep", "a folder that happens to lie here changes nothing"
    assert find("./dep") == find(Path("dep")) == Path("dep"), "unless it is written as a path"


# --- the Hugging Face Hub, offline ---


def cache(root: Path, hub_id: str, model: Path, *, ref: str = "main", revision: str = REVISION) -> Path:
    """Lay a model out as huggingface_hub caches it."""
    repository = root / f"models--{hub_id.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / ref).write_text(revision, encoding="utf-8")
    return Path(shutil.copytree(model, repository / "snapshots" / revision))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hub"


def test_a_cached_hub_model_with_onnx_opens_without_its_weights(hub: Path, tiny_exported: Path) -> None:
    snapshot = cache(hub, "shop/giay-v1.0", tiny_exported)
    (snapshot / "model.safetensors").unlink()
    reranker = Reranker.load("shop/giay-v1.0")
    assert isinstance(reranker.engine, OnnxEngine)
    assert reranker.folder.path == snapshot
    assert reranker.predict([PAIR]).tolist() == Reranker.load(tiny_exported).predict([PAIR]).tolist()


def test_a_cached_hub_model_with_a_quantised_file_alone_opens_without_its_weights(
    hub: Path, tiny_exported: Path
) -> None:
    snapshot = cache(hub, "shop/giay", tiny_exported)
    for name in ("model.safetensors", "xephang.json", "onnx/model.onnx"):
        (snapshot / name).unlink()
    (snapshot / "onnx" / "model_int8.onnx").rename(snapshot / "onnx" / "model_quantized.onnx")
    reranker = Reranker.load("shop/giay")
    assert isinstance(reranker.engine, OnnxEngine)
    assert reranker.predict([PAIR]).tolist() == Reranker.load(tiny_exported).predict([PAIR]).tolist()


def test_a_cached_hub_model_without_onnx_opens_on_torch(hub: Path, tiny: Path) -> None:
    cache(hub, "shop/giay", tiny)
    reranker = Reranker.load("shop/giay")
    assert isinstance(reranker.engine, TorchEngine)
    assert reranker.predict([PAIR]) == pytest.approx(Reranker.load(tiny).predict([PAIR]), abs=1e-6)


def test_a_revision_of_a_hub_model_is_taken_by_its_name(hub: Path, tiny: Path, tiny_exported: Path) -> None:
    older = cache(hub, "shop/giay", tiny, ref="v1", revision="1" * 40)
    newer = cache(hub, "shop/giay", tiny_exported)
    assert find("shop/giay") == newer
    assert find("shop/giay", revision="v1") == find("shop/giay", revision="1" * 40) == older
    with pytest.raises(ModelError, match="'shop/giay': no such folder, and it can not be had from"):
        find("shop/giay", revision="v3")


@pytest.mark.parametrize(
    "hub_id", ["shop/khong-co", "-shop/giay", "shop/giay..v2", "shop--a/giay", "./giay", "../giay"]
)
@pytest.mark.parametrize("weights", [False, True])
def test_a_hub_model_that_is_not_cached_is_refused(hub: Path, hub_id: str, weights: bool) -> None:
    with pytest.raises(ModelError, match=r"no such folder, and it can not be had from https?://\S+: \w") as caught:
        find(hub_id, weights=weights)
    assert str(caught.value).startswith(f"'{hub_id}'")
    assert "\n" not in str(caught.value)


def test_a_folder_goes_before_a_hub_id_of_the_same_spelling(hub: Path, tiny: Path, tmp_path: Path) -> None:
    cache(hub, "shop/giay", tiny)
    (tmp_path / "shop" / "giay").mkdir(parents=True)
    assert find("shop/giay") == Path("shop/giay")


def test_the_environment_is_enough_to_work_offline(tiny_exported: Path, tmp_path: Path) -> None:
    cache(tmp_path / "hub", "shop/giay", tiny_exported)
    program = (
        "import sys\nfrom xephang import Reranker\nfrom xephang.errors import InputError, ModelError\n"
        "sys.stdout.write(f\"{Reranker.load('shop/giay').predict([('giày', 'dép')]).shape}\\n\")\n"
        "try:\n    Reranker.load('shop/khong-co')\nexcept ModelError as error:\n    sys.stdout.write(str(error))\n"
    )
    environment = dict(os.environ) | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path / "hub"), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    shape, refusal = done.stdout.splitlines()
    assert shape == "(1,)"
    assert refusal.startswith("'shop/khong-co': no such folder, and it can not be had from")
