"""One row of a log of grades: checked before it is written, for a log is never mended."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from xephang.catalogue import Row
from xephang.catalogue.jsonl import scan_jsonl
from xephang.catalogue.source import Source
from xephang.errors import InputError
from xephang.judgments.pairs import HIGHEST_GRADE
from xephang.judgments.standing import GRADED_AT, Keys
from xephang.product import LISTING, Product
from xephang.product.reading import scalar, table
from xephang.text import normalise

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Given:
    """A grade that somebody gave.

    :param grade: 0 to 3; None takes back what stands.
    :param at: None for now.
    """

    query: str
    product: Product
    grade: int | None
    by: str = ""
    at: datetime | None = None


def row_of(given: Given) -> dict[str, Any]:
    """Return the row to write.

    :raises InputError: if it would be none that `xephang evaluate` and a recipe can read.
    """
    query, by, grade = normalise(given.query), normalise(given.by), given.grade
    if not query:
        raise InputError("query: is empty; a grade needs one")
    if not given.product.id.strip():
        raise InputError("product: has no id; give each product its own")
    if isinstance(grade, bool) or grade not in (None, *range(HIGHEST_GRADE + 1)):
        raise InputError(f"grade: expected 0, 1, 2, 3 or null, got {str(grade)[:40]}")
    if len(by) > LONGEST_NAME:
        raise InputError(f"by: has {len(by):,} characters; at most {LONGEST_NAME} are taken")
    if grade is not None:
        LISTING.render(given.product)  # raises where there is nothing to rank by
    at = (given.at or datetime.now(UTC)).astimezone(UTC)
    return {
        "query": query,
        "document_id": given.product.id,
        "product": given.product.to_dict(),
        "grade": grade,
        GRADED_AT: at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
        "by": by,
    }


def line_of(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line.

    :raises InputError: if a reader would not take it.
    """
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"product: can not be written as JSON: {error}") from None
    # Half a character, which UTF-8 can not hold, becomes a JSON escape.
    line = (text + "\n").encode("utf-8", "backslashreplace")
    read = next(scan_jsonl(Source("product", data=line)))
    if not isinstance(read, Row):
        raise InputError(f"product: {read.error.problem}")
    return line


def given_in(values: Mapping[str, Any], find: Callable[[str], Product | None] | None = None) -> Given:
    """Read a row of an import: one of a log, or of `query`, `product_id` (or `document_id`) and `grade`.

    :param find: returns a product by its id, for rows without a record.
    :raises InputError: if it is none.
    """
    query, by = values.get("query"), values.get("by")
    if not isinstance(query, str):
        raise InputError(f"query: expected a text, got {str(query)[:40]!r}")
    if not isinstance(by, str | None):
        raise InputError(f"by: expected a text, got {str(by)[:40]!r}")
    if "grade" not in values:
        raise InputError("grade: is not there; give 0, 1, 2 or 3, or null to take a grade back")
    grade = grade_in(Keys().grade(values))
    return Given(query, _product(values, grade, find), grade, by or "", _time_in(values.get(GRADED_AT)))


def grade_in(value: object) -> int | None:
    """Read a grade as tables and JSON have it; None is one that takes back.

    :raises InputError: if it is none.
    """
    if value is None:
        return None
    if isinstance(value, str | int | float) and str(value).removesuffix(".0") in map(str, range(HIGHEST_GRADE + 1)):
        return int(float(value))
    raise InputError(f"grade: expected 0, 1, 2, 3 or null, got {str(value)[:40]!r}")


def _product(values: Mapping[str, Any], grade: int | None, find: Callable[[str], Product | None] | None) -> Product:
    wanted = next(filter(None, (scalar(name, values.get(name)).strip() for name in ("document_id", "product_id"))), "")
    record = table(values.get("product"))
    if isinstance(record, Mapping):
        product = Product.from_dict(record)
        if wanted and product.id not in ("", wanted):
            raise InputError(f"document_id: is '{wanted[:40]}', and the product's id is '{product.id[:40]}'")
        return replace(product, id=wanted or product.id)
    if not wanted:
        raise InputError("product_id: is not there; say which product is graded")
    found = find(wanted) if find else None
    if found is None and grade is not None:
        raise InputError(f"product_id: there is no product '{wanted[:40]}'; give its record as 'product'")
    return found or Product(id=wanted)


def _time_in(value: object) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return time_of(value)
    except ValueError:
        raise InputError(
            f"{GRADED_AT}: expected a time such as 2026-01-31T08:00:00Z, got {str(value)[:40]!r}"
        ) from None


def time_of(value: object) -> datetime:
    """Read a time of a log; one without a zone is UTC.

    :raises ValueError: if it is none.
    """
    at = datetime.fromisoformat(value) if isinstance(value, str) else None
    if at is None:
        raise ValueError("no text")
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("no time of the years 1 to 9999 in UTC") from None
