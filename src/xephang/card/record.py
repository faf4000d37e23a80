"""What is known of a training run: everything that a model's card says, and nothing that it does not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xephang.card.codec import Mismatch, decode, encode, escape_surrogates
from xephang.errors import InputError, ModelError
from xephang.product import ProductTemplate

FORMAT = 1
"""Raised whenever a record of an older version could no longer be read."""


@dataclass(frozen=True)
class ColumnStatistics:
    """What the values of one training column are like.

    :param type: "string", "int", "float", "bool" or "list".
    :param minimum: in characters for strings, elements for lists; like `mean` and `maximum` None where the
        shares say it all.
    :param shares: each value's part of the rows, 0 to 1; empty for columns that have too many values.
    """

    name: str
    type: str
    minimum: float | None = None
    mean: float | None = None
    maximum: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetRecord:
    """The rows that a model was trained on.

    :param name: empty where the rows have none.
    :param size: all rows.
    :param measured: how many of them, from the first on, the statistics were taken over.
    :param samples: the first rows.
    :param notes: sentences on what became of the rows on their way to the loss.
    """

    name: str
    size: int
    columns: tuple[str, ...]
    measured: int = 0
    statistics: tuple[ColumnStatistics, ...] = ()
    samples: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that samples and statistics are of these columns.

        :raises InputError: naming the column that is missing or too many.
        """
        for statistics in self.statistics:
            if statistics.name not in self.columns:
                raise InputError(f"dataset '{self.name}': statistics of '{statistics.name}', which is no column")
        for row, sample in enumerate(self.samples, start=1):
            if missing := [column for column in self.columns if column not in sample]:
                raise InputError(f"dataset '{self.name}', sample {row}: no value for column '{missing[0]}'")


@dataclass(frozen=True)
class LossRecord:
    """The loss that was minimised.

    :param parameters: as it ran, the loss that it wraps among them.
    """

    name: str
    url: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MetricsRecord:
    """One measurement of the model.

    :param title: what was measured ("Held-out queries, int8").
    :param values: metric by its usual name ("nDCG@10"), each a number, or text with its interval.
    :param note: Markdown: how, with what candidates, on which machine.
    """

    title: str
    dataset: str
    values: Mapping[str, float | str]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One training run. Rendered, it is a card.

    The prose fields (`base_note`, `data_statement` to `contact`, and the notes of `metrics`) are Markdown and
    stand in the card as they are; an empty one gets this house's own wording. Everything else is data, which
    the card escapes.

    :param name: the model's title.
    :param base_model: a Hub id, or the last name of the folder that training started from.
    :param base_is_hub_id: links and metadata name the base model only then.
    :param base_sha256: of the base model's weights file.
    :param base_note: which weights were really used.
    :param license: of this model, as the Hub writes it ("apache-2.0"); empty where nobody stated one.
    :param template: as `ProductTemplate.to_dict` gives it.
    :param hyperparameters_changed: those that differ from the library's defaults, as they ran.
    :param hyperparameters_all: every one, as it ran.
    :param logs: one mapping a logged step: `step`, `epoch`, `loss` and what was measured on the way.
    :param training_activation: what stood between logit and loss.
    :param inference_activation: "sigmoid", "identity" or another, named: what `predict` applies.
    :param examples: (query, document) texts for the card's code.
    """

    name: str
    base_model: str
    max_length: int
    template: Mapping[str, Any]
    dataset: DatasetRecord
    loss: LossRecord
    training_activation: str
    inference_activation: str
    num_labels: int = 1
    base_is_hub_id: bool = False
    base_revision: str | None = None
    base_sha256: str | None = None
    base_note: str = ""
    language: str = "vi"
    license: str = ""
    hyperparameters_changed: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters_all: Mapping[str, Any] = field(default_factory=dict)
    logs: tuple[Mapping[str, Any], ...] = ()
    metrics: tuple[MetricsRecord, ...] = ()
    training_seconds: float | None = None
    hardware: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    data_statement: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    limits: str = ""
    recommendations: str = ""
    authors: str = ""
    contact: str = ""
    examples: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check what the card could not be rendered without.

        :raises InputError: if the name is empty, or the template is none.
        """
        if not self.name.strip():
            raise InputError("a model's record needs a name: it is the card's title")
        ProductTemplate.from_dict(self.template)

    def with_metrics(self, metrics: MetricsRecord) -> "RunRecord":
        """Return the record with a measurement added, in place of one of the same title and dataset."""
        key = (metrics.title, metrics.dataset)
        others = tuple(m for m in self.metrics if (m.title, m.dataset) != key)
        return replace(self, metrics=(*others, metrics))

    def to_json(self) -> str:
        """Return the text of `record.json`."""
        text = json.dumps({"format": FORMAT, **encode(self)}, ensure_ascii=False, indent=2, allow_nan=False)
        return escape_surrogates(text) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str | Path = "record.json") -> "RunRecord":
        """Read what `to_json` wrote.

        :param source: named in errors.
        :raises ModelError: naming the file and the key that is missing, unknown or wrong.
        """
        try:
            table = json.loads(text)
        except ValueError as error:
            raise ModelError(f"{source}: can not be read as JSON ({error}); {_REMEDY}") from error
        if not isinstance(table, dict):
            raise ModelError(f"{source}: expected a JSON object; {_REMEDY}")
        version = table.pop("format", None)
        if version != FORMAT:
            raise ModelError(
                f"{source}, key 'format': it is {version!r} and this xephang reads {FORMAT}; "
                "install the version that wrote it, or train again"
            )
        if isinstance(table.get("dataset"), dict):
            table["dataset"].setdefault("notes", [])  # older records have none
        try:
            return decode(cls, {key: value for key, value in table.items() if value or key not in _RETIRED})
        except (Mismatch, InputError) as error:
            raise ModelError(f"{source}, {error}; {_REMEDY}") from error


_RETIRED = ("base_license", "tags", "citations")
"""Keys that older records have, empty: nothing ever filled them."""
_REMEDY = "restore the file as training wrote it, or train again"
