"""Judgments that somebody has made already, brought into one file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xephang.files import check_regular
from xephang.judgments.data_card import Section, Tally, card_path, check_card, data_card, sources, write_data_card
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.qrels import open_judgments
from xephang.judgments.writing import check_output, write_judgments
from xephang.product import LISTING, ProductTemplate

_OF_A_LOG = " The source is a log: the last row of a query and document stands."


def import_judgments(
    path: Path,
    output: Path,
    *,
    queries: Path | None = None,
    documents: Path | None = None,
    template: ProductTemplate = LISTING,
    columns: Mapping[str, str] | None = None,
) -> Mapping[str, int]:
    """Write judgments of any form with their texts, and a data card beside them; return what they hold, in numbers.

    :param path: what `open_judgments` reads, with `queries` and `documents`.
    :param template: renders products as the judgments' texts.
    :param columns: the files' names for our columns.
    :raises InputError: if a file can not be read or written.
    :raises RowError: if a row is no judgment, or contradicts an earlier one.
    """
    read = [check_regular(one) for one in (path, queries, documents) if one]
    output = check_output(output, *read)
    check_card(card_path(output))
    judged = open_judgments(path, queries, documents, columns)
    tally = Tally()
    write_judgments(output, tally.count(_rows(judged, template)))
    sections: dict[str, Section] = {
        "Sources": sources({"grades": path, "queries": queries, "documents": documents}),
        "Method": "The grades are those of the source, 0 to 3; nothing was estimated."
        + _OF_A_LOG * judged.passed.is_log,
        "Parameters": {"template of products": template.name, "random numbers": "none"},
        "Left out": _left_out(judged),
    }
    write_data_card(output, data_card(f"{output.name}: imported judgments", sections, tally.counts))
    return tally.counts


def _left_out(judged: JudgmentSet) -> Section:
    repeated = {"rows that repeat an earlier one": f"{judged.repeated:,}"}
    if not judged.passed.is_log:
        return repeated
    return repeated | {
        "rows of the log that a later one replaced or took back": f"{judged.passed.overridden:,}",
        "lines of the log that can not be read": f"{judged.passed.unreadable:,}",
    }


def _rows(judged: JudgmentSet, template: ProductTemplate) -> Iterator[Mapping[str, Any]]:
    slices = {query_id: judged.slices_of(query_id) for query_id in judged.queries}
    names = sorted({name for one in slices.values() for name in one})
    for candidate in judged.candidates:
        document = candidate.document
        yield {
            "query_id": candidate.query_id,
            "query": candidate.query,
            "document_id": candidate.document_id,
            "document": document if isinstance(document, str) else template.render(document).text,
            "grade": candidate.grade,
            **{name: slices[candidate.query_id].get(name, []) for name in names},
        }
