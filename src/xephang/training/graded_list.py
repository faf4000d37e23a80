"""`GradedListLoss`: learn the order of each query's documents and what each grade is worth, from graded lists."""

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.util import batch_to_device
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from xephang.reranker import Reranker

TARGETS = (0.01, 0.08, 0.72, 0.97)
"""What each grade is worth as a probability of being relevant."""


class GradedListLoss(nn.Module):
    """Softmax cross-entropy over each list, plus binary cross-entropy of each pair.

    The first is ListNet (Cao et al., 2007) with nDCG's gains: a document's share of its list is 2^grade - 1 over the
    list's sum; lists whose gains are all 0 have no order to teach and are left out. The second keeps the logits where
    a sigmoid makes probabilities of them.

    With a teacher it also learns by how much that tells each two documents of a list apart: half the mean squared error
    of the margins between their logits (Hofstätter et al., 2020, arXiv 2010.02666). The teacher reads the query without
    its noise.

    :param targets: the probability that stands for each grade, from 0 on.
    :param list_weight: of the mean over lists.
    :param pair_weight: of the mean over all pairs of the batch.
    :param teacher_weight: of the mean over lists of that error.
    :param mini_batch_size: how many pairs go through the model at once; changes speed and memory, not the loss.
    :raises ValueError: if the model has several labels, a target is no probability, or the weights are no weights.
    """

    targets: Tensor

    def __init__(
        self,
        model: CrossEncoder,
        targets: Sequence[float] = TARGETS,
        list_weight: float = 1.0,
        pair_weight: float = 1.0,
        mini_batch_size: int = 16,
        teacher: Reranker | None = None,
        teacher_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if model.num_labels != 1:
            raise ValueError(f"it is for models with 1 label, and this one has {model.num_labels}")
        if len(targets) != len(TARGETS) or not all(0 <= target <= 1 for target in targets):
            raise ValueError(f"targets must be {len(TARGETS)} numbers from 0 to 1, one a grade, got {list(targets)}")
        if teacher_weight < 0:
            raise ValueError(f"teacher_weight must be 0 or more, got {teacher_weight}")
        if min(list_weight, pair_weight) < 0 or not list_weight + pair_weight > 0:
            raise ValueError("list_weight and pair_weight must be 0 or more, and not both 0")
        self.model = model
        self.register_buffer("targets", torch.tensor(targets, dtype=torch.float32), persistent=False)
        if mini_batch_size < 1:
            raise ValueError(f"mini_batch_size must be at least 1, got {mini_batch_size}")
        self.list_weight, self.pair_weight = list_weight, pair_weight
        self.mini_batch_size = mini_batch_size
        self.teacher, self.teacher_weight = teacher, teacher_weight

    def forward(
        self, inputs: list[Any], labels: list[Tensor], prompt: str | None = None, task: str | None = None
    ) -> Tensor:
        """Return the loss of a batch.

        :param inputs: [queries, lists of documents], and with a teacher the queries that it reads.
        :param labels: the grades of each list.
        """
        queries, documents, *asked = inputs
        pairs = [(query, document) for query, found in zip(queries, documents, strict=True) for document in found]
        logits = self._logits(pairs, prompt, task)
        grades = torch.cat(labels).to(logits.device).long()
        pair_loss = nn.functional.binary_cross_entropy_with_logits(logits, self.targets.to(logits.device)[grades])
        list_loss = _list_loss(logits, grades, [len(found) for found in documents])
        loss = self.list_weight * list_loss + self.pair_weight * pair_loss
        if self.teacher is None:
            return loss
        found = self.teacher.score([(q, d) for q, some in zip(asked[0], documents, strict=True) for d in some]).logits
        taught = torch.from_numpy(found).to(logits.device)
        return loss + self.teacher_weight * _margin_loss(logits, taught, [len(some) for some in documents])

    def _logits(self, pairs: Sequence[tuple[str, str]], prompt: str | None, task: str | None) -> Tensor:
        """Score the pairs a few at a time, in the order of their length, so that little is computed for padding."""
        order = sorted(range(len(pairs)), key=lambda at: sum(map(len, pairs[at])))
        found = []
        for start in range(0, len(order), self.mini_batch_size):
            some = [pairs[at] for at in order[start : start + self.mini_batch_size]]
            features = self.model.preprocess(some, prompt=prompt, task=task)
            found.append(self.model(batch_to_device(features, self.model.device))["scores"].view(-1).float())
        return torch.cat(found)[torch.tensor(order).argsort()]

    def get_config_dict(self) -> dict[str, Any]:
        """Return what the card says of this loss."""
        targets = [round(target, 6) for target in self.targets.tolist()]
        weights = {"list_weight": self.list_weight, "pair_weight": self.pair_weight}
        if self.teacher:
            weights["teacher_weight"] = self.teacher_weight
        return {"targets": targets, **weights}


def _list_loss(logits: Tensor, grades: Tensor, sizes: list[int]) -> Tensor:
    """Return the mean cross-entropy of the lists that have a gain; 0 where none has. Both tensors are (pairs,)."""
    scores = pad_sequence(list(logits.split(sizes)), batch_first=True, padding_value=float("-inf"))
    gains = pad_sequence(list((2.0**grades - 1).split(sizes)), batch_first=True)
    shares = gains / gains.sum(1, keepdim=True).clamp(min=1)
    logs = scores.log_softmax(1).masked_fill(scores.isinf(), 0)
    return -(shares * logs).sum() / (gains.sum(1) > 0).sum().clamp(min=1)


def _margin_loss(logits: Tensor, taught: Tensor, sizes: list[int]) -> Tensor:
    """Return the mean over lists of half the mean squared error of their margins; both tensors are (pairs,).

    Half the mean of squared differences over all ordered pairs of a list is its variance.
    """
    errors = (logits - taught).split(sizes)
    return torch.stack([one.var(unbiased=False) for one in errors]).mean()
