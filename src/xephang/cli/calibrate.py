"""`xephang calibrate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from xephang import folder as folders
from xephang.card import RECORD, load_record, save_card
from xephang.cli import console
from xephang.cli.options import Columns, Documents, Engine, Json, Judgments, Precise, Queries, Threads
from xephang.errors import InputError
from xephang.judgments import open_judgments
from xephang.reranker import Reranker

_MODEL = typer.Argument(metavar="MODEL", help="A model folder; with --dry-run, any name that evaluate takes too.")
_METHOD = typer.Option(help="A sigmoid, any rising line, or the one with less log loss on queries held out.")
_RELEVANT_GRADE = typer.Option(metavar="1|2|3", help="Documents of this grade and better are relevant.")
_DRY_RUN = typer.Option("--dry-run", help="Show the figures and write nothing.")


def calibrate(
    model: Annotated[str, _MODEL],
    judgments: Judgments,
    queries: Queries = None,
    documents: Documents = None,
    column: Columns = None,
    method: Annotated[Literal["auto", "platt", "isotonic"], _METHOD] = "auto",
    relevant_grade: Annotated[int, _RELEVANT_GRADE] = 2,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    engine: Engine = None,
    precision: Precise = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Fit probabilities of relevance on graded judgments."""
    from xephang.evaluation import calibrate as fit
    from xephang.evaluation.calibration import FEW
    from xephang.evaluation.reliability import BINS

    if not dry_run and model.startswith((".", "/")) and not Path(model).exists():
        raise InputError(f"'{model}': there is no such folder; check the path")
    if not dry_run and (model in folders.bundled() or not Path(model).is_dir()):
        raise InputError(
            f"'{model}': is no folder of yours to write into; copy the model, name the copy by its path (./{model} if "
            "it lies here), or look first with --dry-run"
        )
    judged = open_judgments(judgments, queries, documents, console.column_map(column))
    if len(judged.candidates) < FEW:
        console.note(f"only {len(judged.candidates)} judgments: a calibration on fewer than {FEW} may be far off")
    reranker = Reranker.load(model, engine=engine, precision=precision, threads=threads)
    found = fit(reranker, judged, method=method, relevant_grade=relevant_grade, show_progress=True)
    if json:
        console.print_json(found.to_dict() | {"bins": BINS})
    else:
        rows = [("sigmoid", found.error_before), (f"{found.map.method}, queries held out", found.error_after)]
        columns = {"scores": "left", "expected calibration error": "right"}
        title = f"{found.relevant:,} of {found.rows:,} documents are relevant (grade {relevant_grade} or better)"
        console.print_table(title, columns, [(name, f"{error:.4f}") for name, error in rows])
    console.note(f"{BINS} bins of equal width; {found.queries:,} queries of {found.judgments}")
    if found.error_after >= found.error_before:
        console.note("on queries held out it is no better than the sigmoid: more judgments may help")
    if not dry_run:
        written = reranker.folder.with_calibration(found)
        console.note(f"wrote {written.path / folders.MANIFEST}")
        if (written.path / RECORD).is_file():
            console.note(f"wrote {save_card(written.path, load_record(written.path))}")
