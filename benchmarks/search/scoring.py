"""The reranker's scores of a shop's products, each computed once, and kept between runs."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xephang import Reranker
from xephang.search import Shop


class Scoring:
    """Scores of one catalogue's products.

    :param ids: of all of them; places are places in it.
    :param folder: where scores are kept; they are computed anew where the model or the catalogue is another.
    """

    def __init__(self, model: Reranker, shop: Shop, ids: Sequence[str], folder: Path) -> None:
        self.model, self.shop, self.ids, self.folder = model, shop, list(ids), folder
        self._place = {id: at for at, id in enumerate(ids)}
        key = sha256("\n".join([shop.compiled.manifest.fingerprint, *ids]).encode()).hexdigest()[:16]
        self._file = folder / f"{key}.npz"
        self._kept: dict[str, NDArray[np.float32]] = {}
        if self._file.exists():
            kept = np.load(self._file)
            self._kept = dict(zip(kept["texts"].tolist(), kept["scores"], strict=True))

    def places(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Return where products stand in the catalogue."""
        return np.array([self._place[id] for id in ids], np.int64)

    def ranked(self, text: str, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Return ids and scores as the shop has them of the reranker, highest first."""
        logits = self._logits(text, self.places(ids))
        scores = self.model.activate(logits)
        return [(ids[place], float(scores[place])) for place in np.argsort(-logits, kind="stable")]

    def whole(self, text: str) -> NDArray[np.float32]:
        """Return the logits of the whole catalogue."""
        return self._logits(text, np.arange(len(self.ids)))

    def save(self) -> None:
        """Keep what was computed for other runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(self._file, texts=list(self._kept), scores=np.stack(list(self._kept.values())))

    def _logits(self, text: str, at: NDArray[np.int64]) -> NDArray[np.float32]:
        known = self._kept.setdefault(text, np.full(len(self.ids), np.nan, np.float32))
        missing = at[np.isnan(known[at])]
        if len(missing):
            ids = [self.ids[one] for one in missing]
            for found in self.model.rank(text, ids=ids, catalogue=self.shop.compiled, activation="identity"):
                known[missing[found["corpus_id"]]] = found["score"]
        return known[at]
