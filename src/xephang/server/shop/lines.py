"""Bodies of JSONL: one object a line, each bad line named."""

from collections.abc import Iterator

from xephang.catalogue.jsonl import scan_jsonl
from xephang.catalogue.row import BadRow, Row
from xephang.catalogue.source import Source
from xephang.server.asking import Refused
from xephang.server.formats import check_values

MOST_LINES = 100_000
"""Of a body: each is told of in the answer."""
_GZIP = b"\x1f\x8b"


def lines(body: bytes) -> Iterator[Row | BadRow]:
    """Yield the objects of a body; blank lines are passed over.

    Do nothing with one before all are read, as what comes after it may be refused.

    :raises Refused: if it is gzipped or no text, or holds very many lines or values.
    """
    if body.startswith(_GZIP):
        raise Refused("validation", "the body is gzipped; send the JSONL as it is")
    check_values(body)
    if not body.strip():
        return
    for count, item in enumerate(_read(Source("the body", body))):
        if count == MOST_LINES:
            raise Refused("too large", f"the body holds more than {MOST_LINES:,} lines; send it in several requests")
        yield item


def _read(source: Source) -> Iterator[Row | BadRow]:
    try:
        yield from scan_jsonl(source)
    except UnicodeDecodeError as error:
        raise Refused("validation", f"the body is no whole {error.encoding} text; send UTF-8") from None


def problem_of(row: int, field: str, problem: str) -> str:
    """Say what is wrong with a row, and with which field of it."""
    return f"row {row}" + (f", field '{field}'" if field else "") + f": {problem}"
