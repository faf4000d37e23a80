"""The card's YAML block, as the Hugging Face Hub reads it."""

import math
import re

from huggingface_hub import EvalResult, ModelCardData

from xephang.card.record import MetricsRecord, RunRecord
from xephang.text import fold, normalise

LIBRARY = "sentence-transformers"
TASK = "text-ranking"


def metadata(record: RunRecord) -> ModelCardData:
    """Return the metadata of a record's card.

    A base model that is no Hub id is left out: the Hub refuses what it can not look up.
    """
    tags = (
        "sentence-transformers",
        "cross-encoder",
        "reranker",
        "generated_from_trainer",
        f"dataset_size:{record.dataset.size}",
        f"loss:{record.loss.name}",
        "xephang",
    )
    results = [result for metrics in record.metrics for result in _results(metrics)]
    return ModelCardData(
        language=record.language or None,
        license=record.license.lower() or None,
        tags=list(dict.fromkeys(tags)),
        base_model=record.base_model if record.base_is_hub_id else None,
        pipeline_tag=TASK,
        library_name=LIBRARY,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
        model_name=record.name if results else None,
        eval_results=results or None,
    )


def _results(metrics: MetricsRecord) -> list[EvalResult]:
    """Return one measurement's figures; those that are no numbers at all (nan) are the card's text alone.

    The Hub compares numbers, so of a figure with its interval only the figure is given.
    """
    return [
        EvalResult(
            task_type=TASK,
            task_name="Text Ranking",
            dataset_type=_slug(metrics.dataset) or "unknown",
            dataset_name=metrics.dataset or "Unknown",
            # The Hub merges results of one task, dataset and configuration: two measurements must differ here.
            dataset_config=_slug(metrics.title) or None,
            metric_type=_slug(name.replace("@", " at ")).replace("-", "_") or name,
            metric_name=name,
            metric_value=_number(value),
        )
        for name, value in metrics.values.items()
        if isinstance(value, str) or math.isfinite(value)
    ]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", fold(normalise(text)).lower()).strip("-")


def _number(value: float | str) -> float | str:
    """Return the number that a text such as "0.74 (95% interval 0.69 – 0.79)" starts with."""
    found = re.match(r"-?\d+(\.\d+)?", value) if isinstance(value, str) else None
    return float(found.group()) if found else value
