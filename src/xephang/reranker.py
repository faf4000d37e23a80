"""What a user holds: `predict(pairs)` and `rank(query, documents)`."""

import hashlib
import json
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xephang import folder as folders
from xephang.documents import Document, StoredProducts, check_candidates, checked_query, text_or_product
from xephang.engines import Engine
from xephang.engines.onnx import OnnxEngine
from xephang.engines.precomputed import PrecomputedEngine, Stored
from xephang.engines.tokens import PairTokenizer, PairTokens
from xephang.errors import InputError, ModelError
from xephang.explaining import Explanation, explanations, occlusions
from xephang.files import sha256
from xephang.folder import ARTEFACT_ENGINES, Artefact, ModelFolder
from xephang.lexicon import BUNDLED, Lexicon
from xephang.product import ProductTemplate, Rendered
from xephang.progress import progress_bar
from xephang.text import normalise

Activation = Literal["calibrated", "sigmoid", "identity"] | Callable[[NDArray[np.float32]], NDArray[np.float32]]
_GOLDEN_TOLERANCE = {"onnx": {"fp32": 1e-3, "int8": 1.0}, "precomputed": {"fp32": 0.1, "int8": 1.0}}
# int8 steps are coarse: rounding that differs in the seventh digit, as between two CPUs, tips some of them over, and
# one tips others; stored products are int8 in any precision. benchmarks/golden.py measures what that moves; another
# model's logits are whole units away.


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
        engine: Literal["onnx", "precomputed", "torch"] | None = None,
        precision: Literal["fp32", "int8"] | None = None,
        threads: int | None = None,
        revision: str | None = None,
    ) -> "Reranker":
        """Open a bundled model by name, a folder, or a model of the Hugging Face Hub by its id.

        :param engine: "onnx" and "precomputed" need no torch, and the one that the folder has files for is taken; else
            "torch".
        :param precision: of the exported file; int8 before fp32 without it.
        :param threads: CPU threads to use; all that the process may, without it.
        :raises ModelError: if there is no such model, or it does not give the scores that it was saved with.
        :raises MissingExtraError: if it needs torch, and torch is not installed.
        """
        if engine not in (None, *ARTEFACT_ENGINES, "torch"):
            raise InputError(f"engine '{engine}' is not known; engines are {', '.join(ARTEFACT_ENGINES)}, torch")
        if engine == "torch" and precision:
            raise InputError(
                f"precision '{precision}' is a choice of exported file, the torch engine has none; drop one"
            )
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; it must be at least 1")
        folder = ModelFolder.open(folders.find(name, revision=revision, weights=engine == "torch"))
        tokenizer = PairTokenizer.of(folder)
        if engine == "torch" or (engine is None and precision is None and not folder.manifest.artefacts):
            from xephang.engines.torch import TorchEngine

            return cls(folder, TorchEngine(folder.path, padding_id=tokenizer.padding_id, threads=threads), tokenizer)
        artefact = folder.artefact(precision, engine)
        reranker = cls(folder, _open(folder.path / artefact.path, artefact, tokenizer, threads), tokenizer)
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
        documents: Sequence[Document] | None = None,
        *,
        ids: Sequence[str] | None = None,
        catalogue: StoredProducts | None = None,
        top_k: int | None = None,
        return_documents: bool = False,
        batch_size: int | None = None,
        activation: Activation | None = None,
        show_progress: bool = False,
        explain: bool = False,
        lexicon: Lexicon | str | Path | None = None,
    ) -> list[dict[str, Any]]:
        """Return `{"corpus_id", "score"}` for each document, highest score first, ties in the order given.

        :param ids: of products of the compiled catalogue, in place of documents; each result then has its `"id"` too.
        :param catalogue: a `CompiledCatalogue` of this model. Documents beside it are computed as its products were.
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
        check_candidates(documents, ids, catalogue)
        documents = () if documents is None else documents
        catalogue = copy(catalogue)  # stays at this state if another thread refreshes or updates it
        reader = self.explaining_lexicon(lexicon) if explain else None
        if catalogue is not None:
            scores = self._score_stored(query, documents, ids, catalogue, batch_size, show_progress)
        else:
            rendered = self._render(documents)
            scores = self._score([(checked_query(query), one) for one in rendered], batch_size, show_progress).logits
        values = self.activate(scores, activation)
        # float32 scores are equal where a sigmoid is flat; the logits are not.
        order = np.argsort(-(values if callable(activation) else scores), kind="stable")[:top_k]
        results: list[dict[str, Any]] = [{"corpus_id": int(i), "score": float(values[i])} for i in order]
        if ids is not None:
            results = [{"id": ids[result["corpus_id"]], **result} for result in results]
        if not results or not (return_documents or explain):
            return results
        if ids is not None and catalogue is not None:
            read: Sequence[Document] = catalogue.products([ids[i] for i in order])
        else:
            read = [documents[i] for i in order]
        shown = list(zip(read, self._render(read), strict=True))
        if return_documents:
            results = [{**result, "text": one.text} for result, (_, one) in zip(results, shown, strict=True)]
        if explain:
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
            checked.append((checked_query(pair[0], f"pair {i}: "), self.render(pair[1], f"pair {i}")))
        return self._score(checked, batch_size, show_progress)

    def render(self, document: Document, where: str = "document") -> Rendered:
        """Return the text that the model reads for a document.

        :param where: named in errors.
        :raises InputError: if it is no document, or has nothing that the model's template reads.
        """
        try:
            read = text_or_product(document)
            return Rendered(normalise(read)) if isinstance(read, str) else self.template.render(read)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error

    @property
    def precomputed(self) -> PrecomputedEngine:
        """The engine, where it computes products ahead.

        :raises ModelError: if the model does not read products apart, or was opened with another engine.
        """
        if not isinstance(self.engine, PrecomputedEngine):
            raise ModelError(
                f"{self.folder.path}: its products can not be computed ahead with the {self.engine.name} engine; that "
                "takes a model trained with product_position and exported: xephang export"
            )
        return self.engine

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of all that decides what a product comes to: tokenizer, template and the engine's file."""
        manifest, file = self.folder.manifest, self.precomputed.sha256
        said = json.dumps([manifest.normaliser, manifest.template.to_dict(), self.folder.max_length], sort_keys=True)
        parts = (file, sha256(self.folder.path / "tokenizer.json"), said)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def precompute(self, documents: Sequence[Document]) -> list[Stored]:
        """Return what the model makes of each document before it knows any query.

        :raises ModelError: as `precomputed` does.
        :raises InputError: if one is no document, or has nothing that the model's template reads.
        """
        engine = self.precomputed
        return engine.compute([pair.product for pair in self.tokenizer.encode("", self._render(documents))])

    def _render(self, documents: Sequence[Document]) -> list[Rendered]:
        return [self.render(document, f"document {i}") for i, document in enumerate(documents)]

    def _score_stored(
        self,
        query: str,
        documents: Sequence[Document],
        ids: Sequence[str] | None,
        catalogue: StoredProducts,
        batch_size: int | None,
        show_progress: bool,
    ) -> NDArray[np.float32]:
        """Return the logits of a compiled catalogue's products, or of documents computed as these were; each once."""
        _check_batch_size(batch_size)
        catalogue.check(self)
        stored = catalogue.stored(ids, self) if ids is not None else catalogue.packed(self, documents)
        asked = self.tokenizer.encode(normalise(checked_query(query)), [Rendered("")])[0].query
        numbers: dict[int, int] = {}
        which = [numbers.setdefault(id(one), len(numbers)) for one in stored]
        distinct = list({id(one): one for one in stored}.values())
        if not distinct:
            return np.empty(0, np.float32)
        with progress_bar("scoring", len(distinct), show=show_progress) as progress:
            found = self.precomputed.score(
                asked, distinct, basis=catalogue.basis, batch_size=batch_size, progress=progress
            )
        return one_number(found)[which]

    def explaining_lexicon(self, lexicon: Lexicon | str | Path | None = None) -> Lexicon | None:
        """Return what ranks are explained by; `self.lexicon` without a choice.

        :raises InputError: if a model of several labels shall explain, or the lexicon can not be read.
        """
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
        runs = occlusions(query)
        pairs = [(run, rendered) for _, rendered in shown for run in runs]
        logits = self._score(pairs, batch_size, show_progress).logits.reshape(len(shown), len(runs)).tolist()
        return explanations(query, [text_or_product(document) for document, _ in shown], logits, lexicon)

    def _score(self, pairs: Sequence[tuple[str, Rendered]], batch_size: int | None, show_progress: bool) -> Scores:
        """Tokenise each query's documents together, score each distinct pair once, spread the results."""
        _check_batch_size(batch_size)
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
        with progress_bar("scoring", len(distinct), show=show_progress) as progress:
            logits = one_number(self.engine.logits(distinct, batch_size=batch_size, progress=progress))
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
        if not off <= _GOLDEN_TOLERANCE[artefact.engine][artefact.precision]:
            raise ModelError(
                f"{self.folder.path / artefact.path}: its logits are {off:.3f} away from those it was saved with; "
                "export it again here: the file or the machine is not the one it was made on"
            )


def _open(path: Path, artefact: Artefact, tokenizer: PairTokenizer, threads: int | None) -> Engine:
    if artefact.engine == "precomputed":
        return PrecomputedEngine(path, threads=threads)
    return OnnxEngine(path, padding_id=tokenizer.padding_id, threads=threads, one_at_a_time=artefact.one_at_a_time)


def _check_batch_size(batch_size: int | None) -> None:
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size is {batch_size}; it must be at least 1")


def one_number(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reduce (n, labels) to (n,): the only logit, or the expected grade under softmax."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    grades = np.arange(logits.shape[1], dtype=np.float32)
    return np.asarray(weights @ grades / weights.sum(axis=1), np.float32)
