"""The card's sections on how good the model is: Evaluation, then Bias, Risks and Limitations."""

from xephang.card.record import MetricsRecord, RunRecord
from xephang.card.wording import LIMITS, NOT_MEASURED, RECOMMENDATIONS
from xephang.markdown import escape, table


def evaluation(record: RunRecord) -> str:
    """Return the section Evaluation: figures where there are any, and plain words where there are none."""
    if not record.metrics:
        return f"## Evaluation\n\n{NOT_MEASURED.strip()}"
    return "\n\n".join(["## Evaluation", "### Metrics", *map(_metrics, record.metrics)])


def _metrics(metrics: MetricsRecord) -> str:
    rows = [[escape(name), _figure(value)] for name, value in metrics.values.items()]
    return "\n\n".join(
        part
        for part in (
            f"#### {escape(metrics.title)}",
            f"* Dataset: {escape(metrics.dataset) or 'unnamed'}",
            metrics.note.strip(),
            table(["Metric", "Value"], rows) if rows else "Not measured.",
        )
        if part
    )


def _figure(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.4f}"


def limits(record: RunRecord) -> str:
    """Return the section Bias, Risks and Limitations, with its recommendations."""
    return (
        f"## Bias, Risks and Limitations\n\n{(record.limits or LIMITS).strip()}\n\n"
        f"### Recommendations\n\n{(record.recommendations or RECOMMENDATIONS).strip()}"
    )
