"""A report's files, each whole or absent."""

import json
import re
from pathlib import Path

from xephang.card.codec import escape_surrogates
from xephang.evaluation.evaluation import Evaluation
from xephang.evaluation.html import html
from xephang.evaluation.markdown import markdown
from xephang.evaluation.systems import named_apart
from xephang.evaluation.trec import write_qrels, write_run
from xephang.files import check_folder, write_text

TREC = "trec"
_NOT_FOR_FILES = re.compile(r"[^\w.-]+")


def write_report(evaluation: Evaluation, folder: str | Path) -> list[Path]:
    """Write `report.html`, `report.md`, `report.json`, and TREC qrels and runs.

    :raises InputError: if the folder is a file.
    """
    folder = check_folder(Path(folder))
    texts = {
        "report.json": _json(evaluation.to_dict()),
        "report.md": markdown(evaluation),
        "report.html": html(evaluation),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [*(folder / name for name in texts), *_write_trec(evaluation, folder / TREC)]


def _write_trec(evaluation: Evaluation, folder: Path) -> list[Path]:
    paths = write_qrels(folder, evaluation.judged)
    tags = [_NOT_FOR_FILES.sub("-", result.name).strip(".-") or "system" for result in evaluation.results]
    for tag, result in zip(named_apart(tags), evaluation.results, strict=True):
        paths.append(folder / f"{tag.replace(' ', '')}.run")
        write_run(paths[-1], evaluation.judged, result.scored.scores.tolist(), tag)
    return paths


def _json(value: object) -> str:
    return escape_surrogates(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"
