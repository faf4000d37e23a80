"""The judgments that systems are measured on: who asked what, which candidates there are, and how good they are."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xephang.errors import InputError, RowError
from xephang.files import sha256
from xephang.judgments.documents import PRODUCT_COLUMNS, product_of
from xephang.judgments.graded import JUDGMENT_COLUMNS, Judgment, judgment_of
from xephang.judgments.pairs import column_names
from xephang.judgments.standing import Passed, standing_rows
from xephang.product import LISTING, Product
from xephang.text import SURROGATE, normalise

SLICES = ("shape", "noise", "facet", "facets")
"""Columns that sort queries into slices, beside those that start with `slice_`."""
_IDS = ("query_id", "document_id")
_SPACE = re.compile(r"[\s%]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One graded document of a query.

    :param document: its text, or a product, which each model renders by its own template.
    """

    query_id: str
    document_id: str
    query: str
    document: str | Product
    grade: int

    @property
    def text(self) -> str:
        """The document as a person reads it."""
        return self.document if isinstance(self.document, str) else LISTING.render(self.document).text


@dataclass(frozen=True)
class JudgmentSet:
    """Graded candidates, no (query, document) twice.

    :param slices: by the slice's name and its value, the ids of the queries that belong there.
    :param repeated: how many rows said again what an earlier one had said, and were left out.
    :param sha256: of the file they came from; empty where there is none.
    :param passed: what was passed over where that file is a log.
    """

    name: str
    candidates: tuple[Candidate, ...]
    slices: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    repeated: int = 0
    sha256: str = ""
    passed: Passed = field(default_factory=Passed)

    @classmethod
    def read(cls, path: str | Path, columns: Mapping[str, str] | None = None) -> "JudgmentSet":
        """Read judgments from CSV, JSONL or Parquet.

        A query is one by its `query_id`, a document by its `document_id`; without these columns by its text.
        `shape`, `noise`, `facet` and every `slice_…` column sort queries into slices; a list in one sorts a
        query into several values.

        Rows with `graded_at` are a log, in which the last row of a query and document stands (`standing_rows`); a
        document has the text or product of the last row that stands.

        :param columns: the file's names for `query`, `document` and `grade` where they differ.
        :raises InputError: if the file can not be read.
        :raises RowError: if a row is no judgment, or contradicts an earlier one.
        """
        path = Path(path)
        if str(path) == "-":
            raise InputError("judgments can not come from standard input, they are read twice; give a file")
        passed = Passed()
        gathered = Gathered(path, passed)
        names = column_names((*JUDGMENT_COLUMNS, *PRODUCT_COLUMNS), columns, path)
        for row in standing_rows(path, columns, passed):
            judgment = judgment_of(row, path, names)
            ids = [gathered.given_id(row.number, name, row.values.get(name)) for name in _IDS]
            product = product_of(row, path, names[3:])
            query_id = gathered.add(judgment, row.number, ids[0], ids[1], product)
            gathered.sort(query_id, row.values, row.number)
        return gathered.judgment_set(path.name, sha256(path))

    @classmethod
    def of(cls, judgments: Iterable[Judgment], name: str = "judgments") -> "JudgmentSet":
        """Take judgments that are in memory.

        :raises InputError: if there are none, or two contradict each other.
        """
        gathered = Gathered(name)
        for number, judgment in enumerate(judgments, start=1):
            gathered.add(judgment, number)
        return gathered.judgment_set(name)

    @cached_property
    def queries(self) -> Mapping[str, str]:
        """Each query's text by its id, in the order of the file."""
        return {candidate.query_id: candidate.query for candidate in self.candidates}

    def slices_of(self, query_id: str) -> dict[str, list[str]]:
        """Return the columns that sort a query into its slices, as `read` reads them."""
        named = {kind: [value for value, ids in by.items() if query_id in ids] for kind, by in self.slices.items()}
        return {f"slice_{kind}": values for kind, values in named.items() if values}

    @cached_property
    def places(self) -> Mapping[str, tuple[int, ...]]:
        """Where each query's candidates stand, by its id."""
        found: dict[str, list[int]] = {query_id: [] for query_id in self.queries}
        for place, candidate in enumerate(self.candidates):
            found[candidate.query_id].append(place)
        return {query_id: tuple(places) for query_id, places in found.items()}

    @cached_property
    def judgments(self) -> tuple[Judgment, ...]:
        """The grades, ids standing for the texts: what metrics are computed from."""
        return tuple(Judgment(c.query_id, c.document_id, c.grade) for c in self.candidates)


class Gathered:
    """Judgments met so far; each new one is held against them.

    :param source: named in errors.
    :param passed: says whether the source is a log.
    """

    def __init__(self, source: str | Path, passed: Passed | None = None) -> None:
        self._source = source
        self._passed = passed or Passed()
        self._found: dict[tuple[str, str], tuple[Candidate, int]] = {}
        self._query_ids: dict[str, str] = {}
        self._document_ids: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._documents: dict[str, str | Product] = {}
        self._slices: dict[str, dict[str, set[str]]] = {}
        self._repeated = 0
        self._with_id: dict[str, bool] = {}

    def add(
        self, judgment: Judgment, row: int, query_id: str = "", document_id: str = "", product: Product | None = None
    ) -> str:
        """Take one judgment, its ids given or made from the texts; return the query's id.

        :param product: what the judgment's text was rendered from.
        :raises RowError: if a grade or a query's text is another than before.
        """
        query_id = self.query_id(judgment.query, row, query_id)
        self._all_or_none("document_id", bool(document_id), row)
        document_id = document_id or self._document_ids.setdefault(judgment.document, f"d{len(self._document_ids) + 1}")
        document = product or judgment.document
        return self.put(Candidate(query_id, document_id, judgment.query, document, judgment.grade), row)

    def given_id(self, row: int, name: str, value: object) -> str:
        """Return an id of a row; in a log, where shops make them, spaces are escaped as in URLs.

        :raises RowError: as `plain_id` does.
        """
        if self._passed.is_log and isinstance(value, str):
            value = _SPACE.sub(lambda found: quote(found[0]), value.strip())
        return plain_id(self._source, row, name, value)

    def query_id(self, text: str, row: int, given: str = "") -> str:
        """Return the id of a query; where none was given one is made, equal texts having the same.

        :raises RowError: if some rows have one and others none.
        """
        self._all_or_none("query_id", bool(given), row)
        return given or self._query_ids.setdefault(text, f"q{len(self._query_ids) + 1}")

    def _all_or_none(self, name: str, given: bool, row: int) -> None:
        if self._with_id.setdefault(name, given) != given:
            raise RowError(self._source, row, name, "some rows have one and others none; give it in every row, or none")

    def put(self, candidate: Candidate, row: int) -> str:
        """Take one candidate; return the query's id.

        :raises RowError: if a grade or a query's text is another than before.
        """
        query_id = candidate.query_id
        if self._texts.setdefault(query_id, candidate.query) != candidate.query:
            raise RowError(
                self._source,
                row,
                "query",
                f"query_id '{query_id}' was '{self._texts[query_id]}' before; one id, one text",
            )
        document_id, document = candidate.document_id, candidate.document
        if self._passed.is_log:
            self._documents[document_id] = document
        elif (known := self._documents.setdefault(document_id, document)) != document:
            were = f"was {_short(known)} before, and is {_short(document)} here"
            raise RowError(self._source, row, "document", f"document_id '{document_id}' {were}; one id, one text")
        first, number = self._found.setdefault((query_id, candidate.document_id), (candidate, row))
        if first.grade != candidate.grade:
            raise RowError(
                self._source,
                row,
                "grade",
                f"it is {candidate.grade} here and {first.grade} in row {number} for the same query and document; "
                "keep one of the two",
            )
        self._repeated += number != row
        return query_id

    def sort(self, query_id: str, values: Mapping[str, Any], row: int, source: Path | None = None) -> None:
        """Sort a query into the slices that its row names.

        :param source: the row's file, where it is not that of the grades.
        :raises RowError: if a slice's value is no text, number or list of them.
        """
        for name, value in values.items():
            if name not in SLICES and not name.startswith("slice_"):
                continue
            for one in value if isinstance(value, list | tuple) else [value]:
                if (text := _as_text(one)) == "":
                    continue
                if not isinstance(one, str | int | float):
                    problem = f"expected a text, or a list of texts, got {text[:40]!r}"
                    raise RowError(source or self._source, row, name, problem)
                kind = self._slices.setdefault(normalise(name.removeprefix("slice_")), {})
                kind.setdefault(normalise(text), set()).add(query_id)

    def judgment_set(self, name: str, digest: str = "") -> JudgmentSet:
        """Return what was gathered.

        :raises InputError: if that is nothing.
        """
        if not self._found:
            raise InputError(f"{self._source}: there are no judgments to measure on")
        slices = {kind: {v: frozenset(ids) for v, ids in sorted(by.items())} for kind, by in self._slices.items()}
        candidates = tuple(self._with_document(candidate) for candidate, _ in self._found.values())
        return JudgmentSet(name, candidates, slices, self._repeated, digest, self._passed)

    def _with_document(self, candidate: Candidate) -> Candidate:
        """Give a candidate what its document was last; equal ones become one, so that each is kept once."""
        last = self._documents[candidate.document_id]
        return candidate if last is candidate.document else replace(candidate, document=last)


def plain_id(path: str | Path, row: int, name: str, value: object) -> str:
    """Return an id as text, empty where there is none.

    :raises RowError: if it has white space or half a character, which TREC files could not hold.
    """
    text = _as_text(value)
    if isinstance(value, bool | list | dict | bytes) or text != "".join(text.split()) or SURROGATE.search(text):
        raise RowError(path, row, name, f"expected an id without spaces, got {text[:40]!r}")
    return text


def _as_text(value: object) -> str:
    """Return a cell as text: empty for none and for NaN, and 17 for 17.0, which is what tables make of gaps."""
    if isinstance(value, float):
        value = None if value != value else int(value) if value.is_integer() else value
    return "" if value is None else str(value)


def _short(document: str | Product) -> str:
    text = document if isinstance(document, str) else document.title
    return f"'{text[:40]}…'" if len(text) > 40 else f"'{text}'"
