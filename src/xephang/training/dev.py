"""Score the dev judgments with the model in training."""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.base.evaluation import BaseEvaluator
from sentence_transformers.base.model import BaseModel

from xephang.judgments import Judgment, measure
from xephang.training.cutting import queries_whole


class DevEvaluator(BaseEvaluator):
    """Measure graded ranking metrics on judgments that were never trained on.

    :param judgments: their documents cut to what the model reads.
    :param metric: the one by which the best checkpoint is chosen.
    """

    def __init__(self, judgments: Sequence[Judgment], metric: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.judgments = list(judgments)
        self.primary_metric = f"dev_{metric}"
        self.greater_is_better = True

    def __call__(
        self, model: BaseModel, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """Return each metric as `dev_NAME`."""
        assert isinstance(model, CrossEncoder)
        pairs = [(judgment.query, judgment.document) for judgment in self.judgments]
        with queries_whole(model):
            raw = model.predict(pairs, activation_fn=torch.nn.Identity(), batch_size=64)
        scores = np.asarray(raw, np.float32)
        if scores.ndim == 2:
            weights = torch.softmax(torch.from_numpy(scores), dim=1).numpy()
            scores = weights @ np.arange(scores.shape[1], dtype=np.float32)
        return {f"dev_{name}": value for name, value in measure(self.judgments, scores.tolist()).items()}
