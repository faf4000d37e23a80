"""`report.md`."""

from xephang.evaluation import tables
from xephang.evaluation.evaluation import HEADLINE, Evaluation, label
from xephang.evaluation.tables import Table, Worst, visible
from xephang.markdown import escape
from xephang.markdown import table as draw


def markdown(evaluation: Evaluation) -> str:
    """Return the report as Markdown."""
    judged = evaluation.judged
    parts = [
        f"# How well {_safe(evaluation.first.name)} ranks",
        f"{len(judged.queries):,} queries and {len(judged.candidates):,} graded candidates of {_safe(judged.name)}, "
        f"{_safe(evaluation.stamp['date'])}.",
        _table(tables.summary(evaluation)),
    ]
    if evaluation.comparisons:
        parts.append(_table(tables.comparisons(evaluation)))
    parts += map(_table, [*tables.slices(evaluation), *tables.slices_of_first(evaluation)])
    parts += map(_table, filter(None, [tables.noise(evaluation), tables.calibrations(evaluation)]))
    parts.append("## Worst queries")
    parts += map(_worst, tables.worst(evaluation))
    parts += ["## How it was measured", "\n".join(f"- {_safe(line)}" for line in tables.method(evaluation))]
    parts.append("\n".join(f"- {_safe(name)}: {_safe(value)}" for name, value in evaluation.stamp.items()))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    drawn = draw([_safe(cell) for cell in table.header], [[_safe(cell) for cell in row] for row in table.rows])
    return "\n\n".join(filter(None, [f"## {_safe(table.title)}", drawn, _safe(table.note)]))


def _worst(worst: Worst) -> str:
    others = ", ".join(f"{_safe(name)} {value:.3f}" for name, value in worst.others)
    line = f"{label(HEADLINE)} {worst.value:.3f}" + (f" ({others})" if others else "")
    rows = [[str(p.rank), str(p.grade), p.score, _safe(p.text)] for p in worst.places]
    return f"### {_safe(worst.query)}\n\n{line}\n\n{draw(['Rank', 'Grade', 'Score', 'Document'], rows)}"


def _safe(text: str) -> str:
    return escape(visible(text))
