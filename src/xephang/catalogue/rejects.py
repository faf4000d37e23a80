"""The rows that an import sets aside."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from xephang.catalogue.row import BadRow, Row
from xephang.errors import RowError
from xephang.files import replacing
from xephang.product.reading import plain_value


@contextmanager
def setting_aside(path: Path | None) -> Iterator[Callable[[RowError, Row | BadRow], None]]:
    """Yield what writes a bad row to `path` as JSONL: its number, field, problem and raw values.

    The file appears, even with no row in it, when the block ends well. Without a path nothing is written.

    :raises InputError: if nothing can be written there.
    """
    if path is None:
        yield lambda error, item: None
        return
    with ExitStack() as stack:
        temporary = stack.enter_context(replacing(path))
        # A byte that was no UTF-8 is a lone surrogate here, and becomes a valid JSON escape.
        stream = stack.enter_context(temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n"))

        def set_aside(error: RowError, item: Row | BadRow) -> None:
            values = plain_value(item.raw if isinstance(item, BadRow) else item.values)
            record = {"row": error.row, "field": error.field, "problem": error.problem, "values": values}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")

        yield set_aside
