"""Queries paired with the products that serve them and with those that nearly do."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from random import Random
from zlib import crc32

from giay.judging import Intent, Verdict, grade, label, verdicts
from giay.pool import Candidate, Pool
from giay.queries import draw_intent, intent_key, say
from giay.words import vocabulary
from xephang.judgments.noise import typed
from xephang.text import fold, normalise

SEED_CARD_QUERIES = (
    "giày chạy bộ cho nữ đế êm nhẹ",
    "giày thể thao thời trang nam phối màu đẹp",
    "giày đá bóng sân cỏ nhân tạo đế TF",
    "giày sneaker màu trắng đi học",
)
"""What the seed's card asks: the model is to be tried on these, so it is not trained on them."""
_HELD_OUT = 6
_LOOKED_AT = 90


@dataclass(frozen=True)
class Asked:
    """A query, what it asks for, and its candidates with a label or a grade each."""

    query: str
    intent: Intent
    judged: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Seen:
    """A candidate under one query."""

    candidate: Candidate
    grade: int
    label: int | None
    met: int


def matched(text: str) -> str:
    """Return the form in which two queries are taken for the same."""
    return fold(normalise(text)).lower()


def held_out(intent: Intent) -> bool:
    """Whether a combination of two or more facets belongs to dev: one in six, by checksum."""
    return len(intent) > 1 and crc32(intent_key(intent).encode()) % _HELD_OUT == 0


def build_train(pool: Pool, seed: int, queries: int, taken: Set[str]) -> list[Asked]:
    """Ask `queries` queries, each of two positives and four negatives where the pool has them.

    :param taken: queries in their `matched` form that must not be asked.
    """
    return _build(pool, f"train {seed}", queries, taken, lambda intent: not held_out(intent), _train_rows)


def build_dev(pool: Pool, seed: int, queries: int, taken: Set[str]) -> list[Asked]:
    """Ask `queries` queries on held-out combinations of facets, some twenty graded candidates each."""
    return _build(pool, f"dev {seed}", queries, taken, held_out, _dev_rows)


def _build(
    pool: Pool,
    name: str,
    queries: int,
    taken: Set[str],
    wanted: Callable[[Intent], bool],
    rows: Callable[[Random, Sequence[_Seen]], list[tuple[str, int]]],
) -> list[Asked]:
    asked: list[Asked] = []
    used = {*taken, *map(matched, SEED_CARD_QUERIES)}
    for attempt in range(queries * 60 if pool.all else 0):
        rng = Random(f"{name} {attempt}")
        anchor = rng.choice(pool.all)
        intent = draw_intent(rng, anchor.facts)
        query = typed(rng, say(rng, intent))
        if not wanted(intent) or matched(query) in used:
            continue
        judged = rows(rng, _look(rng, pool, intent, anchor))
        if judged:
            used.add(matched(query))
            asked.append(Asked(query, intent, tuple(judged)))
        if len(asked) == queries:
            return asked
    raise SystemExit(f"{name}: only {len(asked)} of {queries} queries found; ask for fewer or add products")


def _look(rng: Random, pool: Pool, intent: Intent, anchor: Candidate) -> list[_Seen]:
    """Judge the anchor, and products of the type, of its siblings, of the brand, and any others."""
    brand = pool.of_brand[intent["brand"]] if "brand" in intent else []
    if "type" in intent:
        kind = vocabulary().types[intent["type"]]
        groups = [pool.called(kind.key), [item for key in kind.siblings for item in pool.of_type[key]], brand]
    else:
        groups = [brand]
    groups.append(pool.all)
    sampled = [anchor, *(item for group in groups for item in rng.sample(group, min(_LOOKED_AT, len(group))))]
    seen = []
    for candidate in {item.text: item for item in sampled}.values():
        judged = verdicts(intent, candidate.facts)
        graded = grade(judged)
        if graded is not None:
            met = sum(verdict is Verdict.MET for verdict in judged.values())
            seen.append(_Seen(candidate, graded, label(judged, candidate.facts), met))
    return seen


def _train_rows(rng: Random, seen: Sequence[_Seen]) -> list[tuple[str, int]]:
    """Choose two positives, one of them fully known if any is, and four negatives, two of them near misses."""
    positives = [one for one in seen if one.label == 1]
    known = [one for one in positives if one.grade == 3]
    if not positives:
        return []
    first = rng.choice(known or positives)
    chosen = [first, *_some(rng, [one for one in positives if one is not first], 1)]
    negatives = [one for one in seen if one.label == 0]
    near = [one for one in negatives if one.grade == 1]
    lacking = [one for one in negatives if one.grade == 2]
    off = [one for one in negatives if one.grade == 0]
    partly = [one for one in off if one.met]
    picked = _some(rng, near, rng.choice((1, 2, 2))) + _some(rng, lacking, int(rng.random() < 0.3))
    picked += _some(rng, partly, rng.choice((0, 1, 1)))
    rest = [one for one in off if one not in picked]
    picked += _some(rng, rest, max(0, 2 * len(chosen) - len(picked)))
    rows = [(one.candidate.text, int(one.label == 1)) for one in (*chosen, *picked[: 2 * len(chosen)])]
    rng.shuffle(rows)
    return rows


def _dev_rows(rng: Random, seen: Sequence[_Seen]) -> list[tuple[str, int]]:
    """Choose up to five candidates of each grade, and fill up to twenty with the worst that share something."""
    by_grade = {value: [one for one in seen if one.grade == value] for value in (3, 2, 1, 0)}
    if not by_grade[3] or sum(map(bool, by_grade.values())) < 3:
        return []
    chosen = [one for value in (3, 2, 1) for one in _some(rng, by_grade[value], 5)]
    partly = [one for one in by_grade[0] if one.met]
    chosen += _some(rng, partly, (20 - len(chosen)) // 2)
    chosen += _some(rng, [one for one in by_grade[0] if one not in chosen], 20 - len(chosen))
    rows = [(one.candidate.text, one.grade) for one in chosen]
    rng.shuffle(rows)
    return rows


def _some(rng: Random, items: Sequence[_Seen], count: int) -> list[_Seen]:
    return rng.sample(items, min(count, len(items)))
