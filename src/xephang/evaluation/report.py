"""A report's files, each whole or absent."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xephang.card.codec import escape_surrogates
from xephang.errors import InputError
from xephang.evaluation.evaluation import Evaluation
from xephang.evaluation.html import html
from xephang.evaluation.markdown import markdown
from xephang.evaluation.systems import named_apart
from xephang.evaluation.trec import write_qrels, write_run
from xephang.files import write_text
from xephang.judgments.measure import RELEVANT_FROM

CALIBRATION = "calibration.json"
CALIBRATION_FORMAT = 1
TREC = "trec"
_NOT_FOR_FILES = re.compile(r"[^\w.-]+")


def write_report(evaluation: Evaluation, folder: str | Path) -> list[Path]:
    """Write `report.html`, `report.md`, `report.json`, TREC qrels and runs, and `calibration.json` if one was fitted.

    :raises InputError: if the folder is a file.
    """
    folder = check_folder(folder)
    texts = {
        "report.json": _json(evaluation.to_dict()),
        "report.md": markdown(evaluation),
        "report.html": html(evaluation),
    }
    if evaluation.calibration:
        texts[CALIBRATION] = _json(calibration_table(evaluation))
    for name, text in texts.items():
        write_text(folder / name, text)
    return [*(folder / name for name in texts), *_write_trec(evaluation, folder / TREC)]


def check_folder(folder: str | Path) -> Path:
    """Return the folder as a path.

    :raises InputError: if it is a file.
    """
    if Path(folder).exists() and not Path(folder).is_dir():
        raise InputError(f"{folder}: is a file; name a folder for the report")
    return Path(folder)


def _write_trec(evaluation: Evaluation, folder: Path) -> list[Path]:
    paths = write_qrels(folder, evaluation.judged)
    tags = [_NOT_FOR_FILES.sub("-", result.name).strip(".-") or "system" for result in evaluation.results]
    for tag, result in zip(named_apart(tags), evaluation.results, strict=True):
        paths.append(folder / f"{tag.replace(' ', '')}.run")
        write_run(paths[-1], evaluation.judged, result.scored.scores.tolist(), tag)
    return paths


def calibration_table(evaluation: Evaluation) -> Mapping[str, Any]:
    """Return what `calibration.json` holds: the map, and what it was fitted on and for."""
    assert evaluation.calibration is not None
    fitted = evaluation.calibration
    raw = evaluation.first.reliability
    return {
        "format": CALIBRATION_FORMAT,
        **fitted.map.to_dict(),
        "model": evaluation.first.name,
        "relevant_from": RELEVANT_FROM,
        "fitted_on": {
            "judgments": evaluation.judged.name,
            "sha256": evaluation.judged.sha256,
            "queries": len(evaluation.judged.queries),
            "documents": fitted.documents,
            "relevant": fitted.relevant,
        },
        "expected_calibration_error": {
            "as_it_comes": raw.error if raw else None,
            "held_out": fitted.held_out.error if fitted.held_out else None,
        },
    }


def _json(value: object) -> str:
    return escape_surrogates(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"
