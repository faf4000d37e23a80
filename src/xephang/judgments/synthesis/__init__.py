"""Judgments from nothing but a catalogue and a lexicon: queries, graded products, splits."""

from xephang.judgments.synthesis.files import JudgmentFormat, MakeReport, make_judgments
from xephang.judgments.synthesis.listings import Candidate
from xephang.judgments.synthesis.make import Synthesis, Synthetic
from xephang.judgments.synthesis.settings import Settings
from xephang.judgments.synthesis.splits import SPLITS, Split, split

__all__ = [
    "SPLITS",
    "Candidate",
    "JudgmentFormat",
    "MakeReport",
    "Settings",
    "Split",
    "Synthesis",
    "Synthetic",
    "make_judgments",
    "split",
]
