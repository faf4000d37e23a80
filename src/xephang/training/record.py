"""What the card will say of a run."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sentence_transformers.cross_encoder import CrossEncoderTrainer
from sentence_transformers.util import fullname

from xephang.card import DatasetRecord, LossRecord, MetricsRecord, RunRecord, load_record
from xephang.card.store import RECORD
from xephang.errors import ModelError
from xephang.judgments import Pair
from xephang.machine import cpu_name
from xephang.training.adapting import vocabulary
from xephang.training.arguments import changed_and_all
from xephang.training.recipe import Recipe
from xephang.version import __version__

_LOSS_PAGE = "https://sbert.net/docs/package_reference/cross_encoder/losses.html"
_LIBRARIES = {
    "Sentence Transformers": "sentence-transformers",
    "Transformers": "transformers",
    "PyTorch": "torch",
    "Accelerate": "accelerate",
    "Datasets": "datasets",
    "Tokenizers": "tokenizers",
}


@dataclass(frozen=True)
class BaseModel:
    """The model that training started from, as it was found.

    :param name: a Hub id, or a folder's last name where nothing proves that it holds a Hub model.
    :param sha256: of its model.safetensors; None where it has other weights.
    :param read_elsewhere: the caller named another place than the recipe does.
    """

    path: Path
    name: str
    sha256: str | None
    read_elsewhere: bool

    @property
    def is_hub_id(self) -> bool:
        """Whether the name can be linked to."""
        return "/" in self.name and not Path(self.name).is_dir()

    @property
    def revision(self) -> str | None:
        """The commit, where the files lie in the Hub's cache."""
        return self.path.name if self.path.parent.name == "snapshots" else None


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    :param dataset: what the loss was given.
    :param metrics: of the saved model on the dev judgments; empty without them.
    :param seconds: None where the run was resumed, so that nobody timed all of it.
    """

    recipe: Recipe
    trainer: CrossEncoderTrainer
    base: BaseModel
    pairs: Sequence[Pair]
    dataset: DatasetRecord
    metrics: Mapping[str, float]
    seconds: float | None


def make_record(run: Run, log: Sequence[Mapping[str, Any]]) -> RunRecord:
    """Gather all that the card says.

    :param log: the lines of the metrics file.
    """
    recipe, changed_all = run.recipe, changed_and_all(run.trainer.args)
    prose: dict[str, Any] = {name: text for name, text in recipe.card.items() if name != "title"}
    record = RunRecord(
        name=recipe.card.get("title") or f"CrossEncoder based on {run.base.name}",
        base_model=run.base.name,
        base_is_hub_id=run.base.is_hub_id,
        base_revision=run.base.revision,
        base_sha256=run.base.sha256,
        base_note=_base_note(run),
        max_length=recipe.max_length,
        num_labels=recipe.num_labels,
        template=recipe.template.to_dict(),
        dataset=run.dataset,
        loss=_loss_record(run),
        training_activation=_training_activation(run),
        inference_activation="sigmoid" if recipe.num_labels == 1 else "softmax, then the expected label",
        hyperparameters_changed=changed_all[0],
        hyperparameters_all=changed_all[1],
        logs=tuple(
            {k.removeprefix("eval_"): v for k, v in line.items() if _is_shown(k)} for line in log if _shown(line)
        ),
        metrics=(_metrics_record(run),) if run.metrics else (),
        training_seconds=run.seconds,
        hardware=_hardware(run.trainer),
        versions=_versions(),
        examples=tuple((pair.query, pair.document) for pair in run.pairs[:5]),
        **prose,
    )
    return from_origin(record, run)


def from_origin(record: RunRecord, run: Run) -> RunRecord:
    """Return the record of a run that started from a model which was itself trained here: it names that one's base."""
    if not (run.base.path / RECORD).is_file():
        return record
    try:
        before = load_record(run.base.path)
    except ModelError:  # of another version; what it says is not needed
        return record
    note = (
        f"{before.base_note} On {before.dataset.size:,} rows with {before.loss.name} it became {record.base_model} "
        f"(SHA-256 {record.base_sha256}), which this run started from. {_taken(run)}"
    )
    return replace(
        record,
        base_model=before.base_model,
        base_is_hub_id=before.base_is_hub_id,
        base_revision=before.base_revision,
        base_sha256=before.base_sha256,
        base_note=note,
    )


def _versions() -> dict[str, str]:
    libraries = {name: version(package) for name, package in _LIBRARIES.items()}
    return {"Python": platform.python_version(), **libraries, "xephang": __version__}


def _shown(line: Mapping[str, Any]) -> bool:
    return "loss" in line or any(name.startswith("eval_dev") for name in line)


def _is_shown(name: str) -> bool:
    return name in ("step", "epoch", "loss", "learning_rate") or name.startswith("eval_dev")


def _base_note(run: Run) -> str:
    where = "a local folder" if run.base.read_elsewhere or not run.base.is_hub_id else "the Hugging Face Hub"
    note = f"Training started from weights read from {where}; their fingerprint says which they were."
    return f"{note} {_taken(run)}".strip()


def _taken(run: Run) -> str:
    """Say what became of the base before training, and who taught."""
    adapted = []
    if run.recipe.vocabulary:
        tokens = len(vocabulary(run.trainer.model))
        adapted.append(f"with a vocabulary of {tokens:,} tokens chosen from the training texts in place of its own")
    if run.recipe.layers:
        adapted.append(f"with its encoder layers {', '.join(map(str, run.recipe.layers))} only, counted from 0")
    if run.recipe.intermediate_size:
        adapted.append(f"with {run.recipe.intermediate_size:,} neurons of each layer's feed-forward part")
    if run.recipe.product_position:
        adapted.append(f"so that it reads products apart from queries, from position {run.recipe.product_position} on")
    said = [f"It was taken {' and '.join(adapted)}."] if adapted else []
    said += [f"It also learnt the margins of {run.recipe.teacher_name}, its teacher."] if run.recipe.teacher else []
    return " ".join(said)


def _loss_record(run: Run) -> LossRecord:
    loss = run.trainer.loss
    name = type(loss).__name__
    is_upstream = type(loss).__module__.startswith("sentence_transformers.")
    parameters = loss.get_config_dict() if hasattr(loss, "get_config_dict") else {}
    return LossRecord(name, f"{_LOSS_PAGE}#{name.lower()}" if is_upstream else None, _plain(parameters))


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool, type(None), list)
    return {name: value if isinstance(value, plain) else str(value) for name, value in parameters.items()}


def _training_activation(run: Run) -> str:
    activation = getattr(run.trainer.loss, "activation_fn", None)
    name = fullname(activation).rsplit(".", 1)[-1].lower() if activation is not None else "identity"
    return f"{name} on the logits, inside {type(run.trainer.loss).__name__}"


def _metrics_record(run: Run) -> MetricsRecord:
    names = {"dev_ndcg": "nDCG", "dev_mrr": "MRR", "dev_map": "MAP"}
    values = {
        names[key.split("@")[0]] + "".join(f"@{k}" for k in key.split("@")[1:]): v for key, v in run.metrics.items()
    }
    dev = run.recipe.dev.name if run.recipe.dev else ""
    note = "Graded nDCG with gains 2^grade − 1 over exactly the candidates given; ties broken against the model. " + (
        "The checkpoint was chosen on these judgments, so the figures are an upper estimate."
        if run.trainer.state.best_model_checkpoint
        else "No choice was made on them."
    )
    return MetricsRecord("Dev judgments", dev, values, note)


def _hardware(trainer: CrossEncoderTrainer) -> str:
    device = str(trainer.args.device)
    count = f"{trainer.args.world_size} process" + ("es" if trainer.args.world_size > 1 else "")
    return f"{cpu_name()}, {os.cpu_count()} CPU cores; {count} on {device}"
