"""Losses and activations that the tests' recipes name by their dotted path."""

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

calls = 0
"""Forward passes so far: a test sets it back."""
stop_at = 0
"""The pass in which `interrupted` sends this process a Ctrl-C; 0 for never."""


def interrupted(logits: Tensor) -> Tensor:
    """Return the logits as they are; press Ctrl-C on the way."""
    global calls
    calls += 1
    if calls == stop_at:
        signal.raise_signal(signal.SIGINT)
    return logits


def waiting(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy that from the third step on waits until somebody lets it go."""
    global calls
    calls += 1
    folder = Path(os.environ["XEPHANG_TEST_GATE"])
    if calls >= 3:
        (folder / "waiting").touch()
        while not (folder / "go").exists():
            time.sleep(0.01)
    return nn.functional.binary_cross_entropy_with_logits(logits, labels)


class Scaled(nn.Module):
    """Binary cross-entropy of logits times a factor that is learnt too; remembers each of its kind."""

    made: ClassVar[list[nn.Module]] = []

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        self.made.append(self)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss."""
        return nn.functional.binary_cross_entropy_with_logits(logits * self.factor, labels)


def graded(logits: Tensor, labels: Tensor) -> Tensor:
    """A plain function for a loss: the mean absolute error."""
    return (logits - labels).abs().mean()


NO_FUNCTION = "a text"
