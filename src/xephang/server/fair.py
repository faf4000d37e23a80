"""Whose turn it is: requests share each batch by tokens, so that a big one can not starve small ones."""

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """A request that waits.

    :param costs: of its candidates, in tokens.
    :param group: only those of one group share a batch.
    """

    @property
    def costs(self) -> Sequence[int]:
        """Tokens of each candidate."""

    @property
    def group(self) -> Hashable:
        """What may share a batch with it."""


Work = TypeVar("Work", bound=Waiting)


@dataclass(frozen=True, slots=True)
class Piece(Generic[Work]):
    """Candidates of a request, from `start` up to `stop`."""

    work: Work
    start: int
    stop: int


class FairQueue(Generic[Work]):
    """Deal out batches by deficit round robin (Shreedhar and Varghese, 1995): each request in turn, `quantum` tokens.

    Used by one thread at a time.

    :param budget: tokens of a batch.
    """

    def __init__(self, budget: int) -> None:
        self.budget, self.quantum = budget, max(1, budget // 4)
        self._turns: deque[Work] = deque()
        self._at: dict[int, int] = {}
        self._left: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def tokens(self) -> int:
        """Of all candidates that wait."""
        return sum(self._left.values())

    def before(self, tokens: int) -> int:
        """Return how many tokens are dealt out before those of a request that comes now, at most: as many of each."""
        return sum(min(left, tokens) for left in self._left.values())

    def add(self, work: Work) -> None:
        """Put a request into the queue."""
        self._turns.append(work)
        self._at[id(work)], self._left[id(work)] = 0, sum(work.costs)

    def drop(self, work: Work) -> None:
        """Take a request out, if it is still in."""
        if self._at.pop(id(work), None) is not None:
            self._turns.remove(work)
            del self._left[id(work)]

    def take(self) -> list[Piece[Work]]:
        """Take out the next batch: the first request's candidates, and others' of its group; none when empty.

        Once each request of the group has had its turn, the first ones have another, until the budget is used.
        """
        pieces: list[Piece[Work]] = []
        others: list[Work] = []
        left = self.budget
        group = self._turns[0].group if self._turns else None
        while left > 0 and self._turns:
            work = self._turns.popleft()
            if work.group != group:
                others.append(work)
                continue
            start = self._at[id(work)]
            stop, spent = start, 0
            while stop < len(work.costs) and (not spent or spent + work.costs[stop] <= min(self.quantum, left)):
                spent += work.costs[stop]
                stop += 1
            pieces.append(Piece(work, start, stop))
            left -= spent
            if stop == len(work.costs):
                del self._at[id(work)], self._left[id(work)]
            else:
                self._at[id(work)] = stop
                self._left[id(work)] -= spent
                self._turns.append(work)
        self._turns.extendleft(reversed(others))  # the next batch is theirs
        return pieces
