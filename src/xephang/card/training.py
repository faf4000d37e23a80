"""The card's section Training Details: rows, loss, hyperparameters as they ran, time, logs, versions."""

import json
import math
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any
from urllib.parse import quote

from xephang.card.codec import encode
from xephang.card.record import ColumnStatistics, DatasetRecord, LossRecord, RunRecord
from xephang.card.wording import DATA_STATEMENT
from xephang.markdown import cell, code, details, escape, fence, table
from xephang.text import without_surrogates

VERSIONS = (
    "Python",
    "Sentence Transformers",
    "Transformers",
    "PyTorch",
    "Accelerate",
    "Datasets",
    "Tokenizers",
    "xephang",
)
LOG_ROWS = 100
"""More log rows than this are thinned out; those with a measurement stay."""
_LOG_NAMES = {"epoch": "Epoch", "step": "Step", "loss": "Training Loss"}
_OPEN_ROWS = 20


def training_details(record: RunRecord) -> str:
    """Return the section Training Details."""
    return "\n\n".join(
        [
            "## Training Details",
            f"### Training Dataset\n\n{_dataset(record.dataset)}\n{_loss(record.loss)}",
            f"### Data Statement\n\n{(record.data_statement or DATA_STATEMENT).strip()}",
            _hyperparameters(record),
            _time(record),
            f"### Training Logs\n\n{_logs(record.logs)}",
            _versions(record.versions),
        ]
    )


def _dataset(dataset: DatasetRecord) -> str:
    lines = [f"#### {escape(dataset.name) or 'Unnamed Dataset'}", ""]
    lines += [f"* Size: {dataset.size:,} training samples", f"* Columns: {_listed(dataset.columns)}"]
    if dataset.statistics:
        rows = [[escape(s.type) for s in dataset.statistics], [_summary(s) for s in dataset.statistics]]
        header = ["", *(escape(s.name) for s in dataset.statistics)]
        shown = table(header, [["type", *rows[0]], ["details", *rows[1]]])
        lines += [f"* Approximate statistics based on the first {dataset.measured:,} samples:", indent(shown, "  ")]
    lines += [f"* {escape(note)}" for note in dataset.notes]
    if dataset.samples:
        cells = [[cell(_text(sample[column])) for column in dataset.columns] for sample in dataset.samples]
        lines += ["* Samples:", indent(table([escape(c) for c in dataset.columns], cells), "  ")]
    return "\n".join(lines)


def _listed(columns: Sequence[str]) -> str:
    shown = [f"<code>{escape(column)}</code>" for column in columns]
    if len(shown) < 3:
        return " and ".join(shown)
    return f"{', '.join(shown[:-1])}, and {shown[-1]}"


def _summary(column: ColumnStatistics) -> str:
    if column.shares:
        items = [f"{escape(value)}: ~{share:.2%}" for value, share in column.shares.items()]
    else:
        figures = (("min", column.minimum), ("mean", column.mean), ("max", column.maximum))
        items = [f"{name}: {_measure(name, value, column.type)}" for name, value in figures if value is not None]
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _measure(name: str, value: float, kind: str) -> str:
    unit = {"string": " characters", "list": " elements"}.get(kind, "")
    if kind == "float" or not math.isfinite(value):
        return f"{value:.4g}"
    return (f"{value:.2f}" if name == "mean" else f"{value:.0f}") + unit


def _text(value: Any) -> str:
    """Return a JSON value as text, numbers and None in Python's spelling, as the library's own cards do."""
    return value if isinstance(value, str) else str(encode(value))


def _loss(loss: LossRecord) -> str:
    name = f"<code>{escape(loss.name)}</code>"
    line = (
        f"* Loss: [{name}]({quote(without_surrogates(loss.url), safe=':/?#&=%@+,;~')})"
        if loss.url
        else f"* Loss: {name}"
    )
    if not loss.parameters:
        return line
    parameters = json.dumps(encode(loss.parameters), ensure_ascii=False, indent=4)
    return f"{line} with these parameters:\n{indent(fence(parameters, 'json'), '  ')}"


def _hyperparameters(record: RunRecord) -> str:
    def listed(values: Mapping[str, Any]) -> str:
        return "\n".join(f"- {code(name)}: {escape(_text(value))}" for name, value in values.items())

    changed = listed(record.hyperparameters_changed) or "None: every hyperparameter has the library's default."
    every = listed(record.hyperparameters_all)
    return (
        "### Training Hyperparameters\n"
        f"#### Non-Default Hyperparameters\n\n{changed}\n\n"
        f"#### All Hyperparameters\n{details(every) if every else chr(10) + 'Not recorded.'}"
    )


def _time(record: RunRecord) -> str:
    seconds = record.training_seconds
    return (
        f"### Training Time\n\n- **Training:** {'not recorded' if seconds is None else _duration(seconds)}\n"
        f"- **Hardware:** {escape(record.hardware) or 'not recorded'}"
    )


def _duration(seconds: float) -> str:
    if not math.isfinite(seconds) or seconds < 60:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _logs(logs: Sequence[Mapping[str, Any]]) -> str:
    if not logs:
        return "No step was logged in this run."
    names = dict.fromkeys(
        [*(n for n in _LOG_NAMES if any(n in log for log in logs)), *(n for log in logs for n in log)]
    )
    kept = _thinned(logs)
    shown = table(
        [_LOG_NAMES.get(name, escape(name)) for name in names],
        [[_figure(name, log.get(name)) for name in names] for log in kept],
    )
    shown = details(shown) if len(kept) > _OPEN_ROWS else shown
    return shown if len(kept) == len(logs) else f"{len(kept)} of {len(logs)} logged rows:\n\n{shown}"


def _thinned(logs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    every = math.ceil(len(logs) / LOG_ROWS)
    last = len(logs) - 1
    return [log for i, log in enumerate(logs) if i % every == 0 or i == last or log.keys() - _LOG_NAMES.keys()]


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "-"
    number = encode(value)
    if not isinstance(number, float) or name == "step":
        return escape(_text(number))
    return f"{number:.4f}" if abs(number) >= 0.001 or not number else f"{number:.2e}"


def _versions(versions: Mapping[str, str]) -> str:
    names = dict.fromkeys([*VERSIONS, *versions])
    lines = [f"- {escape(name)}: {escape(versions.get(name, '')) or 'not recorded'}" for name in names]
    return "### Framework Versions\n" + "\n".join(lines)
