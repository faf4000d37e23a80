"""A record and its card on disk, beside the model."""

from pathlib import Path

from xephang.card.record import RunRecord
from xephang.card.render import render
from xephang.card.usage import Opens
from xephang.errors import ModelError
from xephang.files import write_text
from xephang.folder import MANIFEST, PRODUCT_POSITION, Manifest, read_json

RECORD = "record.json"
CARD = "README.md"


def load_record(folder: Path) -> RunRecord:
    """Read a model folder's record.

    :raises ModelError: if there is none, or it is not as xephang wrote it.
    """
    path = folder / RECORD
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: missing, so nothing is known of how this model was trained; train it with xephang, "
            "or copy the file from where it was trained"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: can not be read ({error})") from error
    return RunRecord.from_json(text, path)


def save_record(folder: Path, record: RunRecord) -> Path:
    """Write a model folder's record, whole or not at all; return its path."""
    write_text(folder / RECORD, record.to_json())
    return folder / RECORD


def opens(folder: Path) -> Opens:
    """Say what can open a model folder."""
    if not any(folder.glob("*.safetensors")):
        return "exported"
    return "apart" if read_json(folder / "config.json").get(PRODUCT_POSITION) is not None else "anywhere"


def save_card(folder: Path, record: RunRecord) -> Path:
    """Write a model folder's card, whole or not at all, with what its manifest says besides; return its path."""
    found = folder / MANIFEST
    manifest = Manifest.from_json(found) if found.is_file() else Manifest()
    artefacts = [artefact.path for artefact in manifest.artefacts]
    text = render(record, artefacts=artefacts, opens=opens(folder), calibration=manifest.calibration)
    write_text(folder / CARD, text)
    return folder / CARD
