"""Run a recipe: base model and pairs in, model folder out."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import tomli_w
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer
from transformers import EarlyStoppingCallback, PrinterCallback, set_seed
from transformers.trainer import TRAINER_STATE_NAME
from transformers.utils import logging as transformers_logging

from xephang.card import RunRecord, save_card, save_record
from xephang.errors import InputError, InterruptedTraining, ModelError, RecipeError
from xephang.files import sha256, write_text
from xephang.folder import MANIFEST, Manifest, find
from xephang.judgments import Judgment, Pair, read_judgments, read_pairs
from xephang.text import fold
from xephang.training.arguments import training_arguments, translate
from xephang.training.callbacks import LossWeights, MetricsFile, ProgressBar, StopOnSignal, read_metrics
from xephang.training.dev import DevEvaluator
from xephang.training.losses import make_loss, shape_of
from xephang.training.recipe import Recipe
from xephang.training.record import BaseModel, Run, make_record
from xephang.training.rows import to_dataset

RESOLVED = "recipe.toml"
METRICS_FILE = "metrics.jsonl"
CHECKPOINTS = "checkpoints"


def train(
    recipe: Recipe, output: Path, *, base: str | None = None, resume: bool = False, overwrite: bool = False
) -> Path:
    """Train a model; return its folder, which holds weights, card, resolved recipe and metrics.

    Under torchrun or accelerate launch every process calls this alike; the first one writes.

    :param base: read the base model from here and not from where the recipe says.
    :param resume: go on from the folder's last checkpoint; ends at the weights of an uninterrupted run.
    :param overwrite: replace a model that stands in the folder.
    :raises RecipeError: if the recipe can not be run.
    :raises InputError: if a file that it names can not be read, or the folder is taken.
    :raises InterruptedTraining: if a signal stopped the run; the folder can be resumed.
    """
    overwrite = overwrite or bool(recipe.hyperparameters.get("overwrite_output_dir"))
    checkpoints = output / CHECKPOINTS
    arguments = training_arguments(recipe, checkpoints, resume=resume)
    shape = shape_of(recipe.loss, recipe.num_labels)
    pairs = list(read_pairs(recipe.pairs, recipe.columns))
    dev = list(read_judgments(recipe.dev, recipe.dev_columns)) if recipe.dev else []
    _check_apart(pairs, dev, recipe)
    source = _base_model(recipe, base, output)
    rows = to_dataset(pairs, shape, recipe.num_labels)
    with _quiet_libraries():
        set_seed(arguments.seed)
        model = _load(source, recipe)
        loss = make_loss(recipe.loss, model)
        if arguments.process_index == 0:
            _prepare(output, _resolve(recipe, source, output), resume=resume, overwrite=overwrite)
        checkpoint = _last_checkpoint(output) if resume else None
        stop, bar = StopOnSignal(), ProgressBar()
        callbacks = [MetricsFile(output / METRICS_FILE), LossWeights(loss, checkpoint), bar, stop]
        if recipe.patience:
            callbacks.append(EarlyStoppingCallback(early_stopping_patience=recipe.patience))
        started = time.monotonic()
        with _explained():
            trainer = CrossEncoderTrainer(
                model=model,
                args=arguments,
                train_dataset=rows,
                loss=loss,
                evaluator=DevEvaluator(dev, recipe.metric) if dev else None,
                callbacks=callbacks,
            )
            trainer.remove_callback(PrinterCallback)
            with closing(bar), stop:
                trainer.train(resume_from_checkpoint=checkpoint)
        seconds = time.monotonic() - started
        if stop.stopped and trainer.state.global_step < trainer.state.max_steps:
            raise InterruptedTraining(
                f"stopped at step {trainer.state.global_step} of {trainer.state.max_steps}, checkpoint saved; "
                f"go on with: xephang train … --output {output} --resume"
            )
        if arguments.process_index == 0:
            metrics = DevEvaluator(dev, recipe.metric)(model) if dev else {}
            run = Run(recipe, trainer, source, pairs, metrics, None if checkpoint else seconds)
            _save(model, output, recipe, make_record(run, read_metrics(output / METRICS_FILE)))
            shutil.rmtree(checkpoints, ignore_errors=True)
        trainer.accelerator.wait_for_everyone()
    return output


def notes(recipe: Recipe) -> list[str]:
    """Return what a person should know of a recipe's hyperparameters before it runs: renamed or without effect."""
    return translate(recipe.hyperparameters)[1]


def _check_apart(pairs: list[Pair], dev: list[Judgment], recipe: Recipe) -> None:
    """Refuse dev judgments that share a query or a document with the training pairs, diacritics and case aside."""
    if not pairs:
        raise InputError(f"{recipe.pairs}: no training pairs in it")
    for kind, seen, asked in (
        ("query", {_key(p.query) for p in pairs}, (j.query for j in dev)),
        ("document", {_key(p.document) for p in pairs}, (j.document for j in dev)),
    ):
        if shared := next((text for text in asked if _key(text) in seen), None):
            raise InputError(
                f"{recipe.dev}: the {kind} '{shared[:60]}' is in {recipe.pairs} too; a model may not be chosen on "
                "what it was trained on: take it out of one of the two"
            )


def _key(text: str) -> str:
    return fold(text).lower()


def _resolve(recipe: Recipe, source: BaseModel, output: Path) -> Recipe:
    """Return the recipe as this run reads it: paths that count from the output folder, and every fingerprint."""

    def seen_from_output(path: Path) -> Path:
        return Path(os.path.relpath(path.resolve(), output.resolve()))

    return replace(
        recipe,
        base=source.name if source.is_hub_id else seen_from_output(source.path).as_posix(),
        base_sha256=source.sha256 or "",
        pairs=seen_from_output(recipe.pairs),
        pairs_sha256=_fingerprint(recipe.pairs, recipe.pairs_sha256),
        dev=seen_from_output(recipe.dev) if recipe.dev else None,
        dev_sha256=_fingerprint(recipe.dev, recipe.dev_sha256) if recipe.dev else "",
    )


def _fingerprint(path: Path, expected: str) -> str:
    found = sha256(path)
    if expected and found != expected:
        raise RecipeError(f"{path}: SHA-256 is {found}, the recipe means {expected}: the data have changed")
    return found


def _prepare(output: Path, resolved: Recipe, *, resume: bool, overwrite: bool) -> None:
    """Make the folder ready, or refuse: it holds a finished model, or the checkpoints of another recipe."""
    text = tomli_w.dumps(resolved.to_dict())
    before = output / RESOLVED
    if resume:
        if not _last_checkpoint(output) or not before.is_file():
            raise InputError(f"{output}: nothing to resume there; run without --resume")
        if before.read_text(encoding="utf-8") != text:
            raise RecipeError(f"{output}: its checkpoints were made by another recipe or other data ({before})")
        return
    if (output / "config.json").exists() and not overwrite:
        raise InputError(f"{output}: holds a model already; choose another folder, or --overwrite")
    if _last_checkpoint(output) and not overwrite:
        raise InputError(f"{output}: holds an unfinished run; go on with --resume, or start over with --overwrite")
    if overwrite:
        for name in ("config.json", MANIFEST, METRICS_FILE):
            (output / name).unlink(missing_ok=True)
        shutil.rmtree(output / CHECKPOINTS, ignore_errors=True)
        shutil.rmtree(output / "onnx", ignore_errors=True)
    write_text(before, text)


def _last_checkpoint(output: Path) -> str | None:
    """Return the newest checkpoint that was written to its end; a crash may have left a half one."""
    whole = [path.parent for path in (output / CHECKPOINTS).glob(f"checkpoint-*/{TRAINER_STATE_NAME}")]
    whole = [path for path in whole if (path / "model.safetensors").is_file()]
    newest = max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
    return str(newest) if newest else None


def _base_model(recipe: Recipe, base: str | None, output: Path) -> BaseModel:
    """Find the base model; check that it has the weights that the recipe means, and will not be written over."""
    path = find(base or recipe.base, weights=True)
    if path.resolve() == output.resolve():
        raise InputError(f"{output}: is the base model's own folder; choose another for --output")
    weights = path / "model.safetensors"
    digest = sha256(weights) if weights.is_file() else None
    if recipe.base_sha256 and not base and digest != recipe.base_sha256:
        raise ModelError(f"{weights}: SHA-256 is {digest}, the recipe means {recipe.base_sha256}")
    known = not base or (bool(recipe.base_sha256) and digest == recipe.base_sha256)
    name = recipe.base if known and not Path(recipe.base).is_dir() else path.resolve().name
    return BaseModel(path, name, digest, read_elsewhere=bool(base))


def _load(source: BaseModel, recipe: Recipe) -> CrossEncoder:
    try:
        model: CrossEncoder = CrossEncoder(str(source.path), num_labels=recipe.num_labels, max_length=recipe.max_length)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{source.path}: can not be loaded as a base model ({error})") from error
    # Ours to say: an older base may come with another, and the card says what this run leaves.
    model.activation_fn = torch.nn.Sigmoid() if recipe.num_labels == 1 else torch.nn.Identity()
    # Several processes wait for the gradients of what they see in a dict; a BatchEncoding hides it from them.
    model.register_forward_hook(lambda module, inputs, output: dict(output))
    return model


def _save(model: CrossEncoder, output: Path, recipe: Recipe, record: RunRecord) -> None:
    """Write the model's files beside the run's, `config.json`, which makes the folder a model, last."""
    temporary = output / ".saving"
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(str(temporary), create_model_card=False)
    write_text(temporary / MANIFEST, Manifest(name=recipe.name, template=recipe.template).to_json())
    save_record(temporary, record)
    save_card(temporary, record)
    (temporary / "model.safetensors").chmod((temporary / "config.json").stat().st_mode)
    for path in sorted(temporary.iterdir(), key=lambda p: p.name == "config.json"):
        path.replace(output / path.name)
    temporary.rmdir()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the libraries raise over a recipe's values into an error that says so."""
    try:
        yield
    except (ArithmeticError, AssertionError, ImportError, LookupError, TypeError, ValueError) as error:
        raise RecipeError(f"the trainer can not run this recipe: {type(error).__name__}: {error}") from error


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep the libraries' own bars and load reports off the terminal for the length of a run."""
    import datasets

    bars, verbosity = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        datasets.enable_progress_bars()
        if bars:
            transformers_logging.enable_progress_bar()
