"""Score whole files of queries and products, in this process or with Ray Data on as many machines as there are."""

from xephang.batch.report import Report
from xephang.batch.run import score

__all__ = ["Report", "score"]
