"""Click logs, counted: how often each product was shown and clicked, by query and position."""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang.catalogue import Row
from xephang.catalogue.formats import format_of
from xephang.catalogue.rejects import setting_aside
from xephang.catalogue.row import BadRow
from xephang.catalogue.rows import scan
from xephang.catalogue.source import Source
from xephang.errors import InputError, RowError
from xephang.judgments.judged import plain_id
from xephang.judgments.pairs import cell, column_names, number, text_cell
from xephang.text import fold, normalise, repair

LOG_COLUMNS = ("query", "product_id", "position", "clicked", "shown", "clicks", "impressions")
DEEPEST = 1023
"""Positions further down are counted as this one."""
Whole = NDArray[np.int64]
_QUERY_BITS, _PRODUCT_BITS, _POSITION_BITS = 27, 26, 10
_PENDING = 1 << 20
_YES, _NO = ("1", "true", "t", "yes", "y"), ("0", "false", "f", "no", "n")


@dataclass(frozen=True)
class Counts:
    """A log as counts, one place of the arrays for each (query, product, position), in this order.

    :param rows: read, of which `rejected` were none of a log and `not_shown` told of nothing that was shown.
    :param queries: each query as it was most often typed, by its number.
    :param products: ids, by their numbers.
    """

    rows: int
    rejected: int
    not_shown: int
    queries: tuple[str, ...]
    products: tuple[str, ...]
    query: Whole
    product: Whole
    position: Whole
    impressions: Whole
    clicks: Whole


def read_clicks(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    folded: bool = False,
    keep_going: bool = False,
    rejects: Path | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> Counts:
    """Count a log; of its rows no more is held in memory than the counts.

    A row is one product shown, with `clicked`, and it may say itself that it was not `shown`; or it sums up many,
    with `impressions` and `clicks`. Queries are the same that are so in lower case once repaired and normalised.

    :param columns: the file's names for `LOG_COLUMNS` where they differ.
    :param folded: queries are the same that are so without diacritics.
    :param keep_going: leave bad rows out and count them; else the first one is raised.
    :param rejects: where to write the rows left out, as JSONL.
    :param on_rows: is told now and then how many rows were read.
    :raises InputError: if the file can not be read, or has no row of a log.
    :raises RowError: at the first bad row, without `keep_going`.
    """
    source = Source.of(path)
    if rejects is not None and not keep_going:
        raise InputError(f"rejects '{rejects}': rows are set aside only with keep_going; add it")
    if rejects is not None and source.is_file(rejects):
        raise InputError(f"rejects '{rejects}': is the file that is read; choose another")
    log, rows, rejected = _Log(path, column_names(LOG_COLUMNS, columns, path), folded), 0, 0
    first: RowError | None = None
    with setting_aside(rejects) as set_aside:
        for rows, item in enumerate(scan(source, format_of(source)), start=1):
            try:
                log.add(item)
            except RowError as error:
                if not keep_going:
                    raise
                rejected, first = rejected + 1, first or error
                set_aside(error, item)
            if on_rows and rows % 10_000 == 0:
                on_rows(rows)
    if rejected == rows:
        raise InputError(f"{path}: none of {rows:,} rows can be used; the first: {first}")
    return log.counts(rows, rejected)


class _Log:
    def __init__(self, path: str | Path, names: list[str], folded: bool) -> None:
        self._path, self._folded = path, folded
        self._query, self._product, self._position, self._clicked, self._shown, self._clicks, self._impressions = names
        self._form = lru_cache(1 << 16)(_form)
        self._forms: dict[str, list[int]] = {}  # the query's number, and how often it was shown in this form
        self._queries: dict[str, int] = {}
        self._products: dict[str, int] = {}
        self._cells = _Cells()
        self._not_shown = 0

    def add(self, row: Row | BadRow) -> None:
        """Count one row.

        :raises RowError: if it is none of a log.
        """
        if isinstance(row, BadRow):
            raise row.error
        impressions, clicks = self._counted(row)
        if not impressions:
            self._not_shown += 1
            return
        query = cell(row, self._query, self._path)
        form = self._form(query) if isinstance(query, str) else ""
        if not form:
            text_cell(query, row, self._query, self._path)
        product = self._product_id(row)
        position = self._whole(row, self._position)
        known = self._forms.get(form)
        if known is None:
            key = fold(form).lower() if self._folded else form.lower()
            known = self._forms[form] = [self._queries.setdefault(key, len(self._queries)), 0]
        known[1] += impressions
        at = self._products.setdefault(product, len(self._products))
        self._cells.add(known[0], at, min(position, DEEPEST), impressions, clicks)

    def counts(self, rows: int, rejected: int) -> Counts:
        """Return what was counted.

        :raises InputError: if nothing was shown.
        """
        if not self._forms:
            raise InputError(f"{self._path}: no row tells of a product that was shown")
        best: dict[int, tuple[int, str]] = {}
        for form, (query, shown) in self._forms.items():
            if query not in best or shown > best[query][0]:
                best[query] = shown, form
        texts = tuple(best[query][1] for query in range(len(self._queries)))
        return Counts(rows, rejected, self._not_shown, texts, tuple(self._products), *self._cells.columns())

    def _counted(self, row: Row) -> tuple[int, int]:
        if self._impressions in row.values:
            impressions, clicks = self._whole(row, self._impressions), self._whole(row, self._clicks)
            if clicks > impressions:
                problem = f"has {clicks} clicks in {impressions} impressions; count one click an impression"
                raise RowError(self._path, row.number, self._clicks, problem)
            return impressions, clicks
        clicked = self._yes(row, self._clicked)
        shown = self._yes(row, self._shown) if self._shown in row.values else True
        if clicked and not shown:
            raise RowError(self._path, row.number, self._shown, "was clicked and not shown; one of the two is wrong")
        return int(shown), int(clicked)

    def _product_id(self, row: Row) -> str:
        found = plain_id(self._path, row.number, self._product, cell(row, self._product, self._path))
        if not found:
            raise RowError(self._path, row.number, self._product, "there is no product's id")
        return found

    def _whole(self, row: Row, name: str) -> int:
        value = cell(row, name, self._path)
        found = number(value, row, name, self._path)
        if isinstance(value, bool) or not isinstance(found, int) or not 0 <= found < 1 << 31:
            raise RowError(self._path, row.number, name, f"expected a whole number from 0 on, got {found}")
        return found

    def _yes(self, row: Row, name: str) -> bool:
        value = cell(row, name, self._path)
        text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip().lower()
        if text not in (*_YES, *_NO):
            raise RowError(self._path, row.number, name, f"expected 1 or 0, true or false, got {str(value)[:40]!r}")
        return text in _YES


class _Cells:
    """Impressions and clicks by (query, product, position): 24 bytes for each that occurs."""

    def __init__(self) -> None:
        self._keys, self._impressions, self._clicks = array("q"), array("q"), array("q")
        self._limit = _PENDING

    def add(self, query: int, product: int, position: int, impressions: int, clicks: int) -> None:
        self._keys.append((query << _PRODUCT_BITS | product) << _POSITION_BITS | position)
        self._impressions.append(impressions)
        self._clicks.append(clicks)
        if len(self._keys) >= self._limit:
            self._sum_up()

    def columns(self) -> tuple[Whole, Whole, Whole, Whole, Whole]:
        """Return query, product, position, impressions, clicks."""
        self._sum_up()
        keys, impressions, clicks = (np.array(one, np.int64) for one in (self._keys, self._impressions, self._clicks))
        pairs, position = keys >> _POSITION_BITS, keys & ((1 << _POSITION_BITS) - 1)
        return pairs >> _PRODUCT_BITS, pairs & ((1 << _PRODUCT_BITS) - 1), position, impressions, clicks

    def _sum_up(self) -> None:
        keys = np.array(self._keys, np.int64)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        summed = [np.add.reduceat(np.array(one, np.int64)[order], starts) for one in (self._impressions, self._clicks)]
        self._keys, self._impressions, self._clicks = (array("q", x.tobytes()) for x in (keys[starts], *summed))
        self._limit = max(_PENDING, 2 * len(starts))


def _form(text: str) -> str:
    return normalise(repair(text).text)
