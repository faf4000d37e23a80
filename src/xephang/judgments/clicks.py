"""Graded judgments from a click log and a catalogue."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.catalogue import Catalogue
from xephang.errors import InputError
from xephang.files import check_apart, check_regular
from xephang.judgments.click_log import LOG_COLUMNS, Counts, Whole, read_clicks
from xephang.judgments.data_card import Section, Tally, card_path, check_card, data_card, sources, write_data_card
from xephang.judgments.examination import Examination, estimate_examination
from xephang.judgments.writing import check_output, write_judgments
from xephang.product import LISTING, ProductTemplate

_METHOD = """The position-based model: a click takes that the position is looked at, and that the product attracts.
How likely each position is looked at (its examination, relative to the likeliest) is estimated from the products that
one query showed at different positions, by Poisson pseudo-likelihood (the iterated form of clicks over expected clicks;
Zhang and Jones, WWW 2007; Wooldridge, 1999). A product's lift is its clicks over those that the average product would
have had in the same positions, both with the prior's clicks added, which is the mean under a Beta prior. The grade is
read off the lift.

It is assumed that whether a position is looked at depends on nothing but the position, and that clicks speak of
relevance: they tell what attracts in a list, which pictures, prices and brands do too."""


@dataclass(frozen=True)
class Grading:
    """How counts become grades.

    :param least_seen: pairs with fewer impressions are left out, each counted by how likely it was looked at.
    :param prior: clicks of an average product that are added to each pair's own.
    :param lifts: from which lift a pair has grade 1, 2 and 3; an average product has a lift of 1.
    :param folded: take queries that differ only by diacritics as one.
    """

    least_seen: float = 20.0
    prior: float = 2.0
    lifts: tuple[float, float, float] = (0.5, 1.0, 2.0)
    folded: bool = False

    def __post_init__(self) -> None:
        """Check the numbers.

        :raises InputError: if one is out of its range.
        """
        if not self.least_seen >= 0:
            raise InputError(f"least_seen is {self.least_seen}; it must be 0 or more")
        if not 0 < self.prior < float("inf"):
            raise InputError(f"prior is {self.prior}; it must be more than 0 clicks")
        if not 0 < self.lifts[0] <= self.lifts[1] <= self.lifts[2]:
            raise InputError(f"lifts are {self.lifts}; they must be above 0, none below the one before")


@dataclass(frozen=True)
class Estimates:
    """What the log says of each (query, product), all arrays (n,), by query and then by falling lift.

    :param seen: impressions, each counted by the examination of its position.
    :param lift: clicks over those of an average product in the same positions, drawn to 1 by the prior.
    :param weight: how much of the lift is the log's and not the prior's, 0 to 1.
    """

    query: Whole
    product: Whole
    seen: NDArray[np.float64]
    lift: NDArray[np.float64]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class ClickReport:
    """What became of a log.

    :param counts: rows, queries, products and grades of the judgments.
    :param left_out: how many of what was left out, by the reason.
    :param examination: by position.
    :param card: where the data card is.
    """

    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    examination: Examination
    card: Path


def judge_clicks(
    log: Path,
    catalogue: Path,
    output: Path,
    *,
    grading: Grading = Grading(),
    template: ProductTemplate = LISTING,
    columns: Mapping[str, str] | None = None,
    keep_going: bool = False,
    rejects: Path | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> ClickReport:
    """Write graded judgments of a click log's queries and products, and a data card beside them.

    :param log: CSV, JSONL or Parquet, as `read_clicks` takes it.
    :param catalogue: the products; those that it does not have count for the positions and are not judged.
    :param template: renders products as the judgments' texts.
    :param columns: the log's names for `LOG_COLUMNS`, and the catalogue's for a product's fields.
    :param keep_going: leave bad rows of both out and count them; else the first one is raised.
    :param rejects: where to write the log's rows that were left out, as JSONL.
    :raises InputError: if a file can not be read or written, or nothing is left to judge.
    :raises RowError: at the first bad row, without `keep_going`.
    """
    read = [check_regular(log), check_regular(catalogue)]
    output = check_output(output, *read)
    check_card(card_path(output))
    if rejects:
        check_apart(rejects, catalogue, output, card_path(output))
    ours, rest = _for_log(columns or {})
    products = Catalogue.open(catalogue, columns=rest, keep_going=keep_going)
    counts = read_clicks(log, ours, folded=grading.folded, keep_going=keep_going, rejects=rejects, on_rows=on_rows)
    examination = estimate_examination(counts)
    found = estimate(counts, examination, grading.prior)
    enough = found.seen >= grading.least_seen
    wanted = {counts.products[at] for at in np.unique(found.product[enough])}
    texts, empty = _texts(products, wanted, template)
    known = np.array([product in texts for product in counts.products])
    kept = np.flatnonzero(enough & known[found.product])
    left_out = {
        "rows of the log that can not be read": counts.rejected,
        "rows of the log that tell of nothing shown": counts.not_shown,
        "rows of the catalogue that can not be read": products.report.rejected,
        "products without a text": empty,
        "pairs seen too seldom": int((~enough).sum()),
        "pairs whose product has no text, or is not in the catalogue": int(enough.sum()) - len(kept),
    }
    if not len(kept):
        why = ", ".join(f"{number:,} {reason}" for reason, number in left_out.items() if number)
        raise InputError(f"{log}: nothing is left to judge: {why}; lower least_seen, or check the ids of {catalogue}")
    tally = Tally()
    write_judgments(output, tally.count(_rows(counts, found, kept, texts, grading.lifts)))
    sections: dict[str, Section] = {
        "Sources": sources({"click log": log, "catalogue": catalogue}) | {"rows of the log": f"{counts.rows:,}"},
        "Method": _METHOD,
        "Parameters": _parameters(grading, template),
        "Examination": _shown(examination),
        "Left out": {reason: f"{number:,}" for reason, number in left_out.items()},
    }
    card = write_data_card(output, data_card(f"{output.name}: judgments from clicks", sections, tally.counts))
    return ClickReport(tally.counts, left_out, examination, card)


def _texts(products: Catalogue, wanted: Container[str], template: ProductTemplate) -> tuple[dict[str, str], int]:
    """Return the texts of the products wanted, by id, and of how many of these the template makes none."""
    texts: dict[str, str] = {}
    empty = 0
    for product in products:
        if product.id in wanted:
            try:
                texts[product.id] = template.render(product).text
            except InputError:
                empty += 1
    return texts, empty


def _for_log(columns: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    ours = {name: theirs for name, theirs in columns.items() if name in LOG_COLUMNS}
    return ours, {name: theirs for name, theirs in columns.items() if name not in ours}


def estimate(counts: Counts, examination: Examination, prior: float = 2.0) -> Estimates:
    """Estimate how much each product attracts under each query, whatever its positions.

    :param prior: as `Grading` has it.
    :raises InputError: if there is not a single click.
    """
    if not counts.clicks.any():
        raise InputError("the log has no clicks, so nothing can be told from it; check the column 'clicked'")
    # Sorted as the counts are, a pair begins wherever the query or the product changes.
    begins = np.diff(counts.query, prepend=-1).astype(bool) | np.diff(counts.product, prepend=-1).astype(bool)
    at = np.cumsum(begins) - 1
    query, product = counts.query[begins], counts.product[begins]
    seen = np.bincount(at, counts.impressions * examination.of(counts.position)).astype(np.float64)
    clicks = np.bincount(at, counts.clicks).astype(np.float64)
    expected = seen * clicks.sum() / seen.sum()
    lift = (clicks + prior) / (expected + prior)
    order = np.lexsort((-lift, query))
    weight = expected / (expected + prior)
    return Estimates(query[order], product[order], seen[order], lift[order], weight[order])


def _rows(
    counts: Counts, found: Estimates, kept: Whole, texts: Mapping[str, str], lifts: tuple[float, float, float]
) -> Iterator[Mapping[str, Any]]:
    for at in kept:
        query, product, lift = int(found.query[at]), counts.products[found.product[at]], float(found.lift[at])
        yield {
            "query_id": f"q{query + 1}",
            "query": counts.queries[query],
            "document_id": product,
            "document": texts[product],
            "grade": sum(lift >= least for least in lifts),
            "lift": round(lift, 4),
            "weight": round(float(found.weight[at]), 4),
        }


def _parameters(grading: Grading, template: ProductTemplate) -> Mapping[str, object]:
    return {
        "least impressions seen": f"{grading.least_seen:g}",
        "prior, in clicks": f"{grading.prior:g}",
        **{f"grade {grade} from a lift of": f"{lift:g}" for grade, lift in enumerate(grading.lifts, start=1)},
        "queries are the same": "in lower case and without diacritics" if grading.folded else "in lower case",
        "template": template.name,
        "random numbers": "none",
    }


def _shown(examination: Examination) -> Mapping[str, object]:
    ranges: dict[float, list[int]] = {}
    for position, value in examination.positions.items():
        ranges.setdefault(value, []).append(position)
    shown = {
        f"position {at[0]}" if len(at) == 1 else f"positions {at[0]} to {at[-1]}": f"{value:.3f}"
        for value, at in ranges.items()
    }
    state = f"{examination.rounds} rounds" if examination.converged else f"not settled in {examination.rounds} rounds"
    return {"estimated from": f"{examination.informative:.1%} of the clicks, {state}", **shown}
