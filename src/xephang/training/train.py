"""Run a recipe: base model and pairs in, model folder out."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import tomli_w
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer
from transformers import EarlyStoppingCallback, PrinterCallback, set_seed
from transformers.trainer import TRAINER_STATE_NAME

from xephang.card import RunRecord, save_card, save_record
from xephang.engines.torch import quiet
from xephang.errors import InputError, InterruptedTraining, ModelError, RecipeError
from xephang.files import check_folder, sha256, write_text
from xephang.folder import MANIFEST, Manifest, bundled, find
from xephang.judgments import Pair
from xephang.lexicon import BUNDLED
from xephang.reranker import Reranker
from xephang.training.adapting import load_base, vocabulary_sha256
from xephang.training.arguments import check_resumable, effective, training_arguments, translate
from xephang.training.callbacks import LossWeights, MetricsFile, ProgressBar, StopOnSignal, read_metrics
from xephang.training.cutting import cut, queries_whole, serving_tokenizer
from xephang.training.description import describe_rows
from xephang.training.dev import DevEvaluator
from xephang.training.losses import make_loss, shape_of
from xephang.training.reading import Data, read_data
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
    checkpoints = check_folder(output) / CHECKPOINTS
    if resume:
        check_resumable(recipe, output)
    arguments = training_arguments(recipe, checkpoints, resume=resume)
    shape = shape_of(recipe.loss, recipe.num_labels)
    data = read_data(recipe)
    source = _base_model(recipe, base, output)
    with quiet():
        set_seed(arguments.seed)
        model = _load(source, recipe, data.pairs)
        loss = make_loss(recipe.loss, model, teacher := _teacher(recipe, output))
        read = _cut(data, model, recipe)
        rows = to_dataset(read.pairs, shape, recipe.num_labels, taught=bool(teacher))
        evaluator = DevEvaluator(read.dev, recipe.metric) if read.dev else None
        if arguments.process_index == 0:
            resolved = replace(_resolve(recipe, source, model, output), hyperparameters=effective(recipe, arguments))
            _prepare(output, resolved, resume=resume, overwrite=overwrite)
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
                evaluator=evaluator,
                callbacks=callbacks,
            )
            trainer.remove_callback(PrinterCallback)
            with closing(bar), stop, queries_whole(model):
                trainer.train(resume_from_checkpoint=checkpoint)
        seconds = time.monotonic() - started
        _check_ended(stop, trainer, output)
        if arguments.process_index == 0:
            dataset = describe_rows(rows, shape, data.pairs, read.pairs)
            metrics = evaluator(model) if evaluator else {}
            run = Run(recipe, trainer, source, data.pairs, dataset, metrics, None if checkpoint else seconds)
            _save(model, output, recipe, make_record(run, read_metrics(output / METRICS_FILE)))
            shutil.rmtree(checkpoints, ignore_errors=True)
        trainer.accelerator.wait_for_everyone()
    return output


def notes(recipe: Recipe) -> list[str]:
    """Return what a person should know of a recipe's hyperparameters before it runs: renamed or without effect."""
    return translate(recipe.hyperparameters)[1]


def _check_ended(stop: StopOnSignal, trainer: CrossEncoderTrainer, output: Path) -> None:
    if not stop.stopped or trainer.state.global_step >= trainer.state.max_steps:
        return
    further = f"go on with: xephang train … --output {output} --resume"
    if trainer.args.save_only_model:
        further = "it has no optimiser (save_only_model) and can not be resumed; start over with --overwrite"
    raise InterruptedTraining(
        f"stopped at step {trainer.state.global_step} of {trainer.state.max_steps}, checkpoint saved; {further}"
    )


def _cut(data: Data, model: CrossEncoder, recipe: Recipe) -> Data:
    """Return the data as the model reads them: each text cut as serving will cut it."""
    tokenizer = serving_tokenizer(model)
    dev = cut(data.dev, tokenizer, recipe.dev) if recipe.dev else []
    return Data(cut(data.pairs, tokenizer, recipe.pairs), dev)


def _resolve(recipe: Recipe, source: BaseModel, model: CrossEncoder, output: Path) -> Recipe:
    """Return the recipe as this run reads it: paths that count from the output folder, and every fingerprint."""

    def seen_from_output(path: Path) -> Path:
        return Path(os.path.relpath(path.resolve(), output.resolve()))

    return replace(
        recipe,
        teacher=_seen(recipe.teacher, seen_from_output),
        base=source.name if source.is_hub_id else seen_from_output(source.path).as_posix(),
        base_sha256=source.sha256 or "",
        vocabulary_sha256=_check_vocabulary(recipe, model) if recipe.vocabulary else "",
        lexicon=named if (named := recipe.lexicon) in ("", *BUNDLED) else seen_from_output(Path(named)).as_posix(),
        pairs=seen_from_output(recipe.pairs),
        pairs_sha256=_fingerprint(recipe.pairs, recipe.pairs_sha256),
        dev=seen_from_output(recipe.dev) if recipe.dev else None,
        dev_sha256=_fingerprint(recipe.dev, recipe.dev_sha256) if recipe.dev else "",
        catalogue=seen_from_output(recipe.catalogue) if recipe.catalogue else None,
        catalogue_sha256=_fingerprint(recipe.catalogue, recipe.catalogue_sha256) if recipe.catalogue else "",
    )


def _seen(name: str, seen_from_output: Callable[[Path], Path]) -> str:
    """Return a name, or a folder's path as it is seen from the output; no name stays none."""
    is_folder = name and Path(name).is_dir() and name not in bundled()
    return seen_from_output(Path(name)).as_posix() if is_folder else name


def _teacher(recipe: Recipe, output: Path) -> Reranker | None:
    if not recipe.teacher:
        return None
    if Path(recipe.teacher).resolve() == output.resolve():
        raise InputError(f"{output}: is the teacher's own folder; choose another for --output")
    teacher = Reranker.load(recipe.teacher)
    if teacher.labels > 1:
        raise RecipeError(f"[model] teacher: '{recipe.teacher}' has {teacher.labels} labels; a teacher has one")
    return teacher


def _check_vocabulary(recipe: Recipe, model: CrossEncoder) -> str:
    found = vocabulary_sha256(model)
    if recipe.vocabulary_sha256 not in ("", found):
        raise RecipeError(
            f"[model] vocabulary: the SHA-256 of the tokens chosen is {found}, the recipe means "
            f"{recipe.vocabulary_sha256}: the data, the lexicon or this package have changed"
        )
    return found


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
        for name in (CHECKPOINTS, "onnx", "precomputed"):
            shutil.rmtree(output / name, ignore_errors=True)
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


def _load(source: BaseModel, recipe: Recipe, pairs: list[Pair]) -> CrossEncoder:
    try:
        model = load_base(source.path, recipe, pairs)
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
