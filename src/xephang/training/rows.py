"""Training pairs in the shape that a loss wants."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from datasets import Dataset

from xephang.errors import InputError
from xephang.judgments import Pair
from xephang.judgments.pairs import HIGHEST_GRADE, PAIR_COLUMNS
from xephang.training.losses import Shape


def to_dataset(pairs: Sequence[Pair], shape: Shape, num_labels: int, *, taught: bool = False) -> Dataset:
    """Return a `datasets.Dataset`.

    - pairs, chances, classes: the rows as they are; chances are labels from 0 to 1, classes whole numbers below
      `num_labels`.
    - triplets: (query, positive, negative) for each two documents of a query with labels above 0 and 0.
    - margins: (query, document_0, document_1), label = difference, for each two with different labels.
    - lists: (query, documents, labels), one row a query whose documents differ in their labels.
    - graded lists: the same for every query; labels are grades. With a teacher, `asked` besides: what it reads.

    :param taught: by a teacher, which reads the query without its noise.

    Rows of one `query_id` belong together, and where they have none, rows of one query.

    :raises InputError: if the pairs hold nothing of that shape, or labels of the wrong kind, or a `query_id` stands
        for two queries.
    """
    if shape in ("pairs", "chances", "classes"):
        _check_labels(pairs, shape, num_labels)
        columns = [[p.query for p in pairs], [p.document for p in pairs], [p.label for p in pairs]]
        return Dataset.from_dict(dict(zip(PAIR_COLUMNS, columns, strict=True)))
    if shape == "graded lists":
        _check_labels(pairs, shape, num_labels)
    rows = [row for found in by_query(pairs) for row in _ROWS[shape](found[0].query, found)]
    if taught:
        rows = [{**row, "asked": found[0].clean} for row, found in zip(rows, by_query(pairs), strict=True)]
    if not rows:
        raise InputError(f"no query has what this loss learns from ({WANTS[shape]})")
    return Dataset.from_list(rows)


def teaches(shape: Shape, found: Sequence[Pair]) -> bool:
    """Tell whether a query's rows have what a loss of this shape, one of `WANTS`, learns from."""
    if shape == "triplets":
        return len({pair.label > 0 for pair in found}) == 2
    return shape == "graded lists" or len({pair.label for pair in found}) > 1


def by_query(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Return the rows of each query, in the order in which the queries first occur.

    :raises InputError: if a `query_id` stands for two queries.
    """
    found: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        key = (pair.query_id, "" if pair.query_id else pair.query)
        together = found.setdefault(key, [])
        if together and together[0].query != pair.query:
            raise InputError(
                f"query_id '{pair.query_id}' stands for two queries, '{together[0].query[:40]}' and "
                f"'{pair.query[:40]}'; give each its own"
            )
        together.append(pair)
    return list(found.values())


def _check_labels(pairs: Sequence[Pair], shape: Shape, num_labels: int) -> None:
    if shape == "pairs":
        return
    highest = {"classes": num_labels - 1, "graded lists": HIGHEST_GRADE}.get(shape, 1)
    whole = "" if shape == "chances" else "whole "
    for number, pair in enumerate(pairs, start=1):
        if not 0 <= pair.label <= highest or (whole and not isinstance(pair.label, int)):
            raise InputError(
                f"training row {number}: label {pair.label}, where this loss takes {whole}numbers from 0 to {highest}"
                + (f" (num_labels = {num_labels})" if shape == "classes" else "")
                + "; change the labels, or name another loss"
            )


def _triplets(query: str, found: Sequence[Pair]) -> list[dict[str, Any]]:
    positives = [p.document for p in found if p.label > 0]
    negatives = [p.document for p in found if p.label <= 0]
    return [{"query": query, "positive": p, "negative": n} for p, n in product(positives, negatives)]


def _margins(query: str, found: Sequence[Pair]) -> list[dict[str, Any]]:
    return [
        {"query": query, "document_0": a.document, "document_1": b.document, "label": float(a.label - b.label)}
        for a, b in product(found, found)
        if a.label > b.label
    ]


def _lists(query: str, found: Sequence[Pair]) -> list[dict[str, Any]]:
    if len({p.label for p in found}) < 2:
        return []
    return [{"query": query, "docs": [p.document for p in found], "labels": [float(p.label) for p in found]}]


def _graded_lists(query: str, found: Sequence[Pair]) -> list[dict[str, Any]]:
    return [{"query": query, "docs": [p.document for p in found], "labels": [p.label for p in found]}]


_ROWS = {"triplets": _triplets, "margins": _margins, "lists": _lists, "graded lists": _graded_lists}
WANTS: Mapping[Shape, str] = {
    "triplets": "a document with a label above 0 and one with label 0",
    "margins": "two documents with different labels",
    "lists": "two documents with different labels",
    "graded lists": "a graded document",
}
"""What a query needs, where a loss learns from its documents together."""
