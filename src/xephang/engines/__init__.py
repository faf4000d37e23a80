"""Engines: token ids in, logits out. One file each; a caller needs only `Engine`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xephang.engines.tokens import PairTokens
from xephang.progress import Advance


class Engine(Protocol):
    """Score tokenised pairs. Safe to call from many threads at once."""

    name: str
    files: tuple[Path, ...]
    """What it was read from."""

    def logits(
        self, pairs: Sequence[PairTokens], *, batch_size: int | None = None, progress: Advance | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (n, labels), in the order given and independent of it.

        :param batch_size: the most pairs in one run of the model; the engine's own choice without it.
        """
        ...


def batches_by_length(pairs: Sequence[PairTokens], batch_size: int) -> list[list[int]]:
    """Group pair indices into batches of like token counts, longest first, so that little is padded."""
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i].ids))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def pad(pairs: Sequence[PairTokens], padding_id: int) -> dict[str, NDArray[np.int64]]:
    """Stack pairs into int64 arrays (n, longest): input_ids, attention_mask, token_type_ids."""
    shape = (len(pairs), max(len(pair.ids) for pair in pairs))
    ids, mask, types = np.full(shape, padding_id), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = pair.ids
        mask[row, : len(pair.ids)] = 1
        types[row, : len(pair.ids)] = pair.types
    return {"input_ids": ids.astype(np.int64), "attention_mask": mask, "token_type_ids": types}
