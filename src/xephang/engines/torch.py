"""PyTorch, for a folder that has no ONNX file yet; needs the 'train' extra."""

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xephang.engines import batches_by_length, pad
from xephang.engines.attention import read_apart
from xephang.engines.tokens import PairTokens
from xephang.errors import MissingExtraError, ModelError
from xephang.progress import Advance


class TorchEngine:
    """Run the weights themselves, on a GPU where there is one.

    :param threads: torch's own setting, which is one for the whole process; left alone without it.
    """

    name = "torch"

    def __init__(self, folder: Path, *, padding_id: int = 0, threads: int | None = None) -> None:
        """Load the weights.

        :raises MissingExtraError: if torch or transformers is not installed.
        :raises ModelError: if the folder's weights can not be loaded.
        """
        try:
            import torch
            from transformers import AutoModelForSequenceClassification
        except ImportError as error:
            raise MissingExtraError("the torch engine", "train") from error
        if threads:
            torch.set_num_threads(threads)
        self.files: tuple[Path, ...] = tuple(sorted(folder.glob("*.safetensors")))
        self._torch, self._padding_id, self._lock = torch, padding_id, threading.Lock()
        try:
            with quiet():
                model, found = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
        except Exception as error:  # besides OSError and ValueError, safetensors' and torch's own classes
            raise ModelError(f"{folder}: its weights can not be loaded ({error})") from error
        if found["missing_keys"]:
            missing = ", ".join(sorted(found["missing_keys"]))
            raise ModelError(f"{folder}: no reranker, its weights lack {missing}, which would be random numbers")
        read_apart(model)
        self._model: Any = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        self._takes_types = "token_type_ids" in _parameters(self._model)

    def logits(
        self, pairs: Sequence[PairTokens], *, batch_size: int | None = None, progress: Advance | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (n, labels); see `Engine.logits`."""
        out = np.empty((len(pairs), self._model.config.num_labels), np.float32)
        with self._lock, self._torch.inference_mode():
            for batch in batches_by_length(pairs, batch_size or 32):
                feed = pad([pairs[i] for i in batch], self._padding_id)
                if not self._takes_types:
                    del feed["token_type_ids"]
                arrays = {name: self._torch.from_numpy(array).to(self._model.device) for name, array in feed.items()}
                out[batch] = self._model(**arrays).logits.float().cpu().numpy()
                if progress:
                    progress(len(batch))
        return out


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Keep the libraries' bars, reports and warnings, none of which a user can act on, off the terminal.

    :param names: of more loggers; "root" is the one above them all.
    """
    from transformers.utils import logging as transformers_logging

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    loggers = {logger: logger.level for logger in map(logging.getLogger, names)}
    datasets = sys.modules.get("datasets")
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if datasets:
        datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in loggers.items():
            logger.setLevel(level)
        if datasets:
            datasets.enable_progress_bars()
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


def _parameters(model: Any) -> set[str]:
    import inspect

    return set(inspect.signature(model.forward).parameters)
