"""Judgments: graded (query, document) relevance, training pairs, and what they measure."""

from xephang.judgments.clicks import Grading, judge_clicks
from xephang.judgments.graded import Judgment, read_judgments
from xephang.judgments.imported import import_judgments
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.measure import measure
from xephang.judgments.pairs import Pair, read_pairs
from xephang.judgments.qrels import open_judgments
from xephang.judgments.synthesis import Settings, make_judgments
from xephang.judgments.writing import write_judgments, write_pairs

__all__ = [
    "Grading",
    "Judgment",
    "JudgmentSet",
    "Pair",
    "Settings",
    "import_judgments",
    "judge_clicks",
    "make_judgments",
    "measure",
    "open_judgments",
    "read_judgments",
    "read_pairs",
    "write_judgments",
    "write_pairs",
]
