"""A model's card: a pure function of the record that training keeps beside the model.

Training writes `record.json`; evaluation adds metrics to it; after each, the card is rendered again from the
whole record, so that no sentence of a card is ever patched by hand.
"""

from xephang.card.record import (
    ColumnStatistics,
    DatasetRecord,
    LossRecord,
    MetricsRecord,
    RunRecord,
)
from xephang.card.render import render
from xephang.card.statistics import describe, describe_dataset
from xephang.card.store import CARD, RECORD, load_record, opens, save_card, save_record

__all__ = [
    "CARD",
    "RECORD",
    "ColumnStatistics",
    "DatasetRecord",
    "LossRecord",
    "MetricsRecord",
    "RunRecord",
    "describe",
    "describe_dataset",
    "load_record",
    "opens",
    "render",
    "save_card",
    "save_record",
]
