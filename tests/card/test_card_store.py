import pytest

from xephang.card import CARD, RECORD, MetricsRecord, load_record, render, save_card, save_record
from xephang.errors import ModelError
from xephang.folder import MANIFEST, Artefact, Manifest


def test_a_record_is_saved_beside_the_model_and_found_again(tmp_path, record):
    assert save_record(tmp_path / "model", record) == tmp_path / "model" / "record.json"
    assert load_record(tmp_path / "model") == record


def test_a_card_is_what_render_gives(tmp_path, record):
    exported = Manifest(artefacts=(Artefact("onnx/model.onnx", "fp32", "0" * 64),))
    (tmp_path / MANIFEST).write_text(exported.to_json(), encoding="utf-8")
    path = save_card(tmp_path, record)
    assert path == tmp_path / "README.md"
    assert path.read_bytes() == render(record, artefacts=["onnx/model.onnx"], opens="exported").encode()


def test_nothing_but_the_two_files_is_left_behind(tmp_path, record):
    for _ in range(2):
        save_record(tmp_path, record)
        save_card(tmp_path, record)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD, RECORD]


def test_evaluation_later_adds_figures_and_renders_again(tmp_path, record):
    save_record(tmp_path, record)
    save_card(tmp_path, record)
    assert "Not measured" in (tmp_path / CARD).read_text(encoding="utf-8")
    measured = load_record(tmp_path).with_metrics(MetricsRecord("Held-out", "dev", {"nDCG@10": 0.7125}))
    save_record(tmp_path, measured)
    save_card(tmp_path, load_record(tmp_path))
    text = (tmp_path / CARD).read_text(encoding="utf-8")
    assert "0.7125" in text
    assert "Not measured" not in text


def test_a_folder_without_a_record_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"record\.json: missing.*train it with xephang"):
        load_record(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"\xff\xfe", "can not be read", id="no UTF-8"),
        pytest.param(b"{", "can not be read as JSON", id="no JSON"),
        pytest.param(b'{"format": 1}', "key 'name': missing key", id="no record"),
    ],
)
def test_a_damaged_record_is_named_with_its_whole_path(tmp_path, content, message):
    (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_record(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / RECORD))
    assert message in str(caught.value)


def test_a_folder_in_place_of_the_record_is_no_traceback(tmp_path):
    (tmp_path / RECORD).mkdir()
    with pytest.raises(ModelError, match="can not be read"):
        load_record(tmp_path)
