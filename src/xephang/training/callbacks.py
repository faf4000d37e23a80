"""What a run does beside training: draw progress, write metrics, stop well when told to."""

import json
import signal
import sys
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

LOSS_WEIGHTS = "loss.safetensors"


class MetricsFile(TrainerCallback):
    """Append every logged line to a JSONL file; after a resume, go on from the checkpoint's step."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Drop the lines of steps that will be run again, and what summed up the part before a stop."""
        if state.is_world_process_zero:
            kept = [line for line in read_metrics(self.path) if 0 < line["step"] <= state.global_step]
            kept = [line for line in kept if "train_runtime" not in line]
            self.path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write one line."""
        if state.is_world_process_zero and logs:
            line = {"step": state.global_step, "epoch": state.epoch, **logs}
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a metrics file; a last line that a crash cut short is left out."""
    lines: list[dict[str, Any]] = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines


class LossWeights(TrainerCallback):
    """Keep what a loss itself has learnt in each checkpoint, where the trainer keeps the model's weights alone.

    :param checkpoint: where the run goes on from.
    """

    def __init__(self, loss: nn.Module, checkpoint: str | None) -> None:
        self._loss, self._checkpoint = loss, checkpoint

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take up the checkpoint's."""
        saved = Path(self._checkpoint or "") / LOSS_WEIGHTS
        if self._checkpoint and saved.is_file():
            self._loss.load_state_dict(load_file(saved), strict=False)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write them beside the model's."""
        own = {name: value for name, value in self._loss.named_parameters() if not name.startswith("model.")}
        if own and state.is_world_process_zero:
            folder = Path(str(args.output_dir)) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
            save_file({name: value.detach().cpu().contiguous() for name, value in own.items()}, folder / LOSS_WEIGHTS)


class ProgressBar(TrainerCallback):
    """Draw steps, loss and the last dev figure on stderr, where a person watches it."""

    def __init__(self) -> None:
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(file=sys.stderr)
        self._bar = Progress(
            *columns, TextColumn("{task.fields[note]}"), console=console, disable=not console.is_terminal
        )
        self._note: dict[str, float] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the bar where the run starts."""
        if state.is_world_process_zero:
            self._task = self._bar.add_task("", total=state.max_steps, completed=state.global_step, note="")
            self._bar.start()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Advance."""
        if state.is_world_process_zero:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show the newest figures."""
        shown = {"loss": "loss", f"eval_{args.metric_for_best_model}": args.metric_for_best_model or ""}
        self._note |= {shown[name]: value for name, value in (logs or {}).items() if name in shown}
        if state.is_world_process_zero:
            self._bar.update(self._task, note="  ".join(f"{name} {value:.4f}" for name, value in self._note.items()))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()

    def close(self) -> None:
        """Give the terminal back, however training ended."""
        self._bar.stop()


class StopOnSignal(TrainerCallback):
    """On the first Ctrl-C or SIGTERM, save a checkpoint after the step under way and stop; on a second, die."""

    def __init__(self) -> None:
        self.stopped = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopOnSignal":
        """Take the signals; a thread that is not the main one gets none, and so has none to take."""
        if current_thread() is not main_thread():
            return self
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *exception: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True
        for taken, handler in self._before.items():
            signal.signal(taken, handler)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Save and stop, if any process was told to; a run that was about to end anyway just ends."""
        if torch.distributed.is_initialized():
            told = torch.tensor(float(self.stopped), device=args.device)
            torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
            self.stopped = bool(told)
        if self.stopped and state.global_step < state.max_steps:
            control.should_save = True
            control.should_training_stop = True
