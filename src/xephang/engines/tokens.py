"""From a query and a product to token ids: the query whole, the product cut by the importance of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from xephang.errors import InputError, ModelError
from xephang.folder import ModelFolder
from xephang.product import Rendered


@dataclass(frozen=True, slots=True)
class PairTokens:
    """One tokenised pair.

    :param ids: int64 (tokens,), special tokens included.
    :param types: int64 (tokens,), 0 for the query's side and 1 for the product's, where the model knows them.
    :param cut: how many of the product's tokens did not fit and were left out.
    """

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    cut: int = 0

    @property
    def query(self) -> NDArray[np.int64]:
        """The ids of the query's side."""
        return np.asarray(self.ids[self.types == 0])

    @property
    def product(self) -> NDArray[np.int64]:
        """The ids of the product's side."""
        return np.asarray(self.ids[self.types == 1])


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a product that does not fit is cut.

    :param most: tokens of a product that are read at most; the model may read fewer.
    :param most_of_pair: tokens that are read of query, product and special tokens together, at most.
    :param left: cut the head of the text, in place of the least important part.
    """

    most: int | None = None
    most_of_pair: int | None = None
    left: bool = False


WHOLE = Cutting()
"""Cut nothing but what the model can not read."""


class PairTokenizer:
    """Tokenise (query, products) with a folder's `tokenizer.json`.

    The tokenizer is never changed after it is built (no truncation or padding is switched on), which is what
    makes it safe to share between threads.

    :param max_length: tokens that the model reads.
    :param product_position: where products start whatever the query, in a model that reads them apart: there the
        product is cut to what is left behind that, and never for the query's sake.
    """

    def __init__(self, path: Path, max_length: int, product_position: int | None = None) -> None:
        """Open `tokenizer.json`.

        :raises ModelError: if it can not be read, or products would start behind all that the model reads.
        """
        if product_position and max_length - product_position < 2:
            raise ModelError(
                f"{path}: products start at position {product_position} of {max_length} that the model reads, which "
                "leaves no room for one"
            )
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(f"{path}: not a tokenizer that can be read ({error})") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_length, self.product_position = max_length, product_position
        self.special_tokens: int = self._tokenizer.num_special_tokens_to_add(is_pair=True)
        self.padding_id: int = next(
            (i for i in map(self._tokenizer.token_to_id, ("[PAD]", "<pad>")) if i is not None), 0
        )

    @classmethod
    def of(cls, folder: ModelFolder) -> "PairTokenizer":
        """Open a model folder's tokenizer.

        :raises ModelError: if it can not be read.
        """
        return cls(folder.path / "tokenizer.json", folder.max_length, folder.product_position)

    def count(self, text: str) -> int:
        """Return how many tokens a text has, special tokens not counted."""
        return len(self._encode([text])[0].ids)

    def encode(self, query: str, documents: Sequence[Rendered], cutting: Cutting = WHOLE) -> list[PairTokens]:
        """Tokenise a normalised query with each document.

        :raises InputError: if the query leaves no room for a product: a query is never cut.
        """
        asked = self._encode([query])[0]
        room = self._room(query, asked, cutting)
        texts = self._encode([document.text for document in documents])
        return [
            self._join(asked, text, document, room, cutting.left)
            for text, document in zip(texts, documents, strict=True)
        ]

    def cut(self, query: str, documents: Sequence[Rendered]) -> list[str]:
        """Return each document's text without what `encode` leaves out of it.

        :raises InputError: as `encode` does.
        """
        room = self._room(query, self._encode([query])[0], WHOLE)
        texts = self._encode([document.text for document in documents])
        return [_without_excess(text, document, room) for text, document in zip(texts, documents, strict=True)]

    def _room(self, query: str, asked: Encoding, cutting: Cutting) -> int:
        taken = self.special_tokens + len(asked.ids)
        room = self.max_length - taken
        if self.product_position and room >= 0:
            room = self.max_length - self.product_position - 1
        if cutting.most_of_pair:
            room = min(room, cutting.most_of_pair - taken)
        if room < 1:
            reads = min(self.max_length, cutting.most_of_pair or self.max_length)
            raise InputError(
                f"the query has {len(asked.ids)} tokens and the model reads {reads} in all, which leaves "
                f"no room for a product; shorten the query (it starts '{query[:40]}')"
            )
        return min(room, cutting.most or room)

    def _encode(self, texts: list[str]) -> list[Encoding]:
        return self._tokenizer.encode_batch(texts, add_special_tokens=False)

    def _join(self, query: Encoding, text: Encoding, document: Rendered, room: int, left: bool) -> PairTokens:
        excess = len(text.ids) - room
        pair = self._tokenizer.post_process(query, text, add_special_tokens=True)
        ids, types = np.asarray(pair.ids, np.int64), np.asarray(pair.type_ids, np.int64)
        if excess <= 0:
            return PairTokens(ids, types)
        product = np.flatnonzero([side == 1 for side in pair.sequence_ids])
        keep = np.ones(len(ids), bool)
        keep[product[range(excess) if left else _least_important(text.offsets, document, excess)]] = False
        return PairTokens(ids[keep], types[keep], excess)


def _without_excess(text: Encoding, document: Rendered, room: int) -> str:
    if len(text.ids) <= room:
        return document.text
    left_out = set(_least_important(text.offsets, document, len(text.ids) - room))
    # What stands before a token, white space or signs that no token has, goes or stays with it.
    starts = [0, *(end for _, end in text.offsets)]
    pieces = [document.text[starts[i] : end] for i, (_, end) in enumerate(text.offsets) if i not in left_out]
    return "".join(pieces).strip()


def _least_important(offsets: Sequence[tuple[int, int]], document: Rendered, excess: int) -> list[int]:
    """Choose the tokens to leave out: the parts' tails in the document's order of cutting, then the text's tail."""
    starts = np.array([start for start, _ in offsets])
    chosen: list[int] = []
    for first, last in (*document.cut_first, (0, len(document.text))):
        part = np.flatnonzero((starts >= first) & (starts < last))
        taken = set(chosen)
        tail = [int(i) for i in part[::-1] if i not in taken]
        chosen += tail[: excess - len(chosen)]
        if len(chosen) == excess:
            break
    return chosen
