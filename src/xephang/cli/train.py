"""`xephang train`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from xephang.cli import console


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe.toml.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="The model's folder; runs/NAME without it.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Read the base model from here, not from where the recipe says.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the folder's last checkpoint.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what stands in the folder.")] = False,
) -> None:
    """Train a model as a recipe says. Under torchrun or accelerate launch, the same on several processes."""
    from xephang.card import load_record
    from xephang.training import Recipe
    from xephang.training import train as run
    from xephang.training.train import notes

    read = Recipe.load(recipe)
    first_process = os.environ.get("RANK", "0") == "0"
    if first_process:
        for sentence in notes(read):
            console.note(f"note: {sentence}")
    folder = run(read, output or Path("runs") / read.name, base=base, resume=resume, overwrite=overwrite)
    if first_process:
        console.print_text(str(folder))
        for sentence in load_record(folder).dataset.notes:
            console.note(f"note: {sentence}")
        console.note(f"its card is {folder / 'README.md'}; make it fast with: xephang export {folder}")
