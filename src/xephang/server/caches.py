"""What was computed before, the least recently used forgotten first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Keep values up to a size. Used by one thread.

    :param room: the most that the sizes of all kept values may come to.
    :param size: of a value.
    """

    def __init__(self, room: float, size: Callable[[Value], float]) -> None:
        self._room, self._size, self._used = room, size, 0.0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """Return a value that is kept; None where none is."""
        found = self._values.get(key)
        if found is None:
            self._misses += 1
            return None
        self._hits += 1
        self._values.move_to_end(key)
        return found

    def counted(self) -> tuple[int, int]:
        """Return how often `get` found a value, and how often none, since this was last asked."""
        counts, self._hits, self._misses = (self._hits, self._misses), 0, 0
        return counts

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value."""
        before = self._values.pop(key, None)
        self._used += self._size(value) - (self._size(before) if before is not None else 0)
        self._values[key] = value
        while self._used > self._room:
            _, gone = self._values.popitem(last=False)
            self._used -= self._size(gone)
