"""Judgments: graded (query, document) relevance, training pairs, and what they measure."""

from xephang.judgments.graded import Judgment, read_judgments
from xephang.judgments.measure import measure
from xephang.judgments.pairs import Pair, read_pairs

__all__ = ["Judgment", "Pair", "measure", "read_judgments", "read_pairs"]
