"""Which split a query or a product belongs to: always the same one, so that no two of them share any."""

from collections.abc import Mapping
from typing import Literal, get_args
from zlib import crc32

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SHARES: Mapping[Split, int] = {"dev": 1, "test": 1, "train": 8}
"""Tenths of all queries, and of all products. The small ones come first: what two could have, they get."""
_BY_REST: tuple[Split, ...] = tuple(name for name, tenths in SHARES.items() for _ in range(tenths))


def split(key: str) -> Split:
    """Return the split of an intent or of a product's id, by its checksum, so the same in every run."""
    return _BY_REST[crc32(key.encode("utf-8", "surrogatepass")) % len(_BY_REST)]


def shared_out(total: int) -> dict[Split, int]:
    """Share a number out among the splits, at least 1 to each and the rest to training."""
    shares = {name: max(1, round(total * tenths / len(_BY_REST))) for name, tenths in SHARES.items()}
    return shares | {"train": total - shares["dev"] - shares["test"]}
