"""The figures that a model's card shows."""

from pathlib import Path

from xephang.card import MetricsRecord, load_record, save_card, save_record
from xephang.errors import InputError
from xephang.evaluation.evaluation import HEADLINE, Evaluation, label
from xephang.evaluation.tables import ORDER, chance, visible
from xephang.folder import ModelFolder
from xephang.markdown import escape

TITLE = "Judged queries"


def metrics_record(evaluation: Evaluation) -> MetricsRecord:
    """Return the first system's figures, with its intervals and how it stands against the others."""
    values: dict[str, float | str] = {}
    for metric in ORDER:
        column = evaluation.column(metric)
        low, high = evaluation.first.intervals[column]
        values[label(metric)] = f"{evaluation.first.means[column]:.4f} (95% interval {low:.3f} – {high:.3f})"
    if (error := evaluation.first.calibration_error) is not None:
        values["Expected calibration error"] = f"{error:.4f}"
    column = evaluation.column(HEADLINE)
    others = [
        f"{escape(visible(one.name))} {other.means[column]:.3f} (p {_equals(chance(float(one.p_holm[column])))})"
        for one, other in zip(evaluation.comparisons, evaluation.results[1:], strict=True)
    ]
    judged, first = evaluation.judged, evaluation.first
    note = [
        f"{len(judged.queries):,} queries, {len(judged.candidates):,} graded candidates, ranked over exactly these; "
        "nDCG with gains 2^grade − 1, ties broken against the model, 95% bootstrap intervals over queries.",
        f"{label(HEADLINE)} of other systems on the same: {', '.join(others)}; paired randomisation test."
        if others
        else "",
        f"Expected calibration error of its scores ({first.scored.claim}), relevant from grade "
        f"{first.scored.relevant_grade}."
        if first.reliability
        else "",
        "It was calibrated on these very judgments; the error is that of queries held out."
        if first.scored.held_out_error is not None
        else "",
        f"Measured {evaluation.stamp['date']} with xephang {evaluation.stamp['xephang']}.",
    ]
    return MetricsRecord(TITLE, visible(judged.name), values, " ".join(filter(None, note)))


def add_to_card(evaluation: Evaluation, folder: Path) -> Path:
    """Add the figures to a model folder's record and render its card again; return the card's path.

    :raises ModelError: if the folder has no record, as one that xephang did not train has none.
    :raises InputError: if another model was evaluated.
    """
    opened = ModelFolder.open(folder)
    if opened.name != evaluation.first.name:
        raise InputError(f"{folder}: holds '{opened.name}', and '{evaluation.first.name}' was evaluated first")
    record = load_record(folder).with_metrics(metrics_record(evaluation))
    save_record(folder, record)
    return save_card(folder, record)


def _equals(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"
