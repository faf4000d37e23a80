from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from xephang import Reranker


def test_it_prints_a_card_that_the_hub_reads(xephang, trained):
    ran = xephang("card", trained)
    card = ModelCard(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert card.data.library_name == "sentence-transformers"
    assert card.data.pipeline_tag == "text-ranking"
    assert card.data.language == "vi" and card.data.license == "apache-2.0"
    assert {"cross-encoder", "xephang", "dataset_size:8", "loss:FitMixinLoss"} <= set(card.data.tags)
    assert card.text.lstrip().startswith("# ")


def test_it_prints_what_training_wrote(xephang, trained):
    assert xephang("card", trained).out == (trained / "README.md").read_text(encoding="utf-8")


def test_printing_writes_nothing(xephang, trained, copy_of):
    folder = copy_of(trained)
    (folder / "README.md").unlink()
    assert xephang("card", folder).code == 0
    assert not (folder / "README.md").exists()


def test_write_makes_the_readme_anew(xephang, trained, copy_of):
    folder = copy_of(trained)
    (folder / "README.md").write_text("# Mine\n", encoding="utf-8")
    ran = xephang("card", folder, "--write")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"wrote {folder / 'README.md'}\n"
    assert (folder / "README.md").read_text(encoding="utf-8") == (trained / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_exported_files_are_listed(xephang, trained, export_of_trained):
    folder = export_of_trained[0]
    assert "model_int8.onnx" not in xephang("card", trained).out
    shown = xephang("card", folder).out
    assert "onnx/model.onnx" in shown and "onnx/model_int8.onnx" in shown
    assert shown == (folder / "README.md").read_text(encoding="utf-8")
    assert ModelCard.load(folder / "README.md").data.pipeline_tag == "text-ranking"


@pytest.mark.parametrize("options", [[], ["--write"]], ids=["print", "write"])
def test_a_model_that_xephang_did_not_train_has_no_card(xephang, tiny, copy_of, options):
    folder = copy_of(tiny)
    ran = xephang("card", folder, *options)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"xephang: {folder / 'record.json'}: missing")
    assert not (folder / "README.md").exists()


@pytest.mark.parametrize(
    "record", [pytest.param("{", id="cut short"), pytest.param("{}", id="empty"), pytest.param("\ud800", id="no UTF-8")]
)
def test_a_damaged_record_is_named_and_the_card_is_kept(xephang, trained, copy_of, record):
    folder = copy_of(trained)
    (folder / "record.json").write_bytes(record.encode("utf-8", "surrogatepass"))
    before = (folder / "README.md").read_text(encoding="utf-8")
    ran = xephang("card", folder, "--write")
    assert (ran.code, ran.out) == (1, "")
    assert "record.json" in ran.err
    assert (folder / "README.md").read_text(encoding="utf-8") == before


def test_the_cards_own_example_of_xephang_runs(xephang, trained, monkeypatch, tmp_path):
    """The block under "Direct Usage (xephang)", with the folder in the place of the placeholder."""
    section = xephang("card", trained).out.split("### Direct Usage (xephang)")[1]
    block = section.split("```python\n")[1].split("```")[0]
    namespace: dict[str, object] = {}
    exec(block.replace("path/to/this-model", str(trained)), namespace)
    assert isinstance(namespace["reranker"], Reranker)
    assert len(namespace["ranks"]) == 2
    assert Path(trained, "model.safetensors").is_file()
