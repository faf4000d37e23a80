"""A data card: where judgments come from, how they were made, and what was left out, as plain Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from xephang.errors import InputError
from xephang.files import check_file, sha256, write_text
from xephang.judgments.graded import JUDGMENT_COLUMNS
from xephang.markdown import escape, table
from xephang.version import __version__

Section = str | Mapping[str, object]
_MOST_GRADES = 10
_MADE_BY = "Made by xephang "


class Tally:
    """Counts rows as they pass.

    :param columns: of the query, the document and the grade or label.
    """

    def __init__(self, columns: tuple[str, str, str] = JUDGMENT_COLUMNS) -> None:
        self._query, self._document, self._grade = columns
        self._queries: set[str] = set()
        self._documents: set[str] = set()
        self._grades: Counter[Any] = Counter()

    def count(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows; queries and documents are told apart by `query_id` and `document_id`, else by text."""
        for row in rows:
            self._queries.add(row.get("query_id") or row[self._query])
            self._documents.add(row.get("document_id") or row[self._document])
            self._grades[row[self._grade]] += 1
            yield row

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows, queries, products, and rows of each grade, unless these are scores of many values."""
        found = {
            "rows": self._grades.total(),
            "queries": len(self._queries),
            "products": len(self._documents),
        }
        if len(self._grades) <= _MOST_GRADES:
            found |= {f"{self._grade} {value}": self._grades[value] for value in sorted(self._grades, reverse=True)}
        return found


def data_card(title: str, sections: Mapping[str, Section], counts: Mapping[str, int]) -> str:
    """Return a data card.

    :param sections: by their headings; a text is Markdown, a mapping becomes a table of whatever it holds.
    :param counts: what is in the data, such as `Tally.counts`.
    """
    parts = [f"# {escape(title)}", f"{_MADE_BY}{__version__}.", _table({k: f"{v:,}" for k, v in counts.items()})]
    for heading, section in sections.items():
        parts += [f"## {escape(heading)}", section.strip() if isinstance(section, str) else _table(section)]
    return "\n\n".join(filter(None, parts)) + "\n"


def write_data_card(data: Path, card: str) -> Path:
    """Write the card of a data file beside it, as `DATA.md`; return where."""
    path = check_card(card_path(data))
    write_text(path, card)
    return path


def check_card(path: Path) -> Path:
    """Return the path that a data card will be written to: worth asking before there is anything to tell.

    :raises InputError: if something else stands there than an earlier card.
    """
    if check_file(path).exists():
        with path.open(encoding="utf-8", errors="replace") as stream:
            is_card = any(line.startswith(_MADE_BY) for line in islice(stream, 4))
        if not is_card:
            raise InputError(f"{path}: is there already and is no data card; move it away, or name another place")
    return path


def card_path(data: Path) -> Path:
    """Return where a data file's card stands: train.jsonl has train.jsonl.md."""
    return data.with_name(f"{data.name}.md")


def sources(files: Mapping[str, Path | None]) -> dict[str, str]:
    """Return a section that says which files were read: each one's name and SHA-256, by what it was read as."""
    return {what: f"{path.name}, sha256 {sha256(path)}" for what, path in files.items() if path}


def _table(values: Mapping[str, object]) -> str:
    rows = [[escape(str(name)), escape(str(value))] for name, value in values.items()]
    return table(["", ""], rows) if rows else ""
