"""From a request to its answer: rendered, scored by the scorer's thread, sorted, explained."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xephang.compiled import CompiledCatalogue
from xephang.documents import Document, text_or_product
from xephang.errors import InputError
from xephang.explaining import Explanation, explanations, occlusions
from xephang.lexicon import Lexicon
from xephang.product import Rendered
from xephang.server.asking import Answer, Asked, Refused, Result
from xephang.server.formats import characters
from xephang.server.held import Held
from xephang.server.scoring import Scorer
from xephang.server.work import Work, of_ids, of_texts, rendered

_SLICE = 20_000
"""Characters that are rendered in one go."""


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
    :param catalogue: the state of the catalogue that ids are of; without it, the one that is held when they are asked.
    """

    less = "documents"

    def __init__(
        self, asked: Asked, held: Held, scorer: Scorer, id: str, *, catalogue: CompiledCatalogue | None = None
    ) -> None:
        self._asked, self._held, self._scorer, self._id = asked, held, scorer, id
        self._works: list[Work] = []
        self._state = catalogue
        self._texts: list[Rendered] = []
        self.timing = Timing()

    async def answer(self) -> Answer:
        """Return the answer.

        :raises Refused: if it can not be answered.
        """
        asked, held = self._asked, self._held
        try:
            if asked.explain:
                held.reranker.explaining_lexicon()  # before there is work, as it may refuse
            work = await self._scored(await (self._of_texts() if asked.ids is None else self._of_ids(asked.ids)))
            results = self._results(work)
            if asked.return_documents or asked.explain:
                documents, texts = await asyncio.to_thread(self._shown, results)
            if asked.return_documents:
                given = (d if isinstance(d, str) else text.text for d, text in zip(documents, texts, strict=True))
                results = [replace(one, text=text) for one, text in zip(results, given, strict=True)]
            if asked.explain:
                results = await self._explained(results, documents, texts)
        except InputError as error:
            raise Refused("validation", str(error)) from error
        cut = int(np.count_nonzero(work.cut))
        return Answer(self._id, held.name, int(time.time()), results, int(work.tokens.sum()), cut)

    def give_up(self) -> None:
        """Take all that still waits out of the queue."""
        for work in self._works:
            self._scorer.drop(work)

    async def _scored(self, work: Work) -> Work:
        self._works.append(work)
        self._scorer.submit(work)
        await asyncio.wrap_future(work.done)
        self.timing.add(work)
        return work

    async def _of_texts(self) -> Work:
        """Render some documents after the other, so that other requests have their turn in between."""
        asked, held = self._asked, self._held
        for first, stop in _slices(asked.documents):
            some = asked.documents[first:stop]
            self._texts += await asyncio.to_thread(rendered, held.reranker, some, first)
        queries = [asked.query(place) for place in range(len(asked))]
        return await asyncio.to_thread(of_texts, held, queries, self._texts, asked.cutting)

    async def _of_ids(self, ids: Sequence[str]) -> Work:
        if self._state is None:
            self._state = self._held.snapshot()
        if self._state is None:
            raise Refused("validation", "ids are of a compiled catalogue's products, and this server was given none")
        return await asyncio.to_thread(of_ids, self._held, self._asked.queries[0], ids, self._state)

    def _results(self, work: Work) -> list[Result]:
        asked = self._asked
        if asked.whole and work.cut.any():
            longest = int(np.argmax(work.cut))
            raise Refused(
                "validation",
                f"text {longest} has {work.cut[longest]:,} tokens more than are read; shorten it, or drop truncate",
            )
        values = self._held.reranker.activate(work.logits, "identity" if asked.logits else None)
        if not np.isfinite(values).all():
            raise Refused("backend", "the model gave a score that is no number")
        order = np.argsort(-work.logits, kind="stable")[: asked.top_n]
        return [Result(int(i), short(values[i])) for i in order]

    def _shown(self, results: Sequence[Result]) -> tuple[Sequence[Document], Sequence[Rendered]]:
        """Return results' documents, and what the model reads of them."""
        asked, reranker = self._asked, self._held.reranker
        if asked.ids is not None and self._state is not None:
            documents: Sequence[Document] = self._state.products([asked.ids[one.index] for one in results])
            return documents, rendered(reranker, documents)
        places = [one.index for one in results]
        return [asked.documents[place] for place in places], [self._texts[place] for place in places]

    async def _explained(
        self, results: Sequence[Result], documents: Sequence[Document], texts: Sequence[Rendered]
    ) -> list[Result]:
        said = await self.explanations(documents, texts, self._held.reranker.explaining_lexicon())
        return [replace(one, explanation=why.to_dict()) for one, why in zip(results, said, strict=True)]

    async def explanations(
        self, documents: Sequence[Document], texts: Sequence[Rendered], lexicon: Lexicon | None
    ) -> list[Explanation]:
        """Say why documents have the scores that they have for the first query.

        :param texts: what the model reads of them.
        :param lexicon: reads the facets; without it there are none.
        :raises Refused: if too much waits already.
        """
        query, runs = self._asked.queries[0], occlusions(self._asked.queries[0])
        each = [text for text in texts for _ in runs]
        work = await asyncio.to_thread(of_texts, self._held, runs * len(texts), each, self._asked.cutting)
        work = await self._scored(work)
        logits = work.logits.reshape(len(texts), len(runs)).tolist()

        def explain(document: Document, its: list[float]) -> Explanation:
            return explanations(query, [text_or_product(document)], [its], lexicon)[0]

        # One by one, so that others have their turn in between.
        return [await asyncio.to_thread(explain, *one) for one in zip(documents, logits, strict=True)]


def _slices(documents: Sequence[Document]) -> Iterator[tuple[int, int]]:
    """Yield from where to where documents of so many characters go."""
    first, count = 0, 0
    for place, document in enumerate(documents):
        if count >= _SLICE:
            yield first, place
            first, count = place, 0
        count += characters(document)
    yield first, len(documents)


def short(value: np.float32) -> float:
    """Return the shortest number that is this float32: some clients read one of 18 characters as something else."""
    return float(str(value))
