"""ONNX Runtime on the CPU, without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang.engines import batches_by_length, pad
from xephang.engines.tokens import PairTokens
from xephang.engines.workers import Workers, open_graph
from xephang.errors import ModelError
from xephang.progress import Advance

INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


class OnnxEngine:
    """Run an exported graph, one pair to a run, as many runs side by side as there are threads.

    On a CPU that beats batches: nothing is padded, and threads share nothing but the weights. It also makes a
    pair's score independent of the pairs around it, exactly; a graph with dynamic int8 scales, which are taken
    over a whole batch, has no other way to that.

    :param threads: CPU threads for all callers together; all that the process may use, without it.
    :param one_at_a_time: never put two pairs in one run, whatever `batch_size` says.
    """

    name = "onnx"

    def __init__(
        self, path: Path, *, padding_id: int = 0, threads: int | None = None, one_at_a_time: bool = False
    ) -> None:
        """Open the graph.

        :raises ModelError: if ONNX Runtime can not, or it is no reranker's graph.
        """
        self.files: tuple[Path, ...] = (path,)
        self._session = open_graph(path, path)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        shape = self._session.get_outputs()[0].shape
        if not self._inputs <= INPUTS or len(shape) != 2 or not isinstance(shape[1], int):
            raise ModelError(
                f"{path}: takes {', '.join(sorted(self._inputs))} and gives {shape}; a reranker's graph takes "
                f"{', '.join(sorted(INPUTS))} and gives (pairs, labels)"
            )
        self._labels = shape[1]
        self._padding_id, self._one_at_a_time = padding_id, one_at_a_time
        self._workers = Workers(threads)

    def logits(
        self, pairs: Sequence[PairTokens], *, batch_size: int | None = None, progress: Advance | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (n, labels); see `Engine.logits`."""
        batches = batches_by_length(pairs, 1 if self._one_at_a_time else batch_size or 1)
        out = np.empty((len(pairs), self._labels), np.float32)
        for batch, scores in zip(
            batches, self._workers.map(lambda b: self._run([pairs[i] for i in b]), batches), strict=True
        ):
            out[batch] = scores
            if progress:
                progress(len(batch))
        return out

    @property
    def threads(self) -> int:
        """CPU threads that it uses."""
        return self._workers.threads

    def _run(self, pairs: Sequence[PairTokens]) -> NDArray[np.float32]:
        feed = {name: array for name, array in pad(pairs, self._padding_id).items() if name in self._inputs}
        logits: NDArray[np.float32] = self._session.run(None, feed)[0]
        return logits
