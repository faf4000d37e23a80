"""What a person sees: results on stdout, all else on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xephang.errors import InputError

_WIDTH_WHEN_PIPED = 120


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    print(f"xephang: {message}", file=sys.stderr)  # noqa: T201


def note(message: str) -> None:
    """Say on stderr something worth knowing."""
    print(message, file=sys.stderr)  # noqa: T201


def print_json(value: object) -> None:
    """Write one JSON value as a line on stdout."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))  # noqa: T201


def print_line(text: str) -> None:
    """Write a line on stdout."""
    print(text)  # noqa: T201


def print_table(title: str, columns: Mapping[str, str], rows: Iterable[Sequence[str]]) -> None:
    """Draw a table on stdout.

    :param columns: heading to "left", "right" or "wide" (left, takes the room that is left, cut with …).
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, highlight=False)
    table = Table(title=Text(title), title_justify="left", title_style="bold", expand=True)
    for heading, kind in columns.items():
        wide = kind == "wide"
        table.add_column(
            heading,
            justify="right" if kind == "right" else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if wide else None,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def column_map(options: Sequence[str] | None) -> dict[str, str]:
    """Read `--column ours=theirs` options.

    :raises InputError: if one has no '='.
    """
    pairs = [option.split("=", 1) for option in options or ()]
    for pair in pairs:
        if len(pair) != 2 or not all(pair):
            raise InputError(f"--column '{'='.join(pair)}': write OURS=THEIRS, such as title=name")
    return {ours.strip(): theirs.strip() for ours, theirs in pairs}


def price(value: Any) -> str:
    """Write a price as Vietnamese shops do: 268.000đ."""
    return f"{value:,.0f}đ".replace(",", ".") if value is not None else ""
