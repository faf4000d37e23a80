"""`xephang export`."""

from pathlib import Path
from typing import Annotated

import typer

from xephang.cli import console
from xephang.cli.options import Json
from xephang.judgments.pairs import read_texts


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A model folder with weights.")],
    precision: Annotated[
        list[str] | None, typer.Option("--precision", metavar="fp32|int8", help="Both without it.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own query and document pairs to compare scores on.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="X",
            help="The largest difference of a 0..1 score; 0.0001 for fp32 and 0.1 for int8 without it.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Export a model to ONNX, if that scores like the model."""
    from xephang.compiling import export as write

    compared = list(read_texts(pairs)) if pairs else []
    results = write(folder, precision or ["fp32", "int8"], pairs=compared, tolerance=tolerance)
    if json:
        for result in results:
            console.print_json(
                {
                    "precision": result.precision,
                    "path": str(result.path),
                    "bytes": result.bytes,
                    "pairs": result.pairs,
                    "largest_difference": result.largest,
                    "mean_difference": result.mean,
                    "largest_logit_difference": result.logits,
                }
            )
        return
    columns = {
        "precision": "left",
        "MB": "right",
        "pairs": "right",
        "largest": "right",
        "mean": "right",
        "logits": "right",
        "file": "wide",
    }
    rows = [
        (
            p.precision,
            f"{p.bytes / 1e6:.1f}",
            str(p.pairs),
            f"{p.largest:.1e}",
            f"{p.mean:.1e}",
            f"{p.logits:.1e}",
            str(p.path.relative_to(folder)),
        )
        for p in results
    ]
    console.print_table("difference of 0..1 scores from torch, and the largest of logits", columns, rows)
