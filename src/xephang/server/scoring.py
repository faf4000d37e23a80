"""The one thread that owns the model: it takes batches from the queue and runs them."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

from xephang.errors import InputError
from xephang.server.asking import Refused
from xephang.server.batches import Tokenised, logits, tokenised
from xephang.server.fair import FairQueue, Piece
from xephang.server.held import CACHES, Held
from xephang.server.work import Work
from xephang.settings import Settings

_log = logging.getLogger(__name__)
_SMOOTHING = 0.2
"""How much the last batch counts beside those before."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was measured of a batch; times in seconds.

    :param fill: its tokens as a share of the budget; over 1 where a single candidate is more than that.
    :param hits: by cache, how often it had what was looked for.
    :param misses: by cache, how often it had not.
    """

    tokens: int
    fill: float
    tokenising: float
    inference: float
    hits: Mapping[str, int]
    misses: Mapping[str, int]


_TELLING = 0.5
"""Of which share of a batch has to be scored, and not known before, for its time to tell anything."""


class Rate:
    """How long tokens take, by the last batches, the latest counting most."""

    def __init__(self) -> None:
        self._tokens = self._seconds = 0.0

    def add(self, tokens: float, seconds: float) -> None:
        """Count a batch."""
        self._tokens += _SMOOTHING * (tokens - self._tokens)
        self._seconds += _SMOOTHING * (seconds - self._seconds)

    def seconds(self, tokens: float) -> float:
        """Return how long tokens take; 0 before anything is known."""
        return tokens * self._seconds / self._tokens if self._tokens >= 1 else 0.0


class Scorer:
    """Score requests' pairs, those of many requests in a batch. Safe to use from any thread.

    A batch starts as soon as the one before has ended, with what waits then: nobody waits for company.

    :param measured: is told about each batch, on the scorer's thread.
    """

    def __init__(self, settings: Settings, measured: Callable[[Batch], None] = lambda _: None) -> None:
        self._settings, self._measured = settings, measured
        self._queue = FairQueue[Work](settings.batch_tokens)
        self._change = threading.Condition()
        self._ended = False
        self._rate = Rate()
        self._thread = threading.Thread(target=self._loop, name="xephang-scorer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def submit(self, work: Work) -> None:
        """Put a request into the queue; `work.done` has the outcome.

        :raises Refused: if too much waits already.
        """
        with self._change:
            self._check(sum(work.costs))
            self._queue.add(work)
            self._change.notify()

    def check(self, tokens: int) -> None:
        """Check that a request of so many tokens could be put into the queue now.

        :raises Refused: if too much waits already.
        """
        with self._change:
            self._check(tokens)

    def _check(self, tokens: int) -> None:
        wait = self._rate.seconds(self._queue.before(tokens))
        if self._ended:
            raise Refused("full", "the server ends; ask another one", retry_after=1)
        if len(self._queue) >= self._settings.max_waiting or wait > self._settings.max_wait:
            raise Refused("overloaded", "too many requests wait; try again later", retry_after=wait)

    def drop(self, work: Work) -> None:
        """Take a request out: nobody waits for it any more."""
        work.done.cancel()
        with self._change:
            self._queue.drop(work)

    def close(self) -> None:
        """End the thread once its batch is done."""
        with self._change:
            self._ended = True
            self._change.notify()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._ended or len(self._queue) > 0)
                if self._ended:
                    return
                pieces = self._queue.take()
            try:
                self._run(pieces)
            except Exception as error:  # whatever it is, the next batch may go well
                _log.exception("a batch failed")
                self._fail(pieces, Refused("backend", f"the model failed: {error}"))

    def _fail(self, pieces: Sequence[Piece[Work]], error: Exception) -> None:
        for work in {id(piece.work): piece.work for piece in pieces}.values():
            with self._change:
                self._queue.drop(work)
            with suppress(InvalidStateError):
                work.done.set_exception(error)

    def _run(self, pieces: Sequence[Piece[Work]]) -> None:
        began = time.perf_counter()
        asked: list[Tokenised] = []
        for piece in pieces:
            piece.work.started = piece.work.started or began
            try:
                asked += tokenised(piece)
            except InputError as error:  # its query is too long; the others are none the worse
                self._fail([piece], error)
        read = time.perf_counter()
        first = pieces[0].work
        found, share = logits(first.held, first.basis, asked)
        for one, logit in zip(asked, found, strict=True):
            one.work.logits[one.place] = logit
            one.work.tokens[one.place], one.work.cut[one.place] = one.tokens, one.pair.cut
        ended = time.perf_counter()
        for work in {id(piece.work): piece.work for piece in pieces}.values():  # a big one has several pieces
            work.tokenising += read - began
            work.inference += ended - read
        for piece in pieces:
            self._finish(piece)
        tokens = sum(sum(piece.work.costs[piece.start : piece.stop]) for piece in pieces)
        if share > _TELLING:
            self._rate.add(tokens * share, ended - began)
        self._measured(_batch(first.held, tokens, self._queue.budget, read - began, ended - read))

    @staticmethod
    def _finish(piece: Piece[Work]) -> None:
        work = piece.work
        work.left -= piece.stop - piece.start
        if not work.left:
            with suppress(InvalidStateError):  # it was given up in the meantime
                work.done.set_result(work)


def _batch(held: Held, tokens: int, budget: int, tokenising: float, inference: float) -> Batch:
    counted = [held.products.counted(), held.scores.counted()]
    hits, misses = (dict(zip(CACHES, counts, strict=True)) for counts in zip(*counted, strict=True))
    return Batch(tokens, tokens / budget, tokenising, inference, hits, misses)
