"""The queue, batch by batch: who is dealt what, and who waits for whom."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xephang.server.fair import FairQueue

COSTS = st.lists(st.integers(1, 40), min_size=1, max_size=20)
WORKS = st.lists(st.tuples(COSTS, st.integers(0, 2)), max_size=6)
BUDGETS = st.integers(1, 100)


@dataclass(eq=False)
class Waits:
    """A request; two of them are never the same, however alike."""

    costs: list[int]
    group: int = 0
    dealt: list[int] = field(default_factory=list)


def queue_of(budget, *works):
    queue = FairQueue(budget)
    for work in works:
        queue.add(work)
    return queue


def deal(queue):
    """Take a batch, and note in each request what it was dealt."""
    pieces = queue.take()
    for piece in pieces:
        piece.work.dealt += range(piece.start, piece.stop)
    return pieces


def batches(queue):
    while len(queue):
        yield deal(queue)


def tokens(pieces):
    return sum(sum(piece.work.costs[piece.start : piece.stop]) for piece in pieces)


def left(works):
    return sum(sum(work.costs[len(work.dealt) :]) for work in works)


@settings(deadline=None)
@given(budget=BUDGETS, given=WORKS)
def test_every_candidate_is_dealt_once_and_in_order(budget, given):
    works = [Waits(costs, group) for costs, group in given]
    queue = queue_of(budget, *works)
    assert queue.tokens == left(works)
    for pieces in batches(queue):
        assert pieces, "as long as one waits, there is a batch"
        assert len({piece.work.group for piece in pieces}) == 1
        assert queue.tokens == left(works)
        assert len(queue) == sum(len(work.dealt) < len(work.costs) for work in works)
    assert [work.dealt for work in works] == [list(range(len(work.costs))) for work in works]
    assert (queue.tokens, queue.take()) == (0, [])


@settings(deadline=None)
@given(budget=BUDGETS, given=WORKS)
def test_a_batch_is_its_budget_and_no_more_than_the_last_candidate_over(budget, given):
    queue = queue_of(budget, *(Waits(costs) for costs, _ in given))
    for pieces in batches(queue):
        last = pieces[-1]
        assert tokens(pieces) - sum(last.work.costs[last.start : last.stop]) < budget
        assert last.stop - last.start == 1 or tokens(pieces) <= budget
        assert tokens(pieces) >= budget or not len(queue), "room is left only where nothing waits"


@settings(deadline=None)
@given(budget=BUDGETS, given=WORKS, dropped=st.sets(st.integers(0, 5)), after=st.integers(0, 5))
def test_whoever_is_dropped_is_dealt_nothing_more(budget, given, dropped, after):
    works = [Waits(costs, group) for costs, group in given]
    queue = queue_of(budget, *works)
    for _ in range(after):
        deal(queue)
    gone = [work for at, work in enumerate(works) if at in dropped]
    before = [len(work.dealt) for work in gone]
    for work in gone * 2:
        queue.drop(work)
    stay = [work for work in works if work not in gone]
    assert queue.tokens == left(stay)
    for _ in batches(queue):
        pass
    assert [len(work.dealt) for work in gone] == before
    assert all(work.dealt == list(range(len(work.costs))) for work in stay)


@settings(deadline=None)
@given(budget=st.integers(40, 200), big=st.lists(st.integers(1, 10), min_size=1, max_size=20), ahead=st.integers(0, 3))
def test_a_small_request_is_in_the_batch_after_it_came_however_big_the_others(budget, big, ahead):
    """Up to three others have their quarter of the batch before it."""
    queue = queue_of(budget, *(Waits(big * 40) for _ in range(ahead)))
    deal(queue)
    small = Waits([1])
    queue.add(small)
    deal(queue)
    assert small.dealt == [0]


@settings(deadline=None)
@given(budget=BUDGETS, given=WORKS)
def test_each_has_a_turn_before_any_has_two_whoever_shares_its_batch(budget, given):
    works = [Waits(costs, group) for costs, group in given]
    queue = queue_of(budget, *works)
    turns = Counter()
    for pieces in batches(queue):
        group = [work for work in works if work.group == pieces[0].work.group]
        for piece in pieces:
            waiting = [turns[id(work)] for work in group if len(work.dealt) < len(work.costs) or work is piece.work]
            turns[id(piece.work)] += 1
            assert turns[id(piece.work)] <= min(waiting, default=0) + 2, "nobody runs ahead"


def test_what_a_batch_passes_over_has_the_next_one():
    text, stored = [Waits([10] * 40) for _ in range(5)], Waits([10], group=1)
    queue = queue_of(40, text[0], stored, *text[1:])
    assert {piece.work.group for piece in deal(queue)} == {0}
    deal(queue)
    assert stored.dealt == [0]


@settings(deadline=None)
@given(budget=BUDGETS, ahead=st.integers(1, 9), each=st.integers(1, 9))
def test_groups_do_not_starve_each_other_however_many_come_after(budget, ahead, each):
    """All the while others of another group come, as many as are dealt."""
    queue = queue_of(budget, *(Waits([budget // 4 + 1] * each) for _ in range(ahead)))
    other = Waits([1], group=1)
    queue.add(other)
    for _ in range(ahead + 2):
        for _ in {id(piece.work) for piece in deal(queue)}:
            queue.add(Waits([budget // 4 + 1] * each))
    assert other.dealt == [0]


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_the_smallest_budgets_deal_one_by_one(budget):
    queue = queue_of(budget, Waits([500, 500]), Waits([500]))
    assert [len(pieces) for pieces in batches(queue)] == [1, 1, 1]


def test_what_is_dealt_before_a_newcomer_is_no_more_of_each_than_it_has_itself():
    queue = queue_of(8, Waits([5] * 20), Waits([5, 5]))
    assert [queue.before(tokens) for tokens in (0, 7, 30, 1000)] == [0, 14, 40, 110]
    deal(queue)
    assert queue.before(1000) == queue.tokens == 100
    assert FairQueue(8).before(1000) == 0
