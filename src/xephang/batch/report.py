"""What a scoring came to, in numbers."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Report:
    """What a scoring came to.

    :param rows: of the inputs.
    :param pairs: that have a score.
    :param rejected: what was left out because of `keep_going`.
    :param partitions: files of scores.
    :param resumed: of these, those that were whole when it began.
    :param seconds: that this run took, the model's opening included.
    """

    folder: Path
    model: str
    rows: int
    pairs: int
    rejected: int
    partitions: int
    resumed: int
    seconds: float

    def __str__(self) -> str:
        left = f", {self.rejected:,} left out (_rejects.jsonl)" if self.rejected else ""
        before = f", {self.resumed:,} of them before" if self.resumed else ""
        return (
            f"{self.folder}: {self.pairs:,} scores of {self.rows:,} rows{left}, in {self.partitions:,} files{before}; "
            f"model '{self.model}', {self.seconds:,.1f} s"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "folder": str(self.folder), "seconds": round(self.seconds, 3)}
