"""What became of the rows of a file, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows of a file.

    :param rejected: rows that could not be used.
    :param repaired: products in which broken characters were brought back.
    :param damaged: products with fragments that nobody can bring back; the text stands as it came.
    :param columns_used: the file's column by the name of our field.
    """

    rows: int
    products: int
    rejected: int = 0
    repaired: int = 0
    damaged: int = 0
    columns_used: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{self.products:,} products from {self.rows:,} rows"]
        parts += [f"{self.rejected:,} rejected"] if self.rejected else []
        parts += [f"{self.repaired:,} with repaired characters"] if self.repaired else []
        parts += [f"{self.damaged:,} with characters lost for good"] if self.damaged else []
        used = [name if name == column else f"{name} = {column}" for name, column in self.columns_used.items()]
        return ", ".join(parts) + (f" (columns: {', '.join(used)})" if used else "")
