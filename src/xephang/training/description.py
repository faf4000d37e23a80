"""What the card says of the rows that a loss was given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from datasets import Dataset

from xephang.card import DatasetRecord, describe_dataset
from xephang.card.statistics import MEASURED, MOST_SHARES
from xephang.judgments import Pair
from xephang.training.losses import Shape
from xephang.training.rows import WANTS, by_query, teaches


def describe_rows(rows: Dataset, shape: Shape, pairs: Sequence[Pair], read: Sequence[Pair]) -> DatasetRecord:
    """Describe rows as they were trained on, and count what was left out of the pairs on the way.

    :param pairs: what the rows were made of.
    :param read: the same, each cut to what the model reads.
    """
    notes = []
    if shape in WANTS:
        queries = by_query(pairs)
        taught = [found for found in queries if teaches(shape, found)]
        if "lists" in shape:
            notes += _lists(taught)
        if left_out := len(queries) - len(taught):
            notes.append(f"Left out: {left_out:,} of {len(queries):,} queries, for want of {WANTS[shape]}.")
    if shape == "graded lists" and (idle := sum(not any(p.label for p in found) for found in by_query(pairs))):
        notes.append(f"Lists whose grades are all 0, which teach no order: {idle:,}.")
    if cut := sum(one.document != other.document for one, other in zip(pairs, read, strict=True)):
        notes.append(
            f"Cut to the model's length: {cut:,} of {len(pairs):,} pairs, as serving cuts them: the query never, a "
            "product by the template's order, a text from its end."
        )
    head = rows.select(range(min(MEASURED, len(rows))))
    return replace(describe_dataset("", head, size=len(rows), columns=rows.column_names), notes=tuple(notes))


def _lists(taught: Sequence[Sequence[Pair]]) -> list[str]:
    sizes = [len(found) for found in taught]
    labels = Counter(pair.label for found in taught for pair in found)
    lengths = f"{min(sizes)} at least, {sum(sizes) / len(sizes):.2f} on average, {max(sizes)} at most"
    shares = [f"{label:g}: {count / sum(sizes):.2%}" for label, count in islice(sorted(labels.items()), MOST_SHARES)]
    span = f"{len(labels):,} different ones from {min(labels):g} to {max(labels):g}"
    return [
        f"Lists: {len(sizes):,} queries with {sum(sizes):,} documents; documents a query: {lengths}.",
        f"Labels in them: {', '.join(shares) if len(labels) <= MOST_SHARES else span}.",
    ]
