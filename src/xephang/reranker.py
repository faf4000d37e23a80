"""What a user holds: `predict(pairs)` and `rank(query, documents)`."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xephang import folder as folders
from xephang.engines import Engine, Progress
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.errors import InputError, ModelError
from xephang.explaining import Explanation, explanations
from xephang.folder import Artefact, ModelFolder
from xephang.lexicon import BUNDLED, Lexicon
from xephang.product import Product, ProductTemplate, Rendered
from xephang.text import normalise

Document = str | Mapping[str, Any] | Product
"""A text, a product, or a record: `{"text": …}` or a product's fields."""
Activation = Literal["calibrated", "sigmoid", "identity"] | Callable[[NDArray[np.float32]], NDArray[np.float32]]
_GOLDEN_TOLERANCE = {"fp32": 1e-3, "int8": 1.0}
# int8 steps are coarse: rounding that differs in the seventh digit, as between two CPUs, tips some of them over, and
# one tips others. benchmarks/golden.py measures what that moves; another model's logits are whole units away.


@dataclass(frozen=True, slots=True)
class Scores:
    """Raw scores.

    :param logits: float32 (n,).
    :param cut: int64 (n,), the product tokens that did not fit and were left out.
    """

    logits: NDArray[np.float32]
    cut: NDArray[np.int64]


class Reranker:
    """Score products for queries. Safe to share between threads.

    :param folder: where the model came from.
    :param engine: what computes logits from token ids.
    :param tokenizer: what makes token ids from a query and a product's text.
    """

    def __init__(self, folder: ModelFolder, engine: Engine, tokenizer: PairTokenizer) -> None:
        self.folder, self.engine, self.tokenizer = folder, engine, tokenizer

    @classmethod
    def load(
        cls,
        name: str | Path = "giay",
        *,
        engine: Literal["onnx", "torch"] | None = None,
        precision: Literal["fp32", "int8"] | None = None,
        threads: int | None = None,
        revision: str | None = None,
    ) -> "Reranker":
        """Open a bundled model by name, a folder, or a model of the Hugging Face Hub by its id.

        :param engine: "onnx" needs no torch and is taken where the folder has an ONNX file; else "torch".
        :param precision: of the ONNX file; int8 before fp32 without it.
        :param threads: CPU threads to use; all that the process may, without it.
        :raises ModelError: if there is no such model, or it does not give the scores that it was saved with.
        :raises MissingExtraError: if it needs torch, and torch is not installed.
        """
        if engine not in (None, "onnx", "torch"):
            raise InputError(f"engine '{engine}' is not known; engines are onnx and torch")
        if engine == "torch" and precision:
            raise InputError(f"precision '{precision}' is a choice of ONNX file, the torch engine has none; drop one")
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; it must be at least 1")
        folder = ModelFolder.open(folders.find(name, revision=revision, weights=engine == "torch"))
        tokenizer = PairTokenizer(folder.path / "tokenizer.json", folder.max_length)
        if engine == "torch" or (engine is None and precision is None and not folder.manifest.artefacts):
            from xephang.engines.torch import TorchEngine

            return cls(folder, TorchEngine(folder.path, padding_id=tokenizer.padding_id, threads=threads), tokenizer)
        from xephang.engines.onnx import OnnxEngine

        artefact = folder.artefact(precision)
        onnx = OnnxEngine(
            folder.path / artefact.path,
            padding_id=tokenizer.padding_id,
            threads=threads,
            one_at_a_time=artefact.one_at_a_time,
        )
        reranker = cls(folder, onnx, tokenizer)
        reranker._check_golden(artefact)
        return reranker

    @property
    def template(self) -> ProductTemplate:
        """What renders this model's products."""
        return self.folder.manifest.template

    @cached_property
    def lexicon(self) -> Lexicon | None:
        """The lexicon that the folder names, to explain ranks by; None where it names none.

        :raises InputError: if it can not be read.
        """
        name = self.folder.manifest.lexicon
        return Lexicon.load(name if name in BUNDLED else self.folder.path / name) if name else None

    def predict(
        self,
        pairs: Sequence[tuple[str, Document] | Sequence[str]],
        *,
        batch_size: int | None = None,
        activation: Activation | None = None,
        show_progress: bool = False,
    ) -> NDArray[np.float32]:
        """Return one score for each (query, document), float32 (n,).

        :param batch_size: the most pairs in one run of the model; scores do not depend on it.
        :param activation: "calibrated" (the probability of being relevant, where the folder carries a calibration),
            "sigmoid" (0..1), "identity" (the logit) or a function of the float32 logits (n,); without it, that of
            `self.activation`.
        :param show_progress: draw a progress bar on stderr.
        :raises InputError: if a pair is none, a text is no text, or a query leaves no room for a product.
        """
        scores = self.score(pairs, batch_size=batch_size, show_progress=show_progress)
        return self.activate(scores.logits, activation)

    def rank(
        self,
        query: str,
        documents: Sequence[Document],
        *,
        top_k: int | None = None,
        return_documents: bool = False,
        batch_size: int | None = None,
        activation: Activation | None = None,
        show_progress: bool = False,
        explain: bool = False,
        lexicon: Lexicon | str | Path | None = None,
    ) -> list[dict[str, Any]]:
        """Return `{"corpus_id", "score"}` for each document, highest score first, ties in the order given.

        :param top_k: how many to return; all without it.
        :param return_documents: add `"text"`, what the model read before cutting.
        :param explain: add `"explanation"`, an `Explanation`, to each result that is returned; the model runs once more
            for each of them, and once for each word of the query.
        :param lexicon: reads an explanation's facets: a lexicon, a bundled one's name, or a TOML file; without it,
            `self.lexicon`.
        :raises InputError: as `predict` does; if a model of several labels shall explain.
        """
        if top_k is not None and top_k < 1:
            raise InputError(f"top_k is {top_k}; it must be at least 1")
        if isinstance(documents, str | Mapping | Product):
            raise InputError(
                f"documents: expected a list of them, got one {type(documents).__name__}; write [document]"
            )
        reader = self._reader(lexicon) if explain else None
        rendered = [self.render(document, f"document {i}") for i, document in enumerate(documents)]
        texts = [document.text for document in rendered]
        scores = self._score([(_query(query), document) for document in rendered], batch_size, show_progress).logits
        values = self.activate(scores, activation)
        # float32 scores are equal where a sigmoid is flat; the logits are not.
        order = np.argsort(-(values if callable(activation) else scores), kind="stable")[:top_k]
        results: list[dict[str, Any]] = [
            {"corpus_id": int(i), "score": float(values[i])} | ({"text": texts[i]} if return_documents else {})
            for i in order
        ]
        if explain and results:
            shown = [(documents[i], rendered[i]) for i in order]
            explained = self._explain(query, shown, reader, batch_size, show_progress)
            results = [{**result, "explanation": one} for result, one in zip(results, explained, strict=True)]
        return results

    def score(
        self,
        pairs: Sequence[tuple[str, Document] | Sequence[str]],
        *,
        batch_size: int | None = None,
        show_progress: bool = False,
    ) -> Scores:
        """Return logits and how many product tokens were cut, for each (query, document)."""
        checked: list[tuple[str, Rendered]] = []
        pair: Any
        for i, pair in enumerate(pairs):
            if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
                raise InputError(f"pair {i}: expected (query, document), got {str(pair)[:60]!r}")
            checked.append((_query(pair[0], f"pair {i}: "), self.render(pair[1], f"pair {i}")))
        return self._score(checked, batch_size, show_progress)

    def render(self, document: Document, where: str = "document") -> Rendered:
        """Return the text that the model reads for a document.

        :param where: named in errors.
        :raises InputError: if it is no document, or has nothing that the model's template reads.
        """
        try:
            read = _read(document)
            return Rendered(normalise(read)) if isinstance(read, str) else self.template.render(read)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error

    def _reader(self, lexicon: Lexicon | str | Path | None) -> Lexicon | None:
        if self.labels > 1:
            raise InputError(
                f"{self.folder.path}: explain is for models of one label, this one has {self.labels}; rank without it"
            )
        if lexicon is None:
            return self.lexicon
        return lexicon if isinstance(lexicon, Lexicon) else Lexicon.load(lexicon)

    def _explain(
        self,
        query: str,
        shown: Sequence[tuple[Document, Rendered]],
        lexicon: Lexicon | None,
        batch_size: int | None,
        show_progress: bool,
    ) -> list[Explanation]:
        def logits(pairs: Sequence[tuple[str, int]]) -> list[float]:
            return list(map(float, self._score([(q, shown[i][1]) for q, i in pairs], batch_size, show_progress).logits))

        return explanations(query, [_read(document) for document, _ in shown], logits, lexicon)

    def _score(self, pairs: Sequence[tuple[str, Rendered]], batch_size: int | None, show_progress: bool) -> Scores:
        """Tokenise each query's documents together, score each distinct pair once, spread the results."""
        if batch_size is not None and batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; it must be at least 1")
        first: dict[tuple[str, Rendered], int] = {}
        where = np.empty(len(pairs), np.int64)
        by_query: dict[str, list[Rendered]] = {}
        for i, (query, document) in enumerate(pairs):
            key = (normalise(query), document)
            if key not in first:
                first[key] = len(first)
                by_query.setdefault(key[0], []).append(document)
            where[i] = first[key]
        tokens: list[PairTokens | None] = [None] * len(first)
        for query, documents in by_query.items():
            for document, pair in zip(documents, self.tokenizer.encode(query, documents), strict=True):
                tokens[first[query, document]] = pair
        distinct = [pair for pair in tokens if pair is not None]
        if not distinct:
            return Scores(np.empty(0, np.float32), np.empty(0, np.int64))
        with _progress(len(distinct), show_progress) as progress:
            logits = _one_number(self.engine.logits(distinct, batch_size=batch_size, progress=progress))
        cut = np.array([pair.cut for pair in distinct], np.int64)
        return Scores(logits[where], cut[where])

    def activate(self, logits: NDArray[np.float32], activation: Activation | None = None) -> NDArray[np.float32]:
        """Turn logits (n,) into scores (n,), as `predict` does.

        :raises InputError: if the activation is not known, or "calibrated" and the model carries no calibration.
        """
        chosen = self.activation if activation is None else activation
        if callable(chosen):
            scores = np.asarray(chosen(logits), np.float32)
            if scores.shape != logits.shape:
                raise InputError(f"the activation made {scores.shape} of {logits.shape}; it must keep the shape")
            return scores
        if chosen == "identity":
            return logits
        if chosen == "sigmoid":
            return np.exp(-np.logaddexp(np.float32(0), -logits))
        if chosen == "calibrated":
            return self._calibrated(logits)
        raise InputError(f"activation '{chosen}' is not known; give 'calibrated', 'sigmoid', 'identity' or a function")

    @property
    def activation(self) -> str:
        """What makes scores of logits where nothing else is asked for: a calibration goes before the saved one."""
        if self.labels > 1:
            return "identity"
        return "calibrated" if self.folder.manifest.calibration else self.folder.activation

    @property
    def labels(self) -> int:
        """How many numbers the model gives for a pair; the score of several is the expected grade."""
        # transformers writes no names for two labels, its default
        return len(self.folder.config.get("id2label") or ("0", "1"))

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.labels > 1:
            raise InputError(
                f"{self.folder.path}: activation 'calibrated' is for models of one label, this one has {self.labels}"
            )
        if self.folder.manifest.calibration is None:
            raise InputError(
                f"{self.folder.path}: activation 'calibrated' needs a calibration, and the model carries none; make "
                "one with: xephang calibrate FOLDER --judgments FILE"
            )
        return self.folder.manifest.calibration(logits).astype(np.float32)

    def _check_golden(self, artefact: Artefact) -> None:
        if not artefact.golden:
            return
        now = self._score([(q, Rendered(normalise(d))) for q, d in self.folder.manifest.golden_pairs], None, False)
        off = float(np.abs(now.logits - np.array(artefact.golden, np.float32)).max())
        if not off <= _GOLDEN_TOLERANCE[artefact.precision]:
            raise ModelError(
                f"{self.folder.path / artefact.path}: its logits are {off:.3f} away from those it was saved with; "
                "export it again here: the file or the machine is not the one it was made on"
            )


def _query(query: object, where: str = "") -> str:
    if not isinstance(query, str):
        raise InputError(f"{where}the query is {type(query).__name__}, expected text")
    return query


def _read(document: Document) -> str | Product:
    """Tell a text from a product."""
    if isinstance(document, str | Product):
        return document
    if not isinstance(document, Mapping):
        raise InputError(f"expected a text, a record or a Product, got {type(document).__name__}")
    text = document.get("text")
    return text if isinstance(text, str) else Product.from_dict(document)


def _one_number(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reduce (n, labels) to (n,): the only logit, or the expected grade under softmax."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    grades = np.arange(logits.shape[1], dtype=np.float32)
    return np.asarray(weights @ grades / weights.sum(axis=1), np.float32)


@contextmanager
def _progress(total: int, show: bool) -> Iterator[Progress | None]:
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("scoring", total=total)
        yield lambda scored: bar.advance(task, scored)
