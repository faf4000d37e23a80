"""From a request to its answer: rendered, scored by the scorer's thread, sorted, explained."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import numpy as np

from xephang.compiled import CompiledCatalogue
from xephang.documents import Document, text_or_product
from xephang.errors import InputError
from xephang.explaining import explanations
from xephang.product import Rendered
from xephang.server.asking import Answer, Asked, Refused, Result
from xephang.server.held import Held
from xephang.server.scoring import Scorer
from xephang.server.work import Work, of_ids, of_texts, rendered


@dataclass
class Timing:
    """Where a request's time went, in seconds: in the queue, and in its batches, shared with others in them."""

    queue: float = 0.0
    tokenising: float = 0.0
    inference: float = 0.0

    def add(self, work: Work) -> None:
        """Add what one piece of work took."""
        self.queue += max(0.0, work.started - work.entered)
        self.tokenising += work.tokenising
        self.inference += work.inference


class Answering:
    """Answer one request; a request that is given up leaves the queue.

    :param held: what answers it, all of it.
    """

    def __init__(self, asked: Asked, held: Held, scorer: Scorer, id: str) -> None:
        self._asked, self._held, self._scorer, self._id = asked, held, scorer, id
        self._works: list[Work] = []
        self._state: CompiledCatalogue | None = None
        self._texts: Sequence[Rendered] = ()
        self._given_up = False
        self.timing = Timing()

    async def answer(self) -> Answer:
        """Return the answer.

        :raises Refused: if it can not be answered.
        """
        try:
            work = await asyncio.to_thread(self._work)
            self._submit(work)
            await asyncio.wrap_future(work.done)
            self.timing.add(work)
            return await asyncio.to_thread(self._answer, work)
        except InputError as error:
            raise Refused("validation", str(error)) from error

    def give_up(self) -> None:
        """Take all that still waits out of the queue."""
        self._given_up = True
        for work in self._works:
            self._scorer.drop(work)

    def _submit(self, work: Work) -> None:
        self._works.append(work)
        self._scorer.submit(work)

    def _work(self) -> Work:
        asked, held = self._asked, self._held
        if asked.explain:
            held.reranker.explaining_lexicon()  # before there is work, as it may refuse
        if asked.ids is None:
            self._texts = rendered(held.reranker, asked.documents)
            queries = [asked.query(place) for place in range(len(asked))]
            return of_texts(held, queries, self._texts, asked.cutting)
        self._state = held.snapshot()
        if self._state is None:
            raise Refused("validation", "ids are of a compiled catalogue's products, and this server was given none")
        return of_ids(held, asked.queries[0], asked.ids, self._state)

    def _answer(self, work: Work) -> Answer:
        asked, held = self._asked, self._held
        cut = int(np.count_nonzero(work.cut))
        if asked.whole and cut:
            longest = int(np.argmax(work.cut))
            raise Refused(
                "validation",
                f"text {longest} has {work.cut[longest]:,} tokens more than are read; shorten it, or drop truncate",
            )
        values = held.reranker.activate(work.logits, "identity" if asked.logits else None)
        if not np.isfinite(values).all():
            raise Refused("backend", "the model gave a score that is no number")
        order = np.argsort(-work.logits, kind="stable")[: asked.top_n]
        results = [Result(int(i), short(values[i])) for i in order]
        if asked.return_documents or asked.explain:
            results = self._shown(results)
        return Answer(self._id, held.name, int(time.time()), results, int(work.tokens.sum()), cut)

    def _shown(self, results: Sequence[Result]) -> list[Result]:
        """Add texts and explanations to results."""
        asked, reranker = self._asked, self._held.reranker
        if asked.ids is not None and self._state is not None:
            documents: list[Document] = list(self._state.products([asked.ids[one.index] for one in results]))
            texts = [reranker.render(document) for document in documents]
        else:
            documents = [asked.documents[one.index] for one in results]
            texts = [self._texts[one.index] for one in results]
        reasons: list[dict[str, Any] | None] = [None] * len(results)
        if asked.explain:
            explained = explanations(
                asked.queries[0],
                [text_or_product(document) for document in documents],
                lambda pairs: self._logits([query for query, _ in pairs], [texts[place] for _, place in pairs]),
                reranker.explaining_lexicon(),
            )
            reasons = [one.to_dict() for one in explained]
        given = [
            document if isinstance(document, str) else text.text
            for document, text in zip(documents, texts, strict=True)
        ]
        return [
            Result(one.index, one.score, text if asked.return_documents else None, reason)
            for one, text, reason in zip(results, given, reasons, strict=True)
        ]

    def _logits(self, queries: Sequence[str], texts: Sequence[Rendered]) -> list[float]:
        work = of_texts(self._held, queries, texts, self._asked.cutting)
        if self._given_up:
            raise Refused("timeout", "the request was given up")
        self._submit(work)
        try:
            work.done.result()
        except CancelledError:
            raise Refused("timeout", "the request was given up") from None
        self.timing.add(work)
        return work.logits.tolist()


def short(value: np.float32) -> float:
    """Return the shortest number that is this float32: some clients read one of 18 characters as something else."""
    return float(str(value))
