"""`report.html`: one file that asks the network for nothing."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from xephang.evaluation import plots, tables
from xephang.evaluation.evaluation import HEADLINE, Evaluation, label
from xephang.evaluation.tables import Table, Worst, visible

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html(evaluation: Evaluation) -> str:
    """Return the report as a page."""
    judged = evaluation.judged
    title = f"How well {_safe(evaluation.first.name)} ranks"
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="lead">{len(judged.queries):,} queries, {len(judged.candidates):,} graded candidates of '
        f"{_safe(judged.name)}, {_safe(evaluation.stamp['date'])}</p>",
        f'<div class="scroll wide">{_figure(plots.bars(evaluation))}</div>',
        _table(tables.summary(evaluation), first=True),
        *_differences(evaluation),
        *map(_table, [*tables.slices(evaluation), *tables.slices_of_first(evaluation)]),
        *map(_table, filter(None, [tables.noise(evaluation)])),
        *_calibration(evaluation),
        "<h2>Worst queries</h2>",
        f'<p class="lead">The lowest {label(HEADLINE)} of {_safe(evaluation.first.name)}, with its first '
        f"{tables.DEPTH} documents and their grades, 0 to 3.</p>",
        *(_worst(one, is_open=i == 0) for i, one in enumerate(tables.worst(evaluation))),
        "<h2>How it was measured</h2>",
        "<ul>" + "".join(f"<li>{_safe(line)}</li>" for line in tables.method(evaluation)) + "</ul>",
        "<dl>" + "".join(f"<dt>{_safe(k)}</dt><dd>{_safe(v)}</dd>" for k, v in evaluation.stamp.items()) + "</dl>",
    ]
    style = files("xephang.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    return _PAGE.format(title=title, style=style, body="\n".join(parts))


def _differences(evaluation: Evaluation) -> list[str]:
    if not evaluation.comparisons:
        return []
    drawn = "".join(_figure(plots.deltas(evaluation, i)) for i in range(len(evaluation.comparisons)))
    return [
        _table(tables.comparisons(evaluation)),
        f"<h2>{label(HEADLINE)} query by query</h2>",
        f'<p class="lead">Each bar is a query: {_safe(evaluation.first.name)} minus the other system.</p>',
        f'<div class="row">{drawn}</div>',
    ]


def _calibration(evaluation: Evaluation) -> list[str]:
    table = tables.calibrations(evaluation)
    if table is None:
        return []
    first = evaluation.first
    drawn = [_figure(plots.diagram(first.scored.claim, first.reliability))] if first.reliability else []
    return [_table(table), *drawn]


def _table(table: Table, *, first: bool = False) -> str:
    header = _cells("th", table.header, table.words)
    opening = ['<tr class="first">' if first and not i else "<tr>" for i in range(len(table.rows))]
    rows = "".join(
        start + _cells("td", row, table.words) + "</tr>\n" for start, row in zip(opening, table.rows, strict=True)
    )
    note = f'<p class="note">{_safe(table.note)}</p>' if table.note else ""
    return f'<h2>{_safe(table.title)}</h2>\n<div class="scroll"><table><tr>{header}</tr>\n{rows}</table></div>{note}'


def _cells(tag: str, texts: Sequence[str], words: int) -> str:
    kinds = [' class="word"' if place < words else "" for place in range(len(texts))]
    return "".join(f"<{tag}{kind}>{_safe(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True))


def _worst(worst: Worst, *, is_open: bool) -> str:
    values: Mapping[str, float] = {label(HEADLINE): worst.value, **dict(worst.others)}
    figures = ", ".join(f"{_safe(name)} {value:.3f}" for name, value in values.items())
    lines = "\n".join(
        f'<li><span>{p.rank}</span><span class="grade g{p.grade}">grade {p.grade}</span>'
        f'<span class="score">{p.score}</span><span class="text">{_safe(p.text)}</span></li>'
        for p in worst.places
    )
    below = " ".join(map(str, worst.below))
    left = f'<p class="note">and {len(worst.below)} more, of grades {below}</p>' if worst.below else ""
    return (
        f"<details{' open' if is_open else ''}><summary><b>{_safe(worst.query)}</b>"
        f'<span class="note">{figures}</span></summary>\n<ol>\n{lines}\n</ol>{left}</details>'
    )


def _figure(svg: str) -> str:
    return f"<figure>{svg}</figure>"


def _safe(text: str) -> str:
    return escape(visible(text))
