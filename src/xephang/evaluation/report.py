"""A report's files, each whole or absent."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from xephang.card.codec import escape_surrogates
from xephang.errors import InputError
from xephang.evaluation.evaluation import Evaluation
from xephang.evaluation.html import html
from xephang.evaluation.markdown import markdown
from xephang.evaluation.systems import named_apart
from xephang.evaluation.trec import write_qrels, write_run
from xephang.files import check_folder, write_text

REPORTS = ("report.json", "report.md", "report.html")
TREC = "trec"
_NOT_FOR_FILES = re.compile(r"[^\w.-]+")


def write_report(evaluation: Evaluation, folder: str | Path) -> list[Path]:
    """Write `report.html`, `report.md`, `report.json`, and TREC qrels and runs.

    :raises InputError: if the folder is a file.
    """
    folder = check_folder(Path(folder))
    texts = (_json(evaluation.to_dict()), markdown(evaluation), html(evaluation))
    for name, text in zip(REPORTS, texts, strict=True):
        write_text(folder / name, text)
    return [*(folder / name for name in REPORTS), *_write_trec(evaluation, folder / TREC)]


def check_report(folder: Path, read: Iterable[Path | None]) -> None:
    """Refuse a folder for a report where writing it would replace what is read for it.

    :param read: the files that are read; None is none.
    :raises InputError: if one of them lies where the report will, or the folder is a file.
    """
    real = Path(os.path.realpath(check_folder(folder)))
    for path in filter(None, read):
        found = Path(os.path.realpath(path))
        if found.is_relative_to(real / TREC) or found in [real / name for name in REPORTS]:
            raise InputError(f"{folder}: the report would replace {path}, which is read; name another folder")


def _write_trec(evaluation: Evaluation, folder: Path) -> list[Path]:
    paths = write_qrels(folder, evaluation.judged)
    tags = [_NOT_FOR_FILES.sub("-", result.name).strip(".-") or "system" for result in evaluation.results]
    for tag, result in zip(named_apart(tags), evaluation.results, strict=True):
        paths.append(folder / f"{tag.replace(' ', '')}.run")
        write_run(paths[-1], evaluation.judged, result.scored.scores.tolist(), tag)
    return paths


def _json(value: object) -> str:
    return escape_surrogates(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"
