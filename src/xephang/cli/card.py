"""`xephang card`."""

from pathlib import Path
from typing import Annotated

import typer

from xephang import card as cards
from xephang.cli import console
from xephang.folder import ModelFolder, find


def card(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A bundled model's name, a folder, or a Hugging Face Hub id.")
    ] = "giay",
    write: Annotated[bool, typer.Option("--write", help="Write it into the folder's README.md.")] = False,
) -> None:
    """Print a model's card, made from what training recorded."""
    folder = ModelFolder.open(find(model))
    record = cards.load_record(folder.path)
    if write:
        console.note(f"wrote {cards.save_card(Path(folder.path), record)}")
    else:
        artefacts = [artefact.path for artefact in folder.manifest.artefacts]
        opens, calibration = cards.opens(folder.path), folder.manifest.calibration
        text = cards.render(record, artefacts=artefacts, opens=opens, calibration=calibration)
        console.print_text(text.rstrip("\n"))
