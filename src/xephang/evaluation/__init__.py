"""Evaluation: models and judgments in, a report out. Needs the 'eval' extra."""

from importlib.util import find_spec

from xephang.errors import MissingExtraError

if any(find_spec(name) is None for name in ("ir_measures", "matplotlib")):
    raise MissingExtraError("evaluating", "eval")

from xephang.evaluation.calibration import calibrate
from xephang.evaluation.card_entry import add_to_card, metrics_record
from xephang.evaluation.evaluate import evaluate
from xephang.evaluation.evaluation import Evaluation
from xephang.evaluation.report import check_report, write_report
from xephang.evaluation.systems import Bm25, ByLexicon, Model, Run
from xephang.judgments.judged import JudgmentSet
from xephang.judgments.qrels import read_qrels

__all__ = [
    "Bm25",
    "ByLexicon",
    "Evaluation",
    "JudgmentSet",
    "Model",
    "Run",
    "add_to_card",
    "calibrate",
    "check_report",
    "evaluate",
    "metrics_record",
    "read_qrels",
    "write_report",
]
