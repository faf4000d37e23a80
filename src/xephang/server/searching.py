"""From a search to a page of its results: the first stage in a thread, the reranker on the scorer's, the page."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from xephang.errors import InputError
from xephang.explaining import occlusions
from xephang.search import Found, Results, Search, Shop
from xephang.server.answering import Answering, Timing
from xephang.server.asking import Asked, Refused
from xephang.server.faults import refused
from xephang.server.held import Held
from xephang.server.scoring import Scorer
from xephang.server.story import Story
from xephang.server.work import rendered

_MOST_EXPLAINED = 1000
"""Words of the query, times results of the page: each is a pair for the reranker to read."""


class Searching:
    """Answer one search; one that is given up leaves the queue.

    :param shop: one state of what is searched.
    :param held: what reranks.
    :param story: is told how much there was to do.
    """

    less = "candidates"

    def __init__(self, search: Search, shop: Shop, held: Held, scorer: Scorer, story: Story) -> None:
        self._search, self._shop, self._held, self._scorer, self._story = search, shop, held, scorer, story
        self._answerings: list[Answering] = []
        self.timing = Timing()

    async def answer(self) -> Results:
        """Return the page.

        :raises Refused: if there is no answer.
        """
        search, shop = self._search, self._shop
        if search.query and not search.first_stage_only:  # what will be refused had better not be searched for
            self._scorer.check(search.candidates)  # a candidate is a token at least
        try:
            found = await asyncio.to_thread(shop.find, search)
            self._story.first_stage = sum(found.milliseconds.values()) / 1000
            ids = shop.candidates(search, found)
            if search.explain and ids:
                _check_pairs(search, found)
            began = time.perf_counter()
            ranked = await self._ranked(found, ids) if ids else None
            spent = {"rerank": (time.perf_counter() - began) * 1000} if ids else {}
            results = await asyncio.to_thread(shop.page, search, found, ranked, milliseconds=spent)
            return await self._explained(results) if search.explain else results
        except InputError as error:
            raise refused(error, "the search folder can not be read", shop.folder) from error

    def give_up(self) -> None:
        """Take all that still waits out of the queue."""
        for answering in self._answerings:
            answering.give_up()

    async def _ranked(self, found: Found, ids: Sequence[str]) -> list[tuple[str, float]]:
        self._story.candidates = len(ids)
        answer = await self._answering(found, ids).answer()
        self._story.tokens = answer.tokens
        return [(ids[one.index], one.score) for one in answer.results]

    async def _explained(self, results: Results) -> Results:
        """Explain what the reranker has scored of a page."""
        scored = [hit for hit in results.hits if hit.score is not None]
        if not scored:
            return results
        began = time.perf_counter()
        products = [hit.product for hit in scored]
        texts = await asyncio.to_thread(rendered, self._held.reranker, products)
        ids, lexicon = [hit.id for hit in scored], self._shop.first_stage.facet_terms.lexicon
        said = await self._answering(results.found, ids).explanations(products, texts, lexicon)
        why = dict(zip(ids, said, strict=True))
        hits = tuple(replace(hit, explanation=why.get(hit.id)) for hit in results.hits)
        return replace(results, hits=hits).after(explain=(time.perf_counter() - began) * 1000)

    def _answering(self, found: Found, ids: Sequence[str]) -> Answering:
        asked = Asked((found.read,), ids=ids)
        answering = Answering(asked, self._held, self._scorer, self._story.id, catalogue=self._shop.compiled)
        answering.timing = self.timing  # what all of it took adds up
        self._answerings.append(answering)
        return answering


def _check_pairs(search: Search, found: Found) -> None:
    """Check how much there is to explain, before anything is reranked.

    :raises Refused: if it is too much.
    """
    results, words = min(search.page_size, len(found.ids)), len(occlusions(found.read)) - 1
    if results * words > _MOST_EXPLAINED:
        raise Refused(
            "validation",
            f"explain takes results times words, {results} x {words:,}, and at most {_MOST_EXPLAINED:,} are allowed; "
            f"ask for a page_size of {max(1, _MOST_EXPLAINED // words)} or fewer words",
        )


def shop_of(held: Held) -> Shop:
    """Return the shop that is served, as it is now.

    :raises Refused: if none is.
    """
    if held.shop is None:
        raise Refused(
            "missing", "this server has no search folder: make one with xephang index, and serve it by --catalogue"
        )
    return held.shop.snapshot()
