"""The cache against a plain model of one: a list in the order of use."""

from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.server.caches import Cache

STEP = st.tuples(st.sampled_from(["get", "put"]), st.sampled_from("abcdef"), st.integers(0, 3))


class Plain:
    def __init__(self, room):
        self.room, self.values = room, []

    def get(self, key):
        for at, (kept, value) in enumerate(self.values):
            if kept == key:
                self.values.append(self.values.pop(at))
                return value
        return None

    def put(self, key, value):
        self.values = [(kept, old) for kept, old in self.values if kept != key] + [(key, value)]
        while sum(size for _, size in self.values) > self.room:
            self.values.pop(0)


@settings(deadline=None)
@given(room=st.integers(0, 6), steps=st.lists(STEP, min_size=20, max_size=60))
def test_it_keeps_what_was_used_last_and_no_more_than_there_is_room_for(room, steps):
    cache, plain = Cache(room, lambda size: size), Plain(room)
    hits = misses = 0
    for step, key, size in steps:
        if step == "put":
            cache.put(key, size)
            plain.put(key, size)
        else:
            expected = plain.get(key)
            assert cache.get(key) == expected
            hits, misses = (hits, misses + 1) if expected is None else (hits + 1, misses)
        assert len(cache) == len(plain.values)
    for key in "abcdef":
        assert cache.get(key) == dict(plain.values).get(key)
    found = len(plain.values)
    assert cache.counted() == (hits + found, misses + 6 - found)
    assert cache.counted() == (0, 0), "counts are told once"


def test_what_was_looked_up_is_forgotten_later():
    cache = Cache(2, lambda _: 1)
    for key in "ab":
        cache.put(key, key)
    cache.get("a")
    cache.put("c", "c")
    assert [cache.get(key) for key in "abc"] == ["a", None, "c"]


def test_nought_is_a_value_too():
    cache = Cache(2, lambda _: 1)
    cache.put("a", 0.0)
    assert cache.get("a") == 0.0
    assert cache.counted() == (1, 0)


def test_without_room_nothing_is_kept():
    cache = Cache(0, lambda _: 1)
    cache.put("a", 1.0)
    assert (len(cache), cache.get("a")) == (0, None)
