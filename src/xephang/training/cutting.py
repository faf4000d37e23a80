"""Cut what is too long for the model as serving does: a query never, a product by the importance of its parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sentence_transformers import CrossEncoder

from xephang.engines.tokens import PairTokenizer
from xephang.errors import InputError, RowError
from xephang.folder import ModelFolder
from xephang.judgments import Judgment, Pair
from xephang.product import Rendered

Row = TypeVar("Row", Pair, Judgment)


def serving_tokenizer(model: CrossEncoder) -> PairTokenizer:
    """Return what will make token ids of texts once this model is served."""
    with TemporaryDirectory() as temporary:
        transformer: Any = model[0]
        transformer.tokenizer.save_pretrained(temporary)
        transformer.config.save_pretrained(temporary)
        return PairTokenizer.of(ModelFolder.open(Path(temporary)))


def cut(rows: Sequence[Row], tokenizer: PairTokenizer, path: Path) -> list[Row]:
    """Return the rows, their documents as much shorter as serving makes them.

    :param path: where the rows come from; named in errors.
    :raises RowError: if a query leaves no room for a product.
    """
    by_query: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        by_query.setdefault(row.query, []).append(place)
    found = list(rows)
    for query, places in by_query.items():
        documents = [Rendered(rows[place].document, rows[place].cut_first) for place in places]
        try:
            texts = tokenizer.cut(query, documents)
        except InputError as error:
            raise RowError(path, places[0] + 1, "query", str(error)) from None
        for place, text in zip(places, texts, strict=True):
            if text != rows[place].document:
                found[place] = replace(rows[place], document=text, cut_first=())
    return found


@contextmanager
def queries_whole(model: CrossEncoder) -> Iterator[None]:
    """Have the model cut documents only: what a loss pairs up anew, in-batch negatives, was not cut for each other."""
    reader: Any = model[0]
    before = reader.processing_kwargs
    reader.processing_kwargs = {**before, "text": {**before.get("text", {}), "truncation": "only_second"}}
    try:
        yield
    finally:
        reader.processing_kwargs = before
